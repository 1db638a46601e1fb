import msgspec
import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.local import REASONS, evaluate
from cds_service.risk.record import Area
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import LocalFactor
from tests.unit.risk import records as r

TITLE = {"en": "HIV", "sv": "Hiv"}


def local(kind="condition", concept="hiv", weight="moderate", lookback=None):
    return LocalFactor(
        id="L-HIV", family="LOCAL", title=TITLE, weight=weight, concept=concept, kind=kind, lookback_months=lookback
    )


def only(factor, *facts, **more):
    rules = msgspec.structs.replace(load_default("se"), local_factors=(factor,))
    (found,) = evaluate(r.case(*facts, rules=rules, **more))
    assert set(found.values) == set(REASONS[found.reason])
    assert (found.rule, found.family) == ("L-HIV", "LOCAL")
    return found


@pytest.mark.parametrize(
    ("factor", "fact", "status"),
    [
        (local(), r.condition("hiv"), Status.PRESENT),
        (local(), r.condition("hiv", clinical="resolved", abated="2026-01-01"), Status.ABSENT),
        (local(lookback=12), r.condition("hiv", clinical="resolved", abated="2026-01-01"), Status.PRESENT),
        (local(lookback=12), r.condition("hiv", clinical="resolved", onset="2026-01-01"), Status.PRESENT),
        (local(lookback=12), r.condition("hiv", clinical="resolved", abated="2025-01-01"), Status.ABSENT),
        (local(lookback=12), r.condition("hiv", clinical="resolved"), Status.ABSENT),
        (local(), r.condition("hiv", verification="provisional"), Status.POSSIBLE),
        (local(), r.condition("hiv", verification="refuted"), Status.ABSENT),
        (local("medication", "drug-ppi"), r.medication("drug-ppi"), Status.PRESENT),
        (local("medication", "drug-ppi"), r.medication("drug-ppi", status="completed"), Status.ABSENT),
    ],
)
def test_a_local_factor_is_an_active_disease_or_a_drug_taken_now(factor, fact, status):
    found = only(factor, fact)
    assert found.status is status
    assert (found.weight, found.points) == (("moderate", 2) if status is Status.PRESENT else ("none", 0))


def test_a_weight_in_points_keeps_its_number():
    found = only(local(weight=3), r.condition("hiv"))
    assert (found.weight, found.points) == ("moderate", 3)


@pytest.mark.parametrize(("kind", "area"), [("condition", Area.CONDITIONS), ("medication", Area.MEDICATIONS)])
def test_absence_needs_the_whole_list(kind, area):
    assert only(local(kind), missing=[area]).values == {"why": "missing", "concept": "hiv"}


def test_a_rule_set_without_local_factors_asks_nothing():
    assert evaluate(r.case()) == ()
