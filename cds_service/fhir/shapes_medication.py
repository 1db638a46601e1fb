"""The four resources that may tell of a medication, the Medication itself and its dosage."""

import msgspec

from cds_service.fhir.shapes import (
    CodeableConcept,
    CodeableReference,
    NamedReference,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Resource,
    Shape,
    SubjectResource,
)


class Repeat(Shape, frozen=True, gc=False):
    """``Timing.repeat``."""

    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None
    count: float | None = None
    count_max: float | None = None
    frequency: float | None = None
    frequency_max: float | None = None
    period: float | None = None
    period_max: float | None = None
    period_unit: str | None = None
    # Arrays of primitives may hold null where a value has only an extension.
    day_of_week: tuple[str | None, ...] = ()
    time_of_day: tuple[str | None, ...] = ()
    when: tuple[str | None, ...] | str | None = None


class Timing(Shape, frozen=True, gc=False):
    """When something is taken."""

    repeat: Repeat | None = None
    code: CodeableConcept | None = None


class DoseAndRate(Shape, frozen=True, gc=False):
    """One dose (R4 and R5)."""

    dose_quantity: Quantity | None = None
    dose_range: Range | None = None


class Dosage(Shape, frozen=True, gc=False):
    """``doseAndRate`` since R4, ``dose[x]`` before; ``asNeeded[x]`` until R4, ``asNeeded``, ``asNeededFor`` in R5."""

    text: str | None = None
    timing: Timing | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    as_needed: bool | None = None
    as_needed_for: tuple[CodeableConcept, ...] = ()
    route: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()
    dose_quantity: Quantity | None = None
    dose_range: Range | None = None
    max_dose_per_period: Ratio | tuple[Ratio, ...] | None = None


class AdministeredDosage(Shape, frozen=True, gc=False):
    """``MedicationAdministration.dosage``."""

    text: str | None = None
    route: CodeableConcept | None = None
    dose: Quantity | None = None


class Ingredient(Shape, frozen=True, gc=False):
    """``item[x]`` until R4, ``item`` in R5; ``amount`` (STU3), ``strength`` (R4), ``strength[x]`` (R5)."""

    item_codeable_concept: CodeableConcept | None = None
    item: CodeableReference | None = None
    strength: Ratio | None = None
    amount: Ratio | None = None
    strength_ratio: Ratio | None = None
    strength_quantity: Quantity | None = None


class Medication(Resource, frozen=True, gc=False):
    """The product: its code, or its ingredients."""

    code: CodeableConcept | None = None
    ingredient: tuple[Ingredient, ...] = ()


class MedicationResource(SubjectResource, frozen=True, gc=False):
    """What the four have in common: the medication, inline, contained or by reference."""

    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: NamedReference | None = None
    medication: CodeableReference | None = None
    contained: tuple[msgspec.Raw, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason: tuple[CodeableReference, ...] = ()


class DispenseRequest(Shape, frozen=True, gc=False):
    """How much was to be handed out."""

    expected_supply_duration: Quantity | None = None
    quantity: Quantity | None = None
    number_of_repeats_allowed: float | None = None


class MedicationRequest(MedicationResource, frozen=True, gc=False):
    """An order or prescription; ``effectiveDosePeriod`` is R5's."""

    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    effective_dose_period: Period | None = None
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None


class MedicationStatement(MedicationResource, frozen=True, gc=False):
    """What is said to be taken. ``taken`` is STU3, ``adherence`` R5."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    taken: str | None = None
    adherence: "Adherence | None" = None
    dosage: tuple[Dosage, ...] = ()


class MedicationUsage(MedicationStatement, frozen=True, gc=False):
    """The name of MedicationStatement in the ballots of R5."""


class Adherence(Shape, frozen=True, gc=False):
    """R5: whether it is taken."""

    code: CodeableConcept | None = None


class MedicationDispense(MedicationResource, frozen=True, gc=False):
    """What was handed out."""

    not_done: bool | None = None
    quantity: Quantity | None = None
    days_supply: Quantity | None = None
    when_prepared: str | None = None
    when_handed_over: str | None = None
    authorizing_prescription: tuple[Reference, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()


class MedicationAdministration(MedicationResource, frozen=True, gc=False):
    """What was given. R5 spells ``occurence`` with one r; both spellings are read."""

    not_given: bool | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    occurence_date_time: str | None = None
    occurence_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    request: Reference | None = None
    prescription: Reference | None = None
    dosage: AdministeredDosage | None = None
