"""The lines of a record that tell of what is given or ordered: drugs in four resources, orders, appointments."""

from typing import Any

from tests.spec.codes import choose, coding_of, drug
from tests.spec.draft import Draft, Json, amount, codeable, day

ROUTES = {"oral": "26643006"}


def medicine(draft: Draft, line: Json) -> list[Json]:
    """A drug: ``{name, dose: 7.5 mg, per_day: 1, from, to}``.

    ``as`` is request (default), statement, dispense or administration; ``every: 3 mo`` replaces ``per_day``;
    ``strength`` picks a product code; ``text`` is a dosage in words only; ``route`` is oral unless told
    otherwise; ``contained_strength`` puts the drug into a contained Medication with that strength.
    """
    resource = BUILDERS[line.pop("as", "request")](draft, line)
    contained = line.pop("contained_strength", None)
    if "name" in line:
        concept = codeable(drug(line.pop("name"), draft.coding, line.pop("strength", "")), line.pop("words", None))
    else:
        concept = draft.code(line)
    if contained:
        return [resource | _contained(concept, contained)]
    return [resource | {"medicationCodeableConcept": concept}]


def _contained(concept: Json, strength: str) -> Json:
    """The drug as a contained Medication: its strength stands in the ingredient, not in the code."""
    one = {"value": 1, "unit": "{tablet}", "system": "http://unitsofmeasure.org", "code": "{tablet}"}
    ingredient = {"itemCodeableConcept": concept, "strength": {"numerator": amount(strength), "denominator": one}}
    medication = {"resourceType": "Medication", "id": "drug", "code": concept, "ingredient": [ingredient]}
    return {"contained": [medication], "medicationReference": {"reference": "#drug"}}


def _request(draft: Draft, line: Json) -> Json:
    began, ended = day(line.pop("from", None)), day(line.pop("to", None))
    supply = line.pop("days_supply", None)
    reason = line.pop("for", None)
    return draft.resource(
        "MedicationRequest",
        status=line.pop("status", "completed" if ended else "active"),
        intent=line.pop("intent", "order"),
        doNotPerform=line.pop("do_not", None),
        authoredOn=day(line.pop("authored", began)),
        reasonCode=[draft.code({"is": reason})] if reason else None,
        dosageInstruction=_dosage(draft, line, began, ended),
        dispenseRequest={"expectedSupplyDuration": _days(supply)} if supply else None,
    )


def _statement(draft: Draft, line: Json) -> Json:
    period = {"start": day(line.pop("from", None)), "end": day(line.pop("to", None))}
    return draft.resource(
        "MedicationStatement",
        status=line.pop("status", "active"),
        effectivePeriod={name: value for name, value in period.items() if value} or None,
        dateAsserted=day(line.pop("asserted", None)),
        dosage=_dosage(draft, line, None, None),
    )


def _dispense(draft: Draft, line: Json) -> Json:
    supply = line.pop("days_supply", None)
    handed = line.pop("amount", None)
    return draft.resource(
        "MedicationDispense",
        status=line.pop("status", "completed"),
        whenHandedOver=day(line.pop("from")),
        daysSupply=_days(supply) if supply else None,
        quantity=amount(handed) if handed else None,
        dosageInstruction=_dosage(draft, line, None, None),
    )


def _administration(draft: Draft, line: Json) -> Json:
    given = line.pop("dose", None)
    return draft.resource(
        "MedicationAdministration",
        status=line.pop("status", "completed"),
        effectiveDateTime=day(line.pop("from")),
        dosage={"dose": amount(given)} if given else None,
    )


BUILDERS = {
    "request": _request,
    "statement": _statement,
    "dispense": _dispense,
    "administration": _administration,
}


def _dosage(draft: Draft, line: Json, began: str | None, ended: str | None) -> list[Json] | None:
    if "text" in line:
        return [{"text": line.pop("text")}]
    if not line.keys() & {"dose", "per_day", "every", "prn", "dose_range", "most_per_day", "route"}:
        return None
    dosage: Json = {}
    repeat = _repeat(line) | _bounds(began, ended)
    if repeat:
        dosage["timing"] = {"repeat": repeat}
    if line.pop("prn", False):
        dosage["asNeededBoolean"] = True
    if "dose" in line:
        dosage["doseAndRate"] = [{"doseQuantity": amount(line.pop("dose"))}]
    elif "dose_range" in line:
        low, high = line.pop("dose_range")
        dosage["doseAndRate"] = [{"doseRange": {"low": amount(low), "high": amount(high)}}]
    if "most_per_day" in line:
        one_day = {"value": 1, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
        dosage["maxDosePerPeriod"] = {"numerator": amount(line.pop("most_per_day")), "denominator": one_day}
    dosage["route"] = codeable(coding_of(choose("route", draft.coding, route=line.pop("route", "oral"))))
    return [dosage]


def _repeat(line: Json) -> Json:
    if "every" in line:
        period, _, unit = str(line.pop("every")).partition(" ")
        return {"frequency": 1, "period": int(period), "periodUnit": unit}
    if "per_day" in line:
        return {"frequency": line.pop("per_day"), "period": 1, "periodUnit": "d"}
    return {}


def _bounds(began: str | None, ended: str | None) -> Json:
    if not ended:
        return {}
    return {"boundsPeriod": {name: value for name, value in (("start", began), ("end", ended)) if value}}


def _days(number: Any) -> Json:
    return {"value": number, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}


# ---------------------------------------------------------------- orders


def order(draft: Draft, line: Json) -> list[Json]:
    """A ServiceRequest, for a bone density test unless ``is`` tells otherwise: ``{authored, status, intent}``."""
    concept = draft.code(line, "order-dxa")
    because = line.pop("because", None)
    reason = because and choose("override-reason", draft.coding, system="snomed", meaning=because)
    return [
        draft.resource(
            "ServiceRequest",
            status=line.pop("status", "active"),
            intent=line.pop("intent", "order"),
            doNotPerform=line.pop("do_not", None),
            code=concept,
            authoredOn=day(line.pop("authored", None)),
            reasonCode=[codeable(coding_of(reason))] if reason else None,
        )
    ]


def appointment(draft: Draft, line: Json) -> list[Json]:
    """A booked bone density test: ``{date, created, status}``."""
    when = day(line.pop("date"))
    return [
        draft.resource(
            "Appointment",
            status=line.pop("status", "booked"),
            serviceType=[draft.code(line, "order-dxa")],
            start=f"{when}T09:00:00+02:00",
            end=f"{when}T09:30:00+02:00",
            created=day(line.pop("created", None)),
            participant=[{"actor": {"reference": draft.subject}, "status": "accepted"}],
        )
    ]


KINDS = {"drug": medicine, "order": order, "appointment": appointment}
