import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.parathyroid import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, SE


def disease(code=(SE, "E21.0"), **more):
    return r.condition("parathyroid-disease", code=code, **more)


def of_kind(subtype, **more):
    return r.condition("parathyroid-disease", attributes={"subtype": subtype}, **more)


def answer(secondary):
    return r.item("secondary-hyperparathyroidism", secondary)


def found(*facts, **more):
    findings = evaluate(r.case(*facts, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
        assert set(one.remarks) <= set(REMARKS)
    return findings


@pytest.mark.parametrize(
    ("facts", "points", "reason", "remarks"),
    [
        ([disease()], 4, "pth.primary", ("pth.forearm-site",)),
        ([disease((SE, "E21.3"))], 2, "pth.not-stated", ("pth.type-not-stated", "pth.forearm-site")),
        ([disease((SE, "E21.2"))], 2, "pth.not-stated", ("pth.type-not-stated", "pth.forearm-site")),
        ([disease((SE, "E21.1"))], 1, "pth.secondary", ("pth.cause-first",)),
        ([disease((CM, "N25.81"))], 1, "pth.secondary", ("pth.cause-first",)),
        ([disease((SE, "E21.3")), answer(True)], 1, "pth.secondary", ("pth.cause-first",)),
        ([disease((SE, "E21.3")), answer(False)], 4, "pth.primary", ("pth.forearm-site",)),
        ([disease(), answer(True)], 4, "pth.primary", ("pth.forearm-site",)),
        ([of_kind("hyper")], 2, "pth.not-stated", ("pth.type-not-stated", "pth.forearm-site")),
        ([disease(), disease((SE, "E21.1"))], 4, "pth.primary", ("pth.forearm-site",)),
        ([disease(clinical="resolved", abated="2024-06-01")], 1, "pth.cured", ()),
        ([disease((SE, "E21.3"), clinical="resolved", abated="2025")], 1, "pth.cured", ()),
    ],
)
def test_the_kind_of_hyperparathyroidism_gives_the_grade(facts, points, reason, remarks):
    (only,) = found(*facts)
    assert (only.status, only.points, only.reason, only.remarks) == (Status.PRESENT, points, reason, remarks)


def test_patient_38_active_primary_disease_is_strong_since_its_onset():
    (only,) = found(disease(onset="2025-09-10"), age=52)
    assert (only.weight, only.strong_since.isoformat()) == ("strong", "2025-09-10")
    assert only.values == {"grade": "primary", "since": "2025-09-10"}
    assert found(disease((SE, "E21.1"), onset="2025"))[0].strong_since is None


@pytest.mark.parametrize(
    ("fact", "reason", "remarks"),
    [
        (disease(clinical="resolved", abated="2024-05-31"), "pth.over", ()),
        (disease(clinical="resolved"), "pth.over", ("pth.end-not-recorded",)),
        (disease((SE, "E21.1"), clinical="resolved", abated="2026"), "pth.over", ()),
        (of_kind("hypo"), "pth.other-disease", ()),
        (disease((SE, "E21.5")), "pth.other-disease", ()),
    ],
)
def test_what_is_long_cured_or_no_excess_is_seen_and_not_counted(fact, reason, remarks):
    main, seen = found(fact)
    assert main.status is Status.ABSENT
    assert (seen.status, seen.reason, seen.remarks) == (Status.NOT_COUNTED, reason, remarks)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([disease(verification="provisional")], Status.POSSIBLE),
        ([disease((SE, "N25.8"))], Status.POSSIBLE),
        ([of_kind("hypo", verification="provisional")], Status.ABSENT),
        ([disease(verification="refuted")], Status.ABSENT),
    ],
)
def test_unconfirmed_disease_is_possible(facts, status):
    assert found(*facts)[0].status is status


def test_without_the_list_of_conditions_it_is_unknown():
    assert found(missing=[Area.CONDITIONS])[0].values == {"why": "missing"}
