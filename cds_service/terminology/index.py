"""The index over all concept tables: which concepts does this coding have?

An exact row beats a prefix row, a longer prefix beats a shorter one, and the winning row decides, concept by concept:
when it is a look-alike or an open choice, the concept is not there, whatever a shorter prefix says.

Look-ups are remembered per (system, code) as they were sent, so that a coding seen before costs one dictionary
look-up, found or not. The memory is bounded and starts anew when it is full: hostile codes cannot make it grow.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cds_service.errors import TerminologyError
from cds_service.terminology.enable import enabled_rows, parse_filters
from cds_service.terminology.match import NO_CONCEPT, UNKNOWN_SYSTEM, ConceptMatch, Lookup, match_of
from cds_service.terminology.systems import MAX_CODE_LENGTH, MAX_SYSTEM_LENGTH, CodeSystem, CodeSystems
from cds_service.terminology.table import OPEN_CHOICES, ConceptRow, ConceptTable, RowReader

__all__ = ["MAX_REMEMBERED", "ConceptMatch", "Lookup", "TerminologyIndex"]

MAX_REMEMBERED: Final = 100_000

# Concept -> the match of its winning row.
Winners = Mapping[str, ConceptMatch]
_NONE: Final[Winners] = {}

# Later kinds overwrite earlier ones: an exact row knows more than the descendants row of the same code.
_BUILD_ORDER: Final = ("descendants", "exact", "prefix")


class TerminologyIndex:
    """Answers which concepts a coding has. Make one with :meth:`build`; it never changes afterwards."""

    def __init__(
        self, systems: CodeSystems, rows: Mapping[str, tuple[ConceptRow, ...]], on: frozenset[ConceptRow]
    ) -> None:
        """Take checked rows per concept, and which rows were turned on; :meth:`build` is the way in."""
        self.systems = systems
        self.enabled = on
        self._rows = dict(rows)
        self._exact: dict[str, dict[str, dict[str, ConceptMatch]]] = {}
        self._prefix: dict[str, dict[str, dict[str, ConceptMatch]]] = {}
        self._remembered: dict[tuple[str, str], Lookup] = {}
        # How to make it again, where that takes fewer bytes than itself: see __reduce__.
        self.made_by: tuple[Callable[..., TerminologyIndex], tuple[Any, ...]] | None = None
        for kind in _BUILD_ORDER:
            shelf = self._prefix if kind == "prefix" else self._exact
            for row in (row for rows_ in self._rows.values() for row in rows_ if row.match == kind):
                codes = shelf.setdefault(row.system, {})
                codes.setdefault(row.normal, {})[row.concept] = match_of(row, enabled=row in on)
        # Longest first, so that the first prefix found for a concept is the one that decides.
        self._prefix_lengths = {
            system: sorted({len(code) for code in codes}, reverse=True) for system, codes in self._prefix.items()
        }

    @classmethod
    def build(
        cls,
        tables: Iterable[ConceptTable],
        *,
        reader: RowReader,
        enabled: Iterable[str] = (),
        local: Iterable[ConceptRow] = (),
    ) -> "TerminologyIndex":
        """Build the index.

        Args:
            tables: the concept tables.
            reader: what read them; knows the code systems and attributes.
            enabled: filters that turn on rows which do not count by default (see :mod:`.enable`).
            local: rows of the hospital's own, made with :meth:`RowReader.row`; a local row replaces the shipped row
                of the same concept, system, code and kind.

        Raises:
            TerminologyError: a table twice, a local row of an unknown concept, a filter that turns on nothing.
        """
        rows: dict[str, dict[tuple[str, str, str], ConceptRow]] = {}
        for table in tables:
            if table.slug in rows:
                raise TerminologyError(f"the concept {table.slug!r} has two tables")
            rows[table.slug] = {_row_key(row): row for row in table.rows}
        for row in local:
            if row.concept not in rows:
                raise TerminologyError(f"{row.origin}: no concept is called {row.concept!r}")
            rows[row.concept][_row_key(row)] = row
        by_concept = {slug: tuple(found.values()) for slug, found in rows.items()}
        filters = parse_filters(enabled, reader.vocabulary)
        every = [row for found in by_concept.values() for row in found]
        return cls(reader.systems, by_concept, enabled_rows(filters, every))

    def __reduce__(self) -> Any:
        """Go from process to process as what made it, without what was looked up."""
        return self.made_by or super().__reduce__()

    # ------------------------------------------------------------ one coding

    def concepts(self, system: str | None, code: str | None) -> tuple[ConceptMatch, ...]:
        """Return the concepts a coding has, at most one match per concept; none when the system is absent or unknown.

        Matches with ``where`` set count only in that FHIR element: the caller, who knows the element, checks it.
        """
        return self.look_up(system, code).counted

    def match(self, concept: str, system: str | None, code: str | None) -> ConceptMatch | None:
        """Return the match of one concept, or None when the coding does not have it."""
        for found in self.look_up(system, code).counted:
            if found.concept == concept:
                return found
        return None

    def review(self, system: str | None, code: str | None) -> tuple[ConceptMatch, ...]:
        """Return the open choices (``default=review`` or ``off``) about a coding that nobody turned on."""
        return self.look_up(system, code).review

    def look_up(self, system: str | None, code: str | None) -> Lookup:
        """Return everything known about a coding, including whether its code system was recognised at all."""
        if system is None or code is None:
            return NO_CONCEPT if self.systems.resolve(system) else UNKNOWN_SYSTEM
        found = self._remembered.get((system, code))
        if found is None:
            found = self._sort(system, code)
            if len(system) <= MAX_SYSTEM_LENGTH and len(code) <= MAX_CODE_LENGTH:
                self._remember(system, code, found)
        return found

    def _remember(self, system: str, code: str, found: Lookup) -> None:
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[system, code] = found

    def _sort(self, system: str, code: str) -> Lookup:
        known = self.systems.resolve(system)
        if known is None:
            return UNKNOWN_SYSTEM
        winners = self._winners(known, code)
        if not winners:
            return NO_CONCEPT
        matches = [winners[concept] for concept in sorted(winners)]
        return Lookup(
            recognised=True,
            counted=tuple(match for match in matches if match.counts),
            review=tuple(match for match in matches if not match.counts and match.default in OPEN_CHOICES),
            excluded=tuple(match for match in matches if not match.counts and match.default not in OPEN_CHOICES),
        )

    def _winners(self, system: CodeSystem, code: str) -> Winners:
        own = self._winners_in(system, code)
        if not system.also_try:
            return own
        other = self.systems[system.also_try]
        others = self._winners_in(other, code)
        # `|` lets the right side win: the sender's system, unless only the other one writes such a code.
        return own | others if other.alone_writes(other.normalise(code) or "") else others | own

    def _winners_in(self, system: CodeSystem, code: str) -> dict[str, ConceptMatch]:
        normal = system.normalise(code)
        if normal is None:
            return {}
        prefixes = self._prefix.get(system.canonical, {})
        winners = dict(self._exact.get(system.canonical, {}).get(normal, _NONE))
        for length in self._prefix_lengths.get(system.canonical, ()):
            if length <= len(normal):
                winners = prefixes.get(normal[:length], {}) | winners
        return winners

    # ------------------------------------------------------------ tables, for administrators and documents

    @property
    def slugs(self) -> tuple[str, ...]:
        """Slugs of all concepts, in alphabetical order."""
        return tuple(sorted(self._rows))

    def table(self, slug: str) -> tuple[ConceptRow, ...]:
        """Return every row of one concept, local rows included. Raises TerminologyError for an unknown slug."""
        try:
            return self._rows[slug]
        except KeyError:
            raise TerminologyError(f"no concept is called {slug!r}") from None

    def codes(self, slug: str) -> tuple[ConceptRow, ...]:
        """Return the rows of one concept that count now: by default, or because they were turned on."""
        return tuple(row for row in self.table(slug) if not row.default or row in self.enabled)

    def preferred(self, slug: str, role: str | None = None, *, unverified: bool = False) -> tuple[ConceptRow, ...]:
        """Return the rows to write into an order, in the order of the table.

        Args:
            slug: a table of order codes: order-dxa, order-referral, order-vitamin-d-lab.
            role: only rows with this role or one below it: ``primary`` also gives ``primary-SE``; None gives all.
            unverified: also rows whose code no source confirms. Not to be put in an order unasked.
        """
        return tuple(
            row
            for row in self.codes(slug)
            if (unverified or not row.unverified) and _has_role(row.attributes.get("role", ""), role)
        )


def _row_key(row: ConceptRow) -> tuple[str, str, str]:
    return (row.system, row.normal, row.match)


def _has_role(given: str, wanted: str | None) -> bool:
    return wanted is None or given == wanted or given.startswith(f"{wanted}-")
