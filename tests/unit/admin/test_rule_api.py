"""The rules for programs: the same acts, with a token, in JSON."""

from datetime import timedelta

import pytest

from cds_service.admin.rules import api, pages
from cds_service.admin.rules.acts import ROLES
from cds_service.admin.tokens import new_token
from cds_service.admin.visit import User

from .ledger_cases import DOSE, WHY, draft, reviewed

NAME = "1.0.0+site.1"
AT = f"/admin/api/rules/{NAME}"


@pytest.fixture
def call(client, room, account):
    """``call("bo", "publisher", "POST", path, body)`` sends a request with a token of that person."""
    tokens = {}

    def called(who, role, method, path, body=None):
        if who not in tokens:
            owner = User(account(role, who), who, who, role)
            act = lambda act, target="", **details: people(room, who).act(act, target, **details)  # noqa: E731 - short
            tokens[who] = new_token(room.store, owner, "test", role, timedelta(days=7), act)
        headers = {"authorization": f"Bearer {tokens[who]}"}
        return client.request(method, path, json=body, headers=headers)

    return called


def people(room, who):
    from cds_service.admin.people import People  # noqa: PLC0415 - only here

    return People(room.store, room.now, who)


def test_pages_and_programs_do_the_same_acts_which_are_those_that_have_a_role():
    assert set(api.ACTS) == set(pages.ACTS) == set(ROLES)


@pytest.mark.parametrize("act", [act for act, role in ROLES.items() if role == "publisher"])
def test_an_act_of_a_publisher_is_not_an_editors(call, room, act):
    draft(room.ledger)
    assert call("alva", "editor", "POST", f"{AT}/{act}", {"reason": WHY}).status_code == 403


def test_without_a_token_nothing_is_told(client):
    assert client.get("/admin/api/rules").status_code == 401
    assert client.post("/admin/api/rules", json={}).status_code == 401


def test_the_whole_way_is_open_to_programs(call, room):
    made = call("alva", "editor", "POST", "/admin/api/rules", {"reason": WHY})
    assert made.status_code == 201
    assert made.json()["name"] == NAME
    body = {"revision": 1, "values": {DOSE: 7.5, "factors.R-WT.enabled": True}, "reasons": {DOSE: WHY}}
    edited = call("alva", "editor", "PATCH", AT, body).json()
    assert edited["revision"] == 2
    assert call("alva", "editor", "GET", f"{AT}/problems").json()["problems"] == []
    seen = call("alva", "editor", "GET", f"/admin/api/rules/built-in/differences/{NAME}").json()
    assert seen["groups"][0]["lines"][0]["name"] == DOSE
    assert call("alva", "editor", "POST", f"{AT}/submit", {"revision": 2}).json()["state"] == "review"
    assert call("bo", "publisher", "POST", f"{AT}/approve", {"revision": 3, "reason": WHY}).status_code == 200
    done = call("bo", "publisher", "POST", f"{AT}/publish", {"revision": 4, "reason": WHY, "after": 0}).json()
    assert (done["state"], done["in_force"]) == ("published", True)
    assert [entry["act"] for entry in done["history"]] == ["publish", "approve", "submit", "edit", "new"]
    back = call("bo", "publisher", "POST", "/admin/api/rules/1.0.0/rollback", {"reason": WHY}).json()
    assert back["in_force"]
    listed = call("cia", "viewer", "GET", "/admin/api/rules").json()
    assert listed["in_force"] == "1.0.0"
    assert [one["kind"] for one in listed["publications"]] == ["publish", "rollback"]
    assert "text" not in listed["versions"][0]
    acts = {row.entry.act: row.entry.actor for row in room.store.audit.rows()}
    assert (acts["rules.edit"], acts["rules.rollback"]) == ("alva", "bo")


def test_a_file_comes_out_and_goes_in(call, room):
    draft(room.ledger)
    text = call("alva", "editor", "GET", f"{AT}/text")
    assert text.headers["content-type"].startswith("application/toml")
    made = call("alva", "editor", "POST", "/admin/api/rules", {"reason": WHY, "text": text.text, "name": "1.0.0+own"})
    assert made.json()["name"] == "1.0.0+own"
    again = {"revision": 1, "text": text.text, "reason": WHY}
    assert call("alva", "editor", "PATCH", "/admin/api/rules/1.0.0+own", again).json()["revision"] == 2


ALVA, BO, CIA = ("alva", "editor"), ("bo", "publisher"), ("cia", "viewer")


@pytest.mark.parametrize(
    ("who", "asked", "body", "told"),
    [
        (CIA, "POST /admin/api/rules", {"reason": WHY}, (403, None)),
        (ALVA, f"POST {AT}/publish", {"revision": 4, "reason": WHY}, (403, None)),
        (ALVA, f"POST {AT}/explode", {}, (404, None)),
        (ALVA, "GET /admin/api/rules/9.9.9", None, (404, "no-version")),
        (ALVA, "GET /admin/api/rules/9.9.9/text", None, (404, "no-version")),
        (ALVA, "POST /admin/api/rules", {"reason": "ok"}, (409, "reason-short")),
        (ALVA, "POST /admin/api/rules", {"reason": WHY, "text": "x = 1"}, (422, "unusable")),
        (ALVA, "POST /admin/api/rules", {"no": 1}, (400, "unusable")),
        (ALVA, f"PATCH {AT}", {"revision": 1, "values": {DOSE: 6}}, (409, "wrong-state")),
        (ALVA, f"PATCH {AT}", {"revision": 4, "values": {DOSE: 60}}, (409, "value-bounds")),
        (BO, f"POST {AT}/publish", {"revision": 1, "reason": WHY}, (409, "conflict")),
        (BO, f"POST {AT}/publish", {"revision": 4, "reason": WHY, "on": "1999-01-01"}, (409, "effective-past")),
        (BO, f"POST {AT}/withdraw", {"reason": WHY}, (409, "not-pending")),
        (BO, f"POST {AT}/retire", {"revision": 4, "reason": WHY}, (409, "wrong-state")),
    ],
)
def test_what_is_refused_is_a_problem_with_its_status(call, room, who, asked, body, told):
    reviewed(room.ledger, author="ann", approver="ben")
    answer = call(*who, *asked.split(), body)
    status, title = told
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if title:
        assert answer.json()["title"] == title
    assert room.ledger.publications() == ()


def test_an_editor_gives_up_a_draft_and_not_what_is_published(call, room):
    draft(room.ledger)
    assert call("alva", "editor", "POST", f"{AT}/retire", {"revision": 2, "reason": WHY}).json()["state"] == "retired"
    made = reviewed(room.ledger)
    room.ledger.published(made.name, "bo", WHY, made_from=made.revision)
    path = f"/admin/api/rules/{made.name}/retire"
    assert call("alva", "editor", "POST", path, {"revision": 9, "reason": WHY}).status_code == 403
    sent = call("bo", "publisher", "POST", f"/admin/api/rules/{made.name}/send-back", {"revision": 1, "reason": WHY})
    assert sent.json()["title"] == "wrong-state"


def test_a_body_over_the_limit_is_refused(call):
    answer = call("alva", "editor", "POST", "/admin/api/rules", {"reason": "x" * 200_000})
    assert answer.status_code == 413
