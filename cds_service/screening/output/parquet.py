"""The list as Parquet, for whoever goes on with it in a data tool. Needs the extra ``screening``."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from typing import IO, Any, Final

from cds_service.screening.output.listing import COLUMNS, Cell

_ROWS_AT_ONCE: Final = 5000
_NUMBERS: Final = frozenset({"rank", "points", "cut", "age_low", "age_high", "core_known", "core_total"})
_YES_NO: Final = frozenset({"at_least", "multi"})
_LISTS: Final = frozenset(
    {
        "cards", "actions", "gates", "counted_rules", "unknown_items", "why_not_checked", "advice", "reasons",
        "unknowns", "gates_in_words",
    }
)  # fmt: skip


def is_possible() -> bool:
    """True when pyarrow is installed."""
    return find_spec("pyarrow") is not None


def write_parquet(file: IO[bytes], rows: Iterable[tuple[Cell, ...]]) -> None:
    """Write the rows, a few thousand at a time. Raises ImportError without pyarrow."""
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to load
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - the same

    schema = pa.schema([pa.field(name, _kind(pa, name)) for name in COLUMNS])
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _kind(pa: Any, name: str) -> Any:
    if name in _NUMBERS:
        return pa.int32()
    if name in _YES_NO:
        return pa.bool_()
    return pa.list_(pa.string()) if name in _LISTS else pa.string()


def _batches(rows: Iterable[tuple[Cell, ...]]) -> Iterator[list[tuple[Cell, ...]]]:
    left = iter(rows)
    while batch := list(islice(left, _ROWS_AT_ONCE)):
        yield batch
