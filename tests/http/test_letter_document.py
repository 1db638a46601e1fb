"""The letter as a DocumentReference through the whole service: off by default, and it names nobody."""

import base64
import json

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from tests.conformance.cards_check import problems

from .conftest import SERVICE
from .test_fetching import TODAY


def documents(client, request):
    answer = client.post(SERVICE, json=request, headers={"accept-language": "sv"})
    assert problems(answer.json()["cards"]) == []
    actions = [action for card in answer.json()["cards"] for one in card["suggestions"] for action in one["actions"]]
    return [one["resource"] for one in actions if one["resource"]["resourceType"] == "DocumentReference"]


@pytest.fixture
def filing(settings):
    with TestClient(create_app(settings.model_copy(update={"document_reference": "text"}))) as client:
        yield client


def request_of(patient, *, protected=False):
    request = hook_request(patient, TODAY)
    if protected:
        request["prefetch"]["patient"]["meta"] = {"security": [{"code": "sekretessmarkering"}]}
    return request


def test_a_site_that_has_not_asked_gets_no_documents(client):
    assert documents(client, request_of("alva")) == []


def test_a_site_that_has_gets_one_for_each_referral(filing):
    [made, *_] = documents(filing, request_of("alva"))
    assert made["subject"] == {"reference": "Patient/alva"}
    assert made["content"][0]["attachment"]["language"] == "sv"


def test_the_letter_says_that_identity_is_protected_and_names_nobody(filing):
    for protected in (False, True):
        request = request_of("alva", protected=protected)
        name = request["prefetch"]["patient"]["name"][0]["family"]
        [made, *_] = documents(filing, request)
        text = base64.b64decode(made["content"][0]["attachment"]["data"]).decode()
        assert ("SKYDD" in text.upper()) is protected
        assert name not in json.dumps(made) + text
