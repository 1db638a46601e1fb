"""Errors as a FHIR OperationOutcome: what went wrong and where, never a value from the record."""

from typing import Any

from cds_service.errors import CallerError, EssentialDataMissing

Json = dict[str, Any]


def operation_outcome(error: CallerError) -> Json:
    """Return the OperationOutcome of a caller's error: one issue for each thing that is missing."""
    texts = error.missing if isinstance(error, EssentialDataMissing) else (str(error),)
    return {"resourceType": "OperationOutcome", "issue": [_issue("error", error.issue, text) for text in texts]}


def internal_outcome(request_id: str) -> Json:
    """Return what the caller learns of a fault of ours: the number under which we find it in the log, nothing else."""
    text = f"The service failed to answer. No advice was given; do not read this as 'no risk'. Request {request_id}."
    return {"resourceType": "OperationOutcome", "issue": [_issue("fatal", "exception", text)]}


def http_outcome(status: int) -> Json:
    """Return what the router refuses, by HTTP status."""
    code, text = _REFUSALS.get(status, ("processing", "The request was refused."))
    return {"resourceType": "OperationOutcome", "issue": [_issue("error", code, text)]}


_REFUSALS = {
    404: ("not-found", "No such address; see /cds-services."),
    405: ("not-supported", "This address does not know the method."),
}


def _issue(severity: str, code: str, text: str) -> Json:
    return {"severity": severity, "code": code, "diagnostics": text}
