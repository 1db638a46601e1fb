"""Family MALABS: coeliac disease (R-COE), other malabsorption and bariatric surgery (R-MAL).

Gluten sensitivity without coeliac disease is not in the tables that count.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import (
    active,
    conditions,
    done,
    evidence_of,
    first_began,
    newest_answer,
    newest_evidence,
    possible_conditions,
)
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit
from cds_service.risk.silence import not_listed, suspected

COELIAC: Final = "coeliac-disease"
MALABSORPTION: Final = "malabsorption"
BARIATRIC: Final = "bariatric-surgery"
DIET: Final = "gluten-free-diet"

REASONS: Final = {
    "malabs.coeliac-new": ("grade", "since"),
    "malabs.coeliac-not-adherent": ("grade", "since"),
    "malabs.coeliac": ("grade", "since"),
    "malabs.coeliac-remission": ("grade", "since"),
    "malabs.coeliac.possible": (),
    "malabs.coeliac.not-listed": (),
    "malabs.coeliac.unknown": ("why",),
    "malabs.malabsorption": ("since",),
    "malabs.bariatric": ("since",),
    "malabs.other.possible": (),
    "malabs.other.not-listed": (),
    "malabs.other.unknown": ("why",),
}
REMARKS: Final = ("malabs.adherence-unknown",)

Conditions = tuple[Hit[ConditionFact], ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what is known of coeliac disease, and of other malabsorption."""
    return (_coeliac(case), _other(case))


def _coeliac(case: Case) -> Finding:
    hits = conditions(case.record, COELIAC, case.as_of)
    if hits:
        return _graded_coeliac(case, hits)
    unsure = possible_conditions(case.record, COELIAC, case.as_of)
    return suspected(case, "R-COE", "malabs.coeliac", unsure) or not_listed(
        case, "R-COE", "malabs.coeliac", Area.CONDITIONS
    )


def _graded_coeliac(case: Case, hits: Conditions) -> Finding:
    """Documented remission or a kept diet is mild; a new diagnosis, a diet not kept or not asked about is not."""
    answer = newest_answer(case.record, DIET, case.as_of)
    keeps = answer.fact.value is True if answer else None
    in_remission = not any(active(hit) for hit in hits)
    if keeps is False:
        grade, reason = "active", "malabs.coeliac-not-adherent"
    elif in_remission:
        grade, reason = "remission", "malabs.coeliac-remission"
    elif _is_new(case, hits):
        grade, reason = "active", "malabs.coeliac-new"
    elif keeps:
        grade, reason = "remission", "malabs.coeliac-remission"
    else:
        grade, reason = "active", "malabs.coeliac"
    return case.find(
        "R-COE",
        Status.PRESENT,
        reason,
        grade=grade,
        values={"grade": grade, "since": _first_known(hits)},
        evidence=newest_evidence(evidence_of(hits), evidence_of((answer,)) if answer else ()),
        held_against=("new_months",),
        remarks=("malabs.adherence-unknown",) if reason == "malabs.coeliac" else (),
    )


def _is_new(case: Case, hits: Conditions) -> bool:
    """True when the first record of it may be no older than the rule's months."""
    began = first_began(hits)
    newest = case.months_ago(case.rules.factor("R-COE")["new_months"])
    return began is not None and began.possibly_on_or_after(newest)


def _other(case: Case) -> Finding:
    gut = conditions(case.record, MALABSORPTION, case.as_of)
    status = conditions(case.record, BARIATRIC, case.as_of)
    operations = done(case.record, BARIATRIC, case.as_of)
    if gut:
        since: Value = _first_known(gut)
        return _present(case, "malabs.malabsorption", since, evidence_of(gut))
    if status or operations:
        when = operations[0].fact.performed if operations else None
        since = when.text if when else _first_known(status)
        return _present(case, "malabs.bariatric", since, newest_evidence(evidence_of(operations), evidence_of(status)))
    unsure = (
        *possible_conditions(case.record, MALABSORPTION, case.as_of),
        *possible_conditions(case.record, BARIATRIC, case.as_of),
    )
    return suspected(case, "R-MAL", "malabs.other", unsure) or not_listed(
        case, "R-MAL", "malabs.other", Area.CONDITIONS, Area.PROCEDURES
    )


def _present(case: Case, reason: str, since: Value, evidence: tuple[Evidence, ...]) -> Finding:
    return case.find("R-MAL", Status.PRESENT, reason, values={"since": since}, evidence=evidence)


def _first_known(hits: Conditions) -> str | None:
    began = first_began(hits)
    return began.text if began else None
