"""The clients' pages: registered, changed and disabled as documents, with keys that are shown once."""

import html
import json
import re
from datetime import UTC, datetime

import pytest

from cds_service.admin.client_pages import EDITS, NEW
from cds_service.clients import read_document
from cds_service.store.tables import CLIENTS

from .conftest import HTTPS, audit_of, token_in
from .test_sign_in import said


@pytest.fixture
def pilot(room):
    return room.store.clients.add(read_document(NEW), by="test")


@pytest.fixture
def send(client):
    def sent(path, **fields):
        token = token_in(client.get("/admin/account").text)
        return client.post(path, data={"csrf": token, **fields}, headers={"origin": HTTPS})

    return sent


@pytest.fixture
def maja(signed_in):
    return signed_in("admin", "maja")


def revision(client, path="/admin/clients/pilot"):
    return client.get(path).text.partition('name="made-from" value="')[2].partition('"')[0]


def test_a_client_is_registered_from_its_document(client, room, maja, send):
    assert "No client is registered" in client.get("/admin/clients").text
    assert html.escape(NEW.splitlines()[1]) in client.get("/admin/new-client").text.replace("&#34;", "&quot;")
    answer = send("/admin/new-client", document=NEW, reason="a pilot")
    assert answer.headers["location"] == "/admin/clients/pilot?done=client-added"
    assert "The client is registered." in client.get(answer.headers["location"]).text
    entry = audit_of(room, "client.add")[0]
    assert (entry.actor, entry.target, entry.reason) == ("maja", "pilot", "a pilot")
    assert "Pilot" in client.get("/admin/clients").text


@pytest.mark.usefixtures("maja")
@pytest.mark.parametrize(
    "wrong",
    [
        ("{", "this is not a JSON document"),
        ('{"schema": 1, "id": "x", "name": "X", "auth": {"mode": "jwt"}}', "auth"),
        ('{"schema": 1, "id": "x", "name": "X", "auth": {"mode": "open"}, "oops": 1}', "oops"),
        (NEW, "there is a client with this id already"),
    ],
)
def test_what_is_wrong_with_a_document_is_said_and_it_stays_to_be_corrected(client, room, pilot, send, wrong):
    document, place = wrong
    answer = send("/admin/new-client", document=document)
    assert answer.status_code == 422
    assert place in said(answer)
    assert html.escape(document.strip()[:12]).replace("&quot;", "&#34;") in answer.text
    assert len(room.store.clients.all()) == 1


def test_a_document_is_changed_and_its_history_kept(client, room, maja, pilot, send):
    document = json.dumps({**json.loads(NEW), "name": "Pilot <two>"})
    answer = send(
        "/admin/clients/pilot/document", document=document, reason="renamed", **{"made-from": revision(client)}
    )
    assert answer.status_code == 303
    text = client.get("/admin/clients/pilot").text
    assert "Pilot &lt;two&gt;" in text
    assert "Revision 1," in text
    assert audit_of(room, "client.change")[0].details["changed"] == "name"


def test_two_who_change_a_client_at_once_do_not_overwrite_each_other(client, room, maja, pilot, send):
    seen = revision(client)
    assert send("/admin/clients/pilot/disable", **{"made-from": seen}).status_code == 303
    mine = json.dumps({**json.loads(NEW), "name": "Mine"})
    answer = send("/admin/clients/pilot/document", document=mine, **{"made-from": seen})
    assert answer.status_code == 409
    assert "Somebody else has changed the client" in said(answer)
    assert "Mine" in answer.text, "what was typed is kept"
    assert room.store.clients.get("pilot").document["name"] == "Pilot"
    for wrong in ("", "x", "\u0661", "99"):
        assert send("/admin/clients/pilot/enable", **{"made-from": wrong}).status_code == 409


@pytest.mark.parametrize("document", ["[]", "{", '{"id": "other"}', ""])
def test_a_document_of_another_client_is_refused(client, room, maja, pilot, send, document):
    answer = send("/admin/clients/pilot/document", document=document, **{"made-from": "1"})
    assert answer.status_code == 422
    assert room.store.clients.get("pilot").revision == 1


def test_saving_what_is_there_already_changes_nothing(client, room, maja, pilot, send):
    assert send("/admin/clients/pilot/document", document=NEW, **{"made-from": "1"}).status_code == 303
    assert room.store.clients.get("pilot").revision == 1


