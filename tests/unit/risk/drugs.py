"""Builders of drug facts for tests: a prednisolone order in one line."""

from typing import Any

from cds_service.risk.record import Dosage, MedicationFact, Quantity
from tests.unit.risk.records import ATC, dosage, medication

PREDNISOLONE = (ATC, "H02AB06")


def drug(atc: str, mg: float | None = None, per_day: float | None = 1, **more: Any) -> MedicationFact:
    """An active order of an ATC code; ``mg`` is one dose."""
    dosages = more.pop("dosages", (dosage(mg, per_day),) if mg is not None else ())
    concept = more.pop("concept", "")
    return medication(concept, code=(ATC, atc), dosages=dosages, **more)


def prednisolone(mg: float | None = None, per_day: float | None = 1, **more: Any) -> MedicationFact:
    """An active order of prednisolone."""
    return drug("H02AB06", mg, per_day, **more)


def tablets(count: float, per_day: float | None = 1, **more: Any) -> Dosage:
    """``count`` tablets, ``per_day`` times a day."""
    return Dosage(dose=Quantity(count, "{tablet}"), per_day=per_day, **more)


def mg(value: float) -> Quantity:
    """A mass in mg."""
    return Quantity(value, "mg")
