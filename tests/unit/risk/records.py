"""Tiny builders of facts, records and cases, so that a test shows only what it is about.

``condition("rheumatoid-arthritis")`` makes a fact of a concept; ``condition(code=(CM, "M05.9"))`` asks the shipped
terminology what a real code means. ``item("falls-12-months", 2)`` is an answer of the project's own form.
``patient(...)`` files facts in a record in which every list arrived whole, unless told otherwise.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from cds_service.risk.assessment import Age, Band, BodySize, LimbStatus, Menopause, MissingLimb
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import (
    Area,
    Availability,
    BodySite,
    ConditionFact,
    Delivery,
    Demographics,
    DeviceFact,
    Dosage,
    Evidence,
    FamilyFact,
    MedicationFact,
    ObservationFact,
    OrderFact,
    PatientRecord,
    ProcedureFact,
    Quantity,
    ReportFact,
)
from cds_service.rulesets.load import load_default as load_rules
from cds_service.rulesets.model import RuleSet
from cds_service.terminology.attributes import Attributes
from cds_service.terminology.load import load_default as load_index
from cds_service.terminology.match import ConceptMatch

AS_OF = date(2026, 6, 1)
CM = "http://hl7.org/fhir/sid/icd-10-cm"
WHO = "http://hl7.org/fhir/sid/icd-10"
SE = "urn:oid:1.2.752.116.1.1.1.1.3"
SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
NPU = "http://npu-terminology.org"
KVA = "urn:oid:1.2.752.116.1.3.2.1.4"
ITEMS = "urn:uuid:25b549e3-89bf-4c8b-a7bf-a22c59c1b865"

FACT_KINDS: dict[type, str] = {
    ConditionFact: "conditions",
    ObservationFact: "observations",
    MedicationFact: "medications",
    ProcedureFact: "procedures",
    FamilyFact: "family",
    OrderFact: "orders",
    ReportFact: "reports",
    DeviceFact: "devices",
}
Code = tuple[str, str]


def on(text: str | date | PartialDate | None) -> PartialDate | None:
    """A date as a record writes it: ``2024``, ``2024-05`` or ``2024-05-17``."""
    if text is None or isinstance(text, PartialDate):
        return text
    if isinstance(text, date):
        return PartialDate.of_day(text)
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return PartialDate.of_year(parts[0])
    return PartialDate.of_month(*parts) if len(parts) == 2 else PartialDate.of_day(date(*parts))


def match(concept: str, code: str = "test", system: str = SCT, **attributes: str) -> ConceptMatch:
    """One terminology match with the attributes given (written as keyword arguments)."""
    return ConceptMatch(concept, system, code, code, "exact", Attributes(attributes), "test")


def matches(concept: str, code: Code | None, attributes: Mapping[str, str] | None) -> tuple[ConceptMatch, ...]:
    """What the shipped terminology says of a real ``code`` (of ``concept``, if named), or one made-up match."""
    if code is None:
        return (match(concept, **(attributes or {})),)
    found = load_index().concepts(*code)
    kept = tuple(hit for hit in found if concept in ("", hit.concept))
    assert kept, f"the terminology does not know {code} as {concept or 'anything'}"
    return kept


def evidence(kind: str, hits: tuple[ConceptMatch, ...], ref: str = "", when: PartialDate | None = None) -> Evidence:
    """Evidence that points at the first hit."""
    return Evidence(kind, ref or f"{kind}/{hits[0].concept}-{hits[0].code}", hits[0].system, hits[0].code, when=when)


def condition(
    concept: str = "",
    *,
    code: Code | None = None,
    attributes: Mapping[str, str] | None = None,
    clinical: str = "active",
    verification: str = "confirmed",
    onset: str | date | None = None,
    abated: str | date | None = None,
    recorded: str | date | None = None,
    ref: str = "",
    sites: tuple[BodySite, ...] = (),
    **more: Any,
) -> ConditionFact:
    """A Condition; confirmed and active unless told otherwise."""
    hits = matches(concept, code, attributes)
    when = on(onset) or on(recorded)
    return ConditionFact(
        evidence=evidence("Condition", hits, ref, when),
        hits=hits,
        clinical=clinical,
        verification=verification,
        onset=on(onset),
        abated=on(abated),
        recorded=on(recorded),
        sites=sites,
        **more,
    )


def quantity(value: Any, unit: str = "") -> Any:
    """A bare number becomes a Quantity; anything else (yes/no, text, Range, Quantity) stays what it is."""
    bare = isinstance(value, int | float) and not isinstance(value, bool)
    return Quantity(float(value), unit) if bare else value


def observation(
    concept: str = "",
    value: Any = None,
    unit: str = "",
    *,
    code: Code | None = None,
    attributes: Mapping[str, str] | None = None,
    effective: str | date | None = "2026-05-01",
    status: str = "final",
    answers: tuple[ConceptMatch, ...] = (),
    ref: str = "",
    **more: Any,
) -> ObservationFact:
    """An Observation; final and a month old unless told otherwise."""
    hits = matches(concept, code, attributes)
    return ObservationFact(
        evidence=evidence("Observation", hits, ref, on(effective)),
        hits=hits,
        status=status,
        effective=on(effective),
        value=quantity(value, unit),
        answers=answers,
        **more,
    )


def item(name: str, value: Any, unit: str | None = None, **more: Any) -> ObservationFact:
    """An answer of the project's own form. ``name`` is the code (``falls-12-months``) or its item (``falls``)."""
    rows = [row for row in load_index().table("bone-health-item") if name in (row.code, row.attributes["item"])]
    assert rows, f"no item is called {name}"
    row = next((row for row in rows if row.code == name), rows[0])
    given = row.attributes.get("unit", "") if unit is None else unit
    return observation("bone-health-item", value, given, code=(ITEMS, row.code), **more)


