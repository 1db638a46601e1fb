"""One-time links: the first administrator's, an invitation, a reset. Each works once and not for long."""

import re

import pytest

from cds_service.admin.keys import hashed
from cds_service.admin.people import CONSOLE, Fault, People, read_name, read_shown
from cds_service.store.links import Link

from .conftest import HTTPS, audit_of, token_in
from .test_sign_in import PASSWORD, said, sign_in


@pytest.fixture
def people(room):
    return People(room.store, room.now, CONSOLE)


def follow(client, secret, password=PASSWORD, again=None, **more):
    path = f"/admin/link/{secret}"
    page = client.get(path)
    sent = {"csrf": token_in(page.text), "password": password, "again": password if again is None else again, **more}
    return client.post(path, data=sent, headers={"origin": HTTPS})


def test_the_first_link_makes_an_administrator_once(client, room, people):
    secret = people.first_link()
    page = client.get(f"/admin/link/{secret}")
    assert "First administrator" in page.text
    assert page.headers["cache-control"] == "no-store"
    answer = follow(client, secret, name="Maja@Clinic.example", shown="Maja Lind")
    assert answer.headers["location"] == "/admin/sign-in?done=password"
    [account] = room.store.accounts.all()
    assert (account.name, account.shown, account.role) == ("maja@clinic.example", "Maja Lind", "admin")
    assert client.get(f"/admin/link/{secret}").status_code == 404
    assert sign_in(client, "maja@clinic.example").status_code == 303
    assert client.get("/admin/users").status_code == 200
    assert [entry.act for entry in audit_of(room)] == ["user.link", "user.password", "sign-in"]


def test_a_first_link_opens_nothing_once_there_is_an_administrator(client, room, people, account):
    secret = people.first_link()
    account("admin", "maja", PASSWORD)
    assert client.get(f"/admin/link/{secret}").status_code == 404
    with pytest.raises(Fault, match="has-admin"):
        people.first_link()


def test_an_administrator_who_cannot_sign_in_is_none(people, account, room):
    account("admin", "invited")
    assert not people.has_admin()
    account("editor", "erik", PASSWORD)
    assert not people.has_admin()
    account("admin", "maja", PASSWORD)
    assert people.has_admin()


def test_only_the_newest_link_opens(client, people):
    first, second = people.first_link(), people.first_link()
    assert client.get(f"/admin/link/{first}").status_code == 404
    assert client.get(f"/admin/link/{second}").status_code == 200


def test_a_link_ends(client, people, clock, room):
    secret = people.first_link()
    clock.pass_(minutes=59)
    assert client.get(f"/admin/link/{secret}").status_code == 200
    clock.pass_(minutes=1)
    assert client.get(f"/admin/link/{secret}").status_code == 404
    token = token_in(client.get("/admin/sign-in").text)
    late = {"csrf": token, "name": "late", "password": PASSWORD, "again": PASSWORD}
    assert client.post(f"/admin/link/{secret}", data=late, headers={"origin": HTTPS}).status_code == 404
    assert room.store.accounts.all() == ()


def test_of_two_who_follow_a_link_at_once_one_succeeds(people, room):
    secret = people.invite("erik", "", "editor")
    one, other = people.follow(secret), people.follow(secret)
    people.set_first_password(one, "", "", PASSWORD)
    with pytest.raises(Fault, match="link-or-name"):
        people.set_first_password(other, "", "", "another one entirely")
    first, second = (people.follow(people.first_link()) for _ in range(2))
    with pytest.raises(Fault, match="link-or-name"):
        people.set_first_password(first, "late", "", PASSWORD)
    people.set_first_password(second, "maja", "", PASSWORD)
    assert [account.name for account in room.store.accounts.all()] == ["erik", "maja"]


def test_an_invitation_sets_the_password_of_its_account_and_no_other_name(client, room, people):
    secret = people.invite("Erik.Berg", "Erik Berg", "editor")
    assert "Erik Berg then signs in with the user name erik.berg" in client.get(f"/admin/link/{secret}").text
    assert follow(client, secret, name="root", shown="Root").status_code == 303
    [account] = room.store.accounts.all()
    assert (account.name, account.shown, account.role) == ("erik.berg", "Erik Berg", "editor")
    assert sign_in(client, "erik.berg").status_code == 303


