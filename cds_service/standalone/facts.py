"""From answers to a patient record: FHIR resources with codes of the terminology, read as any record is read.

The answers travel as the ``patient-view`` request of a record that holds nothing else. So the form has no clinical
logic of its own: filters, units, drug courses and limb classes are those of every other way in (ADR 0011).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
import orjson

from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.risk.dates import PartialDate, add_months
from cds_service.risk.record import PatientRecord
from cds_service.standalone.answers import Reader
from cds_service.standalone.choices import Codes
from cds_service.standalone.definition import Definition, Field, Where
from cds_service.standalone.model import FormModel
from cds_service.standalone.rows import ROWS
from cds_service.standalone.writing import Json, Writing, quantity

PATIENT_ID: Final = "form"
_MONTHS_PER_YEAR: Final = 12
_DAY: Final = timedelta(days=1)
# Lists of the request: the key that tells what an empty one is about, and the resource types in it.
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "conditions": ("Condition",),
    "procedures": ("Procedure",),
    "observations": ("Observation",),
    "medicationStatements": ("MedicationStatement",),
    "medicationRequests": (),
    "serviceRequests": ("ServiceRequest",),
}
# Lists that may have more on them than was typed, unless the form was told that they are complete.
_OPEN_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "drugs-complete": ("medicationStatements", "medicationRequests"),
    "diagnoses-complete": ("conditions", "procedures"),
}


def record_of(model: FormModel, reader: Reader) -> PatientRecord | None:
    """Return the record that the answers make, or None when ``reader`` found problems."""
    form = model.definition
    person = _person(form, reader)
    resources = list(_resources(form, reader, model.codes))
    if reader.problems:
        return None
    body = orjson.dumps(_request(person, resources, reader))
    record = read_prefetch(read_hook_request(body), model.codes.index, reader.today)
    return _aged(record, form, reader)


def _person(form: Definition, reader: Reader) -> Json:
    person: Json = {"resourceType": "Patient", "id": PATIENT_ID, "active": True}
    sex, born = reader.choice("sex", "sex"), reader.day("born")
    age = reader.number("age", form.field("age"))
    if age is not None and born:
        reader.wrong("age", "age-and-born")
    return person | ({"gender": sex} if sex else {}) | ({"birthDate": born} if born else {})


def _aged(record: PatientRecord, form: Definition, reader: Reader) -> PatientRecord:
    """Give the record the age typed, as all the days on which such a person may have been born.

    FHIR has no word for that: a year would make it two ages, and a made-up day would be an invention.
    """
    years = reader.number("age", form.field("age"))
    if years is None:
        return record
    last = add_months(reader.today, -int(years) * _MONTHS_PER_YEAR)
    first = add_months(last, -_MONTHS_PER_YEAR) + _DAY
    window = PartialDate(first, last, "")
    demographics = msgspec.structs.replace(record.demographics, birth_date=window)
    return msgspec.structs.replace(record, demographics=demographics)


# ---------------------------------------------------------------- from a question to resources


def _resources(form: Definition, reader: Reader, codes: Codes) -> Iterator[Json]:
    writing = Writing(PATIENT_ID, codes)
    for field in form.fields():
        if field.kind == "rows":
            yield from _table(field, form, reader, writing)
        elif field.kind in _ASKED:
            yield from _ASKED[field.kind](field, reader, writing)


def _table(field: Field, form: Definition, reader: Reader, writing: Writing) -> Iterator[Json]:
    columns = form.rows[field.key]
    for number in reader.answers.rows(field.key):
        if reader.filled(field.key, columns, number):
            yield from ROWS[field.key](form, reader, writing, number)


def _answer(field: Field, reader: Reader, writing: Writing) -> Iterator[Json]:
    answer = reader.yes_or_no(field.key)
    if answer is not None:
        yield writing.observation(
            writing.item(field.key), reader.label(field), reader.today.isoformat(), valueBoolean=answer
        )


def _count(field: Field, reader: Reader, writing: Writing) -> Iterator[Json]:
    number = reader.number(field.key, field)
    if number is not None:
        row = writing.item(field.key)
        value = quantity(number, row.attributes["unit"])
        yield writing.observation(row, reader.label(field), reader.today.isoformat(), valueQuantity=value)


def _measure(field: Field, reader: Reader, writing: Writing) -> Iterator[Json]:
    number = reader.number(f"{field.key}.value", field)
    unit, when = reader.unit(field), reader.day(f"{field.key}.on")
    if number is None:
        return
    if when is None and field.dated == "required" and not reader.answers.get(f"{field.key}.on"):
        reader.wrong(f"{field.key}.on", "when")
    row = writing.measured(field.concept, field.where, unit)
    yield writing.observation(
        row, reader.label(field), when or reader.today.isoformat(), valueQuantity=quantity(number, unit)
    )


def _coded(field: Field, reader: Reader, writing: Writing) -> Iterator[Json]:
    answer = reader.yes_or_no(field.key)
    if answer is not None:
        said: Where = field.yes if answer else field.no
        row = writing.codes.the(field.concept, field.where)
        value = writing.answer(field.concept, said)
        yield writing.observation(row, reader.label(field), reader.today.isoformat(), valueCodeableConcept=value)


_ASKED: Final[Mapping[str, Callable[[Field, Reader, Writing], Iterator[Json]]]] = {
    "answer": _answer,
    "count": _count,
    "measure": _measure,
    "coded": _coded,
}


# ---------------------------------------------------------------- as a request


def _request(person: Json, resources: list[Json], reader: Reader) -> Json:
    prefetch: Json = {"patient": person}
    for key, kinds in _LISTS.items():
        found = [resource for resource in resources if resource["resourceType"] in kinds]
        prefetch[key] = _searchset(found, whole=_is_whole(key, reader))
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": "Practitioner/form", "patientId": PATIENT_ID},
        "prefetch": prefetch,
    }


def _is_whole(key: str, reader: Reader) -> bool:
    """A list of drugs or diagnoses is whole only when someone says so; otherwise its silence proves nothing."""
    asked = next((question for question, lists in _OPEN_LISTS.items() if key in lists), "")
    return not asked or reader.yes_or_no(asked) is True


def _searchset(found: list[Any], *, whole: bool) -> Json:
    total = len(found) if whole else len(found) + 1
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total}
    return bundle | ({"entry": [{"resource": resource} for resource in found]} if found else {})
