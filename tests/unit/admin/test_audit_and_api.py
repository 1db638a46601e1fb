"""The audit as a page, what is running, and the same for programs."""

import re
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

import cds_service.admin
from cds_service.admin.audit_log import number_in
from cds_service.admin.people import People
from cds_service.admin.roles import Role
from cds_service.admin.texts import texts
from cds_service.admin.tokens import new_token
from cds_service.admin.visit import User
from cds_service.store.tables import AUDIT

from .conftest import HTTPS, audit_of, token_in
from .test_sign_in import PASSWORD, said


@pytest.fixture
def console(room):
    return People(room.store, room.now, "console")


@pytest.fixture
def sara(signed_in):
    """A publisher who is signed in."""
    return signed_in("publisher", "sara")


def verify(client, seal=""):
    token = token_in(client.get("/admin/audit").text)
    return client.post("/admin/audit/verify", data={"csrf": token, "seal": seal}, headers={"origin": HTTPS})


# ---------------------------------------------------------------- the audit


def test_the_page_tells_who_did_what_newest_first(client, room, console, sara):
    console.invite("erik", "<b>Erik</b>", "editor")
    text = client.get("/admin/audit").text
    assert text.index("made a link") < text.index("made an account") < text.index("signed in")
    assert "the command line" in text
    assert 'href="/admin/audit?target=erik"' in text
    about = client.get("/admin/audit?target=erik").text
    assert "Acts about erik" in about
    assert "signed in" not in about.partition("<tbody>")[2].partition("</tbody>")[0]


def test_older_acts_are_a_page_away(client, room, console, sara):
    for number in range(60):
        room.store.audit.record(console.act("user.link", f"person-{number:02}"))
    text = client.get("/admin/audit").text
    assert "person-59" in text
    assert "person-05" not in text
    older = re.search(r'href="(/admin/audit\?before=\d+)"', text)
    assert older
    assert "person-05" in client.get(older[1]).text
    assert "To the newest" in client.get(older[1]).text


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "\u0663", ""])
def test_a_number_that_is_none_is_left_aside(client, sara, before):
    assert number_in(before) is None
    assert client.get("/admin/audit", params={"before": before}).status_code == 200


def test_what_somebody_typed_is_shown_as_text(client, room, console, sara):
    room.store.audit.record(replace(console.act("odd.act", "<script>x</script>", note="<i>"), reason="<u>"))
    text = client.get("/admin/audit").text
    assert "<script>x" not in text
    assert "<i>" not in text
    assert "<u>" not in text
    assert "odd.act" in text
    assert "&lt;script&gt;x" in text


def test_a_chain_that_holds_says_so_and_names_its_newest_seal(client, room, console, sara):
    console.invite("erik", "", "editor")
    answer = verify(client)
    head = room.store.audit.verify().head
    assert "The audit holds: 4 rows." in answer.text
    assert "4 of them are sealed without a key" in answer.text
    assert head in answer.text
    console.invite("olle", "", "editor")
    assert "The audit holds" in verify(client, head).text
    assert "The audit holds" in verify(client, head.upper()).text


def test_a_chain_that_was_changed_or_cut_says_from_where(client, room, console, sara):
    console.invite("erik", "", "editor")
    assert "does not hold from row" in verify(client, "0" * 64).text
    with room.store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_stays_update")
        connection.execute(AUDIT.update().where(AUDIT.c.number == 2).values(target="mallory"))
    answer = verify(client)
    assert "The audit does not hold from row 2" in answer.text
    assert said(answer)


def test_the_whole_of_it_can_be_taken_along(client, room, console, sara):
    console.invite("erik", "", "editor")
    answer = client.get("/admin/audit/export")
    assert "attachment" in answer.headers["content-disposition"]
    rows = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [row["act"] for row in rows] == ["user.invite", "sign-in", "user.invite", "user.link"]
    assert all(row["seal"] for row in rows)


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_others_do_not_read_the_audit(client, signed_in, role):
    signed_in(role)
    for path in ("/admin/audit", "/admin/audit/export", "/admin/api/audit", "/admin/api/audit/verify"):
        assert client.get(path).status_code == 403, path


def test_every_act_of_these_pages_has_words():
    folder = Path(cds_service.admin.__file__).parent
    pages = "".join(path.read_text("utf-8") for path in folder.rglob("*.py") if path.parent.name != "rules")
    acts = set(re.findall(r'act(?:=|\(|\(room, )"([a-z]+(?:[.-][a-z-]+)*)"', pages))
    assert {"sign-in.failed", "user.role", "token.make"} <= acts
    rules = folder.joinpath("rules", "ledger.py").read_text("utf-8")
    deeds = re.findall(r'(?:act=|, )"(new|edit|submit|send-back|approve|publish|rollback|withdraw|retire)"', rules)
    acts |= {f"rules.{deed}" for deed in deeds}
    assert {act for act in acts if f"act.{act}" not in texts("sv")} == set()


