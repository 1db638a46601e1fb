"""The real application over HTTP, in process, on a store of its own."""

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.settings import Settings

SERVICE = "/cds-services/limb-deficiency-bone-health"


@pytest.fixture
def settings(tmp_path):
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'http.db'}", language="en", max_body_bytes=2_000_000, allow_open=True
    )


@pytest.fixture
def client(settings):
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def store(client):
    return client.app.state.store
