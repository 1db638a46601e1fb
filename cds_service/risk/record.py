"""PatientRecord: what is known of one patient, in the words all the other rooms speak.

The record holds facts, not FHIR: only what some concept of the terminology recognised, each fact with the evidence
that a card can show. It is built by :mod:`cds_service.fhir` (or by the manual form) and read by the factors. It is
frozen, holds no clock and no language, and its order never matters.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from cds_service.risk.dates import PartialDate
from cds_service.terminology.match import ConceptMatch


class Area(StrEnum):
    """The kinds of data a rule may need; each is available or not on its own."""

    CONDITIONS = "conditions"
    OBSERVATIONS = "observations"
    MEDICATIONS = "medications"
    PROCEDURES = "procedures"
    FAMILY_HISTORY = "family-history"
    ORDERS = "orders"
    APPOINTMENTS = "appointments"
    DEVICES = "devices"
    REPORTS = "reports"


class Delivery(StrEnum):
    """How a kind of data arrived. Only GIVEN and EMPTY let a rule conclude anything from silence."""

    GIVEN = "given"
    EMPTY = "empty"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    MISSING = "missing"


class Availability(msgspec.Struct, frozen=True, gc=False):
    """How one area arrived: ``delivered`` of ``total`` resources (``total`` None when the sender gave none)."""

    state: Delivery
    delivered: int = 0
    total: int | None = None

    @property
    def complete(self) -> bool:
        """True when the whole list was read, even if it is empty."""
        return self.state in (Delivery.GIVEN, Delivery.EMPTY)


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Where a fact stands in the record: shown on the card, used as ``reasonReference``.

    Attributes:
        resource_type: FHIR type, for example ``Condition``.
        reference: relative literal reference ``Condition/123``; empty when the resource has no usable id.
        system: canonical code system of the coding that matched.
        code: the code as sent.
        display: the text the record itself uses (untrusted: escape before showing).
        when: clinically relevant date (onset, effective, authored), or None.
        value: the recorded value with unit as sent (``18 ng/mL``), language-neutral, or empty.
    """

    resource_type: str
    reference: str = ""
    system: str = ""
    code: str = ""
    display: str = ""
    when: PartialDate | None = None
    value: str = ""


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """A number with its UCUM unit as sent and FHIR comparator.

    ``unit`` is empty when none was sent; ``comparator`` is ``<`` | ``<=`` | ``>=`` | ``>`` or empty.
    """

    value: float
    unit: str = ""
    comparator: str = ""


class Range(msgspec.Struct, frozen=True, gc=False):
    """A FHIR Range or a doseRange; one end may be open."""

    low: Quantity | None = None
    high: Quantity | None = None


class BodySite(msgspec.Struct, frozen=True, gc=False):
    """A body site as far as it was understood: ``limb`` upper|lower|"" and ``side`` left|right|bilateral|""."""

    limb: str = ""
    side: str = ""
    segment: str = ""


class ConditionFact(msgspec.Struct, frozen=True, kw_only=True):
    """A Condition (or a problem-like Observation) that some concept recognised.

    ``clinical`` and ``verification`` are the FHIR codes, lower case, empty when absent. ``encounter`` is the relative
    reference of the encounter, used only to tell that two conditions belong to one event.
    """

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    clinical: str = ""
    verification: str = ""
    onset: PartialDate | None = None
    onset_age: float | None = None
    abated: PartialDate | None = None
    recorded: PartialDate | None = None
    sites: tuple[BodySite, ...] = ()
    encounter: str = ""


class ObservationFact(msgspec.Struct, frozen=True, kw_only=True):
    """An Observation or one of its components. ``answers`` are the concepts its coded value belongs to.

    ``normal`` is the range that the laboratory itself calls normal; None when it sent none, or several.
    """

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    status: str = ""
    effective: PartialDate | None = None
    value: Quantity | Range | PartialDate | bool | str | None = None
    normal: Range | None = None
    answers: tuple[ConceptMatch, ...] = ()
    absent_reason: str = ""
    sites: tuple[BodySite, ...] = ()
    method: str = ""


