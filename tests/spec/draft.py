"""What every resource of a worked patient has, and what may be wrong with one."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.spec.codes import SYSTEMS, Coding, choose, coding_of, elsewhere, named, side_of

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
OTHER_PATIENT = "Patient/someone-else"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


class Draft(NamedTuple):
    """How one line of a record becomes resources: the coding style, whose it is, its number, the day of assessment."""

    coding: str
    subject: str
    number: str
    as_of: str

    def resource(self, kind: str, part: str = "", **elements: Any) -> Json:
        """A resource with an id and its subject; elements that are None are left out."""
        whose = "patient" if kind == "FamilyMemberHistory" else "subject"
        resource: Json = {"resourceType": kind, "id": f"{kind.lower()}-{self.number}{part}"}
        if kind != "Appointment":
            resource[whose] = {"reference": self.subject}
        return resource | {name: value for name, value in elements.items() if value is not None}

    def code(self, content: Json, concept: str = "", **wanted: Any) -> Json:
        """The CodeableConcept that ``content`` asks for.

        ``is`` names the concept and ``which`` the row within it; ``code`` (and ``system``) name one very code;
        ``irrelevant`` names a code of no concept. ``text`` adds the words of the record.
        """
        concept = content.pop("is", concept)
        wanted |= content.pop("which", {})
        code, system, text = content.pop("code", None), content.pop("system", ""), content.pop("text", None)
        if "irrelevant" in content:
            coding = elsewhere(content.pop("irrelevant"))
        elif code is not None:
            coding = named(concept, str(code), self.coding, system)
        else:
            coding = coding_of(choose(concept, self.coding, system=system, **wanted))
        return codeable(coding, text)

    def sites(self, content: Json, limb: str = "") -> list[Json] | None:
        """The body site for ``side``, of a limb where the line tells which."""
        side = content.pop("side", None)
        return [codeable(side_of(limb, side))] if side else None


def codeable(coding: Coding, text: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [coding]} | ({"text": text} if text else {})


def status_code(system: str, code: str | None) -> Json | None:
    """A status as HL7 codes it, or nothing."""
    return codeable({"system": f"{TERMINOLOGY}/{system}", "code": code}) if code else None


def quantity(value: Any, unit: str | None, comparator: str | None = None) -> Json:
    """A Quantity with a UCUM code; without a unit when the record gave none."""
    units = {"unit": unit, "system": UCUM, "code": unit} if unit else {}
    return {"value": value} | units | ({"comparator": comparator} if comparator else {})


def amount(text: str) -> Json:
    """``7.5 mg`` as a Quantity; ``1 {tablet}`` counts units of the form."""
    value, _, unit = str(text).partition(" ")
    number = float(value)
    return quantity(int(number) if number.is_integer() else number, unit)


def day(value: Any) -> str | None:
    """A date as FHIR writes it: as precise as the clinician wrote it."""
    return None if value is None else str(value)


# ---------------------------------------------------------------- what may be wrong with a resource

Change = Callable[[Json], Iterator[Json]]


def gone_wrong(content: Json) -> Change:
    """Take the modifiers any line may carry out of it, and return what they do to the resources it makes."""
    twice, foreign = content.pop("twice", False), content.pop("of_another_patient", False)
    dotless, alias = content.pop("dotless", False), content.pop("system_as", None)
    text_only, extra = content.pop("text_only", False), content.pop("also", {})
    absolute, mistaken = content.pop("absolute_reference", False), content.pop("entered_in_error", False)

    def change(resource: Json) -> Iterator[Json]:
        if mistaken:
            _mark_mistaken(resource)
        if foreign or absolute:
            whose = "patient" if "patient" in resource else "subject"
            reference = OTHER_PATIENT if foreign else resource[whose]["reference"]
            resource[whose] = {"reference": f"https://ehr.example.org/fhir/{reference}" if absolute else reference}
        for coding in codings(resource):
            coding["code"] = coding["code"].replace(".", "") if dotless else coding["code"]
            coding["system"] = alias if alias and coding["system"] in _ALIASED else coding["system"]
        if text_only:
            _drop_codings(resource)
        resource.update(copy.deepcopy(extra))
        yield resource
        if twice:
            yield copy.deepcopy(resource)

    return change


# The code systems that senders spell in several ways; statuses, units and our own items have one spelling.
_ALIASED = frozenset(SYSTEMS.values()) - {SYSTEMS["bone-health-item"]}


def codings(node: Any) -> Iterator[Coding]:
    """Every Coding inside a resource."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "coding":
                yield from value
            else:
                yield from codings(value)
    elif isinstance(node, list):
        for value in node:
            yield from codings(value)


def _mark_mistaken(resource: Json) -> None:
    if resource["resourceType"] == "Condition":
        resource.pop("clinicalStatus", None)
        resource["verificationStatus"] = status_code("condition-ver-status", "entered-in-error")
    else:
        resource["status"] = "entered-in-error"


def _drop_codings(resource: Json) -> None:
    for name in ("code", "medicationCodeableConcept"):
        if name in resource:
            concept = resource[name]
            resource[name] = {"text": concept.get("text") or concept["coding"][0].get("display", "")}
