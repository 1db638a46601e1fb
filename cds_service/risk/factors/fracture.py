"""Family FX: fragility fractures (R-FX1, R-FX2) and adult fractures of unknown mechanism (R-FX3).

What a fracture counts for depends on its site, the age at which it happened and how much force broke the bone. The
force is known from the code (osteoporotic, collapsed vertebra), or from an external cause recorded at the same
encounter or on the same day. A fracture of unknown mechanism in the limb that was then lost belongs to that injury.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Age, Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate, add_months
from cds_service.risk.filters import (
    age_at_onset,
    began_on,
    conditions,
    evidence_of,
    made_since,
    newest_answer,
    newest_first,
    possible_conditions,
    stated,
    strongest,
    why_silent,
)
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit
from cds_service.risk.silence import OUTDATED, unknown

FRACTURE: Final = "fragility-fracture"
HIGH_ENERGY: Final = "external-cause-high-energy"
LOW_ENERGY: Final = "external-cause-low-energy"
AMPUTATIONS: Final = (
    "limb-deficiency-acquired-upper",
    "limb-deficiency-acquired-lower",
    "limb-deficiency-acquired-unspecified",
)
ITEM: Final = "fracture-history"

_DETAILS: Final = ("site", "mechanism", "age", "on")
REASONS: Final = {
    "fx.hip-or-vertebral": _DETAILS,
    "fx.other-fragility": _DETAILS,
    "fx.adult": _DETAILS,
    "fx.stated": ("on",),
    "fx.high-energy": _DETAILS,
    "fx.caused-amputation": _DETAILS,
    "fx.young": _DETAILS,
    "fx.age-unknown": _DETAILS,
    "fx.possible": (),
    "fx.denied": ("on",),
    "fx.unknown": ("why",),
}
REMARKS: Final = (
    "fx.verify-mechanism",
    "fx.verify-age-and-site",
    "fx.date-not-recorded",
    "fx.dated-by-recording",
    "fx.date-imprecise",
)

# Where the table's sites lie: a vertebra is as grave as a hip; a limb may be one that is missing.
_VERTEBRAL: Final = frozenset({"spine", "thoracic-vertebra", "lumbar-vertebra"})
_GRAVE: Final = _VERTEBRAL | {"hip"}
_LIMB_OF: Final = {"hip": "lower", "wrist": "upper", "proximal-humerus": "upper"}


class Fracture(msgspec.Struct, frozen=True, gc=False):
    """One coded fracture. ``mechanism``: ``fragility`` (the code says so), ``low-energy``, ``high-energy`` or empty."""

    hit: Hit[ConditionFact]
    site: str
    mechanism: str
    age: Age | None

    @property
    def when(self) -> PartialDate | None:
        """The onset, or else the day it was recorded."""
        return began_on(self.hit.fact)

    @property
    def fragile(self) -> bool:
        """True when little force broke the bone; a vertebra of unknown mechanism is taken for it (R-FX1)."""
        return self.mechanism in ("fragility", "low-energy") or (not self.mechanism and self.site in _VERTEBRAL)


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the strongest fracture, or what is known of the fracture history; with what was seen and not counted."""
    graded = [_grade(fracture, case) for fracture in _fractures(case)]
    present = strongest(finding for finding in graded if finding.present)
    others = _first_of(graded, Status.POSSIBLE) or _suspected(case), _first_of(graded, Status.NOT_COUNTED)
    return (present or _by_questionnaire(case), *(finding for finding in others if finding))


def _first_of(findings: Iterable[Finding], status: Status) -> Finding | None:
    return next((finding for finding in findings if finding.status is status), None)


# ---------------------------------------------------------------- reading


def _fractures(case: Case) -> Iterator[Fracture]:
    birth = case.record.demographics.birth_date
    for hit in conditions(case.record, FRACTURE, case.as_of):
        yield Fracture(hit, hit.attribute("site"), _mechanism(hit, case), age_at_onset(hit.fact, birth))


