"""Family PTH: hyperparathyroidism (R-PTH).

Primary disease is strong and wants the distal radius measured too; secondary disease is weak, its cause comes first.
A code that does not tell which counts in between, until somebody answers the item ``pth-secondary``. Too little
parathyroid hormone is no state of low bone density: seen (when its rows are turned on), not counted.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import (
    active,
    conditions,
    evidence_of,
    first_began,
    newest_answer,
    newest_evidence,
    possible_conditions,
)
from cds_service.risk.record import Area, ConditionFact, Hit, ObservationFact
from cds_service.risk.silence import not_listed, suspected

DISEASE: Final = "parathyroid-disease"
ITEM: Final = "pth-secondary"

REASONS: Final = {
    "pth.primary": ("grade", "since"),
    "pth.not-stated": ("grade", "since"),
    "pth.secondary": ("grade", "since"),
    "pth.cured": ("grade", "ended"),
    "pth.over": ("ended",),
    "pth.other-disease": (),
    "pth.possible": (),
    "pth.not-listed": (),
    "pth.unknown": ("why",),
}
REMARKS: Final = ("pth.forearm-site", "pth.type-not-stated", "pth.cause-first", "pth.end-not-recorded")

Conditions = tuple[Hit[ConditionFact], ...]

_PRIMARY: Final = "primary"
_SECONDARY: Final = "secondary"
_NOT_STATED: Final = "not-stated"
# Kind of disease -> (grade, remarks), gravest first.
_GRADES: Final = {
    _PRIMARY: ("primary", ("pth.forearm-site",)),
    _NOT_STATED: ("unspecified", ("pth.type-not-stated", "pth.forearm-site")),
    _SECONDARY: ("secondary", ("pth.cause-first",)),
}


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return hyperparathyroidism in its gravest form, or what is known of it; and what was seen and not counted."""
    disease = conditions(case.record, DISEASE, case.as_of)
    answer = newest_answer(case.record, ITEM, case.as_of)
    over = tuple(hit for hit in disease if not _other(hit) and not active(hit))
    main = _active(case, disease, answer) or _cured(case, over, answer) or _unsure(case)
    seen = () if main.present else (_over(case, over), _not_hyper(case, disease))
    return (main, *(finding for finding in seen if finding))


def _other(hit: Hit[ConditionFact]) -> bool:
    """True for a disease of the gland that is not known to make too much hormone."""
    return hit.attribute("subtype") in ("hypo", "other", "adenoma")


def _kind(hit: Hit[ConditionFact], answer: Hit[ObservationFact] | None) -> str:
    if hit.attribute("subtype") == "renal-secondary":
        return _SECONDARY
    kind = hit.attribute("type") or _NOT_STATED
    if kind != _NOT_STATED or answer is None:
        return kind
    return _SECONDARY if answer.fact.value is True else _PRIMARY


def _active(case: Case, disease: Conditions, answer: Hit[ObservationFact] | None) -> Finding | None:
    running = tuple(hit for hit in disease if not _other(hit) and active(hit))
    for kind, (grade, remarks) in _GRADES.items():
        hits = tuple(hit for hit in running if _kind(hit, answer) == kind)
        if hits:
            began = first_began(hits)
            return case.find(
                "R-PTH",
                Status.PRESENT,
                f"pth.{kind}",
                grade=grade,
                values={"grade": grade, "since": began.text if began else None},
                evidence=newest_evidence(evidence_of(hits), evidence_of((answer,)) if answer else ()),
                remarks=remarks,
                strong_since=began.first if began and kind == _PRIMARY else None,
            )
    return None


def _cured(case: Case, over: Conditions, answer: Hit[ObservationFact] | None) -> Finding | None:
    day = case.months_ago(case.rules.factor("R-PTH")["cured_months"])
    hits = tuple(
        hit
        for hit in over
        if _kind(hit, answer) != _SECONDARY and hit.fact.abated and hit.fact.abated.certainly_on_or_after(day)
    )
    if not hits:
        return None
    return case.find(
        "R-PTH",
        Status.PRESENT,
        "pth.cured",
        grade="cured",
        values={"grade": "cured", "ended": _ended(hits)},
        evidence=evidence_of(hits),
        held_against=("cured_months",),
    )


def _ended(hits: Conditions) -> Value:
    ends = [hit.fact.abated for hit in hits if hit.fact.abated]
    return max(ends, key=lambda end: end.last).text if ends else None


def _unsure(case: Case) -> Finding:
    maybe = possible_conditions(case.record, DISEASE, case.as_of)
    hits = tuple(hit for hit in maybe if not _other(hit))
    return suspected(case, "R-PTH", "pth", hits) or not_listed(case, "R-PTH", "pth", Area.CONDITIONS)


def _over(case: Case, over: Conditions) -> Finding | None:
    if not over:
        return None
    ended = _ended(over)
    return case.find(
        "R-PTH",
        Status.NOT_COUNTED,
        "pth.over",
        values={"ended": ended},
        evidence=evidence_of(over),
        held_against=("cured_months",),
        remarks=() if ended else ("pth.end-not-recorded",),
    )


def _not_hyper(case: Case, disease: Conditions) -> Finding | None:
    hits = tuple(hit for hit in disease if _other(hit))
    return case.find("R-PTH", Status.NOT_COUNTED, "pth.other-disease", evidence=evidence_of(hits)) if hits else None
