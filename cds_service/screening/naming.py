"""Whom a line names, by its bytes: the ids after ``Patient/`` and ``urn:uuid:``, wherever they stand."""

import re
from collections.abc import Container, Iterator
from itertools import repeat
from operator import itemgetter
from typing import Final

PATIENT_PREFIX: Final = b"Patient/"
URN_PREFIX: Final = b"urn:uuid:"
# JSON may escape a slash, and some writers do.
_ESCAPED: Final = b"Patient\\/"
_NAMES: Final = re.compile(rb'Patient/([^"/\n]*)')
# Where patients go by URN, what follows ``Patient/`` is somebody else. An export writes all its references alike.
_BY_URN: Final = re.compile(rb'"(subject|patient)"\s*:\s*\{[^{}]*"urn:uuid:')
_FIRST: Final = itemgetter(0)
_LAST: Final = itemgetter(-1)
_OPENING: Final = {ord("{")}
_CLOSING: Final = {ord("}")}


def named_in(line: bytes) -> Iterator[bytes]:
    """Yield every id of a patient that the line may name."""
    if _ESCAPED in line:
        line = line.replace(b"\\/", b"/")
    for prefix in (PATIENT_PREFIX, URN_PREFIX):
        at = line.find(prefix)
        while at != -1:
            at += len(prefix)
            end = line.find(b'"', at)
            yield line[at : end if end != -1 else len(line)].partition(b"/")[0]
            at = line.find(prefix, at)


def names_one_of(line: bytes, wanted: Container[bytes]) -> bytes | None:
    """Return the first id of ``wanted`` that the line names; empty when it names others only, None when nobody."""
    named = list(named_in(line))
    return next((one for one in named if one in wanted), b"") if named else None


def one_name_each(block: bytes, lines: list[bytes]) -> list[bytes] | None:
    """Return the id that each line of a block names; None unless every line names exactly one and looks whole.

    Nearly all blocks are like that, and this answers for thousands of lines with a handful of calls into C.
    """
    ids: list[bytes] = _NAMES.findall(block)
    if len(ids) != len(lines) or b"" in lines or _BY_URN.search(lines[0]) or _BY_URN.search(lines[-1]):
        return None
    if set(map(_FIRST, lines)) != _OPENING or set(map(_LAST, lines)) != _CLOSING:
        return None
    # As many names as lines, and none without: so each has one.
    return None if -1 in map(bytes.find, lines, repeat(PATIENT_PREFIX)) else ids