class Dosage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One dosage instruction, as far as it is structured.

    Attributes:
        dose: one dose in mass (``mg``) or in units of the form (``{tablet}``); a Range keeps both ends.
        per_day: doses a day from ``timing`` (0.5 = every other day); None when the timing is not structured.
        max_per_day: ``maxDosePerPeriod`` brought to one day.
        as_needed: prn.
        start: first day of ``timing.repeat.boundsPeriod``; end: its last day; days: ``boundsDuration`` in days.
        text_only: True when nothing but free text was sent.
    """

    dose: Quantity | Range | None = None
    per_day: float | None = None
    max_per_day: Quantity | None = None
    as_needed: bool = False
    start: PartialDate | None = None
    end: PartialDate | None = None
    days: float | None = None
    text_only: bool = False


class MedicationFact(msgspec.Struct, frozen=True, kw_only=True):
    """A medication of interest in one of the four resources that may tell of it.

    Attributes:
        source: ``request`` | ``statement`` | ``dispense`` | ``administration``.
        status, intent: FHIR codes, lower case. ``do_not_perform`` as sent.
        authored: authoredOn / whenHandedOver / dateAsserted. ``start`` and ``end``: the period it speaks of.
        days_supply: days the dispensed (or requested) amount lasts. ``amount``: dispensed or given quantity.
        strength: drug mass in one unit of the form (``5 mg`` for a 5 mg tablet), or None.
        route: ``oral`` | ``parenteral`` | ``inhaled`` | ``nasal`` | ``topical`` | ``ophthalmic`` | ``intraarticular`` |
            ``rectal`` | ``other`` | empty when not stated.
        based_on: reference of the request that a dispense or administration answers.
        category_planned: True for a draft order of an ordering hook.
    """

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    source: str
    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    authored: PartialDate | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    days_supply: float | None = None
    amount: Quantity | None = None
    dosages: tuple[Dosage, ...] = ()
    strength: Quantity | None = None
    route: str = ""
    based_on: str = ""
    reasons: tuple[ConceptMatch, ...] = ()
    planned: bool = False


class ProcedureFact(msgspec.Struct, frozen=True, kw_only=True):
    """A Procedure (amputation, oophorectomy, DXA done, ...)."""

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    status: str = ""
    performed: PartialDate | None = None
    ended: PartialDate | None = None
    sites: tuple[BodySite, ...] = ()
    status_reasons: tuple[ConceptMatch, ...] = ()


class FamilyFact(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of one relative.

    ``relationship``: ``mother`` | ``father`` | ``parent`` | ``sibling`` | ``child`` | ``other``.

    ``condition_known`` False with no hits stands for a relative recorded without conditions.
    """

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    relationship: str = ""
    status: str = ""
    absent_reason: str = ""


class OrderFact(msgspec.Struct, frozen=True, kw_only=True):
    """A ServiceRequest, or a booked Appointment (``kind`` = ``order`` | ``appointment``)."""

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    kind: str = "order"
    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    authored: PartialDate | None = None
    reasons: tuple[ConceptMatch, ...] = ()
    planned: bool = False


class ReportFact(msgspec.Struct, frozen=True, kw_only=True):
    """A DiagnosticReport or ImagingStudy of interest (a DXA that was done). ``results`` are relative references."""

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    status: str = ""
    effective: PartialDate | None = None
    results: tuple[str, ...] = ()
    conclusions: tuple[ConceptMatch, ...] = ()


class DeviceFact(msgspec.Struct, frozen=True, kw_only=True):
    """A Device or DeviceUseStatement (prosthesis, wheelchair)."""

    evidence: Evidence
    hits: tuple[ConceptMatch, ...]
    status: str = ""
    sites: tuple[BodySite, ...] = ()


class Demographics(msgspec.Struct, frozen=True, kw_only=True):
    """The Patient resource, without anything that names the person.

    ``sex`` is ``female`` | ``male`` | empty: sex assigned at birth where an extension gives it, else administrative
    gender when it is female or male. ``sex_differs`` tells that the two disagree (hormone status needs a person's eye).
    """

    reference: str = ""
    sex: str = ""
    sex_differs: bool = False
    birth_date: PartialDate | None = None
    active: bool = True
    deceased: bool = False
    replaced: bool = False
    protected: bool = False


class Gap(msgspec.Struct, frozen=True, gc=False):
    """An element that could not be read.

    ``reference`` and ``element`` say where (``MedicationRequest/1``, ``dosageInstruction``), ``reason`` why, as a code.
    """

    reference: str
    element: str
    reason: str


