"""A record in parts: what some lines of an export say of one patient, to be joined with what others say.

Joining is associative, commutative and idempotent: each part keeps the latest version of every resource, and sets of
what could not be read. So a population may be read in any order, in any pieces, by any number of processes, and the
record made from the joined parts is the one that a hook request with the same resources makes.

What stands for a resource is what we read of it, and only where some rule may mean it; of the others no more than that
they are there. A medication's facts need a second resource (what it refers to), so facts proper are made at the end.
"""

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from typing import Final

import msgspec

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir.areas import TYPE_MEANING
from cds_service.fhir.assembling import assemble, patients_in
from cds_service.fhir.decoding import read_delivered
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.heads import HEADS, Head
from cds_service.fhir.newest import version_of
from cds_service.fhir.prefetch import check_essentials, sources_of
from cds_service.fhir.references import relative
from cds_service.fhir.repair import RepairBudget
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_bundle import RESOURCE_TYPES, Located
from cds_service.fhir.shapes_medication import MedicationResource
from cds_service.fhir.sieve import Sieve
from cds_service.risk.record import Delivery, Gap, PatientRecord
from cds_service.terminology.index import TerminologyIndex

PATIENT: Final = "Patient"
POINTED_TO: Final = frozenset({"Medication", "Device"})
"""Types that others refer to for their content; they need not name a patient."""

_encode: Final = msgspec.json.Encoder().encode
_DIGEST: Final = 16
# A sieve remembers the texts that it has met, so that it is made anew after some thousand lines.
_LINES_REMEMBERED: Final = 2000
_DECODERS: Final = {name: msgspec.json.Decoder(shape) for name, shape in RESOURCE_TYPES.items()}


