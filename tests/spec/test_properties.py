"""What holds for every patient, whoever they are: the worked patients, changed at random.

The changes are made in the FHIR that the service reads, so that reading and judging are tested together.
"""

import copy
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.risk.assessment import Assessment
from tests.spec.build import AREAS, KINDS, resources
from tests.spec.draft import Draft, Json, gone_wrong
from tests.spec.engine import assessed
from tests.spec.read import WorkedPatient, worked_patients

PATIENTS = worked_patients()
RESOURCES = {patient.id: resources(patient) for patient in PATIENTS}
BEFORE = {patient.id: assessed(patient) for patient in PATIENTS}
# Whose risk is worked out: the rest have no tier, and nothing to compare.
RATED = [patient for patient in PATIENTS if BEFORE[patient.id].tier is not None]

patients = st.sampled_from(PATIENTS)
rated_patients = st.sampled_from(RATED)
checked = settings(deadline=None, max_examples=60)


def essence(came: Assessment) -> Assessment:
    """The assessment without what only tells how the record was read."""
    return msgspec.structs.replace(came, gaps=(), not_coded=(), ignored_others=0)


def lines(patient: WorkedPatient, *record: Json) -> list[Json]:
    """Further resources for a patient, with ids of their own."""
    made = []
    for number, item in enumerate(copy.deepcopy(list(record))):
        ((kind, content),) = item.items()
        changes = gone_wrong(content)
        draft = Draft(patient.coding, f"Patient/{patient.fhir_id}", f"more-{number}", patient.as_of)
        made += [changed for resource in KINDS[kind](draft, content) for changed in changes(resource)]
    return made


# ---------------------------------------------------------------- what must not matter

IRRELEVANT: tuple[Json, ...] = (
    {"condition": {"irrelevant": "viral-sinusitis", "onset": "2026-01-10"}},
    {"observed": {"irrelevant": "potassium", "value": 4.1, "unit": "mmol/L", "date": "2026-05-30"}},
    {"drug": {"irrelevant": "simvastatin", "from": "2025-01-01"}},
    {"procedure": {"irrelevant": "intramuscular-injection", "date": "2026-05-30"}},
)
# One of each kind that would change much if it were believed.
WEIGHTY: tuple[Json, ...] = (
    {"amputation": {"level": "hip", "side": "left", "date": "2001-01-01", "system": "snomed"}},
    {"condition": {"is": "rheumatoid-arthritis", "code": "M05.9", "onset": "2001"}},
    {"condition": {"is": "parathyroid-disease", "code": "E21.0", "onset": "2025"}},
    {"condition": {"is": "osteoporosis-diagnosis", "code": "M81.9", "onset": "2024"}},
    {"condition": {"is": "palliative-hospice", "code": "Z51.5", "onset": "2026-05-01"}},
    {"condition": {"is": "fragility-fracture", "code": "M48.5", "onset": "2026-01-01"}},
    {"drug": {"name": "prednisolone", "dose": "40 mg", "per_day": 1, "from": "2025-07-01"}},
    {"drug": {"name": "letrozole", "dose": "2.5 mg", "per_day": 1, "from": "2025-07-01"}},
    {"drug": {"name": "denosumab", "as": "administration", "dose": "60 mg", "from": "2026-04-01"}},
    {"drug": {"name": "prednisolone", "as": "statement", "status": "active", "from": "2025-07-01"}},
    {"drug": {"name": "prednisolone", "as": "dispense", "days_supply": 100, "from": "2026-01-01"}},
    {"lab": {"test": "vitamin-d", "value": 9, "unit": "nmol/L", "date": "2026-05-31"}},
    {"lab": {"test": "frax-mof", "value": 40, "unit": "%", "date": "2026-05-31"}},
    {"measure": {"weight": 41, "date": "2026-05-31"}},
    {"smokes": {"is": "current", "date": "2026-05-31"}},
    {"item": {"falls-12-months": 5, "date": "2026-05-31"}},
    {"item": {"parental-hip-fracture": True, "date": "2026-05-31"}},
    {"item": {"postmenopausal": True, "date": "2026-05-31"}},
    {"relative": {"who": "mother", "had": "hip-fracture"}},
    {"scan": {"date": "2026-05-01", "spine": -3.1, "hip-left": -3.2, "hip-right": -3.3}},
    {"order": {"authored": "2026-05-30"}},
    {"report": {"date": "2026-05-01", "which": {"preferred-order": "yes"}, "system": "loinc"}},
    {"procedure": {"is": "menopause", "code": "76876009", "system": "snomed", "date": "2001-01-01"}},
)