def medication(
    concept: str = "",
    *,
    code: Code | None = None,
    attributes: Mapping[str, str] | None = None,
    source: str = "request",
    status: str = "active",
    intent: str = "order",
    authored: str | date | None = None,
    start: str | date | None = None,
    end: str | date | None = None,
    dosages: tuple[Dosage, ...] = (),
    ref: str = "",
    **more: Any,
) -> MedicationFact:
    """A medication; an active ordered request unless told otherwise (``source="dispense"`` and so on)."""
    hits = matches(concept, code, attributes)
    kinds = {"request": "MedicationRequest", "statement": "MedicationStatement", "dispense": "MedicationDispense"}
    kind = kinds.get(source, "MedicationAdministration")
    return MedicationFact(
        evidence=evidence(kind, hits, ref, on(authored) or on(start)),
        hits=hits,
        source=source,
        status=status,
        intent=intent,
        authored=on(authored),
        start=on(start),
        end=on(end),
        dosages=dosages,
        **more,
    )


def dosage(mg: float | None = None, per_day: float | None = 1, **more: Any) -> Dosage:
    """``mg`` milligrams, ``per_day`` times a day."""
    return Dosage(dose=None if mg is None else Quantity(mg, "mg"), per_day=per_day, **more)


def procedure(
    concept: str = "",
    *,
    code: Code | None = None,
    attributes: Mapping[str, str] | None = None,
    status: str = "completed",
    performed: str | date | None = None,
    ref: str = "",
    **more: Any,
) -> ProcedureFact:
    """A Procedure; completed unless told otherwise."""
    hits = matches(concept, code, attributes)
    return ProcedureFact(
        evidence=evidence("Procedure", hits, ref, on(performed)),
        hits=hits,
        status=status,
        performed=on(performed),
        **more,
    )


def relative(concept: str = "", relationship: str = "mother", *, code: Code | None = None, **more: Any) -> FamilyFact:
    """One condition of one relative."""
    hits = matches(concept, code, more.pop("attributes", None))
    return FamilyFact(
        evidence=evidence("FamilyMemberHistory", hits),
        hits=hits,
        relationship=relationship,
        status=more.pop("status", "completed"),
        **more,
    )


