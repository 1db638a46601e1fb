"""From delivered resources to the record: the newest version of each, of one patient, as facts in a fixed order."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Final

import msgspec

from cds_service.fhir import shapes_admin as admin
from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.areas import TYPE_MEANING
from cds_service.fhir.conditions import read_condition
from cds_service.fhir.devices import read_device, read_device_use
from cds_service.fhir.family import read_family
from cds_service.fhir.heads import Head, read_subject
from cds_service.fhir.medications import read_administration, read_dispense, read_request, read_statement
from cds_service.fhir.newest import newest
from cds_service.fhir.observations import read_observation
from cds_service.fhir.orders import read_appointment, read_order
from cds_service.fhir.patients import read_patient
from cds_service.fhir.procedures import read_procedure
from cds_service.fhir.reading import Reading
from cds_service.fhir.references import PatientIdentity
from cds_service.fhir.reports import read_report, read_study
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_bundle import Located
from cds_service.risk.record import Area, Availability, Delivery, Gap, PatientRecord
from cds_service.terminology.index import TerminologyIndex

# Where the facts of each type go in the record, and who reads them. Types without a reader are only referred to.
_READERS: Final[Mapping[type[Resource], tuple[str, Callable[[Any, Reading], Iterator[Any]]]]] = {
    clinical.Condition: ("conditions", read_condition),
    clinical.Observation: ("observations", read_observation),
    medication.MedicationRequest: ("medications", read_request),
    medication.MedicationStatement: ("medications", read_statement),
    medication.MedicationUsage: ("medications", read_statement),
    medication.MedicationDispense: ("medications", read_dispense),
    medication.MedicationAdministration: ("medications", read_administration),
    clinical.Procedure: ("procedures", read_procedure),
    clinical.FamilyMemberHistory: ("family", read_family),
    admin.ServiceRequest: ("orders", read_order),
    admin.ProcedureRequest: ("orders", read_order),
    admin.ReferralRequest: ("orders", read_order),
    admin.Appointment: ("orders", read_appointment),
    clinical.DiagnosticReport: ("reports", read_report),
    clinical.ImagingStudy: ("reports", read_study),
    admin.Device: ("devices", read_device),
    admin.DeviceUseStatement: ("devices", read_device_use),
    admin.DeviceUsage: ("devices", read_device_use),
}
# What cannot have happened later than the day of assessment; a day of grace for the sender's time zone.
_HAPPENED: Final = frozenset({"conditions", "observations", "procedures", "reports"})
# What other resources point to for its content; the rest is only named, which a urn: needs its Bundle for.
_POINTED_TO: Final = (medication.Medication, admin.Device)
_URN: Final = "urn:"
_GRACE: Final = timedelta(days=1)
_encode: Final = msgspec.json.Encoder().encode
_where: Final = attrgetter("evidence.reference")


class Sources(msgspec.Struct, frozen=True):
    """What was delivered for one request; ``skimmed`` and ``subjects`` as in :class:`Delivered`."""

    resources: list[Located]
    availability: Mapping[Area, Availability]
    skimmed: list[Head] = []
    subjects: set[bytes] = set()
    gaps: tuple[Gap, ...] = ()


def patients_in(resources: Iterable[Located]) -> dict[str, Located]:
    """Return the delivered Patients by id (a Patient without id under an empty one)."""
    patients, _ = newest([one for one in resources if isinstance(one.resource, admin.Patient)])
    return {one.resource.id or "": one for one in patients}


def assemble(patient: Located, sources: Sources, index: TerminologyIndex, as_of: date | None = None) -> PatientRecord:
    """Return the record of ``patient`` from everything delivered.

    ``as_of``: events dated later are left out and noted as gaps; None leaves nothing out.
    """
    assert isinstance(patient.resource, admin.Patient), "patients_in() returns nothing else"
    resources, skimmed = newest(sources.resources, sources.skimmed)
    reading = Reading(index, _referred(resources))
    mine, ignored, strange = _of_patient(resources, skimmed, sources.subjects, patient)
    facts = _facts(mine, reading, as_of)
    return PatientRecord.of(
        read_patient(patient.resource, reading),
        **facts,
        availability=_told(sources.availability, reading.short | strange),
        gaps=sorted(reading.gaps.union(sources.gaps), key=_encode),
        not_coded=sorted(reading.not_coded, key=_encode),
        ignored_others=ignored,
    )


def _told(availability: Mapping[Area, Availability], short: set[Area]) -> Mapping[Area, Availability]:
    """Return how each area arrived, now that it is known of which something did not come along."""
    partial = {
        area: msgspec.structs.replace(given, state=Delivery.PARTIAL)
        for area, given in availability.items()
        if area in short and given.complete
    }
    return {**availability, **partial}


def _referred(resources: list[Located]) -> dict[str, Resource]:
    referred: dict[str, Resource] = {}
    for located in resources:
        resource = located.resource
        if isinstance(resource, _POINTED_TO) and resource.id:
            referred[f"{resource.type_name}/{resource.id}"] = resource
        if located.full_url.startswith(_URN) or isinstance(resource, _POINTED_TO):
            referred[located.full_url] = resource
    return referred


def _of_patient(
    resources: list[Located], skimmed: Sequence[Head], subjects: set[bytes], patient: Located
) -> tuple[list[Resource], int, set[Area]]:
    """Return what was read of the patient, how many resources are somebody else's, and the areas that tell nothing.

    Where not one resource names this patient, the sender means somebody else or names people in a way we cannot match:
    the areas then must not pass for empty lists.
    """
    identity = PatientIdentity(patient.resource.id or "", frozenset({patient.full_url} - {""}))
    mine: list[Resource] = []
    strange: list[str] = []
    for resource in [one.resource for one in resources]:
        if identity.is_owner(resource.owner):
            mine.append(resource)
        else:
            strange.append(resource.type_name)
    if not all(identity.is_owner(read_subject(subject)) for subject in subjects):
        strange += [head.type_name for head in skimmed if not identity.is_owner(head.owner)]
    own = [resource for resource in mine if not isinstance(resource, admin.Patient)]
    told = bool(own) or len(skimmed) + len(resources) > len(mine) + len(strange)
    other_patients = sum([resource is not patient.resource for resource in mine]) - len(own)
    return own, len(strange) + other_patients, set() if told else _areas(set(strange))


def _areas(types: set[str]) -> set[Area]:
    return {TYPE_MEANING[name].area for name in types if name in TYPE_MEANING}


def _facts(resources: list[Resource], reading: Reading, as_of: date | None) -> dict[str, list[Any]]:
    facts: dict[str, list[Any]] = {}
    for resource in resources:
        reader = _READERS.get(type(resource))
        if reader is not None:
            kind, read = reader
            for fact in read(resource, reading):
                if kind not in _HAPPENED or not _later(fact.evidence.when, as_of):
                    facts.setdefault(kind, []).append(fact)
                else:
                    reading.gap(resource, "date", "after-the-day-of-assessment")
    # A fixed order, so that the sender's order never shows in an answer.
    return {kind: _in_order(found) for kind, found in facts.items()}


def _in_order(facts: list[Any]) -> list[Any]:
    """Sort facts by where they stand; what stands at one place, or at none, by everything it says."""
    ordered = sorted(facts, key=_where)
    places = set(map(_where, facts))
    return ordered if len(places) == len(facts) and "" not in places else sorted(facts, key=_encode)


def _later(when: Any, as_of: date | None) -> bool:
    return when is not None and as_of is not None and when.first > as_of + _GRACE
