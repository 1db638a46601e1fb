"""A Bundle as a visitor uploads it to a record. What it does not hold is missing, never empty: it may be an excerpt."""

from cds_service.errors import MalformedRequest
from cds_service.fhir.assembling import assemble, patients_in
from cds_service.fhir.decoding import read_delivered
from cds_service.fhir.envelope import BOM
from cds_service.fhir.prefetch import check_essentials, sources_of
from cds_service.fhir.references import bare_id
from cds_service.fhir.repair import RepairBudget
from cds_service.fhir.shapes_bundle import Located
from cds_service.fhir.sieve import Sieve
from cds_service.risk.record import Delivery, PatientRecord
from cds_service.terminology.index import TerminologyIndex

# A name that says nothing about an area, so that only the resources inside do.
_FILE_KEY = ""


def read_bundle(body: bytes, index: TerminologyIndex, patient_id: str | None = None) -> PatientRecord:
    """Return the record of the patient in a Bundle of any type (or a single resource, or an array of resources).

    Args:
        body: JSON in UTF-8; a byte order mark is tolerated.
        index: the terminology; only what it recognises becomes a fact.
        patient_id: which Patient, as ``1`` or ``Patient/1``; needed when the Bundle holds several.

    Raises:
        EssentialDataMissing: no such Patient, or neither conditions nor procedures.
        MalformedRequest: not JSON, or several patients and none named.
        TooLarge: nested too deeply.
    """
    delivered = read_delivered(body.removeprefix(BOM), RepairBudget(), Sieve(index))
    sources = sources_of({_FILE_KEY: delivered})
    patient = _chosen(patients_in(sources.resources), patient_id)
    check_essentials(patient, sources, Delivery.MISSING.value)
    assert patient is not None, "check_essentials() has raised otherwise"
    return assemble(patient, sources, index)


def _chosen(patients: dict[str, Located], patient_id: str | None) -> Located | None:
    if patient_id:
        return patients.get(bare_id(patient_id))
    if len(patients) > 1:
        raise MalformedRequest("the Bundle holds several patients: say which one")
    return next(iter(patients.values()), None)