def test_a_key_is_shown_once_kept_as_a_hash_and_removed(client, room, maja, pilot, send):
    answer = send("/admin/clients/pilot/key", **{"made-from": "1"})
    [key] = re.findall(r'value="(cdskey_[\w-]+)"', answer.text)
    assert key not in client.get("/admin/clients/pilot").text
    [kept] = room.store.clients.get("pilot").document["auth"]["api_keys"]
    assert kept["prefix"] in client.get("/admin/clients/pilot").text
    assert key not in repr(audit_of(room))
    unchanged = send("/admin/clients/pilot/document", document=NEW, **{"made-from": revision(client)})
    assert unchanged.status_code == 303
    assert len(room.store.clients.get("pilot").document["auth"]["api_keys"]) == 1, (
        "a document silent of keys keeps them"
    )
    send("/admin/clients/pilot/revoke", prefix=kept["prefix"], **{"made-from": revision(client)})
    assert room.store.clients.get("pilot").document["auth"]["api_keys"] == []
    again = send("/admin/clients/pilot/revoke", prefix=kept["prefix"], **{"made-from": revision(client)})
    assert "there is no key with this prefix" in said(again)


@pytest.mark.usefixtures("maja", "pilot")
def test_a_client_whose_document_an_earlier_version_took_can_be_disabled(room, send):
    kept = {**json.loads(NEW), "answers": {"targets": [{"action": "refer-endocrinology", "name": "Endo North"}]}}
    with room.store._transaction() as connection:
        connection.execute(CLIENTS.update().values(document=kept))
    assert send("/admin/clients/pilot/disable", **{"made-from": "1"}).status_code == 303
    assert not room.store.clients.get("pilot").client().active


def test_a_client_is_disabled_and_let_in_again(client, room, maja, pilot, send):
    send("/admin/clients/pilot/disable", **{"made-from": "1"})
    assert room.store.clients.get("pilot").document["active"] is False
    assert "Let the client in again" in client.get("/admin/clients/pilot").text
    send("/admin/clients/pilot/enable", **{"made-from": "2"})
    assert room.store.clients.get("pilot").document["active"] is True


def test_refusals_say_why_and_what_to_do(client, room, maja, pilot):
    room.store.refusals.add({("pilot", "expired"): 7, ("", "no-credentials"): 2}, datetime.now(UTC))
    for path in ("/admin/clients", "/admin"):
        assert "The call showed no credentials." in client.get(path).text
    own = client.get("/admin/clients/pilot").text
    assert "The call showed no credentials." not in own
    assert re.search(r'<td class="amount"[^>]*>7</td>', own)


def test_the_sheet_holds_what_the_analyst_types_in(client, room, maja, pilot):
    text = client.get("/admin/clients/pilot/sheet").text
    assert f"{HTTPS}/cds-services/limb-deficiency-bone-health/feedback" in text
    for word in ("patient-view", "order-sign", "Condition?patient"):
        assert word in text
    answer = client.get("/admin/clients/pilot/sheet.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_a_client_that_this_version_cannot_use_has_no_sheet(client, room, maja, pilot):
    with room.store._engine.begin() as connection:
        connection.execute(CLIENTS.update().values(document={"id": "pilot", "schema": 2}))
    assert client.get("/admin/clients/pilot").status_code == 200
    assert client.get("/admin/clients/pilot/sheet").status_code == 404


def test_what_is_not_there_is_a_404(client, maja, pilot, send):
    assert client.get("/admin/clients/none").status_code == 404
    assert client.get("/admin/clients/none/sheet").status_code == 404
    assert send("/admin/clients/none/disable", **{"made-from": "1"}).status_code == 404
    assert send("/admin/clients/pilot/delete", **{"made-from": "1"}).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_only_administrators_change_clients(client, room, signed_in, pilot, send, role):
    signed_in(role)
    page = client.get("/admin/clients/pilot").text
    assert "<textarea" not in page
    assert client.get("/admin/clients").status_code == 200
    assert client.get("/admin/new-client").status_code == 403
    for what in (*EDITS, "key"):
        assert send(f"/admin/clients/pilot/{what}", **{"made-from": "1"}).status_code == 403
    assert room.store.clients.get("pilot").revision == 1