def _known_here(patient: WorkedPatient, line: Json) -> bool:
    """Swedish codes in a Swedish record: the American ones are other codes of the same concepts."""
    return patient.coding == "se" or "code" not in next(iter(line.values())) or "system" in next(iter(line.values()))


@checked
@given(patient=patients, line=st.sampled_from(IRRELEVANT), first=st.booleans())
def test_a_resource_that_has_nothing_to_do_with_bone_changes_nothing(patient: WorkedPatient, line: Json, first: bool):
    more = lines(patient, line)
    found = more + RESOURCES[patient.id] if first else RESOURCES[patient.id] + more
    assert essence(assessed(patient, found=found)) == essence(BEFORE[patient.id])


@checked
@given(patient=patients, data=st.data())
def test_the_order_of_the_resources_never_matters(patient: WorkedPatient, data: st.DataObject):
    found = data.draw(st.permutations(RESOURCES[patient.id]))
    assert essence(assessed(patient, found=found)) == essence(BEFORE[patient.id])


@checked
@given(patient=patients, data=st.data())
def test_a_resource_that_comes_twice_counts_once(patient: WorkedPatient, data: st.DataObject):
    found = RESOURCES[patient.id]
    again = data.draw(st.lists(st.sampled_from(found), min_size=1, max_size=4))
    assert essence(assessed(patient, found=found + again)) == essence(BEFORE[patient.id])


@checked
@given(patient=patients, line=st.sampled_from(WEIGHTY))
def test_what_was_entered_in_error_never_matters(patient: WorkedPatient, line: Json):
    ((kind, content),) = line.items()
    swedish = patient if _known_here(patient, line) else replace(patient, coding="se")
    more = lines(swedish, {kind: {**content, "entered_in_error": True}})
    assert essence(assessed(patient, found=RESOURCES[patient.id] + more)) == essence(BEFORE[patient.id])


@checked
@given(patient=patients, line=st.sampled_from(WEIGHTY))
def test_what_belongs_to_somebody_else_never_matters(patient: WorkedPatient, line: Json):
    ((kind, content),) = line.items()
    swedish = patient if _known_here(patient, line) else replace(patient, coding="se")
    more = lines(swedish, {kind: {**content, "of_another_patient": True}})
    assert essence(assessed(patient, found=RESOURCES[patient.id] + more)) == essence(BEFORE[patient.id])


# ---------------------------------------------------------------- units

# The same amount in another unit, by powers of ten (and of sixty and seven), so that no rounding is involved.
SAME_AMOUNT = {
    "kg": (("g", 1000), ("hg", 10)),
    "cm": (("m", Fraction(1, 100)), ("mm", 10), ("dm", Fraction(1, 10))),
    "nmol/L": (("pmol/mL", 1), ("umol/L", Fraction(1, 1000)), ("pmol/L", 1000)),
    "ng/mL": (("ug/L", 1), ("ng/dL", 100), ("pg/mL", 1000)),
    "m[IU]/L": (("u[IU]/mL", 1), ("u[IU]/L", 1000)),
    "mg": (("ug", 1000), ("g", Fraction(1, 1000))),
    "ug": (("mg", Fraction(1, 1000)),),
    "[IU]": (("k[IU]", Fraction(1, 1000)),),
}


@checked
@given(patient=rated_patients, data=st.data())
def test_the_unit_of_a_quantity_never_matters(patient: WorkedPatient, data: st.DataObject):
    found = copy.deepcopy(RESOURCES[patient.id])
    for quantity in _quantities(found):
        others = [(quantity["unit"], 1), *SAME_AMOUNT.get(quantity["unit"], ())]
        unit, times = data.draw(st.sampled_from(others))
        value = Fraction(str(quantity["value"])) * times
        quantity |= {"value": int(value) if value.denominator == 1 else float(value), "unit": unit, "code": unit}
    came, before = assessed(patient, found=found), BEFORE[patient.id]
    assert _verdict(came) == _verdict(before)


def _quantities(node: object) -> list[Json]:
    if isinstance(node, dict):
        if "value" in node and "unit" in node:
            return [node]
        return [quantity for value in node.values() for quantity in _quantities(value)]
    return [quantity for value in node for quantity in _quantities(value)] if isinstance(node, list) else []


def _verdict(came: Assessment) -> tuple[object, ...]:
    """What a clinician acts on: never the digits that a conversion may leave behind."""
    return (
        came.tier,
        came.points,
        came.counted,
        came.overrides,
        {(finding.rule, finding.status, finding.reason) for finding in came.findings},
        {unknown.item for unknown in came.unknowns},
        {(gate.gate, gate.until) for gate in came.gates},
        [(decision.card, decision.reasons, decision.actions) for decision in came.decisions],
    )


# ---------------------------------------------------------------- less data, more data

