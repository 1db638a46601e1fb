"""What a maintainer wants to know about the tables beyond "they load": counts, doubts, contradictions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from cds_service.terminology.checkdigits import loinc_is_valid, snomed_is_valid
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.quantities import GlucocorticoidEquivalence
from cds_service.terminology.table import EXCLUDE, OPEN_CHOICES, ConceptRow

_CHECKS: Final = {"snomed": snomed_is_valid, "loinc": loinc_is_valid}


class TableStatistics(msgspec.Struct, frozen=True):
    """Counts of one concept table."""

    slug: str
    rows: int
    per_system: dict[str, int]
    counting: int
    excluded: int
    open_choices: int
    enabled: int
    unverified: tuple[str, ...]


class TerminologyReport(msgspec.Struct, frozen=True):
    """Everything :func:`validate` found; ``problems`` should be empty."""

    tables: tuple[TableStatistics, ...]
    per_system: dict[str, int]
    problems: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(table.rows for table in self.tables)


def validate(
    index: TerminologyIndex, equivalence: Mapping[str, GlucocorticoidEquivalence] | None = None
) -> TerminologyReport:
    """Return counts per table and system (by system name), and every problem found in the rows.

    Problems: a wrong SNOMED CT or LOINC check digit; a row that does not win its own code; a prednisone factor that
    differs from the equivalence table (when given).
    """
    tables = tuple(_statistics(index, slug) for slug in index.slugs)
    problems = [problem for slug in index.slugs for problem in _problems(index, slug, equivalence or {})]
    total: Counter[str] = Counter()
    for table in tables:
        total.update(table.per_system)
    return TerminologyReport(tables, dict(total), tuple(problems))


def _statistics(index: TerminologyIndex, slug: str) -> TableStatistics:
    rows = index.table(slug)
    return TableStatistics(
        slug=slug,
        rows=len(rows),
        per_system=dict(Counter(_system(index, row)[1] for row in rows)),
        counting=len(index.codes(slug)),
        excluded=sum(row.default == EXCLUDE for row in rows),
        open_choices=sum(row.default in OPEN_CHOICES for row in rows),
        enabled=sum(row in index.enabled for row in rows),
        unverified=tuple(f"{_system(index, row)[1]} {row.code}" for row in rows if row.unverified),
    )


def _system(index: TerminologyIndex, row: ConceptRow) -> tuple[str, str]:
    system = index.systems.resolve(row.system)
    assert system is not None, "every row's system was resolved when the row was read"
    return system.key, system.name


def _problems(
    index: TerminologyIndex, slug: str, equivalence: Mapping[str, GlucocorticoidEquivalence]
) -> Iterator[str]:
    for row in index.table(slug):
        check = _CHECKS.get(_system(index, row)[0])
        if check and not check(row.normal):
            yield f"{row.origin}: the check digit of {row.code} is wrong"
        if not _wins(index, row):
            yield f"{row.origin}: {row.code} never decides; another row of {slug} with the same code does"
        yield from _factor_problem(row, equivalence)


def _wins(index: TerminologyIndex, row: ConceptRow) -> bool:
    """True when the row decides for its own code, or another row that says the same does."""
    found = index.look_up(row.system, row.code)
    deciding = [match for match in (*found.counted, *found.review, *found.excluded) if match.concept == row.concept]
    # A descendants row without its own word leaves the word to the exact row of the same code.
    return any(row.match == "descendants" or match.attributes == row.attributes for match in deciding)


def _factor_problem(row: ConceptRow, equivalence: Mapping[str, GlucocorticoidEquivalence]) -> Iterator[str]:
    factor = row.attributes.get("prednisone_mg_factor")
    if factor is None or not equivalence:
        return
    known = equivalence.get(row.attributes.get("ingredient", ""))
    if known is None or known.prednisone_mg_factor != float(factor):
        yield f"{row.origin}: the factor {factor} of {row.code} is not the one in the equivalence table"
