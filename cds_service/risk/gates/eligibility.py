"""The gates of proposed-rules section 1, in their order: who is not assessed, who goes another way, what is silenced.

``silent`` gates end the call without a card, ``route`` gates replace the adult risk tier, ``suppress`` gates hold back
the bone-density advice while the tier is still computed.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from cds_service.risk.assessment import Age, GateFinding, LimbStatus
from cds_service.risk.case import Case
from cds_service.risk.dates import whole_years
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from cds_service.risk.filters import active, conditions, evidence_of, newest_answer, newest_first, possible_conditions
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact, PatientRecord, ProcedureFact

GATES: Final = (
    "G-DEAD",
    "G-INACT",
    "G-COHORT",
    "G-PAED",
    "G-PREG",
    "G-EOL",
    "G-KNOWNOP",
    "G-ORDER",
    "G-DXA",
    "G-DECL",
)
"""All gates in the order in which they are listed in an assessment."""
REMARKS: Final = ("minor-only", "limb-data-incomplete", "record-replaced", "diagnosis", "unconfirmed", "bone-drug")
OSTEOPOROSIS: Final = "osteoporosis-diagnosis"
PALLIATIVE: Final = "palliative-hospice"
LIFE_EXPECTANCY_ITEM: Final = "limited-life-expectancy"


def in_order(gates: Iterator[GateFinding]) -> tuple[GateFinding, ...]:
    """Return the gates in the order of section 1."""
    return tuple(sorted(gates, key=lambda gate: GATES.index(gate.gate)))


def person_gates(record: PatientRecord) -> tuple[GateFinding, ...]:
    """Return G-DEAD and G-INACT, which need nothing but the Patient resource."""
    person = record.demographics
    gates = []
    if person.deceased:
        gates.append(GateFinding(gate="G-DEAD", effect="silent"))
    if not person.active or person.replaced:
        remarks = ("record-replaced",) if person.replaced else ()
        gates.append(GateFinding(gate="G-INACT", effect="silent", remarks=remarks))
    return tuple(gates)


def cohort_gate(record: PatientRecord, limbs: LimbStatus) -> GateFinding | None:
    """Return G-COHORT when no limb deficiency in scope is known.

    The remark ``limb-data-incomplete`` says that the lists which would tell of one did not arrive whole: the caller
    must not take that for "no limb deficiency".
    """
    if limbs.in_cohort:
        return None
    minor = ("minor-only",) if limbs.ld_class == "MINOR" else ()
    told = record.complete(Area.CONDITIONS, Area.PROCEDURES)
    return GateFinding(
        gate="G-COHORT",
        effect="silent",
        remarks=minor + (() if told else ("limb-data-incomplete",)),
        evidence=limbs.evidence,
    )


def age_of(record: PatientRecord, as_of: date) -> Age | None:
    """Return the age in completed years, a band for a partial birth date; None without one or with one to come."""
    born = record.demographics.birth_date
    if born is None or born.first > as_of:
        return None
    return Age(max(whole_years(born.last, as_of), 0), whole_years(born.first, as_of))


def end_of_life_gate(case: Case) -> GateFinding | None:
    """Return G-EOL while palliative or hospice care goes on, or a limited life expectancy is documented."""
    answer = newest_answer(case.record, LIFE_EXPECTANCY_ITEM, case.as_of)
    documented = (answer.fact.evidence,) if answer and answer.fact.value is True else ()
    evidence = documented + _palliative_care(case)
    return GateFinding(gate="G-EOL", effect="silent", evidence=evidence) if evidence else None


def _palliative_care(case: Case) -> tuple[Evidence, ...]:
    since = case.months_ago(case.rules.number("gates.palliative_months"))
    going_on = [hit for hit in conditions(case.record, PALLIATIVE, case.as_of) if active(hit)]
    care = newest_first(hit for hit in case.record.procedures.get(PALLIATIVE, ()) if _care_since(hit, since, case))
    seen = newest_first(hit for hit in case.record.observations.get(PALLIATIVE, ()) if _seen_since(hit, since, case))
    return evidence_of(going_on) + evidence_of(care) + evidence_of(seen)


def _care_since(hit: Hit[ProcedureFact], since: date, case: Case) -> bool:
    """True for care in progress, and for care that was given (and not ended) since the day."""
    fact = hit.fact
    if fact.status == "in-progress":
        return fact.performed is None or fact.performed.first <= case.as_of
    last = fact.ended or fact.performed
    return fact.status == "completed" and last is not None and last.first <= case.as_of and last.last >= since


def _seen_since(hit: Hit[ObservationFact], since: date, case: Case) -> bool:
    fact = hit.fact
    stated = fact.status in {"final", "amended", "corrected"} and fact.value is not False and not fact.absent_reason
    when = fact.effective
    return stated and when is not None and when.first <= case.as_of and when.last >= since


def known_osteoporosis_gate(case: Case, treatment: BoneTreatment) -> GateFinding | None:
    """Return G-KNOWNOP for a recorded osteoporosis that is not resolved, on a bone drug, or with denosumab overdue.

    The rule counts an unconfirmed diagnosis too and says that it is unconfirmed (remark ``unconfirmed``); provisional
    and differential ones are only possible, and do not route.
    """
    diagnosis = tuple(hit for hit in conditions(case.record, OSTEOPOROSIS, case.as_of) if active(hit))
    suspected = tuple(hit for hit in _unconfirmed(case) if not diagnosis)
    treated = treatment.current or treatment.overdue_since is not None
    told = (
        ("diagnosis", bool(diagnosis or suspected)),
        ("unconfirmed", bool(suspected)),
        ("bone-drug", treated),
    )
    remarks = tuple(remark for remark, holds in told if holds)
    if not remarks:
        return None
    evidence = evidence_of(diagnosis) + evidence_of(suspected) + (treatment.evidence if treated else ())
    return GateFinding(gate="G-KNOWNOP", effect="route", remarks=remarks, evidence=evidence)


def _unconfirmed(case: Case) -> tuple[Hit[ConditionFact], ...]:
    hits = possible_conditions(case.record, OSTEOPOROSIS, case.as_of)
    return tuple(hit for hit in hits if hit.fact.verification == "unconfirmed")