def test_a_reset_ends_every_session(client, room, people, account):
    whose = account("editor", "maja", PASSWORD)
    sign_in(client)
    secret = people.new_link(room.store.accounts.of(whose))
    assert client.get("/admin").status_code == 200, "the link alone ends nothing"
    assert follow(client, secret, "another one entirely").status_code == 303
    assert client.get("/admin").status_code == 303
    assert sign_in(client).status_code == 401
    assert sign_in(client, password="another one entirely").status_code == 303


def test_a_password_that_is_refused_uses_no_link_up(client, people, account):
    secret = people.invite("erik", "Erik Berg", "editor")
    answer = follow(client, secret, "elva tecken")
    assert answer.status_code == 422
    assert said(answer) == "Something needs correcting The password is too short."
    assert 'aria-invalid="true"' in answer.text
    assert "elva tecken" not in answer.text
    assert said(follow(client, secret, PASSWORD, "gul cykel i sol!")).endswith("The two passwords differ.")
    assert said(follow(client, secret, "Erik och en kanin")).endswith("The password contains the name.")
    first = people.first_link()
    assert said(follow(client, first, name="a b")).endswith("and at least two characters.")
    assert said(follow(client, first, name="erik")).endswith("or the user name is taken.")
    assert follow(client, secret).status_code == 303


def test_a_link_that_was_made_up_opens_nothing(client, people):
    for secret in ("x", "%00", "a" * 3000, hashed(people.first_link())):
        answer = client.get(f"/admin/link/{secret}")
        assert answer.status_code == 404
        assert "The link opens nothing" in answer.text


def test_a_link_of_a_closed_or_vanished_account_opens_nothing(client, room, people):
    secret = people.invite("erik", "", "editor")
    account = room.store.accounts.named("erik")
    people.disable(account)
    people.enable(account)
    assert client.get(f"/admin/link/{secret}").status_code == 404
    people.disable(account)
    with pytest.raises(Fault, match="disabled"):
        people.new_link(room.store.accounts.named("erik"))
    now = room.now()
    room.store.links.make(Link(hashed("ghost"), 99, now, now.replace(year=2099)), people.act("user.link"))
    assert client.get("/admin/link/ghost").status_code == 404


def test_the_store_and_the_audit_hold_no_secret(room, people, tmp_path):
    secret = people.first_link()
    assert secret not in repr(audit_of(room))
    room.store.close()
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_the_form_of_a_link_needs_the_token_of_its_page(client, people):
    secret = people.first_link()
    sent = {"name": "evil", "password": PASSWORD, "again": PASSWORD}
    assert client.post(f"/admin/link/{secret}", data=sent).status_code == 403


def test_a_rush_at_a_link_is_told_to_come_again(client, people, monkeypatch):
    from cds_service.admin.passwords import Busy  # noqa: PLC0415 - for this test alone

    async def busy(_bench, *_work):
        raise Busy

    monkeypatch.setattr("cds_service.admin.passwords.Bench.run", busy)
    answer = follow(client, people.first_link(), name="maja")
    assert answer.status_code == 503
    assert "Many are signing in" in said(answer)


@pytest.mark.parametrize("name", ["", "a", "a b", "a/b", "<b>", "a\x00b", "a" * 129, "\u202eab"])
def test_a_name_to_sign_in_with_is_letters_digits_and_a_few_signs(name):
    with pytest.raises(Fault, match=r"fault\.name"):
        read_name(name)


def test_names_are_kept_in_one_spelling():
    assert read_name(" Åsa+1@Ex-Center.SE ") == "åsa+1@ex-center.se"
    assert read_shown("  Åsa \t Berg ") == "Åsa Berg"
    for wrong in ("x" * 129, "a\u202eb"):
        with pytest.raises(Fault, match=r"fault\.shown"):
            read_shown(wrong)


def test_a_name_without_a_way_to_write_it_is_shown_as_it_was_typed(room, people):
    people.invite("Erik", "", "viewer")
    assert re.fullmatch("Erik", room.store.accounts.named("erik").shown)