class NotCoded(msgspec.Struct, frozen=True, gc=False):
    """Text that looks relevant but carries no code we know: shown under the unknowns, never scored.

    ``plainly_limb_loss``: a diagnosis or a procedure, neither withdrawn nor denied, whose words say that this patient
    lacks a limb or part of one.
    """

    concept: str
    reference: str
    text: str
    plainly_limb_loss: bool = False


F = TypeVar(
    "F", ConditionFact, ObservationFact, MedicationFact, ProcedureFact, FamilyFact, OrderFact, ReportFact, DeviceFact
)


class Hit(msgspec.Struct, Generic[F], frozen=True):
    """A fact together with the terminology row by which it belongs to the concept asked for."""

    fact: F
    match: ConceptMatch

    def attribute(self, name: str) -> str:
        """Return the attribute ``name`` of the matched row, or an empty string."""
        return self.match.attributes.get(name, "")


ByConcept = Mapping[str, tuple[Hit[F], ...]]


def by_concept(facts: Iterable[F]) -> dict[str, tuple[Hit[F], ...]]:
    """Group facts by the concepts they belong to, so that a factor looks only at hits.

    A code that means something only in one kind of resource (a relative's osteoporosis in FamilyMemberHistory) is not
    read as that in another.
    """
    groups: dict[str, list[Hit[F]]] = {}
    for fact in facts:
        for match in fact.hits:
            if match.holds_in(fact.evidence.resource_type):
                groups.setdefault(match.concept, []).append(Hit(fact, match))
    return {concept: tuple(hits) for concept, hits in groups.items()}


class PatientRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one patient. Build it with :meth:`of`; ask it by concept.

    ``availability`` says for every :class:`Area` how it arrived; an area not in the mapping is MISSING.
    ``relatives`` are all facts of relatives, also those without any hit (a relative recorded without conditions).
    ``ignored_others`` counts resources of other patients that were left out.
    """

    demographics: Demographics
    conditions: ByConcept[ConditionFact] = msgspec.field(default_factory=dict)
    observations: ByConcept[ObservationFact] = msgspec.field(default_factory=dict)
    medications: ByConcept[MedicationFact] = msgspec.field(default_factory=dict)
    procedures: ByConcept[ProcedureFact] = msgspec.field(default_factory=dict)
    family: ByConcept[FamilyFact] = msgspec.field(default_factory=dict)
    relatives: tuple[FamilyFact, ...] = ()
    orders: ByConcept[OrderFact] = msgspec.field(default_factory=dict)
    reports: ByConcept[ReportFact] = msgspec.field(default_factory=dict)
    devices: ByConcept[DeviceFact] = msgspec.field(default_factory=dict)
    availability: Mapping[Area, Availability] = msgspec.field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    not_coded: tuple[NotCoded, ...] = ()
    ignored_others: int = 0

    @classmethod
    def of(  # noqa: PLR0913 - one keyword per kind of fact is the clearest door there is
        cls,
        demographics: Demographics,
        *,
        conditions: Iterable[ConditionFact] = (),
        observations: Iterable[ObservationFact] = (),
        medications: Iterable[MedicationFact] = (),
        procedures: Iterable[ProcedureFact] = (),
        family: Iterable[FamilyFact] = (),
        orders: Iterable[OrderFact] = (),
        reports: Iterable[ReportFact] = (),
        devices: Iterable[DeviceFact] = (),
        availability: Mapping[Area, Availability] | None = None,
        gaps: Iterable[Gap] = (),
        not_coded: Iterable[NotCoded] = (),
        ignored_others: int = 0,
    ) -> "PatientRecord":
        """Return a record with every fact filed under each concept it belongs to."""
        family = tuple(family)
        return cls(
            demographics=demographics,
            conditions=by_concept(conditions),
            observations=by_concept(observations),
            medications=by_concept(medications),
            procedures=by_concept(procedures),
            family=by_concept(family),
            relatives=family,
            orders=by_concept(orders),
            reports=by_concept(reports),
            devices=by_concept(devices),
            availability=availability or {},
            gaps=tuple(gaps),
            not_coded=tuple(not_coded),
            ignored_others=ignored_others,
        )

    def complete(self, *areas: Area) -> bool:
        """True when every one of ``areas`` was delivered whole (given or empty)."""
        return all(self.delivery(area).complete for area in areas)

    def delivery(self, area: Area) -> Availability:
        """Return how ``area`` arrived (MISSING when nothing was said of it)."""
        return self.availability.get(area, Availability(Delivery.MISSING))
