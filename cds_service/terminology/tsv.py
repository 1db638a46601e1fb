"""Read a tab-separated table strictly: every surprise is an error that names the file and the line."""

from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable

from cds_service.errors import TerminologyError

Cells = dict[str, str]


def fault(name: str, line: int, what: str) -> TerminologyError:
    """Return the error for one line (counted from 1, the header being line 1) of the table ``name``."""
    return TerminologyError(f"{name}, line {line}: {what}")


def read_table(file: Traversable, columns: Sequence[str]) -> Iterator[tuple[int, Cells]]:
    """Yield the line number and the cells of each row of a TSV file with exactly these columns.

    Raises:
        TerminologyError: the file is missing, not UTF-8, empty, has another header, or a row has too few or many cells.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TerminologyError(f"{file.name}: the table cannot be read ({type(error).__name__})") from error
    return iter(parse_table(file.name, data, columns))


def parse_table(name: str, data: bytes, columns: Sequence[str]) -> list[tuple[int, Cells]]:
    """Return line number and cells of each row; a line may end in LF or CR LF. Errors as :func:`read_table`."""
    lines = _lines(name, data)
    header = lines[0].split("\t")
    if header != list(columns):
        raise fault(name, 1, f"the header must be {' '.join(columns)}, not {' '.join(header)!r}")
    if len(lines) == 1:
        raise fault(name, 1, "the table has a header and no rows")
    return [(number, _cells(name, number, line, columns)) for number, line in enumerate(lines[1:], start=2)]


def _lines(name: str, data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise fault(name, line, f"not UTF-8 (byte {error.start})") from error
    if not text.strip():
        raise TerminologyError(f"{name}: the file is empty")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _cells(name: str, number: int, line: str, columns: Sequence[str]) -> Cells:
    values = line.split("\t")
    if len(values) != len(columns):
        raise fault(name, number, f"{len(values)} cells where {len(columns)} are needed")
    for column, value in zip(columns, values, strict=True):
        if value != value.strip():
            raise fault(name, number, f"spaces around the value of {column}: {value!r}")
    return dict(zip(columns, values, strict=True))
