"""Family FRAX: a recorded FRAX result (R-TOOL). It is read, never computed: the formula is not public."""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import evidence_of, made_since, results, why_silent
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, Hit, ObservationFact
from cds_service.risk.silence import OUTDATED, UNUSABLE, unknown

RESULT: Final = "frax-result"
MAJOR: Final = "mof"
HIP: Final = "hip"
_PERCENT: Final = "%"
# A probability; what lies outside was mistyped.
_CERTAIN: Final = 100

REASONS: Final = {
    "frax.above": ("mof", "hip", "on"),
    "frax.not-above": ("mof", "hip", "on"),
    "frax.unusable": ("why", "on"),
    "frax.outdated": ("why", "on"),
    "frax.unknown": ("why",),
}
REMARKS: Final = ("frax.weight-and-height-as-entered",)


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what the newest usable 10-year probability of a major osteoporotic fracture says."""
    every = results(case.record, RESULT, case.as_of, MAJOR)
    day = case.months_ago(case.rules.factor("R-TOOL")["max_age_months"])
    recent = tuple(hit for hit in every if made_since(hit, day))
    newest = _newest(recent)
    if newest is not None:
        return (_held(case, *newest),)
    if recent:
        return (_unusable(case, "frax.unusable", UNUSABLE, recent[0]),)
    if every:
        return (_unusable(case, "frax.outdated", OUTDATED, every[0]),)
    return (unknown(case, "R-TOOL", "frax.unknown", why_silent(case.record, Area.OBSERVATIONS)),)


def _newest(hits: tuple[Hit[ObservationFact], ...]) -> tuple[Hit[ObservationFact], Measured] | None:
    for hit in hits:
        percent = measured(hit.fact, _PERCENT)
        if percent is not None and 0 <= percent.number <= _CERTAIN:
            return hit, percent
    return None


def _held(case: Case, hit: Hit[ObservationFact], percent: Measured) -> Finding:
    cut = case.rules.factor("R-TOOL")["mof"]
    above = percent.above(cut)
    if not above and percent.high > cut:
        return _unusable(case, "frax.unusable", UNUSABLE, hit)
    return case.find(
        "R-TOOL",
        Status.PRESENT if above else Status.ABSENT,
        "frax.above" if above else "frax.not-above",
        values={"mof": percent.number, "hip": _hip(case, hit), **_on(hit)},
        evidence=evidence_of((hit,)),
        held_against=("mof", "max_age_months"),
        floor=above,
        remarks=("frax.weight-and-height-as-entered",),
    )


def _hip(case: Case, major: Hit[ObservationFact]) -> float | None:
    """Return the hip probability (%) of the same day, if it was recorded."""
    hits = results(case.record, RESULT, case.as_of, HIP)
    found = _newest(tuple(hit for hit in hits if hit.fact.effective == major.fact.effective))
    return found[1].number if found else None


def _unusable(case: Case, reason: str, why: str, hit: Hit[ObservationFact]) -> Finding:
    return unknown(case, "R-TOOL", reason, why, evidence=evidence_of((hit,)), values=_on(hit))


def _on(hit: Hit[ObservationFact]) -> dict[str, Value]:
    when = hit.fact.effective
    return {"on": when.text if when else None}
