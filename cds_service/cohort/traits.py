"""The resources of diseases, drugs, results, habits and relatives, each drawn with its chance."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from cds_service.cohort.person import Person
from cds_service.cohort.recipes import Trait, coding_of, fitting_rows, recipes
from cds_service.cohort.writing import Json, codeable, day, quantity, resource, status
from cds_service.terminology.table import ConceptRow

_RELATIVES: Final = (("MTH", "mother"), ("FTH", "father"))
_ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_DECLINED: Final = (("meaning", "patient-declined"),)
# How a drug gets into a record, and how often.
_TOLD_BY: Final = ("MedicationRequest",) * 6 + ("MedicationStatement", "MedicationDispense", "MedicationAdministration")
_COUNT: Final = "1"
_USUAL_DAYS: Final = (14, 1500)
_STILL_TAKEN: Final = 0.5


def drawn_traits(person: Person) -> Iterator[Json]:
    """Yield the resources of every trait that this person happens to have."""
    if person.thin:
        return
    for trait in _possible(person):
        chance = trait.chance_of(limbless=person.limbless, asked=person.asked)
        if _concerns(trait, person) and person.chance.random() < chance:
            yield _WRITERS[trait.kind](person, trait)


def _possible(person: Person) -> Iterable[Trait]:
    """The answers of somebody who is well are good, and there is nothing else to tell."""
    every = recipes().trait
    return [trait for trait in every if trait.good is not None] if person.asked and person.well else every


def _concerns(trait: Trait, person: Person) -> bool:
    return trait.from_age <= person.age <= trait.to_age and trait.sex in ("", person.sex)


def _row(person: Person, trait: Trait) -> ConceptRow:
    rows = fitting_rows(trait.concept, tuple(sorted(trait.which.items())), person.coding)
    return person.chance.choice([row for row in rows if trait.code in ("", row.code)])


def _code(person: Person, trait: Trait) -> Json:
    return codeable(coding_of(_row(person, trait)))


def _amount(person: Person, trait: Trait) -> Json:
    if person.asked and person.well and trait.good is not None:
        return quantity(trait.good, trait.unit)
    decimals = None if trait.unit == _COUNT else 1
    return quantity(round(person.chance.uniform(trait.low, trait.high), decimals), trait.unit)


# ---------------------------------------------------------------- one writer per kind


def _condition(person: Person, trait: Trait) -> Json:
    return resource(
        person,
        "Condition",
        clinicalStatus=status("condition-clinical", "active"),
        verificationStatus=status("condition-ver-status", "confirmed"),
        code=_code(person, trait),
        onsetDateTime=day(person.days_ago(trait.years)),
    )


def _procedure(person: Person, trait: Trait) -> Json:
    when = day(person.days_ago(trait.years))
    return resource(person, "Procedure", status="completed", code=_code(person, trait), performedDateTime=when)


def _observation(person: Person, trait: Trait, **value: Any) -> Json:
    when = day(person.days_ago(trait.years))
    return resource(person, "Observation", status="final", code=_code(person, trait), effectiveDateTime=when, **value)


def _result(person: Person, trait: Trait) -> Json:
    return _observation(person, trait, valueQuantity=_amount(person, trait))


def _item(person: Person, trait: Trait) -> Json:
    if trait.yes is not None:
        well = person.asked and person.well
        answer = bool(trait.good) if well else person.chance.random() < trait.yes
        return _observation(person, trait, valueBoolean=answer)
    return _result(person, trait)


def _relative(person: Person, trait: Trait) -> Json:
    code, display = person.chance.choice(_RELATIVES)
    return resource(
        person,
        "FamilyMemberHistory",
        status="completed",
        relationship=codeable({"system": _ROLE_CODE, "code": code, "display": display}),
        condition=[{"code": _code(person, trait)}],
    )


def _order(person: Person, trait: Trait, **elements: Any) -> Json:
    return resource(
        person,
        "ServiceRequest",
        status="active",
        intent="order",
        code=_code(person, trait),
        authoredOn=day(person.days_ago(trait.years)),
        **elements,
    )


def _refused_order(person: Person, trait: Trait) -> Json:
    reason = coding_of(person.chance.choice(fitting_rows("override-reason", _DECLINED, person.coding)))
    return _order(person, trait, doNotPerform=True, reasonCode=[codeable(reason)])


def _appointment(person: Person, trait: Trait) -> Json:
    when = day(person.days_ago(trait.years))
    return resource(
        person,
        "Appointment",
        status="booked",
        serviceType=[_code(person, trait)],
        start=f"{when}T09:00:00+02:00",
        end=f"{when}T09:30:00+02:00",
        participant=[{"actor": {"reference": f"Patient/{person.id}"}, "status": "accepted"}],
    )


def _report(person: Person, trait: Trait) -> Json:
    when = day(person.days_ago(trait.years))
    return resource(person, "DiagnosticReport", status="final", code=_code(person, trait), effectiveDateTime=when)


def _device(person: Person, trait: Trait) -> Json:
    return resource(person, "Device", status="active", type=_code(person, trait))


def _drug(person: Person, trait: Trait) -> Json:
    began = person.days_ago(trait.years)
    ended = began + timedelta(days=person.chance.randint(*(trait.days if any(trait.days) else _USUAL_DAYS)))
    running = ended > person.as_of or person.chance.random() < _STILL_TAKEN
    kind = person.chance.choice(_TOLD_BY)
    return resource(
        person,
        kind,
        medicationCodeableConcept=_code(person, trait),
        **_DRUGS[kind](began, ended, running, _dosage(person, trait)),
    )


def _dosage(person: Person, trait: Trait) -> Json | None:
    if not trait.dose:
        return None
    once = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return {"timing": once, "doseAndRate": [{"doseQuantity": quantity(person.chance.choice(trait.dose), "mg")}]}


def _requested(began: date, ended: date, running: bool, dosage: Json | None) -> Json:
    bounds = {} if running else {"boundsPeriod": {"start": day(began), "end": day(ended)}}
    timed = dosage or {"timing": {"repeat": {}}}
    timed = timed | {"timing": {"repeat": timed["timing"]["repeat"] | bounds}}
    return {
        "status": "active" if running else "completed",
        "intent": "order",
        "authoredOn": day(began),
        "dosageInstruction": [timed] if dosage or bounds else None,
    }


def _stated(began: date, ended: date, running: bool, dosage: Json | None) -> Json:
    period = {"start": day(began)} | ({} if running else {"end": day(ended)})
    return {
        "status": "active" if running else "completed",
        "effectivePeriod": period,
        "dosage": [dosage] if dosage else None,
    }


def _dispensed(began: date, ended: date, running: bool, dosage: Json | None) -> Json:
    days = (ended - began).days
    return {
        "status": "completed",
        "whenHandedOver": day(began),
        "daysSupply": quantity(days, "d") if not running else quantity(min(days, 100), "d"),
        "dosageInstruction": [dosage] if dosage else None,
    }


def _administered(began: date, _ended: date, _running: bool, _dosage: Json | None) -> Json:
    return {"status": "completed", "effectiveDateTime": day(began)}


_DRUGS: Final[Mapping[str, Callable[[date, date, bool, Json | None], Json]]] = {
    "MedicationRequest": _requested,
    "MedicationStatement": _stated,
    "MedicationDispense": _dispensed,
    "MedicationAdministration": _administered,
}
_WRITERS: Final[Mapping[str, Callable[[Person, Trait], Json]]] = {
    "condition": _condition,
    "procedure": _procedure,
    "result": _result,
    "scan": _result,
    "item": _item,
    "relative": _relative,
    "order": _order,
    "refused-order": _refused_order,
    "appointment": _appointment,
    "report": _report,
    "device": _device,
    "drug": _drug,
}
