"""The list and the faults as CSV: codes for machines, and beside them the words of one language."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from cds_service.screening.faults import Fault
from cds_service.screening.rows import Row, Told

COLUMNS: Final = (
    "rank", "patient", "group", "tier", "at_least", "points", "cut", "age_low", "age_high", "sex", "limb_class",
    "multi", "cards", "actions", "gates", "counted_rules", "unknown_items", "core_known", "core_total",
    "why_not_checked", "advice", "reasons", "unknowns", "gates_in_words",
)  # fmt: skip
"""The columns of list.csv; list.parquet has the same, with lists as lists."""
FAULT_COLUMNS: Final = ("file", "line", "fault", "type", "everyone", "count")
_BETWEEN: Final = " | "
# What a spreadsheet would take for a formula. The text comes from a record, so anything may stand in it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | bool | None | tuple[str, ...]


def cells(rank: int, row: Row, language: str) -> tuple[Cell, ...]:
    """Return one row in the order of ``COLUMNS``."""
    told = row.told.get(language, Told())
    return (
        rank, row.patient, row.group, row.tier, row.at_least, row.points, row.cut, row.age_low, row.age_high, row.sex,
        row.limb_class, row.multi, row.cards, row.actions, row.gates, row.rules, row.unknowns, row.core_known,
        row.core_total, row.why, told.advice, told.reasons, told.unknowns, told.gates,
    )  # fmt: skip


def csv_lines(lines: Iterable[Iterable[Cell]]) -> Iterable[bytes]:
    """Yield each line as CSV in UTF-8; lists are joined, and nothing begins like a formula."""
    for line in lines:
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerow([_text(cell) for cell in line])
        yield text.getvalue().encode()


def fault_cells(fault: Fault) -> tuple[Cell, ...]:
    """Return one fault in the order of ``FAULT_COLUMNS``."""
    return fault.file, fault.line or None, fault.reason, fault.kind, fault.everyone, fault.count


def _text(cell: Cell) -> str | int:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if cell is None or isinstance(cell, int):
        return "" if cell is None else cell
    text = _BETWEEN.join(cell) if isinstance(cell, tuple) else cell
    return f"'{text}" if text.startswith(_FORMULA) else text
