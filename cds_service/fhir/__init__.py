"""From FHIR JSON to a patient record: the only room that knows FHIR shapes and versions.

::

    bytes -- envelope --> HookRequest -- decoding (fast, else repair) --> resources
          -- fetching: what was not delivered, from the client's FHIR server
          -- availability: how each area arrived; assembling: newest version, this patient only
          -- conditions, observations, medications ... : resource to facts with evidence --> PatientRecord
"""

from cds_service.fhir.bundle_file import read_bundle
from cds_service.fhir.clinician import clinician_languages
from cds_service.fhir.envelope import FhirAuthorization, HookContext, HookRequest, read_hook_request
from cds_service.fhir.gathered import Gathered, gather
from cds_service.fhir.named import named_patient
from cds_service.fhir.prefetch import cohort_shortfalls, read_prefetch, record_of

__all__ = [
    "FhirAuthorization",
    "Gathered",
    "HookContext",
    "HookRequest",
    "clinician_languages",
    "cohort_shortfalls",
    "gather",
    "named_patient",
    "read_bundle",
    "read_hook_request",
    "read_prefetch",
    "record_of",
]
