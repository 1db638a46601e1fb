"""Family HER: a parent's hip or vertebral fracture (R-HER1), osteoporosis in another first-degree relative (R-HER2)."""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import (
    confirmed,
    evidence_of,
    newest_answer,
    newest_evidence,
    possible,
    valid_results,
    why_silent,
)
from cds_service.risk.record import Area, ConditionFact, Evidence, FamilyFact, Hit, ObservationFact
from cds_service.risk.silence import unknown

FAMILY: Final = "family-history-osteoporosis"
PARENT_ITEM: Final = "parental-hip-fracture"
RELATIVE_ITEM: Final = "first-degree-osteoporosis"

REASONS: Final = {
    "her.parent-fracture": ("grade", "relative"),
    "her.parent-denied": (),
    "her.parent-possible": (),
    "her.parent-unknown": ("why",),
    "her.relative-osteoporosis": ("relative",),
    "her.relative-denied": (),
    "her.relative-possible": (),
    "her.distant-relative": (),
}
REMARKS: Final = ()

_PARENTS: Final = frozenset({"mother", "father", "parent"})
_FIRST_DEGREE: Final = _PARENTS | {"sibling", "child"}
# FHIR family-member-history status of an entry that says something.
_STATED: Final = frozenset({"", "partial", "completed"})
_BY_PARENT: Final = "parental-hip-fracture"
# A hip or a vertebra; a vertebra is counted beside the hip [49].
_FRACTURES: Final = frozenset({"hip-fracture", "vertebral-fracture"})
_OSTEOPOROSIS: Final = "osteoporosis"
_VAGUE: Final = "musculoskeletal-any"

Relatives = tuple[Hit[FamilyFact], ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what is known of the parents' fractures, and of osteoporosis in other close relatives when it is told."""
    relatives = tuple(hit for hit in case.record.family.get(FAMILY, ()) if hit.fact.status in _STATED)
    other = _relative(case, relatives), _distant(case, relatives)
    return (_parent(case, relatives), *(finding for finding in other if finding))


# ---------------------------------------------------------------- R-HER1


def _parent(case: Case, relatives: Relatives) -> Finding:
    told = tuple(
        hit
        for hit in relatives
        if hit.fact.relationship in _PARENTS and hit.attribute("type") in _FRACTURES | {_BY_PARENT}
    )
    answer = newest_answer(case.record, PARENT_ITEM, case.as_of)
    evidence = newest_evidence(evidence_of(told), _stated(case, _BY_PARENT), _yes(answer))
    if evidence:
        return _older_or_younger(case, told, evidence)
    if answer is not None:
        return case.find("R-HER1", Status.ABSENT, "her.parent-denied", evidence=evidence_of((answer,)))
    if denied := _denied(case, _BY_PARENT):
        return case.find("R-HER1", Status.ABSENT, "her.parent-denied", evidence=denied)
    if maybe := _possible(case, _BY_PARENT):
        return case.find("R-HER1", Status.POSSIBLE, "her.parent-possible", evidence=maybe)
    why = why_silent(case.record, Area.FAMILY_HISTORY, Area.OBSERVATIONS)
    return unknown(case, "R-HER1", "her.parent-unknown", why)


def _older_or_younger(case: Case, told: Relatives, evidence: tuple[Evidence, ...]) -> Finding:
    """A patient whose age is not known to have reached the cut, nor to be past the menopause, gets the milder grade."""
    old_enough = case.age is not None and case.age.at_least(case.rules.factor("R-HER1")["from_age"])
    grade = "older" if old_enough or case.menopause.post else "younger"
    return case.find(
        "R-HER1",
        Status.PRESENT,
        "her.parent-fracture",
        grade=grade,
        values={"grade": grade, "relative": _named(told) or "parent"},
        evidence=evidence,
        held_against=("from_age",),
    )


# ---------------------------------------------------------------- R-HER2


def _relative(case: Case, relatives: Relatives) -> Finding | None:
    told = tuple(hit for hit in relatives if hit.fact.relationship in _FIRST_DEGREE and _counts_for_relative(hit))
    answer = newest_answer(case.record, RELATIVE_ITEM, case.as_of)
    evidence = newest_evidence(evidence_of(told), _stated(case, _OSTEOPOROSIS), _yes(answer))
    if evidence:
        values: dict[str, Value] = {"relative": _named(told) or "first-degree"}
        return case.find("R-HER2", Status.PRESENT, "her.relative-osteoporosis", values=values, evidence=evidence)
    if answer is not None:
        return case.find("R-HER2", Status.ABSENT, "her.relative-denied", evidence=evidence_of((answer,)))
    maybe = newest_evidence(_possible(case, _OSTEOPOROSIS), _possible(case, _VAGUE))
    return case.find("R-HER2", Status.POSSIBLE, "her.relative-possible", evidence=maybe) if maybe else None


def _counts_for_relative(hit: Hit[FamilyFact]) -> bool:
    if hit.attribute("type") == _OSTEOPOROSIS:
        return True
    return hit.attribute("type") in _FRACTURES and hit.fact.relationship not in _PARENTS


def _distant(case: Case, relatives: Relatives) -> Finding | None:
    told = [hit for hit in relatives if hit.fact.relationship not in _FIRST_DEGREE]
    far = evidence_of(hit for hit in told if hit.attribute("type") in _FRACTURES | {_OSTEOPOROSIS})
    return case.find("R-HER2", Status.NOT_COUNTED, "her.distant-relative", evidence=far) if far else None


# ---------------------------------------------------------------- told about the family, filed under the patient


def _filed(case: Case, kind: str) -> tuple[tuple[Hit[ConditionFact], ...], tuple[Hit[ObservationFact], ...]]:
    """Return conditions and results of one type; whether such a condition is active does not matter."""
    named = (hit for hit in case.record.conditions.get(FAMILY, ()) if hit.attribute("type") == kind)
    seen = (hit for hit in case.record.observations.get(FAMILY, ()) if hit.attribute("type") == kind)
    return tuple(named), valid_results(seen, case.as_of)


def _stated(case: Case, kind: str) -> tuple[Evidence, ...]:
    named, seen = _filed(case, kind)
    said = (hit for hit in seen if hit.fact.value is not False and not hit.fact.absent_reason)
    return (*evidence_of(hit for hit in named if confirmed(hit)), *evidence_of(said))


def _denied(case: Case, kind: str) -> tuple[Evidence, ...]:
    return evidence_of(hit for hit in _filed(case, kind)[1] if hit.fact.value is False)


def _possible(case: Case, kind: str) -> tuple[Evidence, ...]:
    return evidence_of(hit for hit in _filed(case, kind)[0] if possible(hit))


def _yes(answer: Hit[ObservationFact] | None) -> tuple[Evidence, ...]:
    return evidence_of((answer,)) if answer is not None and answer.fact.value is True else ()


def _named(told: Relatives) -> str:
    return " ".join(sorted({hit.fact.relationship for hit in told}))
