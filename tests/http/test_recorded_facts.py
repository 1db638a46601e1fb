"""Facts without a person: kept only where the site wants them, of limb-deficient patients, from an opened chart."""

from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cohort import Population
from cds_service.errors import StoreError
from tests.http.conftest import SERVICE

PATIENTS = list(Population(seed=2, patients=3, limb_share=1.0))
OTHER = next(iter(Population(seed=2, patients=1, limb_share=0.0)))


@pytest.fixture
def keeping(settings):
    return settings.model_copy(update={"recorded_facts": 2})


@contextmanager
def serving(settings):
    """A client of the service under these settings, and the service's store."""
    app = create_app(settings)
    with TestClient(app) as client:
        yield client, app.state.store


def call(client, patient):
    return client.post(SERVICE, content=patient.hook_request(), headers={"Content-Type": "application/json"})


def test_nothing_is_kept_unless_the_site_wants_it(client, store):
    assert call(client, PATIENTS[0]).status_code == 200
    assert store.recorded.count() == 0


def test_the_newest_limb_deficient_patients_are_kept_without_the_person(keeping, tmp_path):
    with serving(keeping) as (client, store):
        for patient in (*PATIENTS, OTHER):
            assert call(client, patient).status_code == 200
        kept = store.recorded.all()
    assert len(kept) == 2
    for facts in kept:
        for patient in PATIENTS:
            assert patient.id.encode() not in facts


def test_whoever_wants_none_any_more_forgets_those_kept(settings, keeping):
    with serving(keeping) as (client, store):
        call(client, PATIENTS[0])
        assert store.recorded.count() == 1
    with serving(settings) as (_, store):
        assert store.recorded.count() == 0


def test_a_store_that_cannot_keep_them_costs_no_card(keeping, monkeypatch):
    def refuse(*_):
        raise StoreError("full")

    with serving(keeping) as (client, store):
        monkeypatch.setattr(store.recorded, "add", refuse)
        assert call(client, PATIENTS[0]).status_code == 200
