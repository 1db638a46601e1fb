"""What fills a record and means nothing to any rule, written as bytes: it is nine tenths of an export's size.

Each code is laid out once as JSON with places for ids, dates and the value; a resource is then one formatting of bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any, Final

import orjson

from cds_service.cohort.person import Person
from cds_service.cohort.recipes import Background, backgrounds
from cds_service.cohort.writing import Json, status

_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PROFILE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_DAYS: Final = 28
_MONTHS: Final = 12
# The years in which an export's background lies.
_FIRST_YEAR: Final = 2006
_YEARS: Final = 19
Line = tuple[str, bytes]


def background_lines(person: Person, *, large: bool) -> Iterator[Line]:
    """Yield (type, JSON of a resource) until the record is as large as asked for."""
    chance, whose = person.chance, person.id.encode()
    for kind, (many, few, templates) in _templates().items():
        for _ in range(many if large else few):
            yield kind, _filled(chance.choice(templates), whose, chance)


def _filled(template: bytes, whose: bytes, chance: Random) -> bytes:
    bits = chance.getrandbits(160)
    when = b"%d-%02d-%02d" % (
        _FIRST_YEAR + (bits >> 128) % _YEARS,
        1 + (bits >> 136) % _MONTHS,
        1 + (bits >> 144) % _DAYS,
    )
    text = b"%032x" % (bits & (2**128 - 1))
    own = b"-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return template % {
        b"id": own,
        b"whose": whose,
        b"encounter": text[::-1],
        b"when": when,
        b"number": b"%d" % (bits >> 152),
    }


@cache
def _templates() -> Mapping[str, tuple[int, int, tuple[bytes, ...]]]:
    return {one.type: (one.each, one.small, tuple(_template(one, row) for row in one.codes)) for one in backgrounds()}


def _template(background: Background, row: tuple[Any, ...]) -> bytes:
    code, display, *measured = row
    concept = {"coding": [{"system": background.system, "code": code, "display": display}], "text": display}
    body: Json = {
        "resourceType": background.type,
        "id": "\x01id",
        "meta": {
            "versionId": "1",
            "lastUpdated": "\x01whenT08:00:00.000+00:00",
            "profile": [f"{_PROFILE}{background.type.lower()}"],
        },
        "identifier": [{"use": "usual", "system": "https://ehr.example.org/numbers", "value": "\x01number"}],
        **_BODIES[background.type](concept, measured),
    }
    text = orjson.dumps(body).replace(b"%", b"%%")
    for place in (b"id", b"whose", b"encounter", b"when", b"number"):
        text = text.replace(b"\\u0001" + place, b"%(" + place + b")b")
    return text


_SUBJECT: Final = {"reference": "Patient/\x01whose"}
_ENCOUNTER: Final = {"reference": "Encounter/\x01encounter", "display": "Office Visit"}
_MOMENT: Final = "\x01whenT10:08:31+00:00"


def _condition(concept: Json, _measured: list[Any]) -> Json:
    return {
        "clinicalStatus": status("condition-clinical", "resolved"),
        "verificationStatus": status("condition-ver-status", "confirmed"),
        "category": [status("condition-category", "encounter-diagnosis")],
        "code": concept,
        "subject": _SUBJECT,
        "encounter": _ENCOUNTER,
        "onsetDateTime": _MOMENT,
        "abatementDateTime": _MOMENT,
        "recordedDate": _MOMENT,
    }


def _request(concept: Json, _measured: list[Any]) -> Json:
    return {
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": concept,
        "subject": _SUBJECT,
        "encounter": _ENCOUNTER,
        "authoredOn": _MOMENT,
        "requester": {"reference": "Practitioner/\x01encounter"},
        "dosageInstruction": [
            {"sequence": 1, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}, "text": "1 daily"}
        ],
    }


def _observation(concept: Json, measured: list[Any]) -> Json:
    unit, value = measured
    return {
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory", "display": "laboratory"}]}],
        "code": concept,
        "subject": _SUBJECT,
        "encounter": _ENCOUNTER,
        "effectiveDateTime": _MOMENT,
        "issued": _MOMENT,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def _procedure(concept: Json, _measured: list[Any]) -> Json:
    return {
        "status": "completed",
        "code": concept,
        "subject": _SUBJECT,
        "encounter": _ENCOUNTER,
        "performedPeriod": {"start": _MOMENT, "end": _MOMENT},
    }


def _report(concept: Json, _measured: list[Any]) -> Json:
    return {
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}],
        "code": concept,
        "subject": _SUBJECT,
        "encounter": _ENCOUNTER,
        "effectiveDateTime": _MOMENT,
        "issued": _MOMENT,
        "result": [{"reference": f"Observation/\x01encounter{number}", "display": "result"} for number in range(6)],
    }


def _immunization(concept: Json, _measured: list[Any]) -> Json:
    return {
        "status": "completed",
        "vaccineCode": concept,
        "patient": _SUBJECT,
        "encounter": _ENCOUNTER,
        "occurrenceDateTime": _MOMENT,
        "primarySource": True,
    }


def _encounter(concept: Json, _measured: list[Any]) -> Json:
    return {
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept],
        "subject": _SUBJECT,
        "participant": [{"individual": {"reference": "Practitioner/\x01encounter"}}],
        "period": {"start": _MOMENT, "end": _MOMENT},
        "serviceProvider": {"reference": "Organization/\x01encounter"},
    }


_BODIES: Final[Mapping[str, Callable[[Json, list[Any]], Json]]] = {
    "Condition": _condition,
    "MedicationRequest": _request,
    "Observation": _observation,
    "Procedure": _procedure,
    "DiagnosticReport": _report,
    "Immunization": _immunization,
    "Encounter": _encounter,
}
