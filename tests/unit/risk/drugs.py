"""Builders of drug facts for tests: a prednisolone order in one line."""

from datetime import date
from typing import Any

from cds_service.risk.dates import add_days
from cds_service.risk.record import Dosage, MedicationFact, Quantity
from tests.unit.risk.records import AS_OF, ATC, dosage, medication

PREDNISOLONE = (ATC, "H02AB06")


def drug(atc: str, mg: float | None = None, per_day: float | None = 1, **more: Any) -> MedicationFact:
    """An active order of an ATC code; ``mg`` is one dose."""
    dosages = more.pop("dosages", (dosage(mg, per_day),) if mg is not None else ())
    concept = more.pop("concept", "")
    return medication(concept, code=(ATC, atc), dosages=dosages, **more)


def prednisolone(mg: float | None = None, per_day: float | None = 1, **more: Any) -> MedicationFact:
    """An active order of prednisolone."""
    return drug("H02AB06", mg, per_day, **more)


def days_ago(days: int) -> date:
    """The day so many days before the day of assessment."""
    return add_days(AS_OF, -days)


def course(value: float | None, days: int, ended: int = 0, **more: Any) -> MedicationFact:
    """A stated course of prednisolone of ``days`` days that ended ``ended`` days ago (0: it goes on today)."""
    status = "active" if ended == 0 else "completed"
    start, end = days_ago(days + ended - 1), days_ago(ended)
    return prednisolone(value, source="statement", status=status, start=start, end=end, **more)


def tablets(count: float, per_day: float | None = 1, **more: Any) -> Dosage:
    """``count`` tablets, ``per_day`` times a day."""
    return Dosage(dose=Quantity(count, "{tablet}"), per_day=per_day, **more)


def mg(value: float) -> Quantity:
    """A mass in mg."""
    return Quantity(value, "mg")
