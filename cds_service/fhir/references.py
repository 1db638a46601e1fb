"""References as senders write them, brought to one form, and the question whose resource this is."""

import re
from typing import Final

import msgspec

from cds_service.fhir.shapes import Reference

# FHIR allows 64 characters; real servers send ids of almost 200 (Epic). Anything else would not survive in a URL.
_USABLE_ID: Final = re.compile(r"[A-Za-z0-9\-._~]{1,256}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URN: Final = "urn:uuid:"
_HISTORY: Final = "/_history"


def relative(reference: str) -> str:
    """Return ``Type/id`` for a relative, absolute or versioned reference; ``urn:`` and ``#`` references unchanged."""
    if reference.startswith(("urn:", "#")):
        return reference
    parts = reference.split(_HISTORY, 1)[0].rstrip("/").rsplit("/", 2)
    return "/".join(parts[-2:])


def literal(resource_type: str, resource_id: str | None) -> str:
    """Return ``Type/id``, or an empty string when the id is missing or cannot stand in a reference."""
    usable = resource_id is not None and _USABLE_ID.fullmatch(resource_id)
    return f"{resource_type}/{resource_id}" if usable else ""


def bare_id(patient_id: str) -> str:
    """Return the id alone, from ``1`` as well as from ``Patient/1`` or an absolute URL."""
    return relative(patient_id.strip()).removeprefix("Patient/")


class PatientIdentity(msgspec.Struct):
    """Which references mean the patient in context. Answers are remembered: a record repeats one reference.

    A reference that does not name its type (``1`` for ``Patient/1``) is accepted; where the id is a UUID, so is
    ``urn:uuid:<id>``, which exports keep from the Bundle that the patient once came in.
    """

    id: str
    full_urls: frozenset[str] = frozenset()
    known: dict[str, bool] = msgspec.field(default_factory=dict)

    def is_owner(self, owner: Reference | None) -> bool:
        """True unless ``owner`` names somebody else: what names nobody was asked for by patient, so it is theirs."""
        return owner is None or owner.reference is None or self.owns(owner.reference)

    def owns(self, reference: str) -> bool:
        """True when ``reference`` points to the patient in context."""
        answer = self.known.get(reference)
        if answer is None:
            answer = self.known[reference] = self._compare(reference)
        return answer

    def _compare(self, reference: str) -> bool:
        own = {self.id, f"Patient/{self.id}"} | ({f"{_URN}{self.id}"} if _UUID.fullmatch(self.id) else set())
        return reference in self.full_urls or relative(reference) in own
