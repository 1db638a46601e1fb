"""One's own account: the password, the sessions, the tokens with which programs come."""

import re

import pytest

from cds_service.admin.keys import hashed
from cds_service.admin.passwords import Busy
from cds_service.admin.people import People
from cds_service.admin.signing_in import begin_session
from cds_service.admin.tokens import PREFIX

from .conftest import HTTPS, audit_of, token_in
from .test_sign_in import PASSWORD, said, sign_in

NEW = "blå tröja i snö"


@pytest.fixture
def erik(account, signed_in):
    """An editor who is signed in."""
    whose = account("editor", "erik", PASSWORD)
    signed_in("editor", "erik")
    return whose


@pytest.fixture
def send(client):
    def sent(path, **fields):
        token = token_in(client.get("/admin/account").text)
        return client.post(f"/admin/account/{path}", data={"csrf": token, **fields}, headers={"origin": HTTPS})

    return sent


def change(send, current=PASSWORD, password=NEW, again=None):
    return send("password", current=current, password=password, again=password if again is None else again)


# ---------------------------------------------------------------- the password


def test_a_new_password_ends_the_other_sessions_and_gives_this_one_a_new_secret(client, room, erik, send):
    elsewhere = begin_session(room, room.store.accounts.of(erik), "password")
    here = client.cookies[room.session_cookie]
    answer = change(send)
    assert answer.headers["location"] == "/admin/account?done=password-changed"
    for secret in (elsewhere, here):
        assert room.store.sessions.account_of(hashed(secret), room.now(), room.limits.idle) is None
    assert "The password is changed." in client.get(answer.headers["location"]).text
    client.cookies.clear()
    assert sign_in(client, "erik", PASSWORD).status_code == 401
    assert sign_in(client, "erik", NEW).status_code == 303
    assert [entry.details for entry in audit_of(room, "user.password")] == [{"way": "own"}]


def test_the_new_password_is_held_to_the_rules_and_the_old_one_is_asked_for(client, room, erik, send):
    assert said(change(send, current="wrong password!")).endswith("The current password is not right.")
    assert said(change(send, password="elva tecken")).endswith("The password is too short.")
    assert said(change(send, password="erik och en kanin")).endswith("The password contains the name.")
    assert said(change(send, again="something else!!")).endswith("The two passwords differ.")
    assert client.get("/admin").status_code == 200
    assert audit_of(room, "user.password") == []


def test_who_has_no_password_can_set_none_here(client, account, signed_in, send):
    account("editor", "vouched")
    signed_in("editor", "vouched")
    assert "Current password" not in client.get("/admin/account").text
    assert said(change(send, current="nobody")).endswith("The current password is not right.")


def test_a_rush_is_told_to_come_again(client, erik, send, monkeypatch):
    async def busy(_bench, *_work):
        raise Busy

    monkeypatch.setattr("cds_service.admin.passwords.Bench.run", busy)
    assert change(send).status_code == 503


# ---------------------------------------------------------------- sessions


def test_ones_other_sessions_are_ended_one_by_one_or_all_at_once(client, room, account, erik, send):
    mine = room.store.accounts.of(erik)
    first, second, third = (begin_session(room, mine, "password") for _ in range(3))
    assert client.get("/admin/account").text.count("Signed in") >= 1
    send("sessions", session=hashed(first))
    lasting = {one.hash for one in room.store.sessions.lasting(room.now(), room.limits.idle)}
    assert hashed(first) not in lasting
    assert {hashed(second), hashed(third)} <= lasting
    send("sessions")
    [left] = room.store.sessions.lasting(room.now(), room.limits.idle)
    assert left.hash == hashed(client.cookies[room.session_cookie])
    assert [entry.act for entry in audit_of(room)[-2:]] == ["session.end", "session.end-others"]
    send("sessions")
    assert audit_of(room)[-1].act == "session.end-others", "where nothing ended nothing is audited"
    assert len(audit_of(room, "session.end-others")) == 1


def test_nobody_ends_the_session_of_somebody_else(client, room, account, erik, send):
    other = begin_session(room, room.store.accounts.of(account("viewer", "olle")), "password")
    send("sessions", session=hashed(other))
    assert room.store.sessions.account_of(hashed(other), room.now(), room.limits.idle)


