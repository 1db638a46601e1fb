"""The shipped index, and a small set of tables that a test can spoil."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import default_reader, load_default
from cds_service.terminology.table import COLUMNS, ConceptRow, ConceptTable, RowReader

SHIPPED = files("cds_service.terminology") / "tables"
Write = Callable[..., ConceptTable]


@pytest.fixture(scope="session")
def index() -> TerminologyIndex:
    return load_default()


@pytest.fixture(scope="session")
def reader() -> RowReader:
    return default_reader()


@pytest.fixture
def tables_copy(tmp_path: Path) -> Path:
    """Return a writable copy of the shipped tables."""
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def concept_row(reader: RowReader) -> Callable[..., ConceptRow]:
    """Return a maker of checked rows of the WHO classification."""

    def make(
        code: str, attributes: str = "", *, concept: str = "demo", match: str = "prefix", system: str = "icd-10"
    ) -> ConceptRow:
        values = (reader.systems.uri(system), code, "a display", match, attributes, "a source", "")
        return reader.row(concept, dict(zip(COLUMNS, values, strict=True)), "local", 1)

    return make
