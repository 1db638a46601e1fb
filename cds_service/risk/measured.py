"""A measured value as the two ends of what it may be, so that a rule fires only when it is certain.

``<10`` may be anything below ten, a range anything inside it. A unit that is missing or cannot be converted makes a
value unusable: nothing is guessed (proposed-rules, section 1c).
"""

import math
from typing import Final

import msgspec

from cds_service.risk.record import ObservationFact, Quantity, Range
from cds_service.terminology.units import convert

_BELOW: Final = frozenset({"<", "<="})
_ABOVE: Final = frozenset({">", ">="})


class Measured(msgspec.Struct, frozen=True, gc=False):
    """The lowest and highest number a value may stand for; an open end is not itself included."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    @property
    def number(self) -> float:
        """The number to show: the known end, the lower one when both are known."""
        return self.low if math.isfinite(self.low) else self.high

    def below(self, cut: float) -> bool:
        """True when every value it may be is less than ``cut``."""
        return self.high < cut or (self.high_open and self.high == cut)

    def at_least(self, cut: float) -> bool:
        """True when every value it may be is ``cut`` or more."""
        return self.low >= cut

    def above(self, cut: float) -> bool:
        """True when every value it may be is more than ``cut``."""
        return self.low > cut or (self.low_open and self.low == cut)


def measured(fact: ObservationFact, unit: str, substance: str = "") -> Measured | None:
    """Return what an observation measured, in ``unit``; None when it has no usable number.

    Args:
        fact: the observation.
        unit: UCUM unit wanted.
        substance: name of the quantity, for conversions that need to know what is measured (see ``terminology.units``).
    """
    value = fact.value
    if isinstance(value, Quantity):
        return _of_quantity(value, unit, substance)
    if isinstance(value, Range):
        return _of_range(value, unit, substance)
    return None


def _of_quantity(value: Quantity, unit: str, substance: str) -> Measured | None:
    number = convert(value.value, value.unit, unit, substance)
    if number is None:
        return None
    if value.comparator in _BELOW:
        return Measured(-math.inf, number, high_open=value.comparator == "<")
    if value.comparator in _ABOVE:
        return Measured(number, math.inf, low_open=value.comparator == ">")
    return Measured(number, number)


def _of_range(value: Range, unit: str, substance: str) -> Measured | None:
    low = _end(value.low, unit, substance)
    high = _end(value.high, unit, substance)
    if low is None and high is None:
        return None
    ends = Measured(-math.inf if low is None else low, math.inf if high is None else high)
    return ends if ends.low <= ends.high else None


def _end(value: Quantity | None, unit: str, substance: str) -> float | None:
    return convert(value.value, value.unit, unit, substance) if value else None
