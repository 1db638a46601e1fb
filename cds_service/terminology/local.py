"""Codes of the hospital's own, as rows of the concept tables; the rule set holds them."""

from collections.abc import Iterable
from typing import Final, Protocol

from cds_service.errors import TerminologyError
from cds_service.terminology.load import EXPECTED_TABLES, default_reader
from cds_service.terminology.table import ConceptRow

_WRITTEN: Final = "order-"
"""Concepts whose codes are written into orders: those are set for each client, and a row here would do nothing."""


class LocalCode(Protocol):
    """What a local code says; the columns of a table, with ``source`` for ``verified`` and ``note`` for ``notes``."""

    @property
    def concept(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def system(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def code(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def display(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def match(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def attributes(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def source(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def note(self) -> str: ...  # noqa: D102 - named by the class


def local_rows(codes: Iterable[LocalCode]) -> tuple[ConceptRow, ...]:
    """Return the codes as checked rows, for :func:`.load.load_default`.

    Raises TerminologyError for a concept that is not read from records, and for whatever a table's row may not say;
    the message names the how-manieth code it is.
    """
    return tuple(_row(code, number) for number, code in enumerate(codes, start=1))


def _row(code: LocalCode, number: int) -> ConceptRow:
    if code.concept not in EXPECTED_TABLES:
        raise TerminologyError(f"local code {number}: no concept is called {code.concept!r}")
    if code.concept.startswith(_WRITTEN):
        raise TerminologyError(f"local code {number}: codes of {code.concept} are set for each client")
    cells = {
        "system": code.system,
        "code": code.code,
        "display": code.display,
        "match": code.match,
        "attributes": code.attributes,
        "verified": code.source,
        "notes": code.note,
    }
    return default_reader().row(code.concept, cells, "local codes", number)


def readable_concepts() -> tuple[str, ...]:
    """Return the concepts that a hospital may add codes to, in alphabetical order."""
    return tuple(sorted(slug for slug in EXPECTED_TABLES if not slug.startswith(_WRITTEN)))
