"""Family VITD: 25-hydroxyvitamin D (R-VITD), in nmol/L.

18 ng/mL and 18 nmol/L are different findings: the unit is read from the result, never assumed from the code.
"""

from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.filters import (
    active,
    began_on,
    conditions,
    evidence_of,
    made_since,
    pending_results,
    results,
    why_silent,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Hit, ObservationFact
from cds_service.risk.silence import OUTDATED, UNUSABLE, unknown

RESULT: Final = "vitamin-d-lab"
DIAGNOSIS: Final = "vitamin-d-deficiency"
DRUG: Final = "drug-calcium-vitamin-d"
# Substance name of terminology/tables/units.tsv and the unit the rule set speaks.
SUBSTANCE: Final = "25-OH vitamin D"
UNIT: Final = "nmol/L"
# Classes of the drug table that treat a deficiency; calcium with a little vitamin D is a supplement.
TREATMENTS: Final = frozenset({"vitamin-D", "active-vitamin-D"})
ONLY_D3: Final = "25OHD3"

_LEVEL: Final = ("nmol_l", "on", "treated")
REASONS: Final = {
    "vitd.deficient": ("grade", *_LEVEL),
    "vitd.insufficient": ("grade", *_LEVEL),
    "vitd.sufficient": _LEVEL,
    "vitd.toxic": _LEVEL,
    "vitd.cannot-classify": ("why", *_LEVEL),
    "vitd.unusable": ("why", "on", "treated"),
    "vitd.outdated": ("why", "on", "treated"),
    "vitd.unknown": ("why", "treated"),
    "vitd.diagnosis-without-result": ("on", "treated"),
}
REMARKS: Final = ("vitd.d3-only", "vitd.may-be-deficient", "vitd.newer-unusable")


class Level(msgspec.Struct, frozen=True, gc=False):
    """A result in nmol/L; ``newer`` tells that a newer one could not be used."""

    hit: Hit[ObservationFact]
    level: Measured
    newer: bool


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what the newest usable result says, or what is known without one."""
    recent = _recent(case)
    newest = _newest_usable(recent, case)
    if newest is not None:
        return (_graded(case, newest),)
    if recent:
        return (
            unknown(
                case, "R-VITD", "vitd.unusable", UNUSABLE, evidence=evidence_of(recent), values=_when(case, recent[0])
            ),
        )
    return (_diagnosed(case) or _nothing_recent(case),)


def _recent(case: Case) -> tuple[Hit[ObservationFact], ...]:
    day = case.months_ago(case.rules.factor("R-VITD")["max_age_months"])
    return tuple(hit for hit in results(case.record, RESULT, case.as_of) if made_since(hit, day))


def _newest_usable(recent: tuple[Hit[ObservationFact], ...], case: Case) -> Level | None:
    most = case.rules.number("quantities.vitamin_d_max")
    for place, hit in enumerate(recent):
        level = measured(hit.fact, UNIT, SUBSTANCE)
        if level is not None and 0 <= level.number <= most:
            return Level(hit, level, newer=place > 0)
    return None


def _graded(case: Case, newest: Level) -> Finding:
    rule = case.rules.factor("R-VITD")
    level = newest.level
    remarks = _remarks(newest)
    if level.below(rule["deficient"]):
        return _present(case, newest, "deficient", remarks)
    if level.below(rule["insufficient"]):
        doubt = () if level.at_least(rule["deficient"]) else ("vitd.may-be-deficient",)
        return _present(case, newest, "insufficient", (*doubt, *remarks))
    values = {"nmol_l": level.number, **_when(case, newest.hit)}
    evidence = evidence_of((newest.hit,))
    if not level.at_least(rule["insufficient"]):
        return unknown(case, "R-VITD", "vitd.cannot-classify", UNUSABLE, evidence=evidence, values=values)
    toxic = level.above(rule["toxic"])
    return case.find(
        "R-VITD",
        Status.ABSENT,
        "vitd.toxic" if toxic else "vitd.sufficient",
        values=values,
        evidence=evidence,
        held_against=("insufficient", "toxic", "max_age_months"),
        remarks=remarks,
    )


def _present(case: Case, newest: Level, grade: str, remarks: tuple[str, ...]) -> Finding:
    return case.find(
        "R-VITD",
        Status.PRESENT,
        f"vitd.{grade}",
        grade=grade,
        values={"grade": grade, "nmol_l": newest.level.number, **_when(case, newest.hit)},
        evidence=evidence_of((newest.hit,)),
        held_against=("deficient", "insufficient", "max_age_months"),
        remarks=remarks,
    )


def _remarks(newest: Level) -> tuple[str, ...]:
    remarks = (
        ("vitd.d3-only", newest.hit.attribute("analyte") == ONLY_D3),
        ("vitd.newer-unusable", newest.newer),
    )
    return tuple(remark for remark, holds in remarks if holds)


def _when(case: Case, hit: Hit[ObservationFact]) -> dict[str, Value]:
    on = hit.fact.effective
    return {"on": on.text if on else None, "treated": _treated(case)}


def _treated(case: Case) -> bool | None:
    """Return whether vitamin D is taken in a dose that treats (D16); None when the medication list is not known."""
    if any(hit.attribute("class") in TREATMENTS for hit in current_drugs(case, DRUG)):
        return True
    return False if case.record.complete(Area.MEDICATIONS) else None


# ---------------------------------------------------------------- no recent result


def _diagnosed(case: Case) -> Finding | None:
    """A diagnosis of the last months without a result is possible: the test is what is missing."""
    hits = tuple(hit for hit in conditions(case.record, DIAGNOSIS, case.as_of) if _current(hit, case))
    if not hits:
        return None
    began = began_on(hits[0].fact)
    return case.find(
        "R-VITD",
        Status.POSSIBLE,
        "vitd.diagnosis-without-result",
        values={"on": began.text if began else None, "treated": _treated(case)},
        evidence=evidence_of(hits),
        held_against=("max_age_months",),
    )


def _current(hit: Hit[ConditionFact], case: Case) -> bool:
    began = began_on(hit.fact)
    day = case.months_ago(case.rules.factor("R-VITD")["max_age_months"])
    return active(hit) and (began is None or began.possibly_on_or_after(day))


def _nothing_recent(case: Case) -> Finding:
    older = results(case.record, RESULT, case.as_of)
    if older:
        values = _when(case, older[0])
        return unknown(case, "R-VITD", "vitd.outdated", OUTDATED, evidence=evidence_of(older[:1]), values=values)
    pending = pending_results(case.record.observations.get(RESULT, ()), case.as_of)
    why = UNUSABLE if pending else why_silent(case.record, Area.OBSERVATIONS)
    values = {"treated": _treated(case)}
    return unknown(case, "R-VITD", "vitd.unknown", why, evidence=evidence_of(pending), values=values)
