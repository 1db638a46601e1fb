"""Conditions, observations, procedures, family history and reports."""

from cds_service.fhir.shapes import (
    CodeableConcept,
    CodeableReference,
    Coding,
    Period,
    Quantity,
    Range,
    Reference,
    Resource,
    Shape,
    SubjectResource,
)


class Condition(SubjectResource, frozen=True, gc=False):
    """R4, R5 and STU3: the statuses are codes in STU3, concepts later; ``assertedDate`` became ``recordedDate``."""

    code: CodeableConcept | None = None
    clinical_status: str | CodeableConcept | None = None
    verification_status: str | CodeableConcept | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    onset_age: Quantity | None = None
    onset_range: Range | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    abatement_boolean: bool | None = None
    abatement_age: Quantity | None = None
    abatement_string: str | None = None
    recorded_date: str | None = None
    asserted_date: str | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    encounter: Reference | None = None
    context: Reference | None = None


class ReferenceRange(Shape, frozen=True, gc=False):
    """What a laboratory calls normal; ``type`` says when it is another kind of range."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class ObservationPart(Shape, frozen=True, gc=False):
    """What an Observation and its components have in common: a question and its answer."""

    code: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_range: Range | None = None
    value_boolean: bool | None = None
    value_integer: float | None = None
    value_string: str | None = None
    value_date_time: str | None = None
    data_absent_reason: CodeableConcept | None = None
    reference_range: tuple[ReferenceRange, ...] = ()


class Observation(SubjectResource, frozen=True, gc=False):
    """The same in STU3, R4 and R5 as far as we read it."""

    status: str | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_range: Range | None = None
    value_boolean: bool | None = None
    value_integer: float | None = None
    value_string: str | None = None
    value_date_time: str | None = None
    data_absent_reason: CodeableConcept | None = None
    reference_range: tuple[ReferenceRange, ...] = ()
    body_site: CodeableConcept | None = None
    method: CodeableConcept | None = None
    component: tuple[ObservationPart, ...] = ()
    # Since R4: whom or what it is about when that is not the patient, a fetus or a parent.
    focus: tuple[Reference, ...] = ()


class Procedure(SubjectResource, frozen=True, gc=False):
    """``performed[x]`` until R4, ``occurrence[x]`` in R5; ``notDone`` in STU3."""

    status: str | None = None
    not_done: bool | None = None
    code: CodeableConcept | None = None
    status_reason: CodeableConcept | None = None
    not_done_reason: CodeableConcept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    body_site: tuple[CodeableConcept, ...] = ()


class FamilyCondition(Shape, frozen=True, gc=False):
    """One condition of the relative."""

    code: CodeableConcept | None = None


class FamilyMemberHistory(Resource, frozen=True, gc=False):
    """One relative and what they had. ``notDone`` and ``notDoneReason`` are STU3's."""

    status: str | None = None
    not_done: bool | None = None
    patient: Reference | None = None
    date: str | None = None
    relationship: CodeableConcept | None = None
    data_absent_reason: CodeableConcept | None = None
    not_done_reason: CodeableConcept | None = None
    condition: tuple[FamilyCondition, ...] = ()

    @property
    def owner(self) -> Reference | None:
        """The patient whose relative this is."""
        return self.patient


class DiagnosticReport(SubjectResource, frozen=True, gc=False):
    """``codedDiagnosis`` (STU3) became ``conclusionCode``, in R5 a CodeableReference."""

    status: str | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    result: tuple[Reference, ...] = ()
    conclusion_code: tuple[CodeableReference, ...] = ()
    coded_diagnosis: tuple[CodeableConcept, ...] = ()


class ImagingStudy(SubjectResource, frozen=True, gc=False):
    """``patient``, ``modalityList`` in STU3; ``procedureCode`` became ``procedure``; modalities are concepts in R5."""

    status: str | None = None
    patient: Reference | None = None
    started: str | None = None
    procedure_code: tuple[CodeableConcept, ...] = ()
    procedure: tuple[CodeableReference, ...] = ()
    modality: tuple["Modality", ...] = ()
    modality_list: tuple["Modality", ...] = ()

    @property
    def owner(self) -> Reference | None:
        """The patient who was examined."""
        return self.subject or self.patient


class Modality(Coding, frozen=True, gc=False):
    """A Coding, or R5's CodeableConcept in the same place."""

    coding: tuple[Coding, ...] = ()

    @property
    def as_concept(self) -> CodeableConcept:
        """The modality as a concept, in whichever form it came."""
        return CodeableConcept(self.coding or (Coding(self.system, self.code, self.display),))
