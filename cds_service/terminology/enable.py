"""Turning on rows that do not count by default.

A filter is a table's slug, or a slug with conditions on attributes that must all hold::

    thyroid-disease
    other-secondary-osteoporosis:type=osteogenesis-imperfecta
    limb-deficiency-acquired-lower:default=exclude;completeness=partial

Open choices (``default=review`` and ``off``) need no more than that. A known look-alike (``default=exclude``) is
turned on only by a filter that says ``default=exclude`` itself, so that nobody does so by accident.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from cds_service.errors import TerminologyError
from cds_service.terminology.attributes import Attributes, AttributeVocabulary
from cds_service.terminology.table import EXCLUDE, OPEN_CHOICES, ConceptRow


class RowFilter(msgspec.Struct, frozen=True, gc=False):
    """Which rows of one table to turn on."""

    text: str
    slug: str
    conditions: Attributes

    def covers(self, row: ConceptRow) -> bool:
        """True when the row is of this table, does not count by default, and meets every condition."""
        if row.concept != self.slug or not self.conditions.items() <= row.attributes.items():
            return False
        return row.default in OPEN_CHOICES or (row.default == EXCLUDE and self.conditions.get("default") == EXCLUDE)


def parse_filters(texts: Iterable[str], vocabulary: AttributeVocabulary) -> tuple[RowFilter, ...]:
    """Return the filters in alphabetical order. Raises TerminologyError for one that cannot be read."""
    return tuple(_parse(text, vocabulary) for text in sorted(set(texts)))


def _parse(text: str, vocabulary: AttributeVocabulary) -> RowFilter:
    slug, colon, conditions = text.partition(":")
    try:
        attributes = vocabulary.parse(conditions)
    except ValueError as error:
        raise TerminologyError(f"the filter {text!r} cannot be read: {error}") from error
    if not slug or (colon and not attributes):
        raise TerminologyError(f"the filter {text!r} must be a table's name, or name:attribute=value")
    return RowFilter(text, slug, attributes)


def enabled_rows(filters: Sequence[RowFilter], rows: Collection[ConceptRow]) -> frozenset[ConceptRow]:
    """Return the rows the filters turn on.

    Raises:
        TerminologyError: a filter turns on nothing; a misspelt one would otherwise silently leave patients out.
    """
    chosen: set[ConceptRow] = set()
    for row_filter in filters:
        covered = [row for row in rows if row_filter.covers(row)]
        if not covered:
            raise TerminologyError(f"the filter {row_filter.text!r} turns on no row of the code tables")
        chosen.update(covered)
    return frozenset(chosen)
