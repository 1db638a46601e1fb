"""What order-select and order-sign have in common: the drafts of the basket against the chart."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cards.drafts import completed_scan
from cards.words import LANGUAGES, words
from cds_service.fhir.drafts import is_selected, joined, planned, read_context, references, without
from cds_service.hooks.advice import Advice, Call, silent
from cds_service.risk.assess import case_of
from cds_service.risk.assessment import Assessment, Decision
from cds_service.risk.decisions.drafted_drugs import Effect, drug_effect
from cds_service.risk.decisions.ordering import better_scan, doubtful_scan, drafted_scans, raising_order
from cds_service.risk.record import PatientRecord


class Basket(msgspec.Struct, frozen=True):
    """The drafts of one call.

    Attributes:
        chart: the record without them. drafts: their facts alone, planned.
        selected: references of those that the advice is about. resources: the drafts whole, by reference.
    """

    chart: PatientRecord
    drafts: PatientRecord
    selected: frozenset[str]
    resources: Mapping[str, dict[str, Any]]


def drafts_advice(call: Call, member: str, selections: frozenset[str] | None = None, *, complete: bool) -> Advice:
    """Return O1, O2 and O3 for the drafts in ``context.<member>``, and nothing that the chart says without them.

    ``selections`` narrows what is spoken of; the other drafts are part of the picture. ``complete``: offer to complete
    a bone density order, which makes sense only when nobody is still writing it.
    """
    context = read_context(call.member(member), member, call.gathered, call.index)
    drafts = planned(context.record)
    chart = without(call.record, drafts)
    plain = call.assessed(chart)
    if any(gate.effect == "silent" for gate in plain.gates):
        return Advice(silent(plain))
    every = references(drafts.medications) | references(drafts.orders)
    selected = frozenset(one for one in every if is_selected(one, selections))
    basket = Basket(chart, drafts, selected, context.resources)
    return Advice(_assessed(call, plain, basket, complete=complete), context.resources)


def _assessed(call: Call, plain: Assessment, basket: Basket, *, complete: bool) -> Assessment:
    """Return the assessment with the drafts, and the decisions about them, most important first."""
    with_orders = joined(basket.chart, basket.drafts, "orders")
    before = call.assessed(with_orders) if basket.drafts.orders else plain
    raised = _raised(call, before, with_orders, basket)
    scans = drafted_scans(basket.drafts)
    doubtful = doubtful_scan(plain, scans, basket.selected)
    lacking = frozenset(one for one in basket.selected if _lacks_something(basket.resources.get(one), before))
    better = better_scan(before, scans, lacking) if complete and not doubtful else None
    wanted = (doubtful, *(raised.decisions if raised else ()), better)
    most = int(call.rules.number("decisions.max_cards"))
    decisions: tuple[Decision, ...] = tuple(one for one in wanted if one)[:most]
    return msgspec.structs.replace(raised or before, decisions=decisions)


def _raised(call: Call, before: Assessment, record: PatientRecord, basket: Basket) -> Assessment | None:
    drugs = basket.drafts.medications
    if before.tier is None or not references(drugs) & basket.selected:
        return None
    case = case_of(record, call.rules, call.as_of, before.limbs)
    effect: Effect = drug_effect(before, case, drugs, basket.selected)
    return raising_order(before, case, effect)


def _lacks_something(draft: dict[str, Any] | None, assessment: Assessment) -> bool:
    """True when there is something to add in whatever language: an order completed in Swedish is complete."""
    return draft is not None and all(completed_scan(draft, assessment, words(one)) for one in LANGUAGES)
