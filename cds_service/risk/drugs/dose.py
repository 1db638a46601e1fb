"""How much a day: from a structured dosage to mass (or units) of drug a day, or honestly unknown.

Nothing is read from free text and no unit is guessed. A dose range counts with its low end; a dose that is taken only
as needed is not counted as reached, but its most is told; ``maxDosePerPeriod`` caps what the rest says.
"""

import math
import re
from typing import Final

import msgspec

from cds_service.risk.record import Dosage, Hit, MedicationFact, Quantity, Range
from cds_service.terminology.units import convert

DOSE_REMARKS: Final = ("as-needed", "dose-at-least", "dose-at-most", "dose-capped", "dose-range")
"""Remark keys: the dose is taken as needed; is known from below or above only; was capped; is a range (low end)."""

_STRENGTH: Final = re.compile(r"(?P<value>[0-9]+(?:\.[0-9]+)?) (?P<unit>\S+)")
_BELOW: Final = frozenset({"<", "<="})
_ABOVE: Final = frozenset({">", ">="})
# UCUM: the unit of what is merely counted (a tablet, a puff).
_COUNTED: Final = "1"


class DailyDose(msgspec.Struct, frozen=True, gc=False):
    """Dose a day in the unit asked for.

    Attributes:
        amount: what is certainly prescribed or given a day; None when unknown.
        at_most: upper limit where only that is known.
        as_needed: True when the days of intake themselves are uncertain.
        remarks: keys of :data:`DOSE_REMARKS`.
    """

    amount: float | None = None
    at_most: float | None = None
    as_needed: bool = False
    remarks: tuple[str, ...] = ()

    def times(self, factor: float | None) -> "DailyDose":
        """Return the dose times an equivalence factor; an unknown factor makes it unknown."""
        return msgspec.structs.replace(self, amount=_times(self.amount, factor), at_most=_times(self.at_most, factor))


def _times(amount: float | None, factor: float | None) -> float | None:
    return None if amount is None or factor is None else _finite(amount * factor)


def _finite(amount: float) -> float | None:
    return amount if math.isfinite(amount) else None


UNKNOWN_DOSE: Final = DailyDose()


def strength_of(hit: Hit[MedicationFact]) -> Quantity | None:
    """Return the strength of one unit of the form: as the record states it, else as the code's name implies."""
    found = _STRENGTH.fullmatch(hit.attribute("strength"))
    implied = Quantity(float(found["value"]), found["unit"]) if found else None
    return hit.fact.strength or implied


def amount_of(quantity: Quantity | None, strength: Quantity | None, unit: str) -> float | None:
    """Return a quantity in ``unit`` (UCUM mass or ``[IU]``), or None when it is not positive or cannot be converted.

    A quantity of a counted form (``{tablet}``) or of volume becomes mass by ``strength`` (``5 mg``, ``5 mg/mL``).
    """
    if quantity is None or not (math.isfinite(quantity.value) and quantity.value > 0):
        return None
    direct = convert(quantity.value, quantity.unit, unit)
    if direct is not None or strength is None:
        return direct
    over, _, per = strength.unit.partition("/")
    count, each = _count(quantity, per or _COUNTED), convert(strength.value, over, unit)
    return _finite(count * each) if count is not None and each is not None and each > 0 else None


def _count(quantity: Quantity, per: str) -> float | None:
    if _is_counted(per):
        return quantity.value if _is_counted(quantity.unit) else None
    return convert(quantity.value, quantity.unit, per)


def _is_counted(unit: str) -> bool:
    return unit == _COUNTED or unit.startswith("{")


def single_dose(dosage: Dosage, strength: Quantity | None, unit: str) -> DailyDose:
    """Return one dose in ``unit``: the low end of a range, from below or above only where a comparator says so."""
    dose = dosage.dose
    if isinstance(dose, Range):
        low, high = amount_of(dose.low, strength, unit), amount_of(dose.high, strength, unit)
        return DailyDose(low, None if low is not None else high, remarks=("dose-range",))
    amount = amount_of(dose, strength, unit)
    comparator = dose.comparator if dose else ""
    if comparator in _BELOW:
        return DailyDose(None, amount, remarks=("dose-at-most",))
    return DailyDose(amount, remarks=("dose-at-least",) if comparator in _ABOVE else ())


def daily_dose(dosage: Dosage, strength: Quantity | None, unit: str) -> DailyDose:
    """Return the dose a day in ``unit`` (``mg``, ``[IU]``); alternate-day dosing is ``per_day`` 0.5.

    Unknown when only text was sent, the timing is not structured, or a unit is missing or cannot be converted.
    """
    if dosage.text_only:
        return DailyDose(as_needed=dosage.as_needed)
    limit = amount_of(dosage.max_per_day, strength, unit)
    one, rate = single_dose(dosage, strength, unit), dosage.per_day
    known_rate = rate if rate is not None and math.isfinite(rate) and rate > 0 else None
    return _limited(one.times(known_rate), limit, as_needed=dosage.as_needed)


def _limited(dose: DailyDose, limit: float | None, *, as_needed: bool) -> DailyDose:
    if as_needed:
        most = [one for one in (limit, dose.amount, dose.at_most) if one is not None]
        return DailyDose(None, min(most, default=None), as_needed=True, remarks=("as-needed",))
    if limit is None:
        return dose
    if dose.amount is None:
        most = [one for one in (limit, dose.at_most) if one is not None]
        return DailyDose(None, min(most), remarks=("dose-at-most",))
    if dose.amount > limit:
        return DailyDose(limit, remarks=(*dose.remarks, "dose-capped"))
    return dose
