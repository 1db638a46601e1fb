"""What was gathered for a hook request to a record, or the reason why it cannot be had."""

from collections.abc import Mapping
from datetime import date
from itertools import chain
from typing import Final

from cds_service.errors import EssentialDataMissing
from cds_service.fhir.areas import AREA_KEY, PATIENT_KEY, meaning_of_key
from cds_service.fhir.assembling import Sources, assemble, patients_in
from cds_service.fhir.availability import UNOBTAINABLE, combine, reports_of, short, state_of
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.envelope import HookRequest
from cds_service.fhir.gathered import Gathered, gather
from cds_service.fhir.shapes_bundle import Located
from cds_service.risk.record import Area, Availability, Delivery, PatientRecord
from cds_service.terminology.index import TerminologyIndex

_NOTHING: Final = Availability(Delivery.MISSING)
_QUERY_FAILED: Final = frozenset({Delivery.FAILED, Delivery.BLOCKED})


def read_prefetch(request: HookRequest, index: TerminologyIndex, as_of: date | None = None) -> PatientRecord:
    """Return the record of the patient in context from the prefetch alone.

    Args:
        request: the hook request; resources are found by type, under whatever key they came.
        index: the terminology; only what it recognises becomes a fact.
        as_of: the day of assessment: events dated later are left out. None leaves nothing out.

    Raises:
        EssentialDataMissing: no Patient, or neither conditions nor procedures; names each key and why.
        MalformedRequest, TooLarge: the resources cannot be read at all.
    """
    return record_of(gather(request, index), index, as_of)


def record_of(gathered: Gathered, index: TerminologyIndex, as_of: date | None = None) -> PatientRecord:
    """Return the record of the patient in context from everything gathered; see :func:`read_prefetch`."""
    sources = sources_of(gathered.delivered)
    patient = patients_in(sources.resources).get(gathered.patient_id)
    check_essentials(patient, sources, _why_no_patient(gathered, sources), _why_by_area(gathered))
    assert patient is not None, "check_essentials() has raised otherwise"
    return assemble(patient, sources, index, as_of)


def sources_of(delivered: Mapping[str, Delivered]) -> Sources:
    """Return everything that was delivered under all keys, and how each area arrived."""
    return Sources(
        resources=list(chain.from_iterable(one.resources for one in delivered.values())),
        skimmed=list(chain.from_iterable(one.skimmed for one in delivered.values())),
        subjects=set().union(*(one.subjects for one in delivered.values())),
        availability=combine(report for key, one in delivered.items() for report in reports_of(key, one)),
        gaps=tuple(gap for one in delivered.values() for gap in one.gaps),
    )


def check_essentials(
    patient: Located | None, sources: Sources, why_no_patient: str, why: Mapping[Area, str] | None = None
) -> None:
    """Raise EssentialDataMissing when the patient or the whole cohort question cannot be had.

    ``why``: reasons that say more than the state of an area does.
    """
    missing = [] if patient else [f"{PATIENT_KEY}: {why_no_patient}"]
    cohort = [(area, sources.availability.get(area, _NOTHING)) for area in AREA_KEY]
    if all(given.state in UNOBTAINABLE and not given.delivered for _, given in cohort):
        missing += [f"{AREA_KEY[area]}: {(why or {}).get(area, given.state.value)}" for area, given in cohort]
    if missing:
        raise EssentialDataMissing(tuple(missing))


def cohort_shortfalls(gathered: Gathered, record: PatientRecord) -> tuple[str, ...]:
    """Return what failed of the lists that tell whether a limb is missing; empty when no query failed or fell short.

    With one of these, a record that shows no limb deficiency proves nothing.
    """
    why, fallen_short = _why_by_area(gathered), _short_areas(gathered)
    found = []
    for area, key in AREA_KEY.items():
        if area in fallen_short:
            found.append(f"{key}: {why.get(area, _in_words(record.delivery(area)))}")
    return tuple(found)


def _in_words(given: Availability) -> str:
    if given.state in _QUERY_FAILED:
        return given.state.value
    return f"only {given.delivered} of {given.total or 'more'} delivered"


def _short_areas(gathered: Gathered) -> set[Area]:
    """Return the areas of which a query failed or brought less than there is; an unreadable resource is neither."""
    failing = {key: one for key, one in gathered.delivered.items() if one.alone or short(one) or _blocked(one)}
    return {report.area for key, one in failing.items() for report in reports_of(key, one)}


def _blocked(one: Delivered) -> bool:
    return state_of(one) is Delivery.BLOCKED


def _why_by_area(gathered: Gathered) -> dict[Area, str]:
    """Return the reasons by area: a client's own key name is never repeated, because it may hold anything."""
    found = dict.fromkeys(AREA_KEY, gathered.no_access) if gathered.no_access else {}
    for area in AREA_KEY:
        if any(report.area is area for key, one in gathered.delivered.items() for report in reports_of(key, one)):
            found.pop(area, None)
    for key, text in gathered.why.items():
        for area in _areas_of(key, gathered):
            found[area] = text
    return found


def _areas_of(key: str, gathered: Gathered) -> set[Area]:
    one = gathered.delivered.get(key)
    if one is not None:
        return {report.area for report in reports_of(key, one)}
    meaning = meaning_of_key(key)
    return {meaning.area} if meaning else set()


def _why_no_patient(gathered: Gathered, sources: Sources) -> str:
    if PATIENT_KEY in gathered.why:
        return gathered.why[PATIENT_KEY]
    if patients_in(sources.resources):
        return "only other patients were delivered"
    given = gathered.delivered.get(PATIENT_KEY)
    state = state_of(given) if given else Delivery.MISSING
    if state is Delivery.MISSING and gathered.no_access:
        return gathered.no_access
    return (state if state in UNOBTAINABLE else Delivery.MISSING).value
