"""The four resources that may tell of a medication -> MedicationFact."""

from collections.abc import Iterator
from typing import Final

import msgspec

from cds_service.fhir.conditions import status_code
from cds_service.fhir.dosage import DAY, read_dosage
from cds_service.fhir.procedures import NOT_DONE
from cds_service.fhir.products import Product, product_of, route_of
from cds_service.fhir.quantities import in_unit, read_quantity
from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_medication import (
    Dosage,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationResource,
    MedicationStatement,
)
from cds_service.fhir.word_tables import status_spellings
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Dosage as DosageFact
from cds_service.risk.record import MedicationFact

# STU3 `taken` and R5 `adherence` tell what R4 tells by the status; these statuses are more exact than either.
_MORE_EXACT: Final = frozenset({"entered-in-error", "draft", "intended"})


def read_request(request: MedicationRequest, reading: Reading) -> Iterator[MedicationFact]:
    """Yield the fact of a MedicationRequest; ``days_supply`` covers the first dispense and all repeats."""
    product = product_of(request, reading)
    if not product.found:
        _note(request, product, reading)
        return
    authored = reading.date(request.authored_on, request, "authoredOn")
    start, end = reading.period(request.effective_dose_period, request, "effectiveDosePeriod")
    fact = _fact(request, product, request.dosage_instruction, reading, authored)
    supply = request.dispense_request
    days = in_unit(supply.expected_supply_duration, DAY) if supply else None
    repeats = (supply.number_of_repeats_allowed or 0) if supply else 0
    yield msgspec.structs.replace(
        fact,
        source="request",
        intent=(request.intent or "").lower(),
        do_not_perform=bool(request.do_not_perform),
        authored=authored,
        start=fact.start or start,
        end=fact.end or end,
        days_supply=days * (repeats + 1) if days is not None else None,
        amount=read_quantity(supply.quantity) if supply else None,
    )


def read_statement(statement: MedicationStatement, reading: Reading) -> Iterator[MedicationFact]:
    """Yield the fact of a MedicationStatement (MedicationUsage)."""
    product = product_of(statement, reading)
    if not product.found:
        _note(statement, product, reading)
        return
    moment = reading.date(statement.effective_date_time, statement, "effectiveDateTime")
    start, end = reading.period(statement.effective_period, statement, "effectivePeriod")
    asserted = reading.date(statement.date_asserted, statement, "dateAsserted")
    fact = _fact(statement, product, statement.dosage, reading, start or moment or asserted)
    yield msgspec.structs.replace(
        fact,
        source="statement",
        status=_statement_status(statement),
        authored=asserted,
        start=start or moment or fact.start,
        end=end or fact.end,
    )


def _statement_status(statement: MedicationStatement) -> str:
    status = (statement.status or "").lower()
    adherence = status_code(statement.adherence.code) if statement.adherence else ""
    told = (("taken", (statement.taken or "").lower()), ("adherence", adherence))
    elsewhere = (status_spellings().get((f"MedicationStatement.{element}", code)) for element, code in told)
    return status if status in _MORE_EXACT else next(filter(None, elsewhere), status)


def read_dispense(dispense: MedicationDispense, reading: Reading) -> Iterator[MedicationFact]:
    """Yield the fact of a MedicationDispense."""
    product = product_of(dispense, reading)
    if not product.found:
        _note(dispense, product, reading)
        return
    handed = reading.date(dispense.when_handed_over or dispense.when_prepared, dispense, "whenHandedOver")
    fact = _fact(dispense, product, dispense.dosage_instruction, reading, handed)
    orders = (reading.resolve(order.reference) for order in dispense.authorizing_prescription)
    yield msgspec.structs.replace(
        fact,
        source="dispense",
        status=NOT_DONE if dispense.not_done else fact.status,
        authored=handed,
        days_supply=in_unit(dispense.days_supply, DAY),
        amount=read_quantity(dispense.quantity),
        based_on=next(filter(None, orders), ""),
    )


def read_administration(given: MedicationAdministration, reading: Reading) -> Iterator[MedicationFact]:
    """Yield the fact of a MedicationAdministration; its dose is the ``amount``."""
    product = product_of(given, reading)
    if not product.found:
        _note(given, product, reading)
        return
    moment = given.effective_date_time or given.occurence_date_time or given.occurrence_date_time
    period = given.effective_period or given.occurence_period or given.occurrence_period
    start, end = reading.period(period, given, "effectivePeriod")
    when = reading.date(moment, given, "effectiveDateTime") or start
    order = given.request or given.prescription
    yield msgspec.structs.replace(
        _fact(given, product, (), reading, when),
        source="administration",
        status=NOT_DONE if given.not_given else (given.status or "").lower(),
        authored=when,
        start=when,
        end=end,
        amount=read_quantity(given.dosage.dose) if given.dosage else None,
        route=route_of((given.dosage.route,) if given.dosage else (), product.found, reading),
        based_on=reading.resolve(order.reference) if order else "",
    )


def _fact(
    resource: MedicationResource,
    product: Product,
    dosages: tuple[Dosage, ...],
    reading: Reading,
    when: PartialDate | None,
) -> MedicationFact:
    """Return what the four have in common; ``source`` is filled in by each."""
    read = tuple(read_dosage(dosage, resource, reading) for dosage in dosages)
    return MedicationFact(
        evidence=reading.evidence(resource, product.found, when),
        hits=product.found.hits,
        source="",
        status=(resource.status or "").lower(),
        start=_first_start(read),
        end=_last_end(read),
        dosages=read,
        strength=product.strength,
        route=route_of((dosage.route for dosage in dosages), product.found, reading),
        reasons=reading.find(_reasons(resource)).hits,
    )


def _reasons(resource: MedicationResource) -> Iterator[CodeableConcept]:
    yield from resource.reason_code
    yield from (reason.as_concept for reason in resource.reason)


def _first_start(dosages: tuple[DosageFact, ...]) -> PartialDate | None:
    return min((dosage.start for dosage in dosages if dosage.start), key=lambda day: day.first, default=None)


def _last_end(dosages: tuple[DosageFact, ...]) -> PartialDate | None:
    """Return the last end; None as soon as one dosage is open-ended."""
    ends = [dosage.end for dosage in dosages]
    known = [end for end in ends if end]
    return max(known, key=lambda day: day.last) if known and len(known) == len(ends) else None


def _note(resource: MedicationResource, product: Product, reading: Reading) -> None:
    for concept in product.concepts:
        reading.note_text(resource, concept)
