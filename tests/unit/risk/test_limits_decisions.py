"""What the cards name beside their reasons, and the cards that are left out."""

from datetime import date
from types import SimpleNamespace

import pytest

from cds_service.risk.assessment import GateFinding, Tier
from cds_service.risk.decisions.decide import decide
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from tests.unit.risk.records import on
from tests.unit.risk.situations import present, situation

KNOWN = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("diagnosis",))


def told(treatment, **more):
    (decision,) = decide(situation(None, gates=(KNOWN,), treatment=treatment, **more))
    return decision


@pytest.mark.parametrize(
    ("treatment", "reason", "values"),
    [
        (BoneTreatment(overdue_since=date(2026, 5, 1)), "denosumab-overdue", {"due": "2026-05-01"}),
        (BoneTreatment(last_seen=date(2023, 1, 1)), "treatment-gap", {"last_seen": "2023-01-01"}),
        (BoneTreatment(), "treatment-gap", {"last_seen": None}),
    ],
)
def test_a_gap_in_treatment_is_told_with_its_day_and_with_advice_on_treatment(treatment, reason, values):
    decision = told(treatment)
    assert (decision.card, decision.reasons, decision.values) == ("K8", (reason,), values)
    assert (decision.include, decision.actions) == (("K7",), ("refer-osteoporosis-clinic",))


def test_an_outdated_scan_under_treatment_is_told_with_its_day_and_asks_for_no_referral():
    decision = told(BoneTreatment(current=True), exam=SimpleNamespace(when=on("2015-03-01"), evidence=()))
    assert (decision.reasons, decision.values) == (("scan-outdated",), {"last_scan": "2015-03-01"})
    assert (decision.include, decision.actions) == (("K7",), ("order-dxa",))


def test_known_osteoporosis_is_not_referred_once_more_for_what_else_was_found():
    found = present("R-CO", values={"kinds": "myeloma"})
    made = situation(Tier.HIGH, found, gates=(KNOWN,), treatment=BoneTreatment(current=True))
    assert [decision.card for decision in decide(made)] == []


def test_the_card_of_a_child_is_a_warning():
    gate = GateFinding(gate="G-PAED", effect="route", remarks=("steroid",))
    (decision,) = decide(situation(None, gates=(gate,), age=12))
    assert (decision.card, decision.indicator) == ("P1", "warning")
