"""No optimisation changes an answer: it is that of the plain, slow way through, to the byte but for uuids."""

import copy
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.requests import request
from cds_service.app.factory import build_engine
from cds_service.fhir import read_hook_request
from cds_service.settings import Settings
from tools.fuzz_requests import request_of
from tools.fuzz_seeds import seed_requests

from .client_requests import alva, each_resource
from .plain_path import both, plainly

SEED = 20261129
COUNT = 4_000 if os.environ.get("CI") else 400


@pytest.fixture(scope="module")
def engine():
    return build_engine(Settings())


@pytest.mark.parametrize("body", seed_requests(()), ids=lambda body: json.loads(body)["context"]["patientId"])
def test_demonstration_patients_are_answered_alike(engine, body):
    quick, plain = both(engine, body)
    assert quick == plain
    assert quick


@pytest.mark.parametrize("size", ["TINY", "S", "M", "L"])
def test_records_of_all_sizes_are_answered_alike(engine, size):
    quick, plain = both(engine, request(size))
    assert quick == plain


def test_mutated_requests_are_answered_alike(engine):
    seeds = [*seed_requests(()), request("S")]
    different = []
    for number in range(COUNT):
        quick, plain = both(engine, request_of(seeds, SEED, number))
        if quick != plain:
            different.append((number, quick, plain))
    assert different == []


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ("id", "meta", "subject", "code", "component", "status", "resourceType", "modifierExtension", "valueQuantity",
     "medicationReference", "medicationCodeableConcept", "extension", "clinicalStatus", "effectiveDateTime", "total")
)  # fmt: skip


@settings(max_examples=400 if os.environ.get("CI") else 80, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, 40), name=MEMBERS, value=JSON)
def test_a_member_of_any_value_is_read_alike(engine, place, name, value):
    body = alva()
    resources = [body["prefetch"]["patient"], body["prefetch"]["conditions"]]
    resources += [entry["resource"] for one in body["prefetch"].values() for entry in one.get("entry", ())]
    resources[place % len(resources)][name] = value
    quick, plain = both(engine, json.dumps(body).encode())
    assert quick == plain


def with_another_order(resource: dict[str, Any]) -> None:
    """Members in another order, the type last."""
    members = list(resource.items())
    resource.clear()
    resource.update(reversed(members))


def test_the_order_of_members_makes_no_difference(engine):
    body = alva()
    turned = json.dumps(each_resource(copy.deepcopy(body), with_another_order)).encode()
    assert both(engine, turned) == both(engine, json.dumps(body).encode())


def test_without_a_fault_a_request_is_read_in_one_pass_and_otherwise_it_is_not():
    body = json.dumps(alva()).encode()
    assert read_hook_request(body).glanced
    assert read_hook_request(body.replace(b'"Condition"', b'"Unheard"', 1)).glanced is None
    with plainly():
        assert read_hook_request(body).glanced is None
