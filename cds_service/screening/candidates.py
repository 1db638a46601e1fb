"""The people whose record tells of a limb, as a set that never outgrows its memory."""

from collections.abc import Container, Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

# Beyond this many a bit field stands for the set: some ids that are not in it pass, and their records end at the gate.
MOST_EXACT: Final = 400_000
_FIELD_BITS: Final = 1 << 29
_HASHES: Final = 3
_HASH_BYTES: Final = 8
_EXACT: Final = b"="
_FIELD: Final = b"~"


class BitField:
    """A Bloom filter of 64 MB: at ten million ids about one other in a hundred thousand passes."""

    def __init__(self, bits: int = _FIELD_BITS) -> None:
        self._bits = bits
        self._field = bytearray(bits // 8)

    @classmethod
    def of(cls, data: bytes) -> "BitField":
        """Return the field that ``bytes(field)`` gave."""
        field = cls(len(data) * 8)
        field._field[:] = data
        return field

    def __bytes__(self) -> bytes:
        return bytes(self._field)

    def update(self, ids: Iterable[bytes]) -> None:
        """Add ids."""
        for one in ids:
            for place in self._places(one):
                self._field[place >> 3] |= 1 << (place & 7)

    def __contains__(self, one: object) -> bool:
        return isinstance(one, bytes) and all(self._field[p >> 3] >> (p & 7) & 1 for p in self._places(one))

    def _places(self, one: bytes) -> Iterable[int]:
        digest = blake2b(one, digest_size=_HASHES * _HASH_BYTES).digest()
        cuts = range(0, len(digest), _HASH_BYTES)
        return (int.from_bytes(digest[cut : cut + _HASH_BYTES], "little") % self._bits for cut in cuts)


class Candidates:
    """Takes ids as they are found. Beyond ``most_exact`` their number is an estimate, a little too low."""

    def __init__(self, most_exact: int = MOST_EXACT) -> None:
        self._most = most_exact
        self._exact: set[bytes] = set()
        self._field: BitField | None = None
        self._count = 0

    def update(self, ids: Iterable[bytes]) -> None:
        """Add ids; empty ones are none."""
        if self._field is not None:
            new = {one for one in ids if one and one not in self._field}
            self._count += len(new)
            self._field.update(new)
            return
        self._exact.update(one for one in ids if one)
        self._count = len(self._exact)
        if len(self._exact) > self._most:
            self._field = BitField()
            self._field.update(self._exact)
            self._exact = set()

    def __len__(self) -> int:
        return self._count

    def packed(self) -> bytes:
        """Return the set as bytes, for :func:`chosen`: the same for the same set, in whatever order it was found."""
        return _EXACT + b"\n".join(sorted(self._exact)) if self._field is None else _FIELD + bytes(self._field)


@lru_cache(maxsize=1)
def chosen(packed: bytes) -> Container[bytes]:
    """Return what tells whether an id is a candidate, from :meth:`Candidates.packed`."""
    kind, rest = packed[:1], packed[1:]
    return frozenset(rest.split(b"\n")) - {b""} if kind == _EXACT else BitField.of(rest)
