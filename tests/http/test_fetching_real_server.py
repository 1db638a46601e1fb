"""The happy path without mocks: a FHIR server that others wrote, over TLS and HTTP/2, with token and paging.

The server is Medplum's router with its search and in-memory repository, installed from the npm registry (ADR 0010).
"""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from tests.node_servers import installed, running
from tests.unit.fhir.fetching.playing import TOKEN

from .conftest import SERVICE
from .test_fetching import TODAY, request_for, resources_of, shown

BASE_PATH = "/fhir/r4"


class RealServer:
    """A running server; ``base`` as ``request_for`` wants it."""

    def __init__(self, port: int, authority: trustme.CA) -> None:
        self.base, self.port, self.authority = f"https://localhost:{port}{BASE_PATH}", port, authority

    def answered(self) -> list[dict[str, Any]]:
        from urllib.request import urlopen  # noqa: PLC0415 - a client that is not the one under test

        context = ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())
        with urlopen(f"https://localhost:{self.port}/answered", context=context) as response:
            return json.load(response)


@pytest.fixture(scope="module")
def installed_server(repository: Path) -> Path:
    return installed(repository, "fhir_server", "@medplum/fhir-router")


@pytest.fixture(scope="module")
def real(installed_server: Path) -> Iterator[RealServer]:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    told = {
        "token": TOKEN,
        "cert": certificate.cert_chain_pems[0].bytes().decode(),
        "key": certificate.private_key_pem.bytes().decode(),
        "pageSize": 2,
        "resources": [*resources_of("alva"), *resources_of("ruth")],
    }
    with running(installed_server, told) as port:
        yield RealServer(port, authority)


@pytest.fixture
def client(settings, real, monkeypatch, tmp_path):
    trusted = tmp_path / "authority.pem"
    real.authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    registered = {"fhir_servers": (real.base,), "allow_http_loopback": True, "fetch_seconds": 10.0}
    with TestClient(create_app(settings.model_copy(update=registered))) as client:
        yield client


def opened(client, body):
    return client.post(SERVICE, json=body, headers={"accept-language": "en"})


@pytest.mark.parametrize("keys", [(), ("patient",), ("patient", "conditions", "observations-vitals")])
def test_what_is_fetched_gives_the_same_cards_as_what_is_delivered(client, real, keys):
    fetched = opened(client, request_for("alva", real, *keys))
    assert fetched.status_code == 200, fetched.text
    assert shown(fetched) == shown(opened(client, hook_request("alva", TODAY)))
    assert shown(fetched)


def test_it_was_asked_over_http_2_and_page_by_page(client, real):
    before = len(real.answered())
    opened(client, request_for("alva", real))
    answered = real.answered()[before:]
    assert {one["http"] for one in answered} == {"2.0"}
    assert {one["status"] for one in answered} == {200}
    paths = [one["path"] for one in answered]
    assert len(paths) > len(set(paths))


def test_somebody_without_limb_deficiency_costs_three_queries(client, real):
    before = len(real.answered())
    assert opened(client, request_for("ruth", real)).json() == {"cards": []}
    paths = {one["path"] for one in real.answered()[before:]}
    assert paths == {f"{BASE_PATH}/Patient/ruth", f"{BASE_PATH}/Condition", f"{BASE_PATH}/Procedure"}


def test_a_wrong_token_is_a_412_that_says_so(client, real):
    response = opened(client, request_for("alva", real, token="another"))
    assert response.status_code == 412
    assert "patient: blocked: the FHIR server refused access" in response.text


def test_a_certificate_of_another_authority_is_not_trusted(settings, real, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    registered = {"fhir_servers": (real.base,), "allow_http_loopback": True}
    before = len(real.answered())
    with TestClient(create_app(settings.model_copy(update=registered))) as client:
        response = opened(client, request_for("alva", real))
    assert response.status_code == 412
    assert "could not be reached" in response.text
    assert len(real.answered()) == before
