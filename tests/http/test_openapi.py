"""The OpenAPI document is true: requests made from it, and against it, get only answers that it describes."""

import os

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.app.openapi import document
from cds_service.settings import Settings

MANY = 100 if os.environ.get("CI", "").lower() in {"1", "true"} else 25


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('openapi') / 'openapi.db'}"
    app = create_app(Settings(database_url=url, allow_open=True, large_processes=0))
    with TestClient(app):
        yield schemathesis.openapi.from_asgi("/openapi.json", app)


# With a GET nothing can be sent that would be wrong.
MODES = {"get": [GenerationMode.POSITIVE], "post": [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]}
OPERATIONS = [
    pytest.param(path, method, mode, id=f"{method} {path} {mode.value}")
    for path, methods in document()["paths"].items()
    for method in methods
    for mode in MODES[method]
]


CALL = "/cds-services/{service_id}"
# A record in the best of forms may lack what is needed to say anything (412), or an order its drafts (400).
REFUSED_IN_GOOD_FORM = [positive_data_acceptance]


# Schemathesis' own pytest plugin is not used: it does not know pytest 9.
@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(served, path, method, mode):
    operation = served[path][method]

    @settings(
        max_examples=MANY,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case):
        case.call_and_validate(excluded_checks=REFUSED_IN_GOOD_FORM if path == CALL else [])

    answered()


def test_the_document_describes_every_address_that_programs_call(served):
    told = {path for path in document()["paths"] if path.startswith("/cds-services")}
    routes = FastAPI.openapi(served.app)["paths"]
    assert {route for route in routes if route.startswith("/cds-services")} == told


def test_what_is_served_is_the_document(client):
    assert client.get("/openapi.json").json() == document()


def test_a_method_that_is_not_known_says_which_are(client):
    answer = client.put("/cds-services")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
