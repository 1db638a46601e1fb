"""From a row of the form's tables to resources: a limb, a fracture, a drug, a diagnosis, a scan, an order."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from cds_service.standalone.answers import Reader
from cds_service.standalone.choices import Option
from cds_service.standalone.definition import Definition
from cds_service.standalone.writing import Json, Writing, codeable, quantity, status_code
from cds_service.terminology.table import ConceptRow

_CONGENITAL: Final = "congenital"
_OPERATION_SYSTEM: Final = "kva"
_SUSPECTED: Final = "suspected"
_DONE: Final = "done"

Row = Callable[[Definition, Reader, Writing, int], Iterator[Json]]


class Chosen(msgspec.Struct, frozen=True):
    """What a row is about: the option, its row of the terminology, and both as a CodeableConcept."""

    option: Option
    row: ConceptRow
    code: Json


def _chosen(table: str, form: Definition, reader: Reader, number: int) -> Chosen | None:
    """Return what the row is about; None when nothing, or nothing we offer, was chosen."""
    name = form.rows[table].column("what").choices
    key = reader.choice(f"{table}.{number}.what", name)
    option = reader.choices[name][key] if key else None
    if option is None or option.row is None:
        return None
    return Chosen(option, option.row, codeable(option.row, option.label[reader.language]))


def limb(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield a missing limb and, where it was told, how much of the segment cut through is missing."""
    name, columns = f"limbs.{number}", form.rows["limbs"]
    side, since = reader.choice(f"{name}.side", "sides"), reader.day(f"{name}.since")
    share = reader.number(f"{name}.share", columns.column("share"))
    chosen = _chosen("limbs", form, reader, number)
    if chosen is None:
        return
    site = writing.codes.side(chosen.option.limb, side) if side else None
    sites = [codeable(site)] if site else None
    if chosen.row.attributes["kind"] == "procedure":
        yield writing.resource(
            "Procedure",
            status="completed",
            code=chosen.code,
            performedDateTime=since,
            bodySite=sites,
        )
    else:
        onset = None if chosen.row.attributes["kind"] == _CONGENITAL else since
        yield writing.condition(chosen.code, onset=onset, clinical="active", bodySite=sites)
    if share is not None and not chosen.option.segment:
        reader.wrong(f"{name}.share", "share")
    elif share is not None:
        value = quantity(share, "%")
        item = writing.item(chosen.option.segment)
        yield writing.observation(
            item, reader.said("column.limbs.share"), reader.today.isoformat(), site, valueQuantity=value
        )


def fracture(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield a fracture and, at the same encounter, what broke the bone."""
    name = f"fractures.{number}"
    on, cause = reader.day(f"{name}.on"), reader.choice(f"{name}.cause", "causes")
    chosen = _chosen("fractures", form, reader, number)
    if chosen is None:
        return
    encounter = {"reference": f"Encounter/fracture-{number}"}
    yield writing.condition(chosen.code, onset=on, encounter=encounter)
    if cause:
        coded = form.fracture.causes[cause]
        yield writing.condition(codeable(writing.codes.the(coded.concept, coded.where)), onset=on, encounter=encounter)


def drug(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield what is or was taken. Without a last day it is taken now: the form says so beside the field."""
    name, columns = f"drugs.{number}", form.rows["drugs"]
    dose = reader.number(f"{name}.dose", columns.column("dose"))
    unit = reader.choice(f"{name}.unit", "dose-units")
    since, until = reader.day(f"{name}.since"), reader.day(f"{name}.until")
    if since and until and until[: len(since)] < since[: len(until)]:
        reader.wrong(f"{name}.until", "order")
    if dose is not None and not unit:
        reader.wrong(f"{name}.unit", "needed")
    chosen = _chosen("drugs", form, reader, number)
    if chosen is None:
        return
    period = {key: day for key, day in (("start", since), ("end", until)) if day}
    yield writing.resource(
        "MedicationStatement",
        status="completed" if until else "active",
        medicationCodeableConcept=chosen.code,
        effectivePeriod=period or None,
        dateAsserted=reader.today.isoformat(),
        dosage=[_daily(dose, unit)] if dose is not None and unit else None,
    )


def _daily(dose: float, unit: str) -> Json:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    return {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity(dose, unit)}]}


def diagnosis(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield a diagnosis, or an operation where the code is one."""
    name = f"diagnoses.{number}"
    since, state = reader.day(f"{name}.since"), reader.choice(f"{name}.state", "states")
    chosen = _chosen("diagnoses", form, reader, number)
    if chosen is None:
        return
    if chosen.row.system == writing.codes.index.systems.uri(_OPERATION_SYSTEM):
        yield writing.resource("Procedure", status="completed", code=chosen.code, performedDateTime=since)
        return
    suspected = state == _SUSPECTED
    verification = status_code("condition-ver-status", "provisional" if suspected else "confirmed")
    clinical = "active" if suspected else state
    yield writing.condition(chosen.code, onset=since, clinical=clinical, verificationStatus=verification)


def scan(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield the scan and its value at one site, or the scan alone when no value is at hand."""
    name, columns = f"scans.{number}", form.rows["scans"]
    value = reader.number(f"{name}.value", columns.column("value"))
    score, on = reader.choice(f"{name}.score", "scores") or form.choices["scores"][0], reader.day(f"{name}.on")
    chosen = _chosen("scans", form, reader, number)
    if chosen is None or on is None:
        return
    if chosen.option.key == _DONE:
        yield writing.resource("Procedure", status="completed", code=chosen.code, performedDateTime=on)
        return
    if value is None:
        if not reader.answers.get(f"{name}.value"):
            reader.wrong(f"{name}.value", "needed")
        return
    place = next(place for place in form.scan.places if place.key == chosen.option.key)
    where = {"site": place.site, "laterality": place.side, "property": f"{score}-score"}
    result = quantity(value, f"{{{score}-score}}")
    row = writing.codes.the(form.scan.concept, where)
    yield writing.observation(row, chosen.option.label[reader.language], on, valueQuantity=result)


def order(form: Definition, reader: Reader, writing: Writing, number: int) -> Iterator[Json]:
    """Yield what is ordered already."""
    on = reader.day(f"orders.{number}.on")
    chosen = _chosen("orders", form, reader, number)
    if chosen is not None and on is not None:
        yield writing.resource("ServiceRequest", status="active", intent="order", code=chosen.code, authoredOn=on)


ROWS: Final[Mapping[str, Row]] = {
    "limbs": limb,
    "fractures": fracture,
    "drugs": drug,
    "diagnoses": diagnosis,
    "scans": scan,
    "orders": order,
}
