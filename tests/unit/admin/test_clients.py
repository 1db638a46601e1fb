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


def filled(client, **changed):
    """The form of the settings as the page shows it, with something changed: what a browser sends."""
    page = client.get("/admin/clients/pilot").text
    form = page.partition('action="/admin/clients/pilot/settings"')[2].partition("</form>")[0]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        [name], [value] = re.findall(r'name="([^"]*)"', tag), re.findall(r'value="([^"]*)"', tag)
        if 'type="checkbox"' not in tag or " checked" in tag:
            fields.setdefault(name, []).append(html.unescape(value))
    for name, rows in re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>([^<]*)</textarea>', form):
        fields[name] = [html.unescape(rows)]
    for name, options in re.findall(r'<select id="\w+" name="(\w+)">(.*?)</select>', form):
        fields[name] = re.findall(r'value="([^"]*)" selected', options)
    del fields["csrf"]
    return {**fields, **changed}


TOKENS = {
    "schema": 1,
    "id": "pilot",
    "name": "Pilot",
    "auth": {
        "mode": "jwt",
        "issuer": "https://ehr.example.org",
        "algorithms": ["ES384"],
        "audiences": ["https://cds.example.org/one"],
        "key_urls": ["https://ehr.example.org/jwks"],
    },
    "fhir": {"version": "R5", "servers": ["https://ehr.example.org/fhir"]},
    "answers": {
        "language": "en", "text_format": "html", "hooks": ["order-sign"], "hidden_cards": ["K7"], "silent": True,
        "document_reference": True, "links": ["rules"],
    },
    "limits": {"calls_per_minute": 60, "burst": 7},
}  # fmt: skip


@pytest.mark.usefixtures("maja")
@pytest.mark.parametrize("document", [NEW, TOKENS, {**TOKENS, "fhir": {"servers": []}}], ids=["new", "jwt", "none"])
def test_the_form_shows_the_document_and_saving_it_unchanged_changes_nothing(client, room, send, document):
    before = room.store.clients.add(read_document(document), by="test")
    assert send("/admin/clients/pilot/settings", **filled(client)).status_code == 303
    after = room.store.clients.get("pilot")
    assert (after.document, after.revision) == (before.document, 1)


@pytest.mark.usefixtures("maja")
def test_every_field_of_the_form_is_saved_and_the_rest_stays(client, room, send):
    room.store.clients.add(read_document(TOKENS), by="test")
    changed = {
        "name": "Clinic", "issuer": "https://new.example.org", "audiences": "a\r\n\r\n b ",
        "key_urls": "https://new.example.org/jwks", "version": "R4B", "language": "", "text_format": "plain",
        "hooks": ["patient-view", "order-sign", "nothing-such"], "hidden_cards": ["O3", "K1"], "silent": [],
        "document_reference": [], "own_servers": [], "calls_per_minute": "90", "reason": "moved",
    }  # fmt: skip
    answer = send("/admin/clients/pilot/settings", **filled(client, **changed))
    assert answer.headers["location"] == "/admin/clients/pilot?done=client-settings"
    assert "The client is changed." in client.get(answer.headers["location"]).text
    kept = room.store.clients.get("pilot").document
    assert (kept["name"], kept["fhir"]["version"], kept["fhir"]["servers"]) == ("Clinic", "R4B", None)
    assert (kept["auth"]["issuer"], kept["auth"]["audiences"]) == ("https://new.example.org", ["a", "b"])
    assert (kept["auth"]["key_urls"], kept["auth"]["algorithms"]) == (["https://new.example.org/jwks"], ["ES384"])
    answers = kept["answers"]
    assert (answers["language"], answers["text_format"], answers["links"]) == (None, "plain", ["rules"])
    assert (answers["hooks"], answers["hidden_cards"]) == (["patient-view", "order-sign"], ["K1", "O3"])
    assert (answers["silent"], answers["document_reference"]) == (False, False)
    assert kept["limits"] == {"calls_per_minute": 90, "burst": 7, "body_bytes": None}
    assert audit_of(room, "client.change")[0].reason == "moved"


@pytest.mark.parametrize(
    "wrong",
    [
        ("name", "", "name"),
        ("calls_per_minute", "many", "limits.calls_per_minute"),
        ("calls_per_minute", "99999999", "limits.calls_per_minute"),
        ("language", "fi", "answers.language"),
        ("servers", "http://ehr.example.org", "fhir.servers"),
    ],
)
def test_what_the_door_refuses_is_told_and_what_was_typed_stays(client, room, maja, pilot, send, wrong):
    field, value, place = wrong
    fields = filled(client, own_servers="yes", name="Typed name") | {field: value}
    answer = send("/admin/clients/pilot/settings", **fields)
    assert answer.status_code == 422
    assert place in said(answer)
    assert room.store.clients.get("pilot").revision == 1
    if field != "name":
        assert 'value="Typed name"' in answer.text
    if field not in ("name", "language"):
        assert value in answer.text


def test_the_form_of_two_at_once_does_not_overwrite_the_first(client, room, maja, pilot, send):
    fields = filled(client, name="Mine")
    assert send("/admin/clients/pilot/disable", **{"made-from": "1"}).status_code == 303
    answer = send("/admin/clients/pilot/settings", **fields)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text, "what was typed is kept"
    assert room.store.clients.get("pilot").document["name"] == "Pilot"


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
