"""Everything that can go wrong, in two families: what a caller may read, and what only we read.

::

    CdsServiceError
    |-- CallerError                 its text may be sent to the caller: it names shapes and places, never values
    |   |-- MalformedRequest        400  the body is not what the hook asks for
    |   |-- NotAdmitted             401  who calls is not known; nothing more is said
    |   |-- UnknownService          404  no such service id
    |   |-- EssentialDataMissing    412  the record cannot be assessed; names what is missing
    |   |-- TooSlow                 408  the body did not come in time
    |   |-- TooLarge                413  body, depth or number of resources over the limit
    |   |-- WrongContentType        415
    |   |-- TooManyCalls            429  more than the client's registration allows
    |   `-- NotKept                 503  what was sent could be kept nowhere: send it again later
    `-- InternalError               its text is for our logs and the console only
        |-- TerminologyError        a code table is missing or malformed: start-up stops
        |-- RuleSetError            a rule set cannot be used
        |-- ExportFailed            a FHIR server did not give the export that was asked for; names no address
        |-- ClientError             a client cannot be registered like this; names each place and what is wrong there
        `-- StoreError              the store did not answer
            |-- Conflict            somebody else changed it meanwhile
            |-- StoreRefused        the store answered, and will not take this however often it is tried
            `-- UnfitEntry          an entry cannot be kept as it is: nothing was written
"""


class CdsServiceError(Exception):
    """Base of every error this service raises on purpose."""


class CallerError(CdsServiceError):
    """An error whose text the caller may read.

    ``status`` is the HTTP status, ``issue`` the OperationOutcome issue type.
    """

    status = 400
    issue = "invalid"


class MalformedRequest(CallerError):
    """The body is not JSON, or not the envelope of the hook."""

    status = 400
    issue = "structure"


class NotAdmitted(CallerError):
    """Who calls is not known. Why is for the admin alone: the answer has no body."""

    status = 401
    issue = "login"


class UnknownService(CallerError):
    """The service id in the address is not ours."""

    status = 404
    issue = "not-found"


class EssentialDataMissing(CallerError):
    """Without these data nothing can be said: answered with 412, never with empty cards."""

    status = 412
    issue = "required"

    def __init__(self, missing: tuple[str, ...]) -> None:
        """``missing`` names prefetch keys or resource types, one reason each."""
        super().__init__("; ".join(missing))
        self.missing = missing

    def __reduce__(self) -> tuple[type["EssentialDataMissing"], tuple[tuple[str, ...]]]:
        """Go from process to process whole."""
        return type(self), (self.missing,)


class Refused(CallerError):
    """An act that is not allowed as things stand. ``problem`` is its key in the catalogues, ``values`` fill it."""

    status = 409
    issue = "business-rule"

    def __init__(self, problem: str, text: str, **values: str) -> None:
        """``text`` says the same in English, for the command line and the interface."""
        super().__init__(text)
        self.problem = problem
        self.values = values


class UnknownVersion(Refused):
    """There is no rule-set version of this name."""

    status = 404
    issue = "not-found"

    def __init__(self, name: str) -> None:
        super().__init__("no-version", f"there is no version {name}", name=name)


class TooSlow(CallerError):
    """The body did not come in time."""

    status = 408
    issue = "timeout"


class TooLarge(CallerError):
    """A limit on size, depth or number was passed."""

    status = 413
    issue = "too-long"


class WrongContentType(CallerError):
    """The body is not declared as JSON."""

    status = 415
    issue = "not-supported"


class TooManyCalls(CallerError):
    """The client calls more often than its registration allows; there is room again after ``seconds``."""

    status = 429
    issue = "throttled"

    def __init__(self, seconds: float) -> None:
        super().__init__("too many calls; see Retry-After")
        self.seconds = seconds


class NotKept(CallerError):
    """What was sent could be kept neither in the store nor on the disk; the caller sends it again later."""

    status = 503
    issue = "transient"


class InternalError(CdsServiceError):
    """An error whose text stays with us."""


class TerminologyError(InternalError):
    """A code table is missing or malformed."""


class RuleSetError(InternalError):
    """A rule set cannot be used."""


class ClientError(InternalError):
    """A client cannot be registered like this. ``faults`` are (place, what is wrong there); the place may be empty."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{place}: {what}" if place else what for place, what in faults))
        self.faults = faults


class ExportFailed(InternalError):
    """A FHIR server did not give the export that was asked for."""


class StoreError(InternalError):
    """The store did not answer or refused."""


class Conflict(StoreError):
    """What was to be changed is no longer what the change was made from."""


class StoreRefused(StoreError):
    """The store answered, and will not take what was to be written, however often it is tried."""


class UnfitEntry(StoreError):
    """What was to be remembered cannot be kept as it is; nothing was written."""