def _mechanism(hit: Hit[ConditionFact], case: Case) -> str:
    if hit.match.certainty == "high":
        return "fragility"
    high, low = _has_cause(hit.fact, HIGH_ENERGY, case), _has_cause(hit.fact, LOW_ENERGY, case)
    # Two causes that contradict each other tell nothing.
    return {(True, False): "high-energy", (False, True): "low-energy"}.get((high, low), "")


def _has_cause(fact: ConditionFact, concept: str, case: Case) -> bool:
    causes = case.record.conditions.get(concept, ())
    return any(stated(cause) and _one_event(cause.fact, fact) for cause in causes)


def _one_event(one: ConditionFact, other: ConditionFact) -> bool:
    """True for one and the same entry, or two of the same encounter or the same known day."""
    if one is other or (one.encounter and one.encounter == other.encounter):
        return True
    first, second = began_on(one), began_on(other)
    return first is not None and first == second and first.exact


# ---------------------------------------------------------------- grading


def _grade(fracture: Fracture, case: Case) -> Finding:
    if fracture.mechanism == "high-energy":
        return _not_counted(fracture, case, "fx.high-energy")
    if not fracture.mechanism and _cost_the_limb(fracture, case):
        return _not_counted(fracture, case, "fx.caused-amputation")
    rule = "R-FX1" if fracture.site in _GRAVE else "R-FX2"
    if fracture.fragile and _at_age(fracture, case, rule):
        return _fragility(fracture, case, rule)
    return _adult(fracture, case)


def _at_age(fracture: Fracture, case: Case, rule: str) -> bool:
    """True when it certainly happened from the rule's age on; a coded fragility fracture of unknown date counts too."""
    reached = _reached(fracture, case, case.rules.factor(rule)["from_age"])
    return reached is True or (reached is None and fracture.age is None and fracture.mechanism == "fragility")


def _reached(fracture: Fracture, case: Case, years: float) -> bool | None:
    """True or False when it is certain whether it happened from ``years`` on, else None."""
    at = fracture.age
    if at is None:
        # It cannot have happened at an age that the patient has not reached.
        return False if case.age is not None and case.age.below(years) else None
    if at.at_least(years):
        return True
    return False if at.below(years) else None


def _fragility(fracture: Fracture, case: Case, rule: str) -> Finding:
    grave = rule == "R-FX1"
    recent = not grave and _since(fracture, case.months_ago(case.rules.factor("R-FX2")["recent_months"]))
    return case.find(
        rule,
        Status.PRESENT,
        "fx.hip-or-vertebral" if grave else "fx.other-fragility",
        values=_values(fracture),
        evidence=evidence_of((fracture.hit,)),
        held_against=("from_age",) if grave else ("from_age", "recent_months"),
        override=grave or recent,
        remarks=_dating(fracture),
        strong_since=fracture.when.first if fracture.when else None,
    )


def _since(fracture: Fracture, day: date) -> bool:
    return fracture.when is not None and fracture.when.certainly_on_or_after(day)


def _adult(fracture: Fracture, case: Case) -> Finding:
    reached = _reached(fracture, case, case.rules.factor("R-FX3")["from_age"])
    if reached is False:
        return _not_counted(fracture, case, "fx.young")
    verify = () if fracture.mechanism else ("fx.verify-mechanism",)
    return case.find(
        "R-FX3",
        Status.PRESENT if reached else Status.POSSIBLE,
        "fx.adult" if reached else "fx.age-unknown",
        values=_values(fracture),
        evidence=evidence_of((fracture.hit,)),
        held_against=("from_age",),
        remarks=(*verify, *_dating(fracture)),
    )


def _not_counted(fracture: Fracture, case: Case, reason: str) -> Finding:
    return case.find(
        "R-FX3",
        Status.NOT_COUNTED,
        reason,
        values=_values(fracture),
        evidence=evidence_of((fracture.hit,)),
        held_against=("amputation_months",) if reason == "fx.caused-amputation" else ("from_age",),
    )


