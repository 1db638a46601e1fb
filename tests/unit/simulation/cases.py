"""Rule sets and requests that the tests of simulation share."""

from functools import cache
from typing import Any

import orjson

from cds_service.rulesets.load import default_text, load_default, load_text
from cds_service.simulation.run import Side
from cds_service.terminology.load import load_default as load_terminology

ICD10_SE = "http://hl7.org/fhir/sid/icd-10-se"


@cache
def present() -> Side:
    rules = load_default()
    return Side(rules, load_terminology(rules.enabled_rows))


def changed(*replacements: tuple[str, str]) -> Side:
    """The default rules with some of their text replaced; the terminology stays the same object."""
    text = default_text()
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return Side(load_text(text), present().index)


def resource(kind: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": members.pop("id", kind.lower()), **members}


def patient(born: str = "1956-03-01", sex: str = "female", **members: Any) -> dict[str, Any]:
    return resource("Patient", id=members.pop("id", "p"), gender=sex, birthDate=born, **members)


def condition(code: str, whose: str = "p", **members: Any) -> dict[str, Any]:
    return resource(
        "Condition",
        id=members.pop("id", f"{whose}-{code.lower().replace('.', '')}"),
        code={"coding": [{"system": ICD10_SE, "code": code}]},
        subject={"reference": f"Patient/{whose}"},
        **members,
    )


def lines(*resources: dict[str, Any]) -> bytes:
    return b"\n".join(orjson.dumps(one) for one in resources)
