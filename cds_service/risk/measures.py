"""Numbers in the unit a rule reckons in, by the UCUM factors of the terminology's table of units.

A value without a unit, in a unit the table does not know, with a comparator (``<40``) or not finite is no number here:
it is unusable, never guessed.
"""

import math

from cds_service.risk.record import ObservationFact, Quantity
from cds_service.terminology.load import unit_factors


def amount(fact: ObservationFact, quantity: str) -> float | None:
    """Return the value of an observation in the reference unit of ``quantity``, or None when it is unusable.

    ``quantity`` is a name of the table of units: ``weight`` (kg), ``height`` (cm), ``BMI`` (kg/m2), ``age`` (a),
    ``duration`` (mo), ``share of body or segment`` (%), ``risk`` (%).
    """
    value = fact.value
    if not isinstance(value, Quantity) or value.comparator or not math.isfinite(value.value):
        return None
    unit = unit_factors().get((quantity, value.unit))
    return value.value * unit.factor if unit else None
