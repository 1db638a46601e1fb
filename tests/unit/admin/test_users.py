"""The users' pages: invite, change roles, close accounts; never without an administrator."""

import html
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.admin.people import Fault, People
from cds_service.admin.users import ACTS

from .conftest import HTTPS, audit_of, token_in
from .test_sign_in import PASSWORD, said


@pytest.fixture
def maja(account, signed_in):
    """An administrator who is signed in."""
    whose = account("admin", "maja", PASSWORD)
    signed_in("admin", "maja")
    return whose


@pytest.fixture
def send(client):
    def sent(path, **fields):
        token = token_in(client.get("/admin/users").text)
        return client.post(path, data={"csrf": token, **fields}, headers={"origin": HTTPS})

    return sent


def link_in(answer):
    found = re.search(r'value="(https?://[^"]+/admin/link/[^"]+)"', answer.text)
    return html.unescape(found[1]) if found else ""


def test_the_list_shows_everybody_with_role_and_state(client, room, account, maja):
    people = People(room.store, room.now, "maja")
    people.invite("erik", "Erik <b>Berg</b>", "editor")
    account("viewer", "olle")
    people.disable(room.store.accounts.named("olle"))
    text = client.get("/admin/users").text
    assert "Erik &lt;b&gt;Berg" in text
    for state in ("active", "invited", "disabled"):
        assert f"state-{state}" in text


def test_an_invitation_whose_link_has_ended_is_said_to_have_lapsed(client, room, account, maja):
    account("viewer", "olle")
    assert "state-lapsed" in client.get("/admin/users").text


def test_who_is_invited_gets_a_link_that_is_shown_once(client, room, maja, send):
    answer = send("/admin/users", name="erik", shown="Erik Berg", role="editor")
    link = link_in(answer)
    assert link.startswith(f"{HTTPS}/admin/link/")
    assert link not in client.get("/admin/users").text
    assert client.get(link.removeprefix(HTTPS)).status_code == 200
    assert room.store.accounts.named("erik").role == "editor"
    assert [(entry.act, entry.actor, entry.target) for entry in audit_of(room)[-2:]] == [
        ("user.invite", "maja", "erik"),
        ("user.link", "maja", "erik"),
    ]


def test_the_link_begins_with_the_public_address(client, app, room, maja, send):
    from msgspec import structs  # noqa: PLC0415 - for this test alone

    app.state.admin = structs.replace(room, base_url="https://bones.example/")
    token = token_in(client.get("/admin/users").text)
    sent = {"csrf": token, "name": "erik", "role": "editor"}
    answer = client.post("/admin/users", data=sent, headers={"origin": "https://bones.example"})
    assert link_in(answer).startswith("https://bones.example/admin/link/")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "a b", "role": "editor"}, "at least two characters."),
        ({"name": "maja", "role": "editor"}, "The user name is taken."),
        ({"name": "MAJA", "role": "editor"}, "The user name is taken."),
        ({"name": "erik", "role": "root"}, "Choose from the list."),
        ({"name": "erik"}, "Choose from the list."),
        ({"name": "erik", "role": "viewer", "shown": "x" * 129}, "cannot be printed."),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said_at_its_field(client, room, maja, send, fields, problem):
    answer = send("/admin/users", **fields)
    assert answer.status_code == 422
    assert said(answer).endswith(problem)
    assert len(room.store.accounts.all()) == 1


def test_a_role_is_changed_and_the_person_signs_in_anew(client, room, account, maja, send):
    whose = account("viewer", "olle", PASSWORD)
    answer = send(f"/admin/users/{whose}/role", role="publisher")
    assert answer.headers["location"] == f"/admin/users/{whose}?done=role"
    assert "The role is changed." in client.get(answer.headers["location"]).text
    assert room.store.accounts.of(whose).role == "publisher"
    assert audit_of(room)[-1].details == {"before": "viewer", "role": "publisher"}
    assert said(send(f"/admin/users/{whose}/role", role="root")).endswith("Choose from the list.")


