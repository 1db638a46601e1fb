"""Procedure -> ProcedureFact."""

from collections.abc import Iterator
from typing import Final

from cds_service.fhir.body_sites import read_sites
from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes_clinical import Procedure
from cds_service.risk.record import ProcedureFact

NOT_DONE: Final = "not-done"
# A procedure in words that is prepared, stopped or mistaken states nothing.
_STATED: Final = frozenset({"completed", "unknown", ""})


def read_procedure(procedure: Procedure, reading: Reading) -> Iterator[ProcedureFact]:
    """Yield the fact of a Procedure that some concept recognises."""
    found = reading.find_one(procedure.code)
    if not found:
        stated = not procedure.not_done and (procedure.status or "").lower() in _STATED
        reading.note_text(procedure, procedure.code, stated=stated)
        return
    moment = procedure.performed_date_time or procedure.occurrence_date_time
    start, end = reading.period(procedure.performed_period or procedure.occurrence_period, procedure, "performedPeriod")
    performed = reading.date(moment, procedure, "performedDateTime") or start or end
    yield ProcedureFact(
        evidence=reading.evidence(procedure, found, performed),
        hits=found.hits,
        status=NOT_DONE if procedure.not_done else (procedure.status or "").lower(),
        performed=performed,
        ended=end,
        sites=read_sites(reading, procedure.body_site, procedure.code),
        status_reasons=reading.find((procedure.status_reason, procedure.not_done_reason)).hits,
    )
