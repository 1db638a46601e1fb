"""One concept table: parsed, validated and frozen. Anything malformed stops start-up."""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Final, Literal

import msgspec

from cds_service.terminology.attributes import Attributes, AttributeVocabulary
from cds_service.terminology.systems import CodeSystem, CodeSystems
from cds_service.terminology.tsv import fault, read_table

COLUMNS: Final = ("system", "code", "display", "match", "attributes", "verified", "notes")
UNVERIFIED: Final = "unverified"

# Values of the attribute `default`; a row without it counts.
EXCLUDE: Final = "exclude"
OPEN_CHOICES: Final = frozenset({"review", "off"})

RowKind = Literal["exact", "prefix", "descendants"]


class ConceptRow(msgspec.Struct, frozen=True, gc=False):
    """One row of a concept table.

    Attributes:
        concept: slug of the concept, which is the table's name.
        system: canonical URI of the code system.
        code: the code as written in the table.
        display: the official text in the source's language; empty when none was seen.
        match: ``exact``, ``prefix``, or ``descendants`` (works as exact without a terminology server).
        attributes: what else the code says, e.g. ``{"limb": "lower", "minor": "no"}``.
        verified: where the code was seen with this meaning, or ``unverified``.
        notes: remarks for maintainers.
        normal: the code as codes of its system are compared (no dots, upper case where that applies).
        origin: file and line, for messages.
    """

    concept: str
    system: str
    code: str
    display: str
    match: RowKind
    attributes: Attributes
    verified: str
    notes: str
    normal: str
    origin: str

    @property
    def default(self) -> str:
        """``exclude``, ``review``, ``off``, or empty when the row counts."""
        return self.attributes.get("default", "")

    @property
    def unverified(self) -> bool:
        """True when the code was not seen in any source with this meaning."""
        return self.verified == UNVERIFIED


class ConceptTable(msgspec.Struct, frozen=True, gc=False):
    """The rows that define one concept, in the order of the file."""

    slug: str
    rows: tuple[ConceptRow, ...]


class RowReader:
    """Checks rows against the known code systems and attributes; used for tables and for local additions."""

    def __init__(self, systems: CodeSystems, vocabulary: AttributeVocabulary) -> None:
        """Take what rows are checked against."""
        self.systems = systems
        self.vocabulary = vocabulary

    def table(self, slug: str, file: Traversable) -> ConceptTable:
        """Read one concept table.

        Raises:
            TerminologyError: the file or a row is malformed, or one code is listed twice; names file and line.
        """
        rows: list[ConceptRow] = []
        first_seen: dict[tuple[str, str, str], int] = {}
        for line, cells in read_table(file, COLUMNS):
            row = self.row(slug, cells, file.name, line)
            key = (row.system, row.normal, row.match)
            if key in first_seen:
                raise fault(file.name, line, f"{row.code} of {row.system} is already on line {first_seen[key]}")
            first_seen[key] = line
            rows.append(row)
        return ConceptTable(slug, tuple(rows))

    def row(self, concept: str, cells: Mapping[str, str], name: str, line: int) -> ConceptRow:
        """Return one checked row; ``name`` and ``line`` are for the message. Raises TerminologyError."""
        system = self._system(cells, name, line)
        kind = _kind(cells["match"], system, name, line)
        if not cells["verified"]:
            raise fault(name, line, f"say where the code was seen, or write {UNVERIFIED!r}")
        normal = system.normalise(cells["code"])
        if normal is None:
            raise fault(name, line, f"{cells['code']!r} cannot be a code of {system.name}")
        try:
            attributes = self.vocabulary.parse(cells["attributes"])
        except ValueError as error:
            raise fault(name, line, str(error)) from error
        return ConceptRow(
            concept=concept,
            system=system.canonical,
            code=cells["code"],
            display=cells["display"],
            match=kind,
            attributes=attributes,
            verified=cells["verified"],
            notes=cells["notes"],
            normal=normal,
            origin=f"{name}, line {line}",
        )

    def _system(self, cells: Mapping[str, str], name: str, line: int) -> CodeSystem:
        system = self.systems.resolve(cells["system"])
        if system is None or system.canonical != cells["system"]:
            raise fault(name, line, f"unknown code system {cells['system']!r} (the canonical URI is needed)")
        return system


def _kind(match: str, system: CodeSystem, name: str, line: int) -> RowKind:
    if match not in system.match_kinds:
        allowed = ", ".join(sorted(system.match_kinds))
        raise fault(name, line, f"match must be one of {allowed} for {system.name}, not {match!r}")
    kind: RowKind = msgspec.convert(match, RowKind)
    return kind
