"""Convert between UCUM units by a table of factors; never guess.

The table (``tables/ucum-factors.tsv``) is generated with a maintained UCUM library by ``tools/build_ucum_table.py``.
Molar conversion needs to know the substance and has its own sourced factors (``tables/units.tsv``).
"""

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from types import MappingProxyType
from typing import Final

import msgspec

from cds_service.terminology.load import unit_factors
from cds_service.terminology.tsv import fault, read_table

COLUMNS: Final = ("unit", "dimension", "factor", "reference")
# Factors carry twelve significant digits; more in a result would be noise that can straddle a threshold.
_SIGNIFICANT_DIGITS: Final = 12
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")


class UcumUnit(msgspec.Struct, frozen=True, gc=False):
    """One unit: value in the reference unit of its dimension = value x ``factor``."""

    code: str
    dimension: str
    factor: float


def load_ucum(file: Traversable) -> Mapping[str, UcumUnit]:
    """Return the units of the table by UCUM code. Raises TerminologyError when the table is malformed."""
    found: dict[str, UcumUnit] = {}
    for line, cells in read_table(file, COLUMNS):
        if cells["unit"] in found:
            raise fault(file.name, line, f"{cells['unit']} is listed twice")
        found[cells["unit"]] = UcumUnit(cells["unit"], cells["dimension"], _factor(cells["factor"], file.name, line))
    return MappingProxyType(found)


def _factor(text: str, name: str, line: int) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not (math.isfinite(factor) and factor > 0):
        raise fault(name, line, f"the factor must be a number above 0, not {text!r}")
    return factor


@cache
def ucum_units() -> Mapping[str, UcumUnit]:
    """Return the shipped units by UCUM code. Raises TerminologyError when the table is malformed."""
    return load_ucum(files("cds_service.terminology") / "tables" / "ucum-factors.tsv")


def convert(value: float, unit: str, to: str, substance: str = "") -> float | None:
    """Return ``value`` in another UCUM unit, or None when that is not possible.

    Args:
        value: the number in ``unit``.
        unit: UCUM code as sent; empty means that no unit was sent, and nothing is guessed.
        to: UCUM code wanted.
        substance: quantity of ``tables/units.tsv`` (``25-OH vitamin D``), for mass to amount of substance and back.
    """
    if not unit or not math.isfinite(value):
        return None
    if unit == to:
        return value
    factor = _factor_between(unit, to, substance)
    if factor is None:
        return None
    result = float(f"{value * factor:.{_SIGNIFICANT_DIGITS}g}")
    return result if math.isfinite(result) else None


def _factor_between(unit: str, to: str, substance: str) -> float | None:
    direct = ratio(unit, to)
    if direct is not None:
        return direct
    entries = [entry for entry in unit_factors().values() if entry.quantity == substance]
    for first, second in product(entries, repeat=2):
        into, out = ratio(unit, first.ucum_code), ratio(second.ucum_code, to)
        if into is not None and out is not None:
            return into * first.factor / second.factor * out
    return None


def ratio(unit: str, to: str) -> float | None:
    """Return the factor from one UCUM unit to another of the same dimension, or None.

    An annotation such as ``{tablet}`` is part of what is counted: tablets are never turned into anything else.
    """
    if unit == to:
        return 1.0
    source, target = _known(unit, to), _known(to, unit)
    if source is None or target is None or source.dimension != target.dimension:
        return None
    return source.factor / target.factor


def _known(unit: str, other: str) -> UcumUnit | None:
    units = ucum_units()
    if unit in units:
        return units[unit]
    # {glass}/wk and {glass}/d count the same thing, so what is left may be compared.
    same_count = _ANNOTATION.findall(unit) == _ANNOTATION.findall(other)
    return units.get(_ANNOTATION.sub("", unit)) if same_count else None
