"""Family SMK: smoking now (R-SMK).

Former smoking, snus and other smokeless tobacco are not counted. What was said longest ago matters least: the newest
answer decides, and one that is too old leaves the question open.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate
from cds_service.risk.filters import ITEMS, active, confirmed, known_by, possible, valid_results, why_silent
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact
from cds_service.risk.silence import OUTDATED, unknown

SMOKING: Final = "smoking"
ITEM: Final = "smoking"

REASONS: Final = {
    "smk.current": ("on",),
    "smk.possible": ("on",),
    "smk.not-now": ("status", "on"),
    "smk.outdated": ("why", "on"),
    "smk.unknown": ("why",),
}
REMARKS: Final = ()

_CURRENT: Final = "current"
_MAYBE: Final = "possible"
_FORMER: Final = "former"
# What an answer can say of smoking now; anything else (asked, unknown, a mere group) says nothing.
_SAYS_NO: Final = frozenset({_FORMER, "never", "smokeless", "smokeless-or-ecig"})
# On one and the same day the answer that matters more is believed.
_BELIEVED: Final = (_CURRENT, _MAYBE, _FORMER)


class Said(msgspec.Struct, frozen=True, gc=False):
    """One statement about smoking: ``status`` is ``current``, ``possible``, or one of the words for not smoking."""

    status: str
    when: PartialDate | None
    evidence: Evidence


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what the newest statement says."""
    said = sorted((*_observed(case), *_coded(case)), key=_order)
    if not said:
        why = why_silent(case.record, Area.OBSERVATIONS, Area.CONDITIONS)
        return (unknown(case, "R-SMK", "smk.unknown", why),)
    return (_finding(case, said[0]),)


def _order(one: Said) -> tuple[int, int, str, str, str]:
    newest = -one.when.last.toordinal() if one.when else 0
    rank = _BELIEVED.index(one.status) if one.status in _BELIEVED else len(_BELIEVED)
    return (newest, rank, one.evidence.reference, one.evidence.code, one.status)


def _finding(case: Case, newest: Said) -> Finding:
    values: dict[str, Value] = {"on": newest.when.text if newest.when else None}
    evidence = (newest.evidence,)
    day = case.months_ago(case.rules.factor("R-SMK")["max_age_months"])
    if newest.when is None or not newest.when.certainly_on_or_after(day):
        return unknown(
            case, "R-SMK", "smk.outdated", OUTDATED, evidence=evidence, values=values, held_against=("max_age_months",)
        )
    if newest.status in _SAYS_NO:
        status, reason, values = Status.ABSENT, "smk.not-now", {"status": newest.status, **values}
    elif newest.status == _CURRENT:
        status, reason = Status.PRESENT, "smk.current"
    else:
        status, reason = Status.POSSIBLE, "smk.possible"
    return case.find("R-SMK", status, reason, values=values, evidence=evidence, held_against=("max_age_months",))


# ---------------------------------------------------------------- statements


def _observed(case: Case) -> Iterator[Said]:
    hits = (*case.record.observations.get(SMOKING, ()), *_items(case))
    for hit in valid_results(hits, case.as_of):
        for status in _answers(hit):
            if status in _SAYS_NO or status == _CURRENT:
                yield Said(status, hit.fact.effective, hit.fact.evidence)


def _items(case: Case) -> Iterator[Hit[ObservationFact]]:
    return (hit for hit in case.record.observations.get(ITEMS, ()) if hit.attribute("item") == ITEM)


def _answers(hit: Hit[ObservationFact]) -> Iterator[str]:
    """Yield what one observation says: by yes or no, by its coded answer, or by its code alone."""
    value = hit.fact.value
    about_now = hit.match.concept == ITEMS or hit.attribute("status") == _CURRENT
    if isinstance(value, bool):
        if about_now:
            yield _CURRENT if value else _FORMER
    elif hit.attribute("status") == "observation":
        yield from (answer.attributes.get("status", "") for answer in hit.fact.answers if answer.concept == SMOKING)
    elif hit.match.concept == SMOKING and not hit.fact.absent_reason:
        yield hit.attribute("status")


def _coded(case: Case) -> Iterator[Said]:
    for hit in case.record.conditions.get(SMOKING, ()):
        if not known_by(hit, case.as_of):
            continue
        fact = hit.fact
        # A diagnosis was true when it was recorded; its onset is when smoking began.
        when = fact.recorded or fact.onset
        if confirmed(hit):
            yield Said(*_of_diagnosis(hit, when), fact.evidence)
        elif possible(hit) and active(hit) and hit.attribute("status") == _CURRENT:
            yield Said(_MAYBE, when, fact.evidence)


def _of_diagnosis(hit: Hit[ConditionFact], when: PartialDate | None) -> tuple[str, PartialDate | None]:
    if hit.attribute("status") == _CURRENT and not active(hit):
        return _FORMER, hit.fact.abated or when
    return hit.attribute("status"), when
