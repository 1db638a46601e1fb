"""Observation -> ObservationFact; each component that a concept recognises is a fact of its own."""

from collections.abc import Iterator
from typing import Final

from cds_service.fhir import shapes
from cds_service.fhir.body_sites import read_sites
from cds_service.fhir.conditions import ELEMENT, status_code
from cds_service.fhir.quantities import as_text, read_quantity, read_range
from cds_service.fhir.reading import Found, Reading
from cds_service.fhir.shapes_clinical import Observation, ObservationPart
from cds_service.fhir.texts import MAX_TEXT, concept_text
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import ObservationFact, Quantity, Range

# FHIR: an integer answer is a count, which UCUM calls the unit 1.
COUNT_UNIT: Final = "1"
# Code of http://terminology.hl7.org/CodeSystem/referencerange-meaning; without a type a range is of this kind.
_NORMAL: Final = "normal"
_PERSONS: Final = ("Patient/", "RelatedPerson/")
Part = Observation | ObservationPart


def read_observation(observation: Observation, reading: Reading) -> Iterator[ObservationFact]:
    """Yield a fact for the Observation and for each of its components that some concept recognises."""
    if observation.focus and _is_about_another(observation, reading):
        reading.gap(observation, "focus", "not-the-patient")
        return
    parts: tuple[Part, ...] = (observation, *observation.component)
    for part in parts:
        found = reading.find_one(part.code, ELEMENT)
        if found.hits:
            yield _fact(observation, part, found, reading)
        else:
            reading.note_text(observation, part.code)


def _is_about_another(observation: Observation, reading: Reading) -> bool:
    subject = observation.subject.reference if observation.subject else None
    focus = {reading.resolve(one.reference) for one in observation.focus if one.reference}
    return any(one.startswith(_PERSONS) and one != reading.resolve(subject) for one in focus)


def _fact(observation: Observation, part: Part, found: Found, reading: Reading) -> ObservationFact:
    effective = _effective(observation, reading)
    value = read_value(part, observation, reading)
    return ObservationFact(
        evidence=reading.evidence(observation, found, effective, as_text(value)),
        hits=found.hits,
        status=(observation.status or "").lower(),
        effective=effective,
        value=value,
        normal=_normal(part) if part.reference_range else None,
        answers=reading.find_one(part.value_codeable_concept, ELEMENT).hits,
        absent_reason=status_code(part.data_absent_reason),
        sites=read_sites(reading, (observation.body_site,)) if observation.body_site else (),
        method=concept_text(observation.method),
    )


def _effective(observation: Observation, reading: Reading) -> PartialDate | None:
    start, end = reading.period(observation.effective_period, observation, "effectivePeriod")
    moment = observation.effective_date_time or observation.effective_instant
    return reading.date(moment, observation, "effective") or end or start


def _normal(part: Part) -> Range | None:
    """Return the one range that is not marked as of another kind; several for different people tell nothing."""
    ranges = [one for one in part.reference_range if one.type is None or _NORMAL in {c.code for c in one.type.coding}]
    return read_range(shapes.Range(low=ranges[0].low, high=ranges[0].high)) if len(ranges) == 1 else None


def read_value(
    part: Part, observation: Observation, reading: Reading
) -> Quantity | Range | PartialDate | bool | str | None:
    """Return the answer; a coded answer is also given as its text. A quantity without a usable number is a gap."""
    if part.value_quantity is not None:
        quantity = read_quantity(part.value_quantity)
        if quantity is None:
            reading.gap(observation, "valueQuantity", "no-number")
        return quantity
    if part.value_boolean is not None:
        return part.value_boolean
    if part.value_integer is not None:
        return Quantity(part.value_integer, COUNT_UNIT)
    if part.value_range is not None:
        return read_range(part.value_range)
    if part.value_date_time is not None:
        return reading.date(part.value_date_time, observation, "valueDateTime")
    text = part.value_string or concept_text(part.value_codeable_concept)
    return text[:MAX_TEXT] or None
