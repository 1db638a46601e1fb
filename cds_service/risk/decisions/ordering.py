"""The cards of ordering: O1 a drug that raises the tier, O2 a bone density order to complete, O3 one to reconsider."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Assessment, Decision, GateFinding, Tier, Value
from cds_service.risk.case import Case
from cds_service.risk.decisions.drafted_drugs import Effect, with_effect
from cds_service.risk.decisions.refer import refer
from cds_service.risk.decisions.scan import ex_center, scan_reasons, wants_vitamin_d_test
from cds_service.risk.decisions.scan_plan import measurable
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.dxa import axial_scan
from cds_service.risk.gates.scan import ORDER_CONCEPTS
from cds_service.risk.record import Hit, OrderFact, PatientRecord

CARDS: Final = ("O1", "O2", "O3")
DECISION_REASONS: Final = (
    "order-raises-tier",
    "order-if-continued",
    "dxa-order-incomplete",
    "dxa-order-in-pregnancy",
    "dxa-order-twice",
    "dxa-order-too-soon",
    "dxa-order-declined",
)
"""Why O1, O2 and O3. Values: ``order``, ``before`` and ``after`` (tiers); ``draft`` (reference), ``on``, ``until``."""
INCLUDES: Final = ("bone-protection",)
"""The block that only O1 folds in; it may fold in K3 as well."""

_ORDER: Final = {Tier.INCOMPLETE: 0, Tier.NONE: 0, Tier.WATCH: 1, Tier.ELEVATED: 2, Tier.HIGH: 3}
_MEANT: Final = frozenset({"", "draft", "active", "on-hold"})
# Who is not measured by the adult plan, or not measured at all.
_NO_PLAN: Final = ("G-PAED", "G-EOL", "G-PREG")


def raising_order(before: Assessment, case: Case, effect: Effect) -> Assessment | None:
    """Return the assessment with the drafts and the one decision O1, or None when no tier is raised by them.

    WATCH is told only where the rule set shows WATCH cards (D12).
    """
    after = with_effect(before, effect)
    if before.tier is None or after.tier is None or effect.after is None:
        return None
    situation = _situation(after, case, effect)
    least = Tier.WATCH if situation.watch_cards else Tier.ELEVATED
    if not _ORDER[before.tier] < _ORDER[after.tier] >= _ORDER[least]:
        return None
    decision = Decision(
        card="O1",
        indicator="info" if effect.if_continued else "warning",
        reasons=("order-raises-tier", *(("order-if-continued",) if effect.if_continued else ())),
        actions=tuple(dict.fromkeys(_actions(situation))),
        include=("bone-protection", *(("K3",) if wants_vitamin_d_test(situation) else ())),
        values={"order": ", ".join(effect.orders), "before": before.tier.value, "after": after.tier.value},
    )
    return msgspec.structs.replace(after, decisions=(decision,))


def _situation(after: Assessment, case: Case, effect: Effect) -> Situation:
    return Situation(
        case=case,
        findings=after.findings,
        gates=after.gates,
        tally=effect.after,
        unknowns=after.unknowns,
        plan=after.scan,
    )


def _actions(situation: Situation) -> Iterator[str]:
    """Yield what O1 offers: the scan unless something holds it back, vitamin D, a review of bone protection."""
    specialist = refer(situation)
    if specialist:
        yield from specialist.actions
    elif not situation.held_back and scan_reasons(situation) and measurable(situation.plan):
        yield "order-dxa"
    if wants_vitamin_d_test(situation):
        yield "order-vitamin-d"
    if not specialist and not situation.gate("G-PREG"):
        yield "refer-osteoporosis-clinic"
    yield from ex_center(situation)


# ---------------------------------------------------------------- a bone density order in the basket


def drafted_scans(record: PatientRecord) -> tuple[Hit[OrderFact], ...]:
    """Return the draft orders of a bone density scan, one per order, in a fixed order."""
    hits = (hit for concept in ORDER_CONCEPTS for hit in record.orders.get(concept, ()))
    meant = {hit.fact.evidence.reference: hit for hit in hits if _is_draft(hit)}
    return tuple(meant[reference] for reference in sorted(meant))


def _is_draft(hit: Hit[OrderFact]) -> bool:
    fact = hit.fact
    return fact.planned and fact.status in _MEANT and not fact.do_not_perform and axial_scan(hit)


def doubtful_scan(chart: Assessment, scans: tuple[Hit[OrderFact], ...], selected: frozenset[str]) -> Decision | None:
    """Return O3 for a selected scan that the chart speaks against; ``chart`` is assessed without any draft."""
    mine = [hit for hit in scans if hit.fact.evidence.reference in selected]
    if not mine:
        return None
    gate, reason = next(_doubts(chart), (None, ""))
    if not reason and len(scans) > 1:
        reason = "dxa-order-twice"
    if not reason:
        return None
    values: dict[str, Value] = dict(gate.values) if gate else {}
    until = gate.until.isoformat() if gate and gate.until else None
    # The last of several is the one too many.
    named: dict[str, Value] = {"draft": mine[-1].fact.evidence.reference, "until": until}
    return Decision(card="O3", indicator="warning", reasons=(reason,), values=values | named)


def _doubts(chart: Assessment) -> Iterator[tuple[GateFinding, str]]:
    for name, reason in (
        ("G-PREG", "dxa-order-in-pregnancy"),
        ("G-ORDER", "dxa-order-twice"),
        ("G-DXA", "dxa-order-too-soon"),
        ("G-DECL", "dxa-order-declined"),
    ):
        gate = chart.gate(name)
        if gate and (name != "G-DXA" or _holds(gate, chart.as_of)):
            yield gate, reason


def _holds(gate: GateFinding, as_of: date) -> bool:
    return gate.until is not None and gate.until > as_of


def better_scan(chart: Assessment, scans: tuple[Hit[OrderFact], ...], selected: frozenset[str]) -> Decision | None:
    """Return O2 for the first selected scan: sites, sides and limb status belong on the request of everybody here."""
    mine = [hit.fact.evidence.reference for hit in scans if hit.fact.evidence.reference in selected - {""}]
    if not mine or any(chart.gate(gate) for gate in _NO_PLAN) or not measurable(chart.scan):
        return None
    return Decision(card="O2", indicator="info", reasons=("dxa-order-incomplete",), values={"draft": mine[0]})
