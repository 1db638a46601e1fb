"""The error tree: one base, two families.

::

    CdsServiceError
    ├── CallerError              what a caller may read: the message is part of our answer
    └── InternalError            what only we read: log the type, answer without the message
        └── TerminologyError     a code table is missing or malformed; the service must not start

Rooms hang their own errors below one of the two families. A message never holds anything from a patient's record.
"""


class CdsServiceError(Exception):
    """Base of everything this project raises on purpose."""


class CallerError(CdsServiceError):
    """The caller can mend it: the message says what is wrong with what was sent and may be shown to the caller."""


class InternalError(CdsServiceError):
    """Only the operator can mend it: the message may name files and settings and is never sent to a caller."""


class TerminologyError(InternalError):
    """A code table is missing, malformed or contradicts itself; the message names the file, the line and the fault."""
