"""From delivered resources to the record: the newest version of each, of one patient, as facts in a fixed order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from cds_service.fhir import shapes_admin as admin
from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.areas import TYPE_MEANING
from cds_service.fhir.conditions import read_condition
from cds_service.fhir.devices import read_device, read_device_use
from cds_service.fhir.family import read_family
from cds_service.fhir.medications import read_administration, read_dispense, read_request, read_statement
from cds_service.fhir.observations import read_observation
from cds_service.fhir.orders import read_appointment, read_order
from cds_service.fhir.patients import read_patient
from cds_service.fhir.procedures import read_procedure
from cds_service.fhir.reading import Reading
from cds_service.fhir.references import PatientIdentity
from cds_service.fhir.reports import read_report, read_study
from cds_service.fhir.shapes import Meta, Resource
from cds_service.fhir.shapes_bundle import ABSENT, Head, Located
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
_META: Final = msgspec.json.Decoder(Meta | None)


class Sources(msgspec.Struct, frozen=True):
    """What was delivered for one request."""

    resources: tuple[Located, ...]
    availability: Mapping[Area, Availability]
    gaps: tuple[Gap, ...] = ()


def newest(resources: Iterable[Located]) -> list[Located]:
    """Return each resource once: of one type and id the latest version, whatever the order they came in."""
    kept: dict[tuple[str, str | bytes], Located] = {}
    for located in resources:
        resource = located.resource
        key = (resource.type_name, resource.id or _encode(resource))
        known = kept.setdefault(key, located)
        if known is not located and _version(located) > _version(known):
            kept[key] = located
    return list(kept.values())


def _version(located: Located) -> tuple[float, int, bytes]:
    """Order versions of a resource: last updated, then version number, then content, so that the order is total."""
    meta = _meta(located.resource)
    number = meta.version_id or ""
    is_number = number.isascii() and number.isdigit() and len(number) <= len(str(2**63))
    return _moment(meta.last_updated), int(number) if is_number else -1, _encode(located)


def _meta(resource: Resource | Head) -> Meta:
    if isinstance(resource, Resource):
        return resource.meta or Meta()
    try:
        return (_META.decode(resource.meta) if resource.meta is not ABSENT else None) or Meta()
    except msgspec.ValidationError:
        return Meta()


def _moment(text: str | None) -> float:
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")


def patients_in(resources: Iterable[Located]) -> dict[str, Located]:
    """Return the delivered Patients by id (a Patient without id under an empty one)."""
    patients = newest(one for one in resources if isinstance(one.resource, admin.Patient))
    return {one.resource.id or "": one for one in patients}


def assemble(patient: Located, sources: Sources, index: TerminologyIndex, as_of: date | None = None) -> PatientRecord:
    """Return the record of ``patient`` from everything delivered.

    ``as_of``: events dated later are left out and noted as gaps; None leaves nothing out.
    """
    assert isinstance(patient.resource, admin.Patient), "patients_in() returns nothing else"
    resources = newest(sources.resources)
    reading = Reading(index, _referred(resources))
    mine, ignored, strange = _of_patient(resources, patient)
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
        if isinstance(resource, Head):
            continue
        if isinstance(resource, _POINTED_TO) and resource.id:
            referred[f"{resource.type_name}/{resource.id}"] = resource
        if located.full_url.startswith(_URN) or isinstance(resource, _POINTED_TO):
            referred[located.full_url] = resource
    return referred


def _of_patient(resources: list[Located], patient: Located) -> tuple[list[Resource], int, set[Area]]:
    """Return what was read of the patient, how many resources are somebody else's, and the areas that tell nothing.

    Where not one resource names this patient, the sender means somebody else or names people in a way we cannot match:
    the areas then must not pass for empty lists.
    """
    identity = PatientIdentity(patient.resource.id or "", frozenset({patient.full_url} - {""}))
    mine: list[Resource] = []
    ignored = 0
    strange: set[str] = set()
    own = False
    for located in resources:
        resource = located.resource
        owner = resource.owner
        # A resource that names nobody was asked for by patient, so it is this patient's.
        if owner is not None and owner.reference is not None and not identity.owns(owner.reference):
            ignored += 1
            strange.add(resource.type_name)
            continue
        if isinstance(resource, admin.Patient):
            ignored += resource is not patient.resource
            continue
        own = True
        if isinstance(resource, Resource):
            mine.append(resource)
    return mine, ignored, set() if own else _areas(strange)


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
    return {kind: sorted(found, key=_encode) for kind, found in facts.items()}


def _later(when: Any, as_of: date | None) -> bool:
    return when is not None and as_of is not None and when.first > as_of + _GRACE
