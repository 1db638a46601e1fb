"""What units found, as bytes by bucket: a hash of the id puts a patient into one, wherever the lines stand."""

from array import array
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from cds_service.fhir.partial import Part, Piece
from cds_service.screening.faults import Fault

_HASH_BYTES: Final = 8
# A reference and a bucket in one number: 48 bits of hash, 16 bits of bucket.
BUCKET_BITS: Final = 16
MOST_BUCKETS: Final = 1 << BUCKET_BITS
_LENGTH: Final = 8
_encode: Final = msgspec.msgpack.Encoder().encode

Referred = tuple[str, Piece]


class Content(msgspec.Struct, array_like=True):
    """The content of one bucket: parts by patient, and resources that others refer to."""

    parts: list[tuple[str, Part]] = msgspec.field(default_factory=list)
    referred: list[Referred] = msgspec.field(default_factory=list)


class Head(msgspec.Struct, array_like=True):
    """What is told of a unit beside its buckets.

    Attributes:
        lines: how many lines it has. patients: how many of them are Patients.
        faults: what is wrong with them. pairs: (reference, bucket) of what its parts refer to, as sorted numbers.
        places: bucket -> where its content stands after the head, and how long it is.
    """

    lines: int = 0
    patients: int = 0
    faults: list[Fault] = msgspec.field(default_factory=list)
    pairs: bytes = b""
    places: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)


_HEAD: Final = msgspec.msgpack.Decoder(Head)
_CONTENT: Final = msgspec.msgpack.Decoder(Content)


def hash_of(text: str) -> int:
    """Return 64 bits of a hash that is the same on every machine and in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=_HASH_BYTES).digest(), "little")


def bucket_of(patient_id: str, buckets: int) -> int:
    """Return the bucket of a patient."""
    return hash_of(patient_id) % buckets


def pair_of(reference: str, bucket: int) -> int:
    """Return a reference and a bucket as one number; those of one reference stand beside each other when sorted."""
    return hash_of(reference) >> BUCKET_BITS << BUCKET_BITS | bucket


def pairs_in(data: bytes) -> "array[int]":
    """Return the numbers in :attr:`Head.pairs`."""
    numbers = array("Q")
    numbers.frombytes(data)
    return numbers


def packed(head: Head, contents: Mapping[int, Content]) -> bytes:
    """Return a unit's result as bytes: the length of the head, the head, the buckets."""
    bodies = {bucket: _encode(content) for bucket, content in sorted(contents.items())}
    at = 0
    for bucket, body in bodies.items():
        head.places[bucket] = (at, len(body))
        at += len(body)
    first = _encode(head)
    return b"".join((len(first).to_bytes(_LENGTH, "little"), first, *bodies.values()))


def head_of(data: bytes) -> tuple[Head, int]:
    """Return the head of a packed result (which may be cut after the head), and where the buckets begin."""
    end = _LENGTH + head_length(data)
    return _HEAD.decode(data[_LENGTH:end]), end


def head_length(data: bytes) -> int:
    """Return how long the head is; 8 bytes of data suffice."""
    return int.from_bytes(data[:_LENGTH], "little")


def joined(bodies: Iterable[bytes]) -> tuple[dict[str, Part], dict[str, Piece]]:
    """Return the parts of all patients in a bucket, joined, and what they refer to by reference."""
    parts: dict[str, Part] = {}
    referred: dict[str, Piece] = {}
    for body in bodies:
        content = _CONTENT.decode(body)
        for patient_id, part in content.parts:
            known = parts.setdefault(patient_id, part)
            if known is not part:
                known.join(part)
        for reference, piece in content.referred:
            known_piece = referred.setdefault(reference, piece)
            if piece.version > known_piece.version:
                referred[reference] = piece
    return parts, referred