def _values(fracture: Fracture) -> dict[str, Value]:
    return {
        "site": fracture.site,
        "mechanism": fracture.mechanism or "not-recorded",
        "age": fracture.age.low if fracture.age else None,
        "on": fracture.when.text if fracture.when else None,
    }


def _dating(fracture: Fracture) -> tuple[str, ...]:
    fact = fracture.hit.fact
    if fact.onset is None and fact.onset_age is None:
        return ("fx.dated-by-recording",) if fact.recorded else ("fx.date-not-recorded",)
    return ("fx.date-imprecise",) if fact.onset and not fact.onset.exact else ()


# ---------------------------------------------------------------- the injury that cost the limb


def _cost_the_limb(fracture: Fracture, case: Case) -> bool:
    injuries = list(_traumatic_amputations(case))
    if any(_one_event(injury.fact, fracture.hit.fact) for injury in injuries):
        return True
    limb = _LIMB_OF.get(fracture.site)
    if limb is None:
        return False
    losses = [missing.since for missing in case.limbs.limbs if missing.limb == limb and missing.origin == "acquired"]
    losses += [began_on(injury.fact) for injury in injuries if injury.attribute("limb") == limb]
    return any(_led_to(fracture, lost, case) for lost in losses if lost)


def _traumatic_amputations(case: Case) -> Iterator[Hit[ConditionFact]]:
    hits = newest_first(hit for concept in AMPUTATIONS for hit in case.record.conditions.get(concept, ()))
    return (hit for hit in hits if hit.attribute("kind") == "injury" and stated(hit))


def _led_to(fracture: Fracture, lost: PartialDate, case: Case) -> bool:
    """True when the fracture may fall in the months before the limb was lost.

    Not after it: a fall soon after an amputation is a fracture to count. Only when the day of the fracture is not told,
    just the day it was recorded, the months after count too.
    """
    months = int(case.rules.factor("R-FX3")["amputation_months"])
    onset = fracture.hit.fact.onset
    until = lost.last if onset else add_months(lost.last, months)
    when = onset or fracture.when
    return when is not None and when.last >= add_months(lost.first, -months) and when.first <= until


# ---------------------------------------------------------------- nothing coded counts


def _suspected(case: Case) -> Finding | None:
    evidence = evidence_of(possible_conditions(case.record, FRACTURE, case.as_of))
    return case.find("R-FX3", Status.POSSIBLE, "fx.possible", evidence=evidence) if evidence else None


def _by_questionnaire(case: Case) -> Finding:
    answer = newest_answer(case.record, ITEM, case.as_of)
    if answer is None:
        why = why_silent(case.record, Area.CONDITIONS, Area.OBSERVATIONS)
        return unknown(case, "R-FX1", "fx.unknown", why)
    evidence = evidence_of((answer,))
    values: dict[str, Value] = {"on": answer.fact.effective.text if answer.fact.effective else None}
    if answer.fact.value is True:
        return _said_yes(case, values, evidence)
    if not made_since(answer, case.months_ago(case.rules.factor("R-FX3")["denied_months"])):
        return unknown(case, "R-FX1", "fx.unknown", OUTDATED, evidence=evidence)
    return case.find("R-FX1", Status.ABSENT, "fx.denied", values=values, evidence=evidence)


def _said_yes(case: Case, values: dict[str, Value], evidence: tuple[Evidence, ...]) -> Finding:
    """Return the mildest grade: the question tells neither age nor site. Below that age it is only possible."""
    adult = case.age is not None and case.age.at_least(case.rules.factor("R-FX3")["from_age"])
    return case.find(
        "R-FX3",
        Status.PRESENT if adult else Status.POSSIBLE,
        "fx.stated",
        values=values,
        evidence=evidence,
        held_against=("from_age",),
        remarks=("fx.verify-age-and-site",),
    )