# ---------------------------------------------------------------- tokens


def made(send, label="nightly job", role="viewer", days="30"):
    return send("tokens", label=label, role=role, days=days)


def token_of(answer):
    found = re.search(rf'value="({PREFIX}[\w-]+)"', answer.text)
    return found[1] if found else ""


def ask(client, token, role="viewer", method="get"):
    client.cookies.clear()
    return client.request(method, f"/admin/api/test/{role}", headers={"authorization": f"Bearer {token}"})


def test_a_token_is_shown_once_and_opens_the_api(client, room, erik, send):
    token = token_of(made(send, role="editor"))
    assert token not in client.get("/admin/account").text
    assert ask(client, token, "editor").json()["actor"] == "erik"
    assert ask(client, token, "editor", "post").status_code == 200, "no form's token is needed with it"
    assert ask(client, token, "publisher").status_code == 403
    [kept] = room.store.tokens.of(erik, room.now())
    assert kept.used == room.now()
    assert (kept.label, kept.role) == ("nightly job", "editor")
    assert audit_of(room, "token.make")[0].details == {"label": "nightly job", "role": "editor"}


def test_a_token_may_do_less_than_its_owner_and_never_more(client, room, erik, send):
    token = token_of(made(send, role="viewer"))
    assert ask(client, token, "editor").status_code == 403
    people = People(room.store, room.now, "console")
    people.set_role(room.store.accounts.of(erik), "admin")
    assert ask(client, token, "editor").status_code == 403
    assert token_of(made(send, role="editor")) == ""


def test_a_token_loses_what_its_owner_loses(client, room, erik, send):
    token = token_of(made(send, role="editor"))
    people = People(room.store, room.now, "console")
    people.set_role(room.store.accounts.of(erik), "viewer")
    assert ask(client, token, "editor").status_code == 403
    assert ask(client, token, "viewer").status_code == 200
    people.disable(room.store.accounts.of(erik))
    assert ask(client, token, "viewer").status_code == 401


def test_a_token_ends(client, room, clock, erik, send):
    token = token_of(made(send, days="7"))
    clock.pass_(days=6, hours=23)
    assert ask(client, token).status_code == 200
    clock.pass_(hours=1)
    assert ask(client, token).status_code == 401
    assert room.store.tokens.of(erik, clock()) == ()


def test_a_token_that_was_removed_opens_nothing(client, room, erik, send):
    token = token_of(made(send))
    [kept] = room.store.tokens.of(erik, room.now())
    answer = send(f"tokens/{kept.id}/end")
    assert answer.headers["location"] == "/admin/account?done=token"
    assert send(f"tokens/{kept.id}/end").status_code == 404
    assert ask(client, token).status_code == 401


def test_nobody_removes_the_token_of_somebody_else(client, room, account, erik, send, signed_in):
    made(send)
    [kept] = room.store.tokens.of(erik, room.now())
    account("admin", "maja", PASSWORD)
    signed_in("admin", "maja")
    assert send(f"tokens/{kept.id}/end").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"label": ""},
        {"label": "x" * 81},
        {"label": "a\u202eb"},
        {"role": "publisher"},
        {"role": "root"},
        {"days": "31"},
        {"days": "x"},
        {"days": "99999"},
    ],
)
def test_a_token_needs_a_label_a_role_of_ones_own_and_an_end(room, erik, send, fields):
    answer = made(send, **fields)
    assert answer.status_code == 422
    assert said(answer)
    assert room.store.tokens.of(erik, room.now()) == ()


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic eDp5", "", "bearer\x00", "Bearer " + "x" * 5000])
def test_a_made_up_token_is_nobody_even_beside_a_session(client, erik, header):
    assert client.get("/admin/api/test/viewer", headers={"authorization": header}).status_code == 401


def test_a_token_opens_no_page(client, erik, send):
    token = token_of(made(send))
    client.cookies.clear()
    assert client.get("/admin", headers={"authorization": f"Bearer {token}"}).status_code == 303


def test_the_store_holds_no_token(room, erik, send, tmp_path):
    token = token_of(made(send))
    assert token
    room.store.close()
    assert not any(token.encode() in file.read_bytes() for file in tmp_path.iterdir())
