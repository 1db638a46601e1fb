"""Local factors (L-*): a coded disease or a drug list with a weight, added to a rule set as data."""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.filters import active, conditions, evidence_of, possible_conditions, why_silent
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit
from cds_service.rulesets.model import LocalFactor

REASONS: Final = {
    "local.condition": ("concept",),
    "local.medication": ("concept",),
    "local.possible": ("concept",),
    "local.not-listed": ("concept",),
    "local.unknown": ("why", "concept"),
}
REMARKS: Final = ()

_MEDICATION: Final = "medication"


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return one finding for each local factor of the rule set, in its order; its words are its own ``title``."""
    return tuple(_evaluate(case, factor) for factor in case.rules.local_factors)


def _evaluate(case: Case, factor: LocalFactor) -> Finding:
    drugs = factor.kind == _MEDICATION
    evidence = evidence_of(current_drugs(case, factor.concept)) if drugs else _condition(case, factor)
    if evidence:
        return _find(case, factor, Status.PRESENT, f"local.{factor.kind}", evidence)
    maybe = () if drugs else evidence_of(possible_conditions(case.record, factor.concept, case.as_of))
    if maybe:
        return _find(case, factor, Status.POSSIBLE, "local.possible", maybe)
    area = Area.MEDICATIONS if drugs else Area.CONDITIONS
    if case.record.complete(area):
        return _find(case, factor, Status.ABSENT, "local.not-listed")
    return _find(case, factor, Status.UNKNOWN, "local.unknown", why=why_silent(case.record, area))


def _condition(case: Case, factor: LocalFactor) -> tuple[Evidence, ...]:
    """Active conditions; with a look-back also those that ended (or, when that is not told, began) within it."""
    return evidence_of(
        hit for hit in conditions(case.record, factor.concept, case.as_of) if active(hit) or _recent(case, factor, hit)
    )


def _recent(case: Case, factor: LocalFactor, hit: Hit[ConditionFact]) -> bool:
    last = hit.fact.abated or hit.fact.onset or hit.fact.recorded
    if factor.lookback_months is None or last is None:
        return False
    return last.certainly_on_or_after(case.months_ago(factor.lookback_months))


def _find(
    case: Case, factor: LocalFactor, status: Status, reason: str, evidence: tuple[Evidence, ...] = (), why: str = ""
) -> Finding:
    present = status is Status.PRESENT
    values: dict[str, Value] = {"concept": factor.concept, **({"why": why} if why else {})}
    return Finding(
        rule=factor.id,
        family=factor.family,
        status=status,
        reason=reason,
        weight=case.rules.weight_name(factor.weight) if present else "none",
        points=case.rules.points(factor.weight) if present else 0,
        values=values,
        evidence=evidence,
    )
