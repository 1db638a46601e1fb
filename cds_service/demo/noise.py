"""Results that do not matter, to show that a large chart costs little: made when a chart is read, never stored."""

from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from cds_service.demo.envelope import SERVER, Entry
from cds_service.terminology.load import code_systems

_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"


class _Test(msgspec.Struct, frozen=True, gc=False):
    code: str
    display: str
    unit: str
    lowest: float
    step: float


class _Recipe(msgspec.Struct, frozen=True):
    days_between: int
    steps: int
    test: tuple[_Test, ...]


@cache
def _recipe() -> _Recipe:
    return msgspec.toml.decode(files("cds_service.demo").joinpath("patients", "noise.toml").read_bytes(), type=_Recipe)


def noise(patient_id: str, number: int, today: date) -> list[Entry]:
    """Return ``number`` laboratory results going back from ``today``, the same each time."""
    return [_result(patient_id, index, today) for index in range(number)]


def _result(patient_id: str, index: int, today: date) -> Entry:
    recipe, systems = _recipe(), code_systems()
    round_number, place = divmod(index, len(recipe.test))
    test = recipe.test[place]
    value = round(test.lowest + test.step * (index * index % recipe.steps), 1)
    identifier = f"{patient_id}-result-{index + 1}"
    resource = {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}],
        "code": {
            "coding": [{"system": systems.uri("loinc"), "code": test.code, "display": test.display}],
            "text": test.display,
        },
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": (today - timedelta(days=recipe.days_between * (1 + round_number))).isoformat(),
        "valueQuantity": {"value": value, "unit": test.unit, "system": systems.uri("ucum"), "code": test.unit},
    }
    return {"fullUrl": f"{SERVER}/Observation/{identifier}", "resource": resource}
