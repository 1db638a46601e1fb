"""The prefetch of a hook request to a record, or the reason why it cannot be had."""

from collections.abc import Mapping
from datetime import date

from cds_service.errors import EssentialDataMissing
from cds_service.fhir.areas import AREA_KEY, PATIENT_KEY
from cds_service.fhir.assembling import Sources, assemble, patients_in
from cds_service.fhir.availability import UNOBTAINABLE, combine, reports_of, state_of
from cds_service.fhir.decoding import Delivered, Located, read_delivered
from cds_service.fhir.envelope import HookRequest
from cds_service.fhir.references import bare_id
from cds_service.fhir.repair import RepairBudget
from cds_service.risk.record import Area, Availability, Delivery, PatientRecord
from cds_service.terminology.index import TerminologyIndex


def read_prefetch(request: HookRequest, index: TerminologyIndex, as_of: date | None = None) -> PatientRecord:
    """Return the record of the patient in context.

    Args:
        request: the hook request; resources are found by type, under whatever key they came.
        index: the terminology; only what it recognises becomes a fact.
        as_of: the day of assessment: events dated later are left out. None leaves nothing out.

    Raises:
        EssentialDataMissing: no Patient, or neither conditions nor procedures; names each key and why.
        MalformedRequest, TooLarge: the resources cannot be read at all.
    """
    budget = RepairBudget()
    delivered = {key: read_delivered(raw, budget) for key, raw in request.prefetch.items()}
    sources = sources_of(delivered)
    patient = patients_in(sources.resources).get(bare_id(request.context.patient_id))
    check_essentials(patient, sources, _why_no_patient(delivered, sources))
    assert patient is not None, "check_essentials() has raised otherwise"
    return assemble(patient, sources, index, as_of)


def sources_of(delivered: Mapping[str, Delivered]) -> Sources:
    """Return everything that was delivered under all keys, and how each area arrived."""
    return Sources(
        resources=tuple(located for one in delivered.values() for located in one.resources),
        availability=combine(report for key, one in delivered.items() for report in reports_of(key, one)),
        gaps=tuple(gap for one in delivered.values() for gap in one.gaps),
    )


def check_essentials(patient: Located | None, sources: Sources, why_no_patient: str) -> None:
    """Raise EssentialDataMissing when the patient or the whole cohort question cannot be had."""
    missing = [] if patient else [f"{PATIENT_KEY}: {why_no_patient}"]
    cohort = [(area, _delivery(sources, area)) for area in (Area.CONDITIONS, Area.PROCEDURES)]
    if all(given.state in UNOBTAINABLE and not given.delivered for _, given in cohort):
        missing += [f"{AREA_KEY[area]}: {given.state.value}" for area, given in cohort]
    if missing:
        raise EssentialDataMissing(tuple(missing))


def _delivery(sources: Sources, area: Area) -> Availability:
    return sources.availability.get(area, Availability(Delivery.MISSING))


def _why_no_patient(delivered: Mapping[str, Delivered], sources: Sources) -> str:
    if patients_in(sources.resources):
        return "only other patients were delivered"
    given = delivered.get(PATIENT_KEY)
    state = state_of(given) if given else Delivery.MISSING
    return (state if state in UNOBTAINABLE else Delivery.MISSING).value
