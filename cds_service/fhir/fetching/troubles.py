"""What can go wrong with a fetch, in the words that the caller reads in a 412, and what it makes of the data."""

from enum import StrEnum
from typing import Final

from cds_service.fhir.delivered import Delivered
from cds_service.fhir.shapes_admin import Issue, OperationOutcome


class Trouble(StrEnum):
    """Why a search did not bring everything. Fixed texts: nothing of a reply, an address or a patient is in them."""

    TIMED_OUT = "timed out"
    UNREACHABLE = "the FHIR server could not be reached"
    ADDRESS = "the FHIR server's network address is not one that may be called"
    ACCESS = "blocked: the FHIR server refused access"
    UNSUPPORTED = "missing: the FHIR server does not have it"
    REDIRECTED = "the FHIR server redirected the query, which is not followed"
    BUSY = "the FHIR server was too busy"
    ERROR = "the FHIR server answered with an error"
    NOT_JSON = "the FHIR server's answer was not the FHIR JSON that was asked for"
    TOO_LARGE = "the FHIR server's answer was too large"
    TOO_MANY_PAGES = "the FHIR server has more pages than are read"
    LOOP = "the FHIR server's pages lead back to one that was read"
    ELSEWHERE = "the FHIR server's next page lies outside the registered address"
    OTHERS = "the FHIR server's answer held other patients' data"
    OURS = "the query failed"


NO_SUCH_SERVER: Final = "missing: fhirServer is not registered with this service"
UNUSABLE_TOKEN: Final = "missing: fhirAuthorization is not a bearer token that can be sent"  # noqa: S105 - a message
UNUSABLE_PATIENT: Final = "missing: the patient id cannot stand in a query"

# FHIR issue types (http://hl7.org/fhir/issue-type); "forbidden" is what makes an area blocked instead of failed.
_ISSUE: Final = {Trouble.ACCESS: "forbidden", Trouble.TIMED_OUT: "timeout", Trouble.BUSY: "throttled"}
_OTHERWISE: Final = "exception"


def failed(trouble: Trouble) -> Delivered:
    """Return what stands for a search that brought nothing: the outcome that a client would have sent in its place."""
    issue = Issue(severity="error", code=_ISSUE.get(trouble, _OTHERWISE))
    return Delivered(outcomes=[OperationOutcome(issue=(issue,))], alone=True)
