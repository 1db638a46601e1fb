"""Step 4: the parts of each patient joined, made a record, assessed by the engine, and told as a row."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from cards import local_titles
from cds_service.errors import EssentialDataMissing
from cds_service.fhir.partial import PATIENT, Part, Piece, record_of_part
from cds_service.risk.assess import assess
from cds_service.risk.gates.doubt import doubtful
from cds_service.screening.rows import Row, row_of, unassessed
from cds_service.screening.setting import Judge, Setting, judge
from cds_service.screening.spill import joined

_encode: Final = msgspec.msgpack.Encoder().encode
_ROW: Final = msgspec.msgpack.Decoder(Row)
_LENGTH: Final = 4
_ROWS_AT_ONCE: Final = 1 << 15
_PREFIX: Final = f"{PATIENT}/"


def assess_bucket(bodies: Iterable[bytes], setting: Setting, deleted: frozenset[str] = frozenset()) -> bytes:
    """Return the rows of the patients in some buckets, in order of urgency, packed.

    ``deleted``: resources (``Type/id``) that the server says no longer exist.
    """
    parts, referred = joined(bodies)
    rows = (
        row_of_part(patient_id, _completed(part, referred, deleted), setting)
        for patient_id, part in parts.items()
        if f"{_PREFIX}{patient_id}" not in deleted
    )
    ranked = sorted((row for row in rows if row), key=lambda row: row.urgency)
    return b"".join(len(body).to_bytes(_LENGTH, "little") + body for body in map(_encode, ranked))


def rows_in(path: Path) -> Iterator[Row]:
    """Yield the rows that :func:`assess_bucket` packed into a file, a few at a time.

    The file is not kept open: a large run merges more of them than a process may hold.
    """
    at, size = 0, path.stat().st_size
    while at < size:
        data = _read(path, at, _ROWS_AT_ONCE)
        length = int.from_bytes(data[:_LENGTH], "little")
        if length + _LENGTH > len(data):
            data = _read(path, at, length + _LENGTH)
        taken = 0
        while taken + _LENGTH <= len(data):
            length = int.from_bytes(data[taken : taken + _LENGTH], "little")
            end = taken + _LENGTH + length
            if end > len(data):
                break
            yield _ROW.decode(data[taken + _LENGTH : end])
            taken = end
        at += taken


def _read(path: Path, at: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(length)


def row_of_part(patient_id: str, part: Part, setting: Setting) -> Row | None:
    """Return the row of one patient; None for somebody who is not concerned."""
    judge_ = judge(setting)
    try:
        record = record_of_part(patient_id, part, setting.delivered, judge_.index)
    except EssentialDataMissing:
        without = f"{_PREFIX}{patient_id}" not in part.pieces
        return unassessed(patient_id, without_patient=without)
    assessment = assess(record, judge_.rules, setting.as_of)
    return row_of(patient_id, assessment, doubtful=any(doubtful(record)), titles=_titles(judge_))


def _titles(judge_: Judge) -> Mapping[str, Mapping[str, str]]:
    return local_titles(judge_.rules)


def _completed(part: Part, referred: Mapping[str, Piece], deleted: frozenset[str]) -> Part:
    """Add what the part refers to, and leave out what was deleted."""
    for reference in part.refers_to():
        if reference in referred:
            part.add(referred[reference])
    if deleted:
        part.pieces = {key: piece for key, piece in part.pieces.items() if key not in deleted}
    return part