LIMBS_AND_CAUSES = ("Z89", "Q7", "NFQ", "NGQ", "NHQ", "NCQ", "NDQ", "NBQ", "T87", "V")


def _must_stay(resource: Json) -> bool:
    """What makes the person a patient of ours, and the injury that explains a fracture away."""
    codes = [coding.get("code", "") for coding in resource.get("code", {}).get("coding", [])]
    limb = any(word in str(resource.get("code", "")).casefold() for word in ("limb", "amput", "hand", "fokomeli"))
    return limb or any(code.startswith(LIMBS_AND_CAUSES) for code in codes)


@checked
@given(patient=rated_patients, data=st.data())
def test_removing_data_never_makes_less_unknown(patient: WorkedPatient, data: st.DataObject):
    found = [resource for resource in RESOURCES[patient.id] if _must_stay(resource) or data.draw(st.booleans())]
    _no_less_unknown(BEFORE[patient.id], assessed(patient, found=found))


@checked
@given(
    patient=rated_patients,
    area=st.sampled_from([area for area in AREAS if area not in ("conditions", "procedures")]),
    state=st.sampled_from(["blocked", "failed", "missing", "partial"]),
)
def test_a_list_that_does_not_come_never_makes_less_unknown(patient: WorkedPatient, area: str, state: str):
    less = replace(patient, available={**patient.available, area: state})
    _no_less_unknown(BEFORE[patient.id], assessed(less))


def _no_less_unknown(before: Assessment, after: Assessment) -> None:
    if after.tier is None:
        return
    unknown_before = {unknown.item for unknown in before.unknowns if unknown.core}
    unknown_after = {unknown.item for unknown in after.unknowns if unknown.core}
    assert unknown_before <= unknown_after
    assert after.core_known <= before.core_known


# ---------------------------------------------------------------- a stronger exposure


@checked
@given(patient=rated_patients, times=st.integers(2, 20))
def test_a_higher_dose_never_lowers_the_points(patient: WorkedPatient, times: int):
    found = copy.deepcopy(RESOURCES[patient.id])
    for resource in found:
        for dosage in resource.get("dosageInstruction", []):
            for dose in dosage.get("doseAndRate", []):
                dose["doseQuantity"]["value"] *= times
    assert assessed(patient, found=found).points >= BEFORE[patient.id].points


@checked
@given(patient=rated_patients, days=st.integers(1, 400))
def test_a_drug_taken_for_longer_never_lowers_the_points(patient: WorkedPatient, days: int):
    found = copy.deepcopy(RESOURCES[patient.id])
    for resource in found:
        if resource["resourceType"] == "MedicationRequest" and len(resource.get("authoredOn", "")) == len("2026-01-01"):
            began = date.fromisoformat(resource["authoredOn"])
            if began <= patient.on:
                _begin(resource, (began - timedelta(days=days)).isoformat())
    assert assessed(patient, found=found).points >= BEFORE[patient.id].points


def _begin(resource: Json, began: str) -> None:
    resource["authoredOn"] = began
    for dosage in resource.get("dosageInstruction", []):
        bounds = dosage.get("timing", {}).get("repeat", {}).get("boundsPeriod", {})
        if "start" in bounds:
            bounds["start"] = began


@checked
@given(
    patient=rated_patients,
    lower=st.sampled_from([{"vitamin-d": value} for value in (24.9, 20, 10, 3)] + [{"tsh": 0.01}]),
)
def test_a_worse_result_never_lowers_the_points(patient: WorkedPatient, lower: dict[str, float]):
    ((test, value),) = lower.items()
    found = copy.deepcopy(RESOURCES[patient.id])
    units = {"vitamin-d": ("nmol/L",), "tsh": ("m[IU]/L", "u[IU]/mL")}[test]
    for quantity in _quantities(found):
        if quantity["unit"] in units and "comparator" not in quantity:
            quantity["value"] = min(quantity["value"], value)
    assert assessed(patient, found=found).points >= BEFORE[patient.id].points


# Left out: a further missing limb or a new weight may raise the corrected BMI; the menopause turns what hormones do.
ONLY_RISKS = [
    line for line in WEIGHTY if not line.keys() & {"amputation", "measure"} and "postmenopausal" not in str(line)
]


@checked
@given(patient=rated_patients, line=st.sampled_from(ONLY_RISKS))
def test_one_more_risk_never_lowers_the_points(patient: WorkedPatient, line: Json):
    swedish = patient if _known_here(patient, line) else replace(patient, coding="se")
    after = assessed(patient, found=RESOURCES[patient.id] + lines(swedish, line))
    assert after.tier is None or after.points >= BEFORE[patient.id].points
