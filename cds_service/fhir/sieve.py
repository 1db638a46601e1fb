"""Which resources are worth reading whole: most of a record is about something else, and its code alone says so.

The same code arrives over and over in the same bytes, so what they mean is worked out once per request.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec

from cds_service.fhir.heads import HEADS, Head, Opener
from cds_service.fhir.shapes import CodeableReference
from cds_service.fhir.texts import relevant_texts
from cds_service.terminology.index import TerminologyIndex

_MEDICATIONS: Final = (
    "MedicationRequest", "MedicationStatement", "MedicationUsage", "MedicationDispense", "MedicationAdministration",
)  # fmt: skip
_CODED: Final = ("Condition", "Procedure", "DiagnosticReport", "ServiceRequest", "ProcedureRequest")
# The one member that says what a resource is about, and another one that may say more. Other types are few, or what
# they are about stands deeper down.
_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(_CODED, ("code", "nothing_else")),
    "Observation": ("code", "component"),
    **dict.fromkeys(_MEDICATIONS, ("medication_codeable_concept", "medication_reference")),
}
_TOLD_BY: Final[Mapping[type[Head], Callable[[Head], tuple[Any, Any]]]] = {
    HEADS[name]: attrgetter(*members) for name, members in _MEMBERS.items()
}
_CONCEPT: Final = msgspec.json.Decoder(CodeableReference | None)


class Sieve:
    """Tells resources by their head, and opens those that matter. Make one per request: it remembers texts of it."""

    def __init__(self, index: TerminologyIndex) -> None:
        """Take the terminology that decides what a code means to us."""
        self._known = _Known(index)
        self.opener = Opener()

    def matters(self, head: Head) -> bool:
        """True when the resource may hold a fact, so that it must be read whole."""
        members = _TOLD_BY.get(head.__class__)
        if members is None:
            return True
        told, more = members(head)
        # Without the member, the resource may tell it elsewhere: a medication by reference, R5's own spelling.
        return told.__class__ is not msgspec.Raw or more.__class__ is msgspec.Raw or self._known[bytes(told)]


class _Known(dict[bytes, bool]):
    """Whether a concept means anything to us, by its bytes."""

    def __init__(self, index: TerminologyIndex) -> None:
        super().__init__()
        self._index = index

    def __missing__(self, data: bytes) -> bool:
        answer = self[data] = self._look_up(data)
        return answer

    def _look_up(self, data: bytes) -> bool:
        try:
            given = _CONCEPT.decode(data) or CodeableReference()
        except msgspec.ValidationError:
            # Whoever reads it whole will say what is wrong with it.
            return True
        concept = given.as_concept
        meanings = (self._index.concepts(coding.system, coding.code) for coding in concept.coding)
        return any(meanings) or bool(relevant_texts(concept, self._index))
