"""One number in the unit a rule reckons in, or none.

Weights, heights, shares and ages enter formulas, so here a value is usable only when it is exact: a value without a
unit, in one that cannot be converted, with a comparator (``<40``) or as a range is no number, never guessed.
"""

from typing import Final

from cds_service.risk.record import ObservationFact, Quantity
from cds_service.terminology.units import convert

KG: Final = "kg"
CM: Final = "cm"
KG_PER_M2: Final = "kg/m2"
PER_CENT: Final = "%"
YEARS: Final = "a"
MONTHS: Final = "mo"


def amount(fact: ObservationFact, unit: str) -> float | None:
    """Return the value of an observation in the UCUM unit ``unit``, or None when it is unusable."""
    value = fact.value
    if not isinstance(value, Quantity) or value.comparator:
        return None
    return convert(value.value, value.unit, unit)
