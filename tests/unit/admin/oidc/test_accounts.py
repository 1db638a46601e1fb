"""Whose account it is, and which role, when the provider vouches for somebody."""

from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from cds_service.admin.oidc.vouched import role_of
from cds_service.admin.people import Fault, People
from cds_service.store.accounts import NewAccount
from tests.unit.admin.conftest import HTTPS, audit_of

from .conftest import ISSUER, SETTINGS, come_back, is_let_in


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("groups", {"groups": ["x", "writers"]}, "editor"),
        ("groups", {"groups": ["writers", "leads"]}, "admin"),
        ("groups", {"groups": "writers"}, "editor"),
        ("groups", {"groups": []}, None),
        ("groups", {"groups": {"leads": True}}, None),
        ("groups", {"groups": [["leads"], 1, None]}, None),
        ("groups", {}, None),
        ("realm.roles", {"realm": {"roles": ["leads"]}}, "admin"),
        ("realm.roles", {"realm": "leads"}, None),
        ("https://x.example/roles", {"https://x.example/roles": ["writers"]}, "editor"),
    ],
)
def test_the_role_is_the_strongest_that_the_claim_gives(claim, claims, role):
    assert role_of(claims, structs.replace(SETTINGS, role_claim=claim)) == role


def test_who_comes_without_a_role_gets_no_account(client, room, asked, played):
    played.claims["groups"] = ["staff"]
    answer = come_back(client, asked)
    assert answer.status_code == 403
    assert "gave no role here" in answer.text
    assert room.store.accounts.all() == ()


def test_a_role_that_the_provider_took_away_is_gone_with_its_sessions(client, room, asked, played):
    come_back(client, asked)
    whose = room.store.accounts.vouched(ISSUER, "u-1")
    played.claims["groups"] = ["writers"]
    answer = client.get("/admin/oidc/start")
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    client.cookies.delete(room.session_cookie)
    assert come_back(client, found).status_code == 303
    assert room.store.accounts.of(whose.id).role == "editor"
    assert client.get("/admin/users").status_code == 403
    assert audit_of(room, "user.role")[0].details == {"way": "oidc", "before": "admin", "role": "editor"}


def test_a_closed_account_stays_closed(client, room, asked, played):
    room.store.accounts.add(
        NewAccount(name="maja", shown="Maja", role="admin", issuer=ISSUER, subject="u-1"),
        People(room.store, room.now, "console").act("user.invite", "maja"),
    )
    other = People(room.store, room.now, "console")
    other.store.accounts.set_disabled(room.store.accounts.named("maja").id, other.act("user.disable"), disabled=True)
    answer = come_back(client, asked)
    assert answer.status_code == 403
    assert "disabled" in answer.text


def test_somebody_with_the_name_of_a_local_account_does_not_get_it(client, room, asked, account):
    local = account("admin", "maja", "gul cykel i regn")
    come_back(client, asked)
    assert is_let_in(client)
    theirs = room.store.accounts.vouched(ISSUER, "u-1")
    assert theirs.id != local
    assert theirs.name.startswith("oidc-")


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"preferred_username": "Maja.L", "name": " Maja \n Lind "}, ("maja.l", "Maja Lind")),
        ({"preferred_username": "a b", "email": "maja@x.example"}, ("maja@x.example", "maja@x.example")),
        ({"preferred_username": "", "name": "\u202e"}, ("oidc-", "oidc-")),
        ({"preferred_username": ["x"], "email": {}, "name": ""}, ("oidc-", "oidc-")),
    ],
)
def test_the_name_is_the_most_readable_that_can_be_kept(client, room, asked, played, claims, names):
    played.claims |= claims
    come_back(client, asked)
    theirs = room.store.accounts.vouched(ISSUER, "u-1")
    assert theirs.name.startswith(names[0])
    assert theirs.shown.startswith(names[1])


@pytest.mark.parametrize("subject", ["", "x" * 256, 7])
def test_a_subject_that_is_none_gets_no_account(client, room, asked, played, subject):
    played.claims["sub"] = subject
    assert come_back(client, asked).status_code == 403
    assert room.store.accounts.all() == ()


def test_role_and_password_of_such_an_account_are_not_changed_here(client, room, asked):
    come_back(client, asked)
    people = People(room.store, room.now, "console")
    theirs = room.store.accounts.named("maja")
    for do in (lambda: people.set_role(theirs, "viewer"), lambda: people.new_link(theirs)):
        with pytest.raises(Fault, match="provider"):
            do()


def test_a_site_may_let_nobody_in_with_a_password(client, app, room, account):
    app.state.admin = structs.replace(room, passwords=False)
    page = client.get("/admin/sign-in").text
    assert 'type="password"' not in page
    assert "/admin/oidc/start" in page
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    account("admin", "maja", "gul cykel i regn")
    sent = {"csrf": token, "name": "maja", "password": "gul cykel i regn"}
    assert client.post("/admin/sign-in", data=sent, headers={"origin": HTTPS}).status_code in (403, 404)
    assert not is_let_in(client)
