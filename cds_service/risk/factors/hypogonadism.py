"""R-HYPO: untreated low testosterone in a man, from the diagnosis (a testosterone value alone is not read).

Plain and post-procedural testicular hypofunction count. Hypopituitarism and Klinefelter syndrome usually, but not
always, mean low testosterone: possible. Untreated must be known: with an incomplete medication list it is possible.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.filters import active, conditions, evidence_of, possible_conditions
from cds_service.risk.record import Area, ConditionFact, Hit

RULE: Final = "R-HYPO"
CONCEPT: Final = "hypogonadism"
TESTOSTERONE: Final = "drug-testosterone"
REASONS: Final = {
    "horm.hypogonadism": (),
    "horm.hypogonadism-treated": ("drug",),
    "horm.hypogonadism-treatment-unknown": (),
    "horm.hypogonadism-possible": (),
}
"""Reason keys of this module with the names of their values."""

# Types of the table hypogonadism: what is low testosterone in itself, and what does not concern a man.
_PLAIN: Final = frozenset({"", "post-procedural"})
_WOMEN: Final = frozenset({"turner"})


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return low testosterone in a man; nothing when none is recorded (the family's silence speaks of drugs)."""
    if case.sex != "male":
        return ()
    stated = [hit for hit in conditions(case.record, CONCEPT, case.as_of) if active(hit) and _concerns_men(hit)]
    plain = [hit for hit in stated if hit.attribute("type") in _PLAIN]
    if plain:
        return (_by_treatment(case, plain),)
    unsure = [hit for hit in possible_conditions(case.record, CONCEPT, case.as_of) if _concerns_men(hit)]
    evidence = evidence_of([*stated, *unsure])
    return (case.find(RULE, Status.POSSIBLE, "horm.hypogonadism-possible", evidence=evidence),) if evidence else ()


def _concerns_men(hit: Hit[ConditionFact]) -> bool:
    return hit.attribute("type") not in _WOMEN


def _by_treatment(case: Case, hits: list[Hit[ConditionFact]]) -> Finding:
    therapy = drug_exposure(case.record.medications.get(TESTOSTERONE, ()), case.rules, case.as_of)
    evidence = evidence_of(hits)
    if therapy.current:
        both = (*evidence, *therapy.evidence)
        values = {"drug": therapy.drugs}
        return case.find(RULE, Status.NOT_COUNTED, "horm.hypogonadism-treated", values={**values}, evidence=both)
    if not case.record.complete(Area.MEDICATIONS):
        return case.find(RULE, Status.POSSIBLE, "horm.hypogonadism-treatment-unknown", evidence=evidence)
    return case.find(RULE, Status.PRESENT, "horm.hypogonadism", evidence=evidence)
