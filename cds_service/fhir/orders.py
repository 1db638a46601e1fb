"""ServiceRequest and Appointment -> OrderFact."""

from collections.abc import Iterator
from typing import Final

from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_admin import Appointment, ReferralRequest, ServiceRequest
from cds_service.fhir.word_tables import status_spellings
from cds_service.risk.record import OrderFact

APPOINTMENT: Final = "appointment"


def read_order(request: ServiceRequest, reading: Reading) -> Iterator[OrderFact]:
    """Yield the fact of a ServiceRequest (ProcedureRequest or ReferralRequest in STU3) that some concept recognises."""
    concepts = [request.code.as_concept] if request.code else []
    if isinstance(request, ReferralRequest):
        concepts += request.service_requested
    found = reading.find(concepts)
    if not found:
        for concept in concepts:
            reading.note_text(request, concept)
        return
    status = (request.status or "").lower()
    authored = reading.date(request.authored_on, request, "authoredOn")
    reasons = (*request.reason_code, *(reason.as_concept for reason in request.reason))
    yield OrderFact(
        evidence=reading.evidence(request, found, authored),
        hits=found.hits,
        status=status_spellings().get(("ServiceRequest.status", status), status),
        intent=(request.intent or "").lower(),
        do_not_perform=bool(request.do_not_perform),
        authored=authored,
        reasons=reading.find(reasons).hits,
    )


def read_appointment(appointment: Appointment, reading: Reading) -> Iterator[OrderFact]:
    """Yield the fact of an Appointment for something that some concept recognises; ``authored`` is its start."""
    services = [service.as_concept for service in appointment.service_type]
    found = reading.find(services)
    if not found:
        for service in services:
            reading.note_text(appointment, service)
        return
    start = reading.date(appointment.start, appointment, "start")
    yield OrderFact(
        evidence=reading.evidence(appointment, found, start),
        hits=found.hits,
        kind=APPOINTMENT,
        status=(appointment.status or "").lower(),
        authored=start,
        reasons=reading.find(_reasons(appointment)).hits,
    )


def _reasons(appointment: Appointment) -> tuple[CodeableConcept, ...]:
    reason = appointment.reason
    if isinstance(reason, CodeableConcept):
        return (*appointment.reason_code, reason)
    return (*appointment.reason_code, *(one.as_concept for one in reason or ()))
