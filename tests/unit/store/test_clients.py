"""Clients are kept with all their earlier forms; two people who change one at a time do not undo each other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cds_service.errors import ClientError, Conflict, StoreError
from cds_service.store import Store
from cds_service.store.tables import CLIENTS
from tests.unit.clients.documents import jwt_client, key_client, open_client

NORTH = {"action": "refer-endocrinology", "name": "Endo North"}


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


def test_a_client_is_registered_once_and_read_back_whole(store):
    added = store.clients.add(jwt_client(), by="alva")
    [kept] = store.clients.all()
    assert kept == added == store.clients.get("north-hospital")
    assert (kept.revision, kept.changed_by) == (1, "alva")
    assert datetime.now(UTC) - kept.changed < timedelta(minutes=1)
    assert kept.client().auth.issuer == "https://ehr.north.example"
    with pytest.raises(Conflict, match="already"):
        store.clients.add(jwt_client() | {"name": "Other"}, by="bo")
    assert store.clients.get("north-hospital") == added
    assert store.clients.get("south") is None


def test_a_change_is_made_from_what_was_read_or_not_at_all(store):
    store.clients.add(jwt_client(), by="alva")
    store.clients.change(jwt_client() | {"name": "By Alva"}, made_from=1, by="alva")
    with pytest.raises(Conflict, match="meanwhile"):
        store.clients.change(jwt_client() | {"name": "By Bo"}, made_from=1, by="bo")
    with pytest.raises(Conflict, match="not registered"):
        store.clients.change(key_client(), made_from=1, by="bo")
    kept = store.clients.get("north-hospital")
    assert (kept.revision, kept.document["name"]) == (2, "By Alva")


def test_every_earlier_form_is_kept_the_newest_first(store):
    store.clients.add(jwt_client(), by="alva")
    store.clients.add(key_client(), by="alva")
    store.clients.change(jwt_client() | {"active": False}, made_from=1, by="bo")
    forms = store.clients.history("north-hospital")
    assert [(form.id, form.revision, form.document["active"], form.changed_by) for form in forms] == [
        ("north-hospital", 2, False, "bo"),
        ("north-hospital", 1, True, "alva"),
    ]


def test_the_revision_grows_with_every_change_that_was_made_and_with_no_other(store):
    seen = [store.clients.revision()]
    store.clients.add(jwt_client(), by="alva")
    seen.append(store.clients.revision())
    store.clients.change(jwt_client(), made_from=1, by="alva")
    seen.append(store.clients.revision())
    with pytest.raises(Conflict):
        store.clients.change(jwt_client(), made_from=1, by="alva")
    assert seen == sorted(set(seen))
    assert store.clients.revision() == seen[-1]
    assert seen[0] == 0


def test_a_faulty_document_is_not_kept(store):
    with pytest.raises(ClientError):
        store.clients.add({"schema": 1}, by="alva")
    assert store.clients.all() == ()


def test_a_client_that_cannot_be_told_from_another_is_not_kept(store):
    store.clients.add(open_client(), by="alva")
    with pytest.raises(ClientError, match="only one client may be open"):
        store.clients.add(open_client(id="second"), by="alva")
    store.clients.add(open_client(id="second", active=False), by="alva")
    with pytest.raises(ClientError, match="only one client may be open"):
        store.clients.change(open_client(id="second"), made_from=1, by="alva")
    assert [(entry.id, entry.revision) for entry in store.clients.all()] == [("anyone", 1), ("second", 1)]
    assert len(store.clients.history("second")) == 1


def test_of_two_that_register_clashing_clients_at_once_one_is_told(store):
    def register(name):
        try:
            return store.clients.add(open_client(id=name), by=name).id
        except (ClientError, StoreError):
            return None

    with ThreadPoolExecutor(4) as pool:
        registered = [name for name in pool.map(register, ["a", "b", "c", "d"]) if name]
    assert len(registered) == 1
    assert [entry.id for entry in store.clients.all()] == registered


def test_a_document_that_this_version_cannot_use_does_not_hide_the_others(store):
    store.clients.add(open_client(), by="alva")
    store.clients.add(key_client(), by="alva")
    with store._transaction() as connection:
        broken = {"schema": 1, "id": "anyone", "colour": "red"}
        connection.execute(CLIENTS.update().where(CLIENTS.c.id == "anyone").values(document=broken))
    entries = store.clients.all()
    assert [entry.id for entry in entries] == ["anyone", "pilot"]
    with pytest.raises(ClientError, match="colour"):
        entries[0].client()
    store.clients.add(open_client(id="third"), by="alva")
    store.clients.change(open_client(active=False), made_from=1, by="alva")


def test_a_document_that_an_earlier_version_took_is_let_in_and_can_be_disabled(store):
    store.clients.add(open_client(answers={"targets": [{**NORTH, "channel": "TakeCare"}]}), by="alva")
    with store._transaction() as connection:
        earlier = open_client(answers={"targets": [NORTH]})
        connection.execute(CLIENTS.update().values(document=earlier))
    [entry] = store.clients.all()
    assert entry.client().answers.targets[0].name == "Endo North"
    changed = store.clients.change({**entry.document, "active": False}, made_from=1, by="bo")
    assert not changed.client().active
    again = store.clients.change({**changed.document, "active": True}, made_from=2, by="bo")
    assert again.client().active
    with pytest.raises(ClientError, match="a channel, an address or both"):
        store.clients.add(earlier | {"id": "second"}, by="bo")


def test_a_store_that_is_down_says_so_without_what_was_written(store):
    with store._transaction() as connection:
        connection.execute(sa.text("DROP TABLE clients"))
    with pytest.raises(StoreError) as failed:
        store.clients.add(jwt_client(), by="alva")
    assert "north" not in str(failed.value)
