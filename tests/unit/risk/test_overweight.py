import pytest

from cds_service.risk.assessment import Band, BodySize, Status
from cds_service.risk.factors.overweight import REASONS, REMARKS, evaluate
from tests.unit.risk.records import CM, case, condition, flat


def finding(*facts, bmi=None, **more):
    body = BodySize(weight=flat(80), bmi=bmi, height_refused="" if bmi else "height-missing")
    found = evaluate(case(*facts, body=body, **more))
    assert len(found) == 1
    assert set(found[0].values) == set(REASONS[found[0].reason])
    assert set(found[0].remarks) <= set(REMARKS)
    return found[0]


BANDS = [
    ("24.9", flat(24.9), Status.ABSENT, False),
    ("25", flat(25), Status.PRESENT, False),
    ("band from 25", Band(25, 26, 27), Status.PRESENT, False),
    ("across 25", Band(24.9, 26, 27), Status.UNKNOWN, False),
    ("overweight certain, obesity not", Band(28.9, 30.5, 32.3), Status.PRESENT, None),
    ("30", flat(30), Status.PRESENT, True),
]


@pytest.mark.parametrize(("bmi", "status", "obese"), [row[1:] for row in BANDS], ids=[row[0] for row in BANDS])
def test_overweight_needs_the_whole_band_above_the_cut(bmi, status, obese):
    found = finding(bmi=bmi)
    assert (found.status, found.values["obese"]) == (status, obese)


def test_it_is_contested_and_gives_points_only_in_the_sheet_profile():
    found = finding(bmi=flat(28))
    assert (found.points, found.weight, found.remarks) == (0, "contested", ("contested",))
    assert finding(bmi=flat(28), profile="sheet").points == 1


def test_a_weight_that_may_include_a_prosthesis_is_remarked():
    body = BodySize(weight=flat(80), bmi=flat(28), remarks=("height-estimated", "weight-may-include-prosthesis"))
    assert evaluate(case(body=body))[0].remarks == ("contested", "weight-may-include-prosthesis")


OBESE = (CM, "E66.9")
CODED = [
    ("coded", [condition(code=OBESE)], Status.PRESENT, ("contested", "not-adjusted")),
    ("coded, over", [condition(code=OBESE, clinical="resolved")], Status.UNKNOWN, ()),
    ("coded, unconfirmed", [condition(code=OBESE, verification="provisional")], Status.POSSIBLE, ()),
    ("nothing", [], Status.UNKNOWN, ()),
]


@pytest.mark.parametrize(("facts", "status", "remarks"), [row[1:] for row in CODED], ids=[row[0] for row in CODED])
def test_without_a_bmi_a_coded_diagnosis_speaks(facts, status, remarks):
    found = finding(*facts)
    assert (found.status, found.remarks) == (status, remarks)


def test_a_computed_bmi_beats_a_coded_diagnosis():
    assert finding(condition(code=OBESE), bmi=flat(22)).status is Status.ABSENT
