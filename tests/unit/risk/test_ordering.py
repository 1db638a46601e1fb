"""A bone density order in the basket: one to complete (O2), one to reconsider (O3)."""

from datetime import date

import pytest
from msgspec.structs import replace

from cds_service.risk.assessment import Assessment, Decision, GateFinding, LimbStatus, ScanPlan
from cds_service.risk.decisions.ordering import CARDS, DECISION_REASONS, better_scan, doubtful_scan, drafted_scans
from tests.unit.risk.records import AS_OF, KVA, SCT, order, patient

DXA = (SCT, "312681000")
SOON = date(2026, 6, 2)
MEASURABLE = ScanPlan(hips=("left", "right"))
A, B = "ServiceRequest/a", "ServiceRequest/b"


def draft(ref=A, concept="order-dxa", code=DXA, **more):
    made = order(concept, code=code, **{"planned": True, "status": "draft", **more})
    return replace(made, evidence=replace(made.evidence, reference=ref))


def scans(*drafts):
    return drafted_scans(patient(*drafts))


def named(*drafts):
    return [hit.fact.evidence.reference for hit in scans(*drafts)]


def chart(*gates, scan=MEASURABLE):
    return Assessment(rule_set="x", profile="se", as_of=AS_OF, limbs=LimbStatus(), gates=gates, scan=scan)


def gate(name, until=None, **values):
    return GateFinding(gate=name, effect="suppress", until=until, values=values)


def doubt(*gates, drafts=(), selected=(A,)):
    return doubtful_scan(chart(*gates), scans(*(drafts or (draft(),))), frozenset(selected))


@pytest.mark.parametrize("status", ["", "draft", "active", "on-hold"])
def test_a_scan_that_is_still_meant_is_a_draft(status):
    assert named(draft(status=status)) == [A]


@pytest.mark.parametrize(
    "other",
    [
        draft(status="revoked"),
        draft(planned=False),
        draft(do_not_perform=True),
        draft(code=(KVA, "AN003")),
    ],
    ids=["taken back", "already ordered", "not to be done", "an arm"],
)
def test_what_is_no_axial_scan_to_be_ordered_is_no_draft(other):
    assert named(other) == []


def test_drafts_come_once_each_and_in_a_fixed_order():
    assert named(draft(B), draft(A), draft(B)) == [A, B]
    assert named(draft(B, concept="dxa-procedure"), draft(A)) == [A, B]


# ---------------------------------------------------------------- O3


@pytest.mark.parametrize(
    ("name", "until", "reason"),
    [
        ("G-PREG", None, "dxa-order-in-pregnancy"),
        ("G-ORDER", None, "dxa-order-twice"),
        ("G-DXA", SOON, "dxa-order-too-soon"),
        ("G-DECL", SOON, "dxa-order-declined"),
    ],
)
def test_what_the_chart_holds_against_a_scan_is_told_with_its_end(name, until, reason):
    assert doubt(gate(name, until, on="2026-01-01")) == Decision(
        card="O3",
        indicator="warning",
        reasons=(reason,),
        values={"on": "2026-01-01", "draft": A, "until": until.isoformat() if until else None},
    )


def test_the_gravest_doubt_is_told():
    gates = [gate("G-DECL", SOON), gate("G-DXA", SOON), gate("G-ORDER"), gate("G-PREG")]
    told = []
    while gates:
        told.append(doubt(*gates).reasons[0])
        gates.pop()
    assert told == ["dxa-order-in-pregnancy", "dxa-order-twice", "dxa-order-too-soon", "dxa-order-declined"]


@pytest.mark.parametrize("until", [None, AS_OF])
def test_an_interval_that_is_over_today_is_no_doubt(until):
    assert doubt(gate("G-DXA", until)) is None
    assert doubt(gate("G-DXA", until), gate("G-DECL")).reasons == ("dxa-order-declined",)


def test_a_second_scan_in_the_basket_is_one_too_many_and_the_last_selected_one_is_named():
    both = (draft(A), draft(B))
    assert doubt(drafts=both, selected=(A,)).values == {"draft": A, "until": None}
    found = doubt(drafts=both, selected=(A, B))
    assert (found.reasons, found.values["draft"]) == (("dxa-order-twice",), B)
    assert doubt(gate("G-PREG"), drafts=both).reasons == ("dxa-order-in-pregnancy",)


def test_without_a_doubt_or_a_selected_scan_there_is_no_card():
    assert doubt() is None
    assert doubt(gate("G-EOL")) is None
    assert doubt(gate("G-PREG"), selected=(B,)) is None


# ---------------------------------------------------------------- O2


def better(*gates, drafts=(), selected=(A,), **more):
    return better_scan(chart(*gates, **more), scans(*(drafts or (draft(),))), frozenset(selected))


def test_a_selected_scan_can_be_completed():
    assert better() == Decision(card="O2", indicator="info", reasons=("dxa-order-incomplete",), values={"draft": A})
    assert better(drafts=(draft(A), draft(B)), selected=(A, B)).values == {"draft": A}


@pytest.mark.parametrize("name", ["G-PAED", "G-EOL", "G-PREG"])
def test_who_is_not_measured_by_the_adult_plan_gets_no_plan(name):
    assert better(gate(name)) is None


def test_a_scan_that_cannot_be_measured_or_named_is_not_completed():
    assert better(gate("G-DXA", SOON)) is not None
    assert better(scan=ScanPlan(hips=(), forearm="none")) is None
    assert better(selected=(B,)) is None
    assert better(drafts=(draft(""),), selected=("",)) is None


def test_every_card_and_reason_is_listed():
    found = [better(), *(doubt(gate(name, SOON)) for name in ("G-PREG", "G-ORDER", "G-DXA", "G-DECL"))]
    assert {decision.card for decision in found} <= set(CARDS)
    assert {reason for decision in found for reason in decision.reasons} <= set(DECISION_REASONS)
