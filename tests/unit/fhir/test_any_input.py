"""Whatever arrives, the answer is a record or a refusal that the caller may read; order and repetition never show."""

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.errors import CallerError
from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.risk.record import PatientRecord
from cds_service.terminology.load import load_default

from .conftest import ATC, ICD10SE, KVA, LOINC, SCT, bundle, coded, patient, request, resource

QUANTITY = {"value": 62.5, "unit": "kg", "code": "kg", "comparator": "<"}
VALID: dict[str, Any] = {
    "patient": patient(
        deceasedBoolean=False, link=[{"type": "seealso"}], meta={"versionId": "1", "security": [{"code": "R"}]}
    ),
    "conditions": bundle(
        resource(
            "Condition", "c1", code=coded(ICD10SE, "Z89.5", "vänster"), onsetDateTime="2010-05", onsetAge=QUANTITY,
            verificationStatus={"coding": [{"code": "confirmed"}]}, bodySite=[coded(SCT, "48979004")],
        ),
        resource("Condition", "c2", code={"text": "Osteoporos"}),
        total=2, link=[{"relation": "self"}],
    ),
    "observations": bundle(
        resource("Observation", "o1", status="final", code=coded(LOINC, "29463-7"), valueQuantity=QUANTITY),
        resource("Observation", "o2", code=coded(LOINC, "72166-2"), valueCodeableConcept=coded(SCT, "266919005")),
        resource("Observation", "o3", component=[{"code": coded(LOINC, "8302-2"), "valueRange": {"low": QUANTITY}}]),
    ),
    "medications": bundle(
        resource(
            "MedicationRequest", "m1", status="active", intent="order", medicationReference={"reference": "#x"},
            contained=[{"resourceType": "Medication", "id": "x", "code": coded(ATC, "H02AB06"),
                        "ingredient": [{"item": {}}]}],
            dosageInstruction=[
                {
                    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]}},
                    "doseAndRate": [{"doseQuantity": QUANTITY}], "route": coded(SCT, "26643006"),
                    "maxDosePerPeriod": {"numerator": QUANTITY, "denominator": {"value": 1, "code": "d"}},
                }
            ],
            dispenseRequest={"expectedSupplyDuration": {"value": 30, "code": "d"}},
        ),
        resource("MedicationStatement", "s1", medicationCodeableConcept=coded(ATC, "H02AB06"), taken="y"),
    ),
    "procedures": bundle(
        resource("Procedure", "p1", code=coded(KVA, "NGQ19"), performedPeriod={"start": "2010"}),
    ),
    "familyHistory": bundle(
        resource(
            "FamilyMemberHistory", "f1", relationship={"text": "mor"}, condition=[{"code": coded(SCT, "64859006")}],
        )
    ),
    "orders": bundle(resource("ServiceRequest", "r1", code=coded(SCT, "312681000"), reasonCode=[{"text": "x"}])),
    "failed": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]},
}  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


PLACES = [place for place in places(VALID) if place]


def changed(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    inner = tree
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return tree


def read(prefetch: Any) -> PatientRecord:
    return read_prefetch(read_hook_request(request(prefetch)), load_default())


def refused_or_read(body: bytes) -> None:
    index = load_default()
    for reader in (lambda: read_prefetch(read_hook_request(body), index), lambda: read_bundle(body, index)):
        with suppress(CallerError):
            assert isinstance(reader(), PatientRecord)


def test_the_valid_request_is_read_whole() -> None:
    record = read(VALID)
    assert record.gaps == ()
    facts = (
        record.conditions,
        record.observations,
        record.medications,
        record.procedures,
        record.family,
        record.orders,
    )
    assert all(facts)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_element_replaced_by_anything_is_read_or_refused(place: tuple[Any, ...], value: Any) -> None:
    mutated = changed(VALID, place, value)
    refused_or_read(request(mutated))
    refused_or_read(json.dumps(list(mutated.values()) if isinstance(mutated, dict) else mutated).encode())


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60) | JSON.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_are_refused(body: bytes) -> None:
    refused_or_read(body)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=0, max_value=len(request(VALID)) - 1))
def test_a_request_cut_short_is_refused(cut: int) -> None:
    refused_or_read(request(VALID)[:cut])


def facts_of(record: PatientRecord) -> tuple[Any, ...]:
    return (
        record.demographics, record.conditions, record.observations, record.medications, record.procedures,
        record.family, record.relatives, record.orders, record.reports, record.devices, record.gaps, record.not_coded,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_order_and_repetition_never_show(data: st.DataObject) -> None:
    resources = [entry["resource"] for key in VALID for entry in VALID[key].get("entry", [])]
    again = data.draw(st.lists(st.sampled_from(resources), max_size=5))
    shuffled = data.draw(st.permutations([*resources, *again]))
    mixed = {"x": VALID["patient"], "all": bundle(*shuffled)}
    assert facts_of(read(mixed)) == facts_of(read(VALID))
