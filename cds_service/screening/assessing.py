"""Step 4: the parts of each patient joined, made a record, assessed by the engine, and told as a row."""

from collections.abc import Iterable, Mapping
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
_ROWS: Final = msgspec.msgpack.Decoder(list[Row])
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
    return _encode(sorted((row for row in rows if row), key=lambda row: row.urgency))


def rows_in(data: bytes) -> list[Row]:
    """Return the rows that :func:`assess_bucket` packed."""
    return _ROWS.decode(data)


def row_of_part(patient_id: str, part: Part, setting: Setting) -> Row | None:
    """Return the row of one patient; None for somebody who is not concerned."""
    judge_ = judge(setting)
    try:
        record = record_of_part(patient_id, part, setting.delivered, judge_.index, setting.as_of)
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
