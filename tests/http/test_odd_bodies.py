"""Bodies that are JSON and still ask for trouble: too deep, too many, the same member twice."""

from datetime import UTC, datetime

import orjson
import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from tests.unit.fhir.fetching.playing import FhirServer

from .conftest import SERVICE
from .test_fetching import request_for, resources_of

TODAY = datetime.now(UTC).date()
JSON = {"content-type": "application/json", "accept-language": "en"}


def deep(levels):
    return orjson.Fragment(b'{"a":' * levels + b"1" + b"}" * levels)


def nested(place, levels):
    body = hook_request("alva", TODAY)
    if place == "resource":
        body["prefetch"]["patient"] = body["prefetch"]["patient"] | {"extension": [deep(levels)]}
    elif place == "envelope":
        body["extension"] = deep(levels)
    else:
        body[place] = body[place] | {"more": deep(levels)}
    return orjson.dumps(body)


@pytest.mark.parametrize("place", ["resource", "prefetch", "context", "envelope"])
@pytest.mark.parametrize("levels", [5_000, 300_000])
def test_what_is_nested_deeper_than_any_record_is_413_wherever_it_stands(client, place, levels):
    assert client.post(SERVICE, content=nested(place, levels), headers=JSON).status_code == 413


@pytest.mark.parametrize("place", ["resource", "context", "envelope"])
def test_what_is_nested_as_deep_as_extensions_may_be_is_read(client, place):
    answer = client.post(SERVICE, content=nested(place, 200), headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["cards"]


def test_more_resources_than_any_record_has_are_413(settings):
    with TestClient(create_app(settings.model_copy(update={"max_resources": 100}))) as client:
        assert client.post(SERVICE, json=hook_request("alva", TODAY), headers=JSON).status_code == 200
        body = hook_request("alva", TODAY)
        more = {"resource": {"resourceType": "Observation", "subject": {"reference": "Patient/alva"}}}
        body["prefetch"]["observations-labs"]["entry"] += [more] * 120
        answer = client.post(SERVICE, json=body, headers=JSON)
        assert answer.status_code == 413
        assert answer.json()["issue"][0]["diagnostics"] == "the body holds more than 100 resources"


def twice(body, name, first):
    """The body with a member that stands twice: ``first``, and later as it was."""
    text = orjson.dumps(body)
    return b'{"%s":%s,' % (name.encode(), orjson.dumps(first)) + text[1:]


def shown(answer):
    return [card["summary"] for card in answer.json()["cards"]]


def test_a_member_that_stands_twice_counts_as_it_stands_last(client):
    alva, ruth = hook_request("alva", TODAY), hook_request("ruth", TODAY)
    plain = shown(client.post(SERVICE, json=alva, headers=JSON))
    assert plain
    for name, first in (("prefetch", ruth["prefetch"]), ("context", ruth["context"]), ("hook", "order-sign")):
        assert shown(client.post(SERVICE, content=twice(alva, name, first), headers=JSON)) == plain
    lists = orjson.dumps(alva["prefetch"])
    doubled = b'{"conditions":null,' + lists[1:]
    body = orjson.dumps(alva | {"prefetch": orjson.Fragment(doubled)})
    assert shown(client.post(SERVICE, content=body, headers=JSON)) == plain


def test_with_two_servers_named_the_token_goes_to_the_last_alone(settings):
    with (
        FhirServer(*resources_of("alva")).running() as own,
        FhirServer(*resources_of("alva"), token=None).running() as other,
    ):
        registered = {"fhir_servers": (own.base,), "allow_http_loopback": True, "fetch_seconds": 10.0}
        with TestClient(create_app(settings.model_copy(update=registered))) as client:
            asked = client.post(
                SERVICE, content=twice(request_for("alva", own), "fhirServer", other.base), headers=JSON
            )
            assert asked.status_code == 200
            assert own.asked
            refused = client.post(
                SERVICE, content=twice(request_for("alva", other), "fhirServer", own.base), headers=JSON
            )
            assert refused.status_code == 412
        assert other.asked == []
