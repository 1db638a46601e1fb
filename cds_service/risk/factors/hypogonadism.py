"""R-HYPO: untreated low testosterone in a man, from the diagnosis or from two low values on different occasions.

Plain and post-procedural testicular hypofunction count. Hypopituitarism and Klinefelter syndrome usually, but not
always, mean low testosterone: possible, as is a single low value. Untreated must be known: with an incomplete
medication list it is possible.
"""

from itertools import takewhile
from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import add_days
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.filters import active, conditions, evidence_of, made_since, possible_conditions, results
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact

RULE: Final = "R-HYPO"
CONCEPT: Final = "hypogonadism"
TESTOSTERONE: Final = "drug-testosterone"
LAB: Final = "testosterone-lab"
# Substance name of terminology/tables/units.tsv and the unit the rule set speaks.
SUBSTANCE: Final = "testosterone"
UNIT: Final = "nmol/L"
REASONS: Final = {
    "horm.hypogonadism": (),
    "horm.testosterone-low": ("level", "before", "on"),
    "horm.testosterone-low-once": ("level", "on"),
    "horm.hypogonadism-treated": ("drug",),
    "horm.hypogonadism-treatment-unknown": (),
    "horm.hypogonadism-possible": (),
}
"""Reason keys of this module with the names of their values."""

# Types of the table hypogonadism: what is low testosterone in itself, and what does not concern a man.
_PLAIN: Final = frozenset({"", "post-procedural"})
_WOMEN: Final = frozenset({"turner"})

Reading = tuple[Hit[ObservationFact], Measured]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return low testosterone in a man; nothing when none is recorded (the family's silence speaks of drugs)."""
    if case.sex != "male":
        return ()
    stated = [hit for hit in conditions(case.record, CONCEPT, case.as_of) if active(hit) and _concerns_men(hit)]
    plain = [hit for hit in stated if hit.attribute("type") in _PLAIN]
    if plain:
        return (_by_treatment(case, evidence_of(plain)),)
    low = _low_values(case)
    if low and _apart(case, low):
        return (_by_treatment(case, evidence_of(hit for hit, _ in low), low),)
    unsure = [hit for hit in possible_conditions(case.record, CONCEPT, case.as_of) if _concerns_men(hit)]
    evidence = evidence_of([*stated, *unsure])
    if evidence:
        return (case.find(RULE, Status.POSSIBLE, "horm.hypogonadism-possible", evidence=evidence),)
    return (_once(case, low[0]),) if low else ()


def _concerns_men(hit: Hit[ConditionFact]) -> bool:
    return hit.attribute("type") not in _WOMEN


# ---------------------------------------------------------------- measured


def _low_values(case: Case) -> tuple[Reading, ...]:
    """Return the low values (nmol/L) of the rule's months that no higher one has followed, newest first."""
    rule = case.rules.factor(RULE)
    since = case.months_ago(rule["window_months"])
    dated = (
        (hit, measured(hit.fact, UNIT, SUBSTANCE))
        for hit in results(case.record, LAB, case.as_of)
        if made_since(hit, since)
    )
    usable = ((hit, level) for hit, level in dated if level is not None)
    return tuple(takewhile(lambda one: one[1].below(rule["testosterone"]), usable))


def _apart(case: Case, low: tuple[Reading, ...]) -> bool:
    newest, oldest = low[0][0].fact.effective, low[-1][0].fact.effective
    days = int(case.rules.factor(RULE)["apart_days"])
    return newest is not None and oldest is not None and newest.first >= add_days(oldest.last, days)


def _once(case: Case, one: Reading) -> Finding:
    return case.find(
        RULE,
        Status.POSSIBLE,
        "horm.testosterone-low-once",
        values=_values(one),
        evidence=evidence_of((one[0],)),
        held_against=("testosterone",),
    )


def _values(one: Reading) -> dict[str, Value]:
    when = one[0].fact.effective
    return {"level": one[1].number, "on": when.text if when else None}


# ---------------------------------------------------------------- treated or not


def _by_treatment(case: Case, evidence: tuple[Evidence, ...], low: tuple[Reading, ...] = ()) -> Finding:
    therapy = drug_exposure(case.record.medications.get(TESTOSTERONE, ()), case.rules, case.as_of)
    if therapy.current:
        both = (*evidence, *therapy.evidence)
        values = {"drug": therapy.drugs}
        return case.find(RULE, Status.NOT_COUNTED, "horm.hypogonadism-treated", values={**values}, evidence=both)
    if not case.record.complete(Area.MEDICATIONS):
        return case.find(RULE, Status.POSSIBLE, "horm.hypogonadism-treatment-unknown", evidence=evidence)
    if not low:
        return case.find(RULE, Status.PRESENT, "horm.hypogonadism", evidence=evidence)
    return case.find(
        RULE,
        Status.PRESENT,
        "horm.testosterone-low",
        values={**_values(low[0]), "before": low[-1][1].number},
        evidence=evidence,
        held_against=("testosterone", "apart_days", "window_months"),
    )