def test_the_page_about_the_installation_tells_nothing_secret(client, room, signed_in):
    signed_in("viewer")
    text = client.get("/admin/about").text
    for word in ("sqlite", "30 minutes", "10 hours", "Europe/Stockholm", room.in_force().version):
        assert word in text
    assert room.key.decode() not in text


# ---------------------------------------------------------------- for programs


@pytest.fixture
def program(client, room, account):
    """``program("admin")`` asks with a token of that role; ``program("admin", "post", path, {...})``."""

    def call(role: Role, method="get", path="/me", body=None, **more):
        found = room.store.accounts.named(f"owner-{role}")
        whose = found.id if found else account(role, f"owner-{role}", PASSWORD)
        owner = User(whose, f"owner-{role}", "", role)
        people = People(room.store, room.now, owner.name)
        token = new_token(room.store, owner, "test", role, timedelta(days=1), people.act)
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        return client.request(method, f"/admin/api{path}", headers=headers, json=body, **more)

    return call


def test_a_program_learns_who_it_is_and_what_happened(program, room):
    assert program("editor").json() == {"name": "owner-editor", "shown": "Owner-Editor", "role": "editor"}
    told = program("viewer", path="/overview").json()
    assert told["rules"] == room.in_force().version
    assert told["decisions"] == 0


def test_a_program_invites_changes_and_lists_users(client, program, room):
    made = program("admin", "post", "/users", {"name": "Erik", "role": "editor", "shown": "Erik Berg"})
    assert made.status_code == 201
    assert client.get(made.json()["link"].removeprefix(HTTPS)).status_code == 200
    whose = room.store.accounts.named("erik").id
    assert program("admin", "post", f"/users/{whose}", {"act": "role", "role": "publisher"}).json() == {}
    assert "link" in program("admin", "post", f"/users/{whose}", {"act": "link"}).json()
    for act in ("sign-out", "disable"):
        assert program("admin", "post", f"/users/{whose}", {"act": act}).status_code == 200
    listed = {user["name"]: user for user in program("admin", path="/users").json()["users"]}
    assert listed["erik"]["role"] == "publisher"
    assert listed["erik"]["state"] == "disabled"
    assert program("admin", "post", f"/users/{whose}", {"act": "enable"}).status_code == 200
    assert room.store.accounts.of(whose).disabled is False


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/users", {"name": "a b", "role": "editor"}, 422),
        ("/users", {"name": "owner-admin", "role": "editor"}, 409),
        ("/users", {"name": "erik", "role": "root"}, 422),
        ("/users", {"name": "erik"}, 422),
        ("/users", {"name": "erik", "role": "editor", "password": "x"}, 422),
        ("/users", [], 422),
        ("/users/1", {"act": "promote"}, 422),
        ("/users/1", {"act": "role"}, 422),
        ("/users/1", {"act": "disable"}, 422),
        ("/users/99", {"act": "disable"}, 404),
    ],
)
def test_what_a_program_may_not_do_is_a_problem_document(program, room, path, body, status):
    answer = program("admin", "post", path, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert len(room.store.accounts.all()) == 1


def test_a_body_that_is_no_json_or_too_large_is_refused(client, program, room):
    program("admin", path="/me")
    owner = room.store.accounts.named("owner-admin")
    people = People(room.store, room.now, owner.name)
    user = User(owner.id, owner.name, "", "admin")
    token = new_token(room.store, user, "test", "admin", timedelta(days=1), people.act)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    assert client.post("/admin/api/users", content=b"{", headers=headers).status_code == 422
    assert client.post("/admin/api/users", content=b"\xff", headers=headers).status_code == 422
    assert client.post("/admin/api/users", content=b"[" * 90_000, headers=headers).status_code == 422
    assert client.post("/admin/api/users", content=b" " * 100_001, headers=headers).status_code == 413
    headers["content-type"] = "text/plain"
    assert client.post("/admin/api/users", content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_only_an_administrators_token_touches_users(program, room, role):
    assert program(role, path="/users").status_code == 403
    assert program(role, "post", "/users", {"name": "erik", "role": "admin"}).status_code == 403
    assert program(role, "post", "/users/1", {"act": "role", "role": "admin"}).status_code == 403


def test_a_program_reads_and_checks_the_audit(program, room):
    rows = program("publisher", path="/audit").json()["rows"]
    assert rows[0]["act"] == "token.make"
    assert program("publisher", path=f"/audit?before={rows[0]['number']}").json()["rows"][0]["number"] == 1
    assert program("publisher", path="/audit?target=owner-publisher").json()["rows"]
    report = program("publisher", path="/audit/verify").json()
    assert report["broken"] is None
    assert program("publisher", path="/audit/verify?expect=0").json()["broken"]
    assert len(audit_of(room, "token.make")) == 5
