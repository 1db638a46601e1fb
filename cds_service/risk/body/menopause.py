"""Menopausal state: recorded, assumed from age, or unknown - and at what age the ovaries stopped.

Recorded evidence wins: a diagnosis, removal of both ovaries, an answer, an age at menopause, a year without periods.
Codes that only say "menopausal" (flushes, climacteric) count from the age at which that means the menopause. Without
any record age decides at its ends; between them the state is asked for, never assumed.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Age, LimbStatus, Menopause
from cds_service.risk.body import menstruation
from cds_service.risk.body.measures import YEARS, amount
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate, add_months
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.filters import age_at, conditions, done, item_answers, made_since, newest_answer, newest_evidence
from cds_service.risk.record import Evidence, Hit, MedicationFact, ObservationFact, PatientRecord
from cds_service.rulesets.model import RuleSet

CONCEPT: Final = "menopause"
REPLACEMENT_CONCEPT: Final = "drug-hormone-replacement"
STATE_ITEM: Final = "menopausal-state"
AGE_ITEM: Final = "age-at-menopause"

# Statuses of the table that mean the ovaries have stopped for good, whatever the age.
PREMATURE: Final = frozenset({"premature-menopause", "premature-ovarian-failure"})
_STOPPED: Final = PREMATURE | {
    "postmenopausal",
    "artificial-menopause",
    "bilateral-oophorectomy",
    "ovarian-failure",
    "surgical",
    "surgical-or-iatrogenic",
}
_AROUND: Final = frozenset({"menopausal"})
# Creams and vaginal preparations do not reach the bone.
_LOCAL_ROUTES: Final = frozenset({"topical", "inhaled", "nasal", "ophthalmic", "intraarticular", "rectal"})


class _Stop(msgspec.Struct, frozen=True):
    """One piece of evidence that the ovaries have stopped, and at what age (years) if that is told."""

    evidence: Evidence
    age: float | None = None


def menopause(record: PatientRecord, age: Age | None, sex: str, rules: RuleSet, as_of: date) -> Menopause:
    """Return the menopausal state on ``as_of``; ``not-applicable`` in men, ``unknown`` when sex is not recorded.

    ``age_at`` is the earliest age told, in years; where only dates are partial the later age is taken (the milder one).
    """
    if sex != "female":
        return Menopause(state="not-applicable" if sex else "unknown")
    on_hrt = bool(replacement(record, rules, as_of))
    stops = tuple(_stops(record, age, rules, as_of))
    if stops:
        ages = [stop.age for stop in stops if stop.age is not None]
        evidence = newest_evidence(stop.evidence for stop in stops)
        return Menopause(state="postmenopausal", age_at=min(ages, default=None), on_hrt=on_hrt, evidence=evidence)
    denied = _denied(record, age, rules, as_of)
    if denied:
        return Menopause(state="premenopausal", on_hrt=on_hrt, evidence=(denied.fact.evidence,))
    return Menopause(state=_by_age(age, rules), assumed=_by_age(age, rules) != "unknown", on_hrt=on_hrt)


def replacement(record: PatientRecord, rules: RuleSet, as_of: date) -> tuple[Hit[MedicationFact], ...]:
    """Return what says that systemic oestrogen replacement is taken on ``as_of``, newest first."""
    case = Case(record=record, rules=rules, as_of=as_of, limbs=LimbStatus())
    oldest = add_months(as_of, -int(rules.number("exposure.open_end_stale_months")))
    return tuple(
        hit
        for hit in current_drugs(case, REPLACEMENT_CONCEPT)
        if hit.fact.route not in _LOCAL_ROUTES and not _stale(hit.fact, oldest)
    )


def _stale(fact: MedicationFact, oldest: date) -> bool:
    """True for an open-ended order that nobody has renewed for long: protection is not taken for granted (D20)."""
    begun = fact.start or fact.authored
    return fact.end is None and begun is not None and begun.certainly_before(oldest)


# ---------------------------------------------------------------- recorded


def _stops(record: PatientRecord, age: Age | None, rules: RuleSet, as_of: date) -> Iterable[_Stop]:
    birth = record.demographics.birth_date
    old_enough = age is not None and age.at_least(rules.number("menopause.unknown_from"))
    counted = _STOPPED | _AROUND if old_enough else _STOPPED
    for condition in conditions(record, CONCEPT, as_of):
        status = condition.attribute("status")
        if status in counted:
            onset_age = None if status in _AROUND else _onset_age(condition.fact.onset_age, condition.fact.onset, birth)
            yield _Stop(condition.fact.evidence, onset_age)
    for procedure in done(record, CONCEPT, as_of):
        if procedure.attribute("status") in _STOPPED:
            yield _Stop(procedure.fact.evidence, _onset_age(None, procedure.fact.performed, birth))
    yield from _answered(record, age, as_of)
    if old_enough:
        yield from _without_periods(record, rules, as_of)


def _answered(record: PatientRecord, age: Age | None, as_of: date) -> Iterable[_Stop]:
    told = next((hit for hit in item_answers(record, AGE_ITEM, as_of) if _possible_age(hit, age)), None)
    if told:
        yield _Stop(told.fact.evidence, amount(told.fact, YEARS))
    state = newest_answer(record, STATE_ITEM, as_of)
    if state and state.fact.value is True:
        yield _Stop(state.fact.evidence)


def _possible_age(hit: Hit[ObservationFact], age: Age | None) -> bool:
    years = amount(hit.fact, YEARS)
    return years is not None and years > 0 and (age is None or years <= age.high)


def _without_periods(record: PatientRecord, rules: RuleSet, as_of: date) -> Iterable[_Stop]:
    answer = menstruation.newest_answer(record, as_of)
    if answer and menstruation.without_for(answer, rules.number("menopause.amenorrhoea_months")):
        yield _Stop(answer.fact.evidence)


def _onset_age(stated: float | None, when: PartialDate | None, birth: PartialDate | None) -> float | None:
    if stated is not None:
        return stated
    return float(age_at(when, birth).high) if when and birth else None


# ---------------------------------------------------------------- denied, or by age


def _denied(record: PatientRecord, age: Age | None, rules: RuleSet, as_of: date) -> Hit[ObservationFact] | None:
    """Return the newest answer when it says "not yet", is recent and the age still allows it."""
    state = newest_answer(record, STATE_ITEM, as_of)
    oldest = add_months(as_of, -int(rules.number("menopause.denied_months")))
    if state is None or state.fact.value is not False or not made_since(state, oldest):
        return None
    return None if age is not None and age.at_least(rules.number("core.menopause_to")) else state


def _by_age(age: Age | None, rules: RuleSet) -> str:
    if age is None:
        return "unknown"
    if age.at_least(rules.number("menopause.assumed_from")):
        return "postmenopausal"
    return "premenopausal" if age.below(rules.number("menopause.unknown_from")) else "unknown"
