"""Drugs that treat osteoporosis: is the patient on one, when was one last seen, is a denosumab injection overdue.

A treatment list goes stale, so an open-ended prescription counts only while something (a new prescription, a dispense,
a statement, a dose) has been seen within the time after which we speak of a treatment gap.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.case import Case
from cds_service.risk.dates import add_days, add_months
from cds_service.risk.drugs.current import began, current_drugs
from cds_service.risk.filters import LOW_CERTAINTY, active, conditions, evidence_of, newest_first
from cds_service.risk.not_coded import speaks_of
from cds_service.risk.record import Area, ConditionFact, Delivery, Evidence, Hit, MedicationFact

BONE_DRUGS: Final = "drug-bone-active"

_DENOSUMAB: Final = "denosumab"
# FHIR statuses of the four medication resources that say: never taken, or a mistake.
_NEVER_TAKEN: Final = frozenset({"cancelled", "draft", "entered-in-error", "not-taken", "not-done", "declined"})
_ORDERS: Final = frozenset({"", "order", "original-order", "instance-order"})
_GIVEN: Final = frozenset({"dispense", "administration"})
_UNREADABLE: Final = frozenset({Delivery.BLOCKED, Delivery.FAILED, Delivery.MISSING})


class BoneTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of treatment with a bone drug.

    Attributes:
        current: on a bone drug now.
        last_seen: newest sign of one; None when there never was one, or when it is undated.
        overdue_since: the day after which a further denosumab dose was due and none is recorded.
        readable: False when the medication list could not be read at all. complete: it arrived whole, and no text
            without code in it may be a bone drug.
    """

    current: bool = False
    last_seen: date | None = None
    overdue_since: date | None = None
    readable: bool = True
    complete: bool = True
    evidence: tuple[Evidence, ...] = ()


def bone_treatment(case: Case) -> BoneTreatment:
    """Return what the record tells of treatment with a bone drug up to the day of assessment."""
    hits = newest_first(hit for hit in case.record.medications.get(BONE_DRUGS, ()) if _taken(hit, case.as_of))
    running = running_drugs(case)
    coded_use = tuple(hit for hit in conditions(case.record, BONE_DRUGS, case.as_of) if _coded_recently(hit, case))
    signs = [day for hit in hits if (day := _last_sign(hit.fact, case.as_of))]
    state = case.record.delivery(Area.MEDICATIONS)
    return BoneTreatment(
        current=bool(running or coded_use),
        last_seen=max(signs, default=None),
        overdue_since=_overdue_since(hits, running, case),
        readable=state.state not in _UNREADABLE,
        complete=state.complete and not speaks_of(case.record, BONE_DRUGS),
        evidence=evidence_of(hits) + evidence_of(coded_use),
    )


def running_drugs(case: Case) -> tuple[Hit[MedicationFact], ...]:
    """Return what says that a bone drug is taken now and was confirmed within the time of a treatment gap."""
    confirmed_by = case.months_ago(case.rules.number("gates.treatment_gap_months"))
    hits = (hit for hit in current_drugs(case, BONE_DRUGS) if hit.match.certainty != LOW_CERTAINTY)
    return tuple(hit for hit in hits if _confirmed_since(hit.fact, confirmed_by, case.as_of))


def _confirmed_since(fact: MedicationFact, day: date, as_of: date) -> bool:
    seen = _last_sign(fact, as_of)
    return seen is None or seen >= day


def _taken(hit: Hit[MedicationFact], as_of: date) -> bool:
    fact = hit.fact
    proper = fact.status not in _NEVER_TAKEN and not fact.do_not_perform and not fact.planned
    ordered = fact.source != "request" or fact.intent in _ORDERS
    begun = began(fact)
    return proper and ordered and hit.match.certainty != LOW_CERTAINTY and (begun is None or begun.first <= as_of)


def _last_sign(fact: MedicationFact, as_of: date) -> date | None:
    """Return the newest day on which this fact shows the drug in use, not later than the day of assessment."""
    days = [day.last for day in (fact.start, fact.authored, fact.end) if day]
    if fact.days_supply and (begun := began(fact)):
        days.append(add_days(begun.last, int(fact.days_supply)))
    return min(max(days), as_of) if days else None


def _coded_recently(hit: Hit[ConditionFact], case: Case) -> bool:
    when = hit.fact.recorded or hit.fact.onset
    confirmed_by = case.months_ago(case.rules.number("gates.treatment_gap_months"))
    return active(hit) and (when is None or when.last >= confirmed_by)


def _overdue_since(
    hits: Iterable[Hit[MedicationFact]], running: Iterable[Hit[MedicationFact]], case: Case
) -> date | None:
    """Return when denosumab became overdue, or None.

    Another bone drug taken now settles it; a last dose that lies further back is a treatment gap instead.
    """
    given = [hit for hit in hits if hit.fact.source in _GIVEN and began(hit.fact)]
    doses = [min(day.last, case.as_of) for hit in given if _is_denosumab(hit) and (day := began(hit.fact))]
    if not doses or any(not _is_denosumab(hit) for hit in running):
        return None
    if max(doses) < case.months_ago(case.rules.number("gates.treatment_gap_months")):
        return None
    due = add_months(max(doses), int(case.rules.number("gates.denosumab_interval_months")))
    return due if due <= case.as_of else None


def _is_denosumab(hit: Hit[MedicationFact]) -> bool:
    return hit.attribute("class") == _DENOSUMAB
