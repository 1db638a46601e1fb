"""From FHIR JSON to a patient record: the only room that knows FHIR shapes and versions."""
