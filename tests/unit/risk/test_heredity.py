import pytest

from cds_service.risk.assessment import Age, Menopause, Status
from cds_service.risk.factors.heredity import REASONS, evaluate
from cds_service.risk.record import Area, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, SCT, SE

HIP, OSTEOPOROSIS, MOTHERS_HIP = (SE, "S72.00"), (SE, "M81.0"), (SCT, "391096007")
VERTEBRA, COMPRESSION = (SE, "S32.00"), (SCT, "42942008")
PRE, POST = Menopause(state="premenopausal"), Menopause(state="postmenopausal")


def relative(who="mother", code=HIP, **more):
    return r.relative("family-history-osteoporosis", who, code=code, **more)


def filed(code=MOTHERS_HIP, **more):
    return r.condition("family-history-osteoporosis", code=code, **more)


def seen(code=MOTHERS_HIP, value=None, **more):
    return r.observation("family-history-osteoporosis", value, code=code, **more)


def of(rule, *facts, **more):
    findings = evaluate(r.case(*facts, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
    return next((one for one in findings if one.rule == rule), None)


@pytest.mark.parametrize(
    ("age", "menopause", "points"),
    [
        (50, PRE, 4),
        (49, PRE, 2),
        (44, POST, 4),
        (Age(49, 50), PRE, 2),
        (None, PRE, 2),
        (None, POST, 4),
    ],
)
def test_a_parents_hip_fracture_is_strong_from_fifty_or_after_the_menopause(age, menopause, points):
    found = of("R-HER1", relative(), age=age, menopause=menopause)
    assert (found.status, found.points) == (Status.PRESENT, points)


def test_patients_28_and_29_a_mothers_hip_fracture():
    assert of("R-HER1", relative(), age=55).values == {"grade": "older", "relative": "mother"}
    assert of("R-HER1", relative(), age=38).values == {"grade": "younger", "relative": "mother"}


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([relative("father")], Status.PRESENT),
        ([relative("parent")], Status.PRESENT),
        ([relative(code=VERTEBRA)], Status.PRESENT),
        ([relative("father", COMPRESSION)], Status.PRESENT),
        ([relative("sibling", VERTEBRA)], Status.UNKNOWN),
        ([relative("other", MOTHERS_HIP)], Status.UNKNOWN),
        ([relative("sibling")], Status.UNKNOWN),
        ([relative(code=OSTEOPOROSIS)], Status.UNKNOWN),
        ([relative(status="entered-in-error")], Status.UNKNOWN),
        ([relative(status="health-unknown")], Status.UNKNOWN),
        ([relative(status="partial")], Status.PRESENT),
        ([filed()], Status.PRESENT),
        ([filed(clinical="resolved")], Status.PRESENT),
        ([filed(verification="provisional")], Status.POSSIBLE),
        ([filed(verification="refuted")], Status.UNKNOWN),
        ([seen()], Status.PRESENT),
        ([seen(value=True)], Status.PRESENT),
        ([seen(value=False)], Status.ABSENT),
        ([seen(status="preliminary")], Status.UNKNOWN),
        ([seen(absent_reason="unknown")], Status.UNKNOWN),
        ([r.item("parental-hip-fracture", True)], Status.PRESENT),
        ([r.item("parental-hip-fracture", False)], Status.ABSENT),
        ([r.item("parental-hip-fracture", False), relative()], Status.PRESENT),
        ([], Status.UNKNOWN),
    ],
)
def test_only_a_told_fracture_or_a_told_no_settles_the_question(facts, status):
    assert of("R-HER1", *facts).status is status


def test_a_parent_whose_kind_is_not_told_is_called_a_parent():
    assert of("R-HER1", r.item("parental-hip-fracture", True)).values["relative"] == "parent"


def test_patient_43_a_complete_but_empty_family_history_is_unknown():
    assert of("R-HER1").values == {"why": "not-recorded"}
    assert of("R-HER1", areas={Area.FAMILY_HISTORY: Delivery.MISSING}).values == {"why": "missing"}
    assert of("R-HER2") is None


@pytest.mark.parametrize(
    ("facts", "status", "relatives"),
    [
        ([relative(code=OSTEOPOROSIS)], Status.PRESENT, "mother"),
        ([relative("sibling", OSTEOPOROSIS), relative("child")], Status.PRESENT, "child sibling"),
        ([relative("sibling")], Status.PRESENT, "sibling"),
        ([relative("sibling", VERTEBRA)], Status.PRESENT, "sibling"),
        ([filed((CM, "Z82.62"))], Status.PRESENT, "first-degree"),
        ([seen((SCT, "160313009"))], Status.PRESENT, "first-degree"),
        ([r.item("first-degree-osteoporosis", True)], Status.PRESENT, "first-degree"),
        ([r.item("first-degree-osteoporosis", False)], Status.ABSENT, None),
        ([filed((SE, "Z82.6"))], Status.POSSIBLE, None),
        ([filed((CM, "Z82.62"), verification="provisional")], Status.POSSIBLE, None),
        ([relative("other", OSTEOPOROSIS)], Status.NOT_COUNTED, None),
        ([relative("other", HIP)], Status.NOT_COUNTED, None),
        ([relative("other", COMPRESSION)], Status.NOT_COUNTED, None),
    ],
)
def test_osteoporosis_in_another_close_relative_is_weak(facts, status, relatives):
    found = of("R-HER2", *facts)
    assert (found.status, found.values.get("relative")) == (status, relatives)
    assert found.points == (1 if status is Status.PRESENT else 0)