class Piece(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One resource: its type and id, its version, and what we read of it (empty for one that means nothing to us)."""

    kind: str
    id: str
    moment: float
    number: int
    body: bytes = b""

    @property
    def version(self) -> tuple[float, int, bytes]:
        """Later versions are greater; of two equal ones that with content, then the greater content."""
        return self.moment, self.number, self.body

    @property
    def resource(self) -> Resource:
        """The resource again, as far as we read it; only where there is a body."""
        return _DECODERS[self.kind].decode(self.body)

    @property
    def head(self) -> Head:
        """What stands for a resource that means nothing to us: it is there, and it is the patient's."""
        return HEADS[self.kind](id=self.id)


class Part(msgspec.Struct, gc=False, array_like=True):
    """What some lines say of one patient. ``lost`` are types of which a resource could not be read."""

    pieces: dict[str, Piece] = msgspec.field(default_factory=dict)
    lost: set[str] = msgspec.field(default_factory=set)
    gaps: set[Gap] = msgspec.field(default_factory=set)

    def add(self, piece: Piece) -> None:
        """Take a resource, unless a later version of it is there."""
        key = f"{piece.kind}/{piece.id}"
        known = self.pieces.setdefault(key, piece)
        if known is not piece and piece.version > known.version:
            self.pieces[key] = piece

    def join(self, other: "Part") -> None:
        """Take everything that ``other`` holds."""
        for piece in other.pieces.values():
            self.add(piece)
        self.lost |= other.lost
        self.gaps |= other.gaps

    def refers_to(self) -> set[str]:
        """Return the Medications and Devices (``Type/id``) whose content some resource here needs."""
        found = (_target(piece) for piece in self.pieces.values() if piece.body)
        return {reference for reference in found if reference.partition("/")[0] in POINTED_TO}


def _target(piece: Piece) -> str:
    resource = piece.resource
    if isinstance(resource, MedicationResource):
        inner = resource.medication_reference.reference if resource.medication_reference else None
        return relative(inner or (resource.medication.target if resource.medication else ""))
    device = getattr(resource, "device", None)
    return relative(device.target) if device is not None else ""


class LineRead(msgspec.Struct):
    """What a line of an export was: whose it is (``owner``: a reference as sent, None when it names nobody)."""

    part: Part
    kind: str = ""
    id: str = ""
    owner: str | None = None
    fault: str = ""


class LineReader:
    """Reads lines of an export. Make one per stretch of lines: it remembers which codes mean something."""

    def __init__(self, index: TerminologyIndex) -> None:
        """Take the terminology that decides what matters."""
        self._index = index
        self._left = 0

    def read(self, line: bytes) -> LineRead:
        """Return what one line says. ``fault`` tells why it says nothing: ``not-json``, ``not-a-resource``..."""
        try:
            found = read_delivered(line, RepairBudget(), self._fresh_sieve())
        except MalformedRequest:
            return LineRead(Part(), fault="not-json")
        except TooLarge:
            return LineRead(Part(), fault="too-deep")
        part = Part(lost=set(found.lost) & RESOURCE_TYPES.keys(), gaps=set(found.gaps))
        told = LineRead(part, fault=_fault(found))
        every: list[Located | Head] = [*found.resources, *found.skimmed]
        for one in every:
            resource = one.resource if isinstance(one, Located) else one
            told.kind, told.id = resource.type_name, resource.id or ""
            told.owner = resource.owner.reference if resource.owner else None
            part.add(piece_of(one))
        return told

    def _fresh_sieve(self) -> Sieve:
        """Return a sieve that does not remember more than some thousand lines."""
        if not self._left:
            self._left, self._sieve = _LINES_REMEMBERED, Sieve(self._index)
        self._left -= 1
        return self._sieve


def _fault(found: Delivered) -> str:
    if found.something:
        return ""
    reasons = sorted({gap.reason for gap in found.gaps})
    return reasons[0] if reasons else "not-read"


def piece_of(one: Located | Head) -> Piece:
    """Return what stands for a resource in a part."""
    resource = one.resource if isinstance(one, Located) else one
    moment, number, _ = version_of(one)
    body = _encode(resource) if isinstance(resource, Resource) else b""
    own = resource.id or blake2b(body or _encode(resource), digest_size=_DIGEST).hexdigest()
    return Piece(resource.type_name, own, moment, number, body)


def record_of_part(
    patient_id: str,
    part: Part,
    delivered: Mapping[str, bool],
    index: TerminologyIndex,
    as_of: date | None = None,
) -> PatientRecord:
    """Return the record of ``patient_id``: the same as from a hook request with one list for each type delivered.

    Args:
        patient_id: the id of the Patient.
        part: everything that is known, joined.
        delivered: the types that the export holds, and whether it holds them whole. A type that is not there was not
            delivered; one of which the patient has nothing is an empty list.
        index: the terminology with which the lines were read.
        as_of: the day of assessment: events dated later are left out. None leaves nothing out.

    Raises:
        EssentialDataMissing: no Patient, or neither conditions nor procedures.
    """
    lists = {kind: Delivered(more=not whole) for kind, whole in delivered.items() if kind in TYPE_MEANING}
    for _, piece in sorted(part.pieces.items()):
        one = lists.setdefault(piece.kind, Delivered())
        one.matches += 1
        if piece.body:
            one.resources.append(Located(piece.resource))
        else:
            one.skimmed.append(piece.head)
    for kind in part.lost:
        lists.setdefault(kind, Delivered()).lost.append(kind)
    sources = sources_of({_key(kind): one for kind, one in lists.items()})
    sources = msgspec.structs.replace(sources, gaps=tuple(part.gaps))
    patient = patients_in(sources.resources).get(patient_id)
    check_essentials(patient, sources, Delivery.MISSING.value)
    assert patient is not None, "check_essentials() has raised otherwise"
    return assemble(patient, sources, index, as_of)


def _key(kind: str) -> str:
    """Return the prefetch key for a list: its type's name, which says what it is about also when the list is empty."""
    return kind if kind in TYPE_MEANING else f"({kind})"
