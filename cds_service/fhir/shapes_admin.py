"""The patient, orders, appointments, devices and what a server says about its own answer."""

from cds_service.fhir.shapes import (
    CodeableConcept,
    CodeableReference,
    Extension,
    Period,
    Reference,
    Resource,
    Shape,
    SubjectResource,
)


class PatientLink(Shape, frozen=True, gc=False):
    """A link to another record of the same person."""

    type: str | None = None


class Patient(Resource, frozen=True, gc=False):
    """Nothing that names the person is read."""

    active: bool | None = None
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    link: tuple[PatientLink, ...] = ()
    extension: tuple[Extension, ...] = ()


class ServiceRequest(SubjectResource, frozen=True, gc=False):
    """``code`` and ``reason`` are CodeableReferences in R5."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    code: CodeableReference | None = None
    authored_on: str | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason: tuple[CodeableReference, ...] = ()


class ProcedureRequest(ServiceRequest, frozen=True, gc=False):
    """The name of ServiceRequest in STU3."""


class ReferralRequest(ServiceRequest, frozen=True, gc=False):
    """STU3: a request to be seen by somebody; R4 calls it a ServiceRequest, too."""

    service_requested: tuple[CodeableConcept, ...] = ()


class Participant(Shape, frozen=True, gc=False):
    """Who comes to the appointment."""

    actor: Reference | None = None


class Appointment(SubjectResource, frozen=True, gc=False):
    """The patient is a participant; R5 has ``subject`` as well."""

    status: str | None = None
    start: str | None = None
    service_type: tuple[CodeableReference, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason: tuple[CodeableReference, ...] | CodeableConcept | None = None
    participant: tuple[Participant, ...] = ()

    @property
    def owner(self) -> Reference | None:
        """The patient: the subject, or the participant that is a Patient."""
        actors = (participant.actor for participant in self.participant)
        patients = (actor for actor in actors if actor and "Patient/" in (actor.reference or ""))
        return self.subject or next(patients, None)


class Device(Resource, frozen=True, gc=False):
    """``type`` is a list in R5, which also moved the patient elsewhere."""

    status: str | None = None
    patient: Reference | None = None
    type: CodeableConcept | tuple[CodeableConcept, ...] | None = None

    @property
    def owner(self) -> Reference | None:
        """The patient who has the device."""
        return self.patient


class DeviceUseStatement(SubjectResource, frozen=True, gc=False):
    """STU3 and R4; ``whenUsed`` (STU3) became ``timing[x]``."""

    status: str | None = None
    patient: Reference | None = None
    device: CodeableReference | None = None
    body_site: CodeableReference | None = None
    timing_date_time: str | None = None
    timing_period: Period | None = None
    when_used: Period | None = None

    @property
    def owner(self) -> Reference | None:
        """The patient who uses the device."""
        return self.subject or self.patient


class DeviceUsage(DeviceUseStatement, frozen=True, gc=False):
    """The name of DeviceUseStatement in R5."""


class Issue(Shape, frozen=True, gc=False):
    """One issue of an OperationOutcome."""

    severity: str | None = None
    code: str | None = None


class OperationOutcome(Resource, frozen=True, gc=False):
    """What a server says about its own answer."""

    issue: tuple[Issue, ...] = ()
