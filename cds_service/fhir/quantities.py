"""Quantities as sent to quantities with a UCUM unit."""

from functools import lru_cache
from typing import Final

from cds_service.fhir import shapes
from cds_service.fhir.word_tables import unit_spellings
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Quantity, Range
from cds_service.terminology.units import convert, ucum_units

COMPARATORS: Final = frozenset({"<", "<=", ">=", ">"})
MAX_UNIT: Final = 40
_REMEMBERED: Final = 2_000


@lru_cache(maxsize=_REMEMBERED)
def ucum_code(code: str | None, unit: str | None) -> str:
    """Return the UCUM code: the code sent, else the one that the unit's text unambiguously spells, else as sent."""
    for sent in (code, unit):
        if sent and sent in ucum_units():
            return sent
    for sent in (code, unit):
        spelled = unit_spellings().get(_plain(sent)) if sent else None
        if spelled:
            return spelled
    return (code or unit or "")[:MAX_UNIT]


def _plain(unit: str) -> str:
    return unit[:MAX_UNIT].lower().replace(" ", "").replace("µ", "u").replace("μ", "u")


def read_quantity(quantity: shapes.Quantity | None) -> Quantity | None:
    """Return the quantity, or None when it has no number or a comparator that we do not know."""
    if quantity is None or quantity.value is None:
        return None
    comparator = quantity.comparator or ""
    if comparator and comparator not in COMPARATORS:
        return None
    return Quantity(quantity.value, ucum_code(quantity.code, quantity.unit), comparator)


def read_range(given: shapes.Range | None) -> Range | None:
    """Return the range, or None when neither end has a number."""
    if given is None:
        return None
    low, high = read_quantity(given.low), read_quantity(given.high)
    return Range(low, high) if low or high else None


def in_unit(quantity: shapes.Quantity | None, unit: str) -> float | None:
    """Return the number of an exact quantity in ``unit``, or None when it cannot be told."""
    exact = read_quantity(quantity)
    if exact is None or exact.comparator:
        return None
    return convert(exact.value, exact.unit, unit)


def ratio(given: shapes.Ratio | None, per: str) -> Quantity | None:
    """Return numerator per one ``per`` of the denominator (``d``), or None."""
    if given is None:
        return None
    top, below = read_quantity(given.numerator), in_unit(given.denominator, per)
    return Quantity(top.value / below, top.unit) if top and below else None


def as_text(value: Quantity | Range | PartialDate | bool | str | None) -> str:
    """Return a value as the evidence shows it: ``18 ng/mL``, ``2 - 4 mg``, ``2026-05``, ``true``; empty for None."""
    match value:
        case Quantity():
            return f"{value.comparator}{value.value:g} {value.unit}".strip()
        case Range():
            return f"{as_text(value.low) or '?'} - {as_text(value.high) or '?'}"
        case PartialDate():
            return value.text
        case bool():
            return "true" if value else "false"
    return value or ""
