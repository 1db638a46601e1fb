from typing import Any

import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.malabsorption import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area
from tests.unit.risk import records as r
from tests.unit.risk.records import KVA, SE


def coeliac(code=(SE, "K90.0"), onset="2010", **more):
    return r.condition("coeliac-disease", code=code, onset=onset, **more)


def diet(keeps, **more):
    return r.item("gluten-free-diet-adherent", keeps, **more)


def of(rule, *facts, **more):
    (found,) = (one for one in evaluate(r.case(*facts, **more)) if one.rule == rule)
    assert found.reason in REASONS
    assert set(found.values) == set(REASONS[found.reason])
    return found


@pytest.mark.parametrize(
    ("facts", "points", "reason"),
    [
        ([coeliac()], 2, "malabs.coeliac"),
        ([coeliac(onset=None)], 2, "malabs.coeliac"),
        ([coeliac(onset="2025-06-01")], 2, "malabs.coeliac-new"),
        ([coeliac(onset="2025-05-31")], 2, "malabs.coeliac"),
        ([coeliac(onset="2025")], 2, "malabs.coeliac-new"),
        ([coeliac(onset="2026-01-01"), diet(True)], 2, "malabs.coeliac-new"),
        ([coeliac(), diet(True)], 1, "malabs.coeliac-remission"),
        ([coeliac(), diet(False)], 2, "malabs.coeliac-not-adherent"),
        ([coeliac(), diet(True, effective="2020"), diet(False)], 2, "malabs.coeliac-not-adherent"),
        ([coeliac(clinical="remission")], 1, "malabs.coeliac-remission"),
        ([coeliac(clinical="remission"), diet(False)], 2, "malabs.coeliac-not-adherent"),
        ([coeliac(onset="2026-01-01"), coeliac(onset="2001", ref="Condition/2")], 2, "malabs.coeliac"),
    ],
)
def test_coeliac_disease_is_mild_only_in_remission_or_on_a_kept_diet(facts, points, reason):
    found = of("R-COE", *facts)
    assert (found.status, found.points, found.reason) == (Status.PRESENT, points, reason)
    assert found.remarks == (REMARKS if reason == "malabs.coeliac" else ())


def test_patient_39_documented_remission_is_weak_and_shows_its_evidence():
    found = of("R-COE", coeliac(clinical="remission"), diet(True))
    assert (found.weight, found.values) == ("weak", {"grade": "remission", "since": "2010"})
    assert [one.resource_type for one in found.evidence] == ["Observation", "Condition"]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([coeliac((SE, "K90.0B"))], Status.POSSIBLE),
        ([coeliac(verification="provisional")], Status.POSSIBLE),
        ([coeliac(verification="refuted")], Status.ABSENT),
        ([], Status.ABSENT),
    ],
)
def test_probable_coeliac_disease_is_possible(facts, status):
    assert of("R-COE", *facts).status is status


SHORT_BOWEL: dict[str, Any] = {"code": (SE, "K91.2")}
BYPASS: dict[str, Any] = {"code": (KVA, "JDF11")}
FOUND, NOTHING = "malabs.malabsorption", "malabs.other.not-listed"


@pytest.mark.parametrize(
    ("facts", "status", "reason", "since"),
    [
        ([r.condition("malabsorption", onset="2015", **SHORT_BOWEL)], Status.PRESENT, FOUND, "2015"),
        ([r.condition("malabsorption", clinical="resolved", **SHORT_BOWEL)], Status.PRESENT, FOUND, None),
        (
            [r.procedure("bariatric-surgery", performed="2012-01", **BYPASS)],
            Status.PRESENT,
            "malabs.bariatric",
            "2012-01",
        ),
        ([r.procedure("bariatric-surgery", **BYPASS)], Status.PRESENT, "malabs.bariatric", None),
        ([r.condition("bariatric-surgery", onset="2011")], Status.PRESENT, "malabs.bariatric", "2011"),
        ([r.procedure("bariatric-surgery", status="not-done")], Status.ABSENT, NOTHING, None),
        (
            [r.condition("bariatric-surgery", verification="unconfirmed")],
            Status.POSSIBLE,
            "malabs.other.possible",
            None,
        ),
        ([], Status.ABSENT, NOTHING, None),
    ],
)
def test_malabsorption_and_stomach_surgery_count_for_ever(facts, status, reason, since):
    found = of("R-MAL", *facts)
    assert (found.status, found.reason, found.values.get("since")) == (status, reason, since)
    assert found.points == (2 if status is Status.PRESENT else 0)


def test_absence_of_surgery_needs_the_list_of_procedures():
    assert of("R-MAL", missing=[Area.PROCEDURES]).values == {"why": "missing"}
    assert of("R-COE", missing=[Area.PROCEDURES]).status is Status.ABSENT
    assert of("R-COE", missing=[Area.CONDITIONS]).values == {"why": "missing"}
