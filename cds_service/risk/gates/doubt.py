"""Whether a record without limb deficiency proves anything: only lists that arrived whole do."""

from collections.abc import Iterator
from typing import Final

from cds_service.risk.record import Area, Delivery, PatientRecord

_FALLEN_SHORT: Final = frozenset({Delivery.FAILED, Delivery.PARTIAL})


def doubtful(record: PatientRecord) -> Iterator[Area]:
    """Yield the lists because of which a record without limb deficiency proves nothing.

    Procedures that nobody delivered leave no doubt: many clients give none, and conditions alone decide.
    """
    if not record.complete(Area.CONDITIONS):
        yield Area.CONDITIONS
    if record.delivery(Area.PROCEDURES).state in _FALLEN_SHORT:
        yield Area.PROCEDURES
