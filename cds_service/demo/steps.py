"""What can be done in the chart, as resources that a client would send: draft orders, new problems, bookings.

They are made without a patient: the page's script puts in whose chart is open, which may be a visitor's own.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from cds_service.demo.envelope import Json
from cds_service.terminology.load import code_systems

_UCUM: Final = "http://unitsofmeasure.org"
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
# A visit is booked for a day some weeks ahead, as visits are.
_AHEAD: Final = timedelta(days=21)
Said = Mapping[str, str]


class Drug(msgspec.Struct, frozen=True):
    """One intake of ``dose`` (in a UCUM unit), ``times`` in ``every`` days, for ``days`` days or an untold time."""

    dose: float
    unit: str
    times: int
    every: int
    days: int | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to choose. ``codes``: a code system's key and a code; ``name``: in the chart, where not the label."""

    key: str
    label: Said
    codes: tuple[tuple[str, str], ...]
    name: Said = {}
    drug: Drug | None = None


class Choices(msgspec.Struct, frozen=True):
    """The file ``steps.toml``."""

    order: tuple[Choice, ...]
    problem: tuple[Choice, ...]
    booking: tuple[Choice, ...]


@cache
def choices() -> Choices:
    """Return what can be chosen, in the order of the page's lists."""
    text = files("cds_service.demo").joinpath("steps.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Choices)


def resources(language: str, today: date) -> dict[str, dict[str, Json]]:
    """Return the resource of each choice by list and key, without patient and id, in a language of the page."""
    made = choices()
    return {
        "order": {one.key: _order(one, language, today) for one in made.order},
        "problem": {one.key: _problem(one, language, today) for one in made.problem},
        "booking": {one.key: _booking(one, language, today) for one in made.booking},
    }


def _order(choice: Choice, language: str, today: date) -> Json:
    meant = {"status": "draft", "intent": "order", "authoredOn": today.isoformat()}
    if choice.drug is None:
        return {"resourceType": "ServiceRequest", **meant, "code": _concept(choice, language)}
    return {
        "resourceType": "MedicationRequest",
        **meant,
        "medicationCodeableConcept": _concept(choice, language),
        "dosageInstruction": [_dosage(choice.drug, choice.label[language])],
    }


def _dosage(drug: Drug, text: str) -> Json:
    repeat: Json = {"frequency": drug.times, "period": drug.every, "periodUnit": "d"}
    if drug.days:
        repeat["boundsDuration"] = _quantity(drug.days, "d")
    return {
        "text": text,
        "timing": {"repeat": repeat},
        "doseAndRate": [{"doseQuantity": _quantity(drug.dose, drug.unit)}],
    }


def _problem(choice: Choice, language: str, today: date) -> Json:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "code": _concept(choice, language),
        "recordedDate": today.isoformat(),
    }


def _booking(choice: Choice, language: str, today: date) -> Json:
    return {
        "resourceType": "Appointment",
        "status": "proposed",
        "start": f"{today + _AHEAD}T09:00:00Z",
        "serviceType": [_concept(choice, language)],
    }


def _concept(choice: Choice, language: str) -> dict[str, Any]:
    text = (choice.name or choice.label)[language]
    codings = [{"system": code_systems().uri(key), "code": code, "display": text} for key, code in choice.codes]
    return {"coding": codings, "text": text} if codings else {"text": text}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}