def order(concept: str = "", *, code: Code | None = None, authored: str | date | None = None, **more: Any) -> OrderFact:
    """A ServiceRequest (or, with ``kind="appointment"``, an Appointment); active unless told otherwise."""
    hits = matches(concept, code, more.pop("attributes", None))
    kind = more.get("kind", "order")
    return OrderFact(
        evidence=evidence("Appointment" if kind == "appointment" else "ServiceRequest", hits, when=on(authored)),
        hits=hits,
        status=more.pop("status", "active"),
        intent=more.pop("intent", "order"),
        authored=on(authored),
        **more,
    )


def device(concept: str = "", *, code: Code | None = None, **more: Any) -> DeviceFact:
    """A Device or DeviceUseStatement; active unless told otherwise."""
    hits = matches(concept, code, more.pop("attributes", None))
    return DeviceFact(evidence=evidence("Device", hits), hits=hits, status=more.pop("status", "active"), **more)


def report(
    concept: str = "", *, code: Code | None = None, effective: str | date | None = None, **more: Any
) -> ReportFact:
    """A DiagnosticReport or ImagingStudy; final unless told otherwise."""
    hits = matches(concept, code, more.pop("attributes", None))
    return ReportFact(
        evidence=evidence("DiagnosticReport", hits, when=on(effective)),
        hits=hits,
        status=more.pop("status", "final"),
        effective=on(effective),
        **more,
    )


def patient(
    *facts: Any,
    sex: str = "female",
    birth: str | date | None = None,
    missing: Iterable[Area] = (),
    areas: Mapping[Area, Delivery] | None = None,
    **more: Any,
) -> PatientRecord:
    """A record of ``facts``. Every area arrived whole, except those in ``missing`` or with a state in ``areas``."""
    filed: dict[str, Any] = {}
    for fact in facts:
        filed.setdefault(FACT_KINDS[type(fact)], []).append(fact)
    states = dict.fromkeys(Area, Delivery.GIVEN) | dict.fromkeys(missing, Delivery.MISSING) | dict(areas or {})
    return PatientRecord.of(
        Demographics(reference="Patient/1", sex=sex, birth_date=on(birth)),
        availability={area: Availability(state) for area, state in states.items()},
        **filed,
        **more,
    )


LEFT_HAND_ABSENT = LimbStatus(
    limbs=(MissingLimb(limb="upper", side="left", level="wrist", origin="congenital"),),
    ld_class="UL",
    in_cohort=True,
    forearm_sides=("left", "right"),
)


def age_of_years(years: int | None) -> Age | None:
    """An exact age, or none."""
    return None if years is None else Age(years, years)


def flat(value: float) -> Band:
    """A band without width."""
    return Band(value, value, value)


def case(
    *facts: Any,
    record: PatientRecord | None = None,
    age: int | Age | None = 60,
    sex: str = "female",
    limbs: LimbStatus = LEFT_HAND_ABSENT,
    menopause: Menopause | None = None,
    body: BodySize | None = None,
    profile: str = "se",
    rules: RuleSet | None = None,
    as_of: date = AS_OF,
    **more: Any,
) -> Case:
    """A case for one factor: ``case(condition("coeliac-disease"), age=44)``.

    Facts and the remaining keywords go to :func:`patient`, unless a whole ``record`` is handed over (it may also be
    the first positional argument).
    """
    if facts and isinstance(facts[0], PatientRecord):
        record, *rest = facts
        assert not rest, "either facts or a record"
    if menopause is None:
        years = age if isinstance(age, int) else 0
        state = ("postmenopausal" if years >= 55 else "premenopausal") if sex == "female" else "not-applicable"
        menopause = Menopause(state=state, assumed=True)
    return Case(
        record=record if record is not None else patient(*facts, sex=sex, **more),
        rules=rules or load_rules(profile),
        as_of=as_of,
        limbs=limbs,
        age=Age(age, age) if isinstance(age, int) else age,
        sex=sex,
        menopause=menopause,
        body=body or BodySize(),
    )
