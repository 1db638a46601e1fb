"""NHANES 2005-2010 participants as FHIR Bundles, so that the real engine reads them as it reads a chart.

Nobody in the survey is known to lack a limb. Each person is given one, and the scale weight is lowered by the mass of
the missing part, so that the engine has to find the true weight again. What the survey does not know is left out, and
what it denies is sent as a recorded no.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

AS_OF = date(2026, 6, 1)
CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
ITEMS = "urn:uuid:25b549e3-89bf-4c8b-a7bf-a22c59c1b865"
RELATIVES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
RECENT = (AS_OF - timedelta(days=30)).isoformat()
US_DRINK_GRAMS = 14.0
DAYS_PER_WEEK = 7
ACTIVE_MINUTES, INACTIVE_MINUTES = 300, 0

Row = dict[str, str]
Resource = dict[str, Any]


@dataclass(frozen=True)
class Limb:
    """The limb a person is made to lack: its code, the share of body weight (%), and answers that fix that share."""

    name: str
    code: str
    share: float
    answers: tuple[tuple[str, float, str], ...] = ()


LEFT_HAND = Limb("absent left hand", "Z89.112", 0.7)
TRANSTIBIAL = Limb(
    "transtibial, half of the right lower leg", "Z89.511", 1.5 + 4.4 / 2, (("missing-calf-fraction", 50, "%"),)
)
TRANSTIBIAL_UNKNOWN = Limb("transtibial, residual length not recorded", "Z89.511", 1.5 + 4.4 / 2)


@dataclass(frozen=True)
class Menopause:
    """How the survey's age at the last period is read: after removal of the ovaries only, or always."""

    after_oophorectomy_only: bool = True


def read_rows(path: Path) -> list[Row]:
    """Return the rows used: age 50 or more, DXA result, weight and height present."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if _used(row)]


def _used(row: Row) -> bool:
    return float(row["age"]) >= 50 and all(row[name] for name in ("op_any", "weight", "height"))


def number(row: Row, name: str) -> float | None:
    return float(row[name]) if row.get(name) else None


def yes(row: Row, name: str) -> bool:
    return number(row, name) == 1


def bundle(row: Row, limb: Limb, menopause: Menopause) -> Resource:
    """Return one participant as a collection Bundle."""
    resources = [
        patient(row),
        condition(limb.code),
        *body(row, limb),
        *(item(code, value, unit) for code, value, unit in limb.answers),
        *habits(row),
        *diseases(row),
        *fractures(row),
        *parents(row),
        *drugs(row),
        *ovaries(row, menopause),
        *vitamin_d(row),
    ]
    for count, resource in enumerate(resources[1:], start=1):
        resource["id"] = str(count)
        resource["patient" if resource["resourceType"] == "FamilyMemberHistory" else "subject"] = {
            "reference": "Patient/p"
        }
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def patient(row: Row) -> Resource:
    birth = date(AS_OF.year - int(float(row["age"])), 1, 1)
    gender = "female" if yes(row, "female") else "male"
    return {"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": birth.isoformat()}


def born(row: Row) -> date:
    return date(AS_OF.year - int(float(row["age"])), 1, 1)


def condition(code: str, onset: date | None = None) -> Resource:
    found: Resource = {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "code": {"coding": [{"system": CM, "code": code}]},
    }
    return found | ({"onsetDateTime": onset.isoformat()} if onset else {})


def observation(system: str, code: str, value: Resource) -> Resource:
    coding = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "Observation", "status": "final", "code": coding, "effectiveDateTime": RECENT, **value}


def quantity(system: str, code: str, value: float, unit: str) -> Resource:
    ucum = "http://unitsofmeasure.org"
    return observation(system, code, {"valueQuantity": {"value": value, "unit": unit, "system": ucum, "code": unit}})


def item(code: str, value: float | bool, unit: str = "") -> Resource:
    if isinstance(value, bool):
        return observation(ITEMS, code, {"valueBoolean": value})
    return quantity(ITEMS, code, value, unit)


def body(row: Row, limb: Limb) -> Iterator[Resource]:
    yield quantity(LOINC, "29463-7", float(row["weight"]) * (1 - limb.share / 100), "kg")
    yield quantity(LOINC, "8302-2", float(row["height"]), "cm")


def habits(row: Row) -> Iterator[Resource]:
    if row["smoker"]:
        yield item("smoking-now", yes(row, "smoker"))
    drinks = number(row, "drinks_wk")
    if drinks is not None:
        yield item("alcohol-grams-per-week", drinks * US_DRINK_GRAMS, "g/wk")
    if row["inactive"]:
        minutes = INACTIVE_MINUTES if yes(row, "inactive") else ACTIVE_MINUTES
        yield quantity(LOINC, "82290-8", minutes, "min/wk")


def diseases(row: Row) -> Iterator[Resource]:
    codes = {"ra": "M06.9", "celiac": "K90.0", "copd": "J44.9", "rx_antithyroid": "E05.90", "rx_thyroxine": "E03.9"}
    yield from (condition(code) for name, code in codes.items() if yes(row, name))


def fractures(row: Row) -> Iterator[Resource]:
    """A low-energy fracture from 50 is dated to the 50th birthday: the survey does not date it."""
    if row["fx_fragility50"] and not yes(row, "fx_fragility50"):
        yield item("fracture-low-energy", False)
    if not yes(row, "fx_fragility50"):
        return
    sites = {"low_hip": "S72.001A", "low_spine": "S22.000A", "low_wrist": "S52.501A"}
    code = next((code for name, code in sites.items() if yes(row, name)), "S42.201A")
    when = date(born(row).year + 50, 1, 2)
    yield condition(code, when)
    yield condition("W18.30XA", when)


def parents(row: Row) -> Iterator[Resource]:
    if yes(row, "parent_hip"):
        yield relative("S72.001A")
    elif yes(row, "parent_op"):
        yield relative("M81.0")
    elif row["parent_hip"]:
        yield item("parental-hip-fracture", False)


def relative(code: str) -> Resource:
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": {"coding": [{"system": RELATIVES, "code": "MTH"}]},
        "condition": [{"code": {"coding": [{"system": CM, "code": code}]}}],
    }


def drugs(row: Row) -> Iterator[Resource]:
    if yes(row, "rx_steroid90"):
        yield prescription("H02AB06", AS_OF - timedelta(days=180))
    if yes(row, "estrogen_now"):
        yield prescription("G03CA03", AS_OF - timedelta(days=180))


def prescription(code: str, since: date) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": since.isoformat(),
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": code}]},
        "dosageInstruction": [{"text": "as prescribed", "route": {"text": "oral"}}],
    }


def ovaries(row: Row, menopause: Menopause) -> Iterator[Resource]:
    """The age at the last period is the menopause only if no womb was removed before it, which the file cannot tell."""
    if not yes(row, "female"):
        return
    if row["postmeno"]:
        yield item("postmenopausal", yes(row, "postmeno"))
    last = number(row, "age_last_period")
    if last is not None and yes(row, "postmeno") and (yes(row, "ovaries_out") or not menopause.after_oophorectomy_only):
        yield item("age-at-menopause", last, "a")


def vitamin_d(row: Row) -> Iterator[Resource]:
    nmol = number(row, "vitd")
    if nmol is not None:
        yield quantity(LOINC, "14635-7", nmol, "nmol/L")
