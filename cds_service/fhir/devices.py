"""Device and DeviceUseStatement (DeviceUsage in R5) -> DeviceFact."""

from collections.abc import Iterator

from cds_service.fhir.body_sites import read_sites
from cds_service.fhir.reading import Reading
from cds_service.fhir.references import relative
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_admin import Device, DeviceUseStatement
from cds_service.risk.record import DeviceFact


def read_device(device: Device, reading: Reading) -> Iterator[DeviceFact]:
    """Yield the fact of a Device of a kind that some concept recognises."""
    kinds = _kinds(device)
    found = reading.find(kinds)
    if not found:
        for kind in kinds:
            reading.note_text(device, kind)
        return
    yield DeviceFact(
        evidence=reading.evidence(device, found),
        hits=found.hits,
        status=(device.status or "").lower(),
        sites=read_sites(reading, (), kinds[0]),
    )


def read_device_use(use: DeviceUseStatement, reading: Reading) -> Iterator[DeviceFact]:
    """Yield the fact of a device in use, whether it is named by a concept or by reference to a delivered Device."""
    named = (use.device.as_concept,) if use.device else ()
    found = reading.find((*named, *_kinds_of_target(use, reading)))
    if not found:
        for kind in named:
            reading.note_text(use, kind)
        return
    start, end = reading.period(use.timing_period or use.when_used, use, "timingPeriod")
    when = reading.date(use.timing_date_time, use, "timingDateTime") or start or end
    site = use.body_site.as_concept if use.body_site else None
    yield DeviceFact(
        evidence=reading.evidence(use, found, when),
        hits=found.hits,
        status=(use.status or "").lower(),
        sites=read_sites(reading, (site,)),
    )


def _kinds(device: Device) -> tuple[CodeableConcept, ...]:
    kinds = device.type
    if kinds is None:
        return ()
    return (kinds,) if isinstance(kinds, CodeableConcept) else kinds


def _kinds_of_target(use: DeviceUseStatement, reading: Reading) -> tuple[CodeableConcept, ...]:
    reference = use.device.target if use.device else ""
    target = reading.referred.get(reference) or reading.referred.get(relative(reference))
    return _kinds(target) if isinstance(target, Device) else ()