def test_an_account_is_closed_opened_signed_out_and_given_a_link(client, room, account, maja, send):
    whose = account("viewer", "olle", PASSWORD)
    assert link_in(send(f"/admin/users/{whose}/link"))
    assert send(f"/admin/users/{whose}/disable").status_code == 303
    assert "Open the account again" in client.get(f"/admin/users/{whose}").text
    assert said(send(f"/admin/users/{whose}/link")).endswith("The account is disabled.")
    assert send(f"/admin/users/{whose}/enable").status_code == 303
    assert send(f"/admin/users/{whose}/sign-out").status_code == 303
    acts = [entry.act for entry in audit_of(room) if entry.target == "olle"]
    assert acts == ["user.invite", "user.link", "user.disable", "user.enable"]


def test_a_session_of_somebody_else_is_listed_and_ended(client, room, account, maja, send):
    from cds_service.admin.signing_in import begin_session  # noqa: PLC0415 - for this test alone

    whose = account("viewer", "olle", PASSWORD)
    begin_session(room, room.store.accounts.of(whose), "password")
    assert "Signed in 2026-06-01 10:00 with password" in client.get(f"/admin/users/{whose}").text
    assert send(f"/admin/users/{whose}/sign-out").status_code == 303
    assert "Nobody is signed in to the account." in client.get(f"/admin/users/{whose}").text


def test_nobody_takes_their_own_role_or_account_away(client, room, account, maja, send):
    account("admin", "other", PASSWORD)
    assert said(send(f"/admin/users/{maja}/role", role="viewer")).endswith("Nobody can change their own role.")
    assert said(send(f"/admin/users/{maja}/disable")).endswith("Nobody can disable their own account.")


@pytest.mark.parametrize("act", ["role", "disable"])
def test_the_last_administrator_stays(room, account, act):
    console = People(room.store, room.now, "console")
    last = room.store.accounts.of(account("admin", "maja", PASSWORD))
    account("admin", "invited")
    do = {"role": lambda: console.set_role(last, "editor"), "disable": lambda: console.disable(last)}[act]
    with pytest.raises(Fault, match="last-admin"):
        do()
    assert room.store.accounts.named("maja").role == "admin"
    assert audit_of(room)[-1].act == "user.invite", "what was not done is not audited"
    account("admin", "other", PASSWORD)
    do()


def test_two_who_close_each_other_at_once_leave_one(room, account):
    both = [room.store.accounts.of(account("admin", name, PASSWORD)) for name in ("maja", "olle")]

    def close(pair):
        me, other = pair
        try:
            People(room.store, room.now, me.name).disable(other)
        except Fault as fault:
            return fault.key
        return ""

    with ThreadPoolExecutor(2) as pool:
        outcome = sorted(pool.map(close, [both, both[::-1]]))
    assert outcome == ["", "fault.last-admin"]


def test_what_is_not_there_is_a_404(client, account, maja, send):
    whose = account("viewer", "olle")
    assert client.get("/admin/users/99").status_code == 404
    assert client.get("/admin/users/x").status_code == 422
    assert send("/admin/users/99/disable").status_code == 404
    assert send(f"/admin/users/{whose}/promote").status_code == 404
    assert "There is no such thing" in client.get("/admin/users/99").text


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_only_administrators_see_or_change_users(client, room, account, signed_in, role):
    whose = account("viewer", "olle")
    signed_in(role)
    assert client.get("/admin/users").status_code == 403
    assert client.get(f"/admin/users/{whose}").status_code == 403
    token = token_in(client.get("/admin").text)
    for path in ("/admin/users", *(f"/admin/users/{whose}/{act}" for act in ACTS)):
        answer = client.post(path, data={"csrf": token, "role": "admin", "name": "evil"}, headers={"origin": HTTPS})
        assert answer.status_code == 403, path
    assert len(room.store.accounts.all()) == 2
