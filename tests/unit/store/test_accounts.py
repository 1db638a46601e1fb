"""Accounts, sessions, links, tokens and attempts on both databases; what changes an account stands in the audit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.errors import Conflict
from cds_service.store import AuditEntry
from cds_service.store.accounts import NewAccount
from cds_service.store.attempts import Patience
from cds_service.store.links import Link
from cds_service.store.sessions import Session
from cds_service.store.tokens import Token

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATIENCE = Patience(2, timedelta(seconds=10), timedelta(minutes=1), HOUR)


def act(name="user.test"):
    return AuditEntry(at=NOW, actor="test", act=name)


def acts(store):
    return [row.entry.act for row in store.audit.rows()]


@pytest.fixture
def maja(store):
    return store.accounts.add(NewAccount(name="maja", shown="Maja", role="admin", password="hash"), act())


def test_what_is_kept_comes_back_with_its_zone(store, maja):
    account = store.accounts.of(maja)
    assert (account.name, account.role, account.password, account.made) == ("maja", "admin", "hash", NOW)
    assert store.accounts.named("maja") == account
    assert store.accounts.named("nobody") is None
    assert account.opens


def test_a_name_or_a_person_twice_is_a_conflict_and_nothing_is_audited(store, maja):
    with pytest.raises(Conflict):
        store.accounts.add(NewAccount(name="maja", shown="", role="viewer"), act())
    person = NewAccount(name="erik", shown="Erik", role="viewer", issuer="https://i", subject="s")
    store.accounts.add(person, act())
    with pytest.raises(Conflict):
        store.accounts.add(NewAccount(name="other", shown="", role="viewer", issuer="https://i", subject="s"), act())
    assert store.accounts.vouched("https://i", "s").name == "erik"
    assert acts(store) == ["user.test"] * 2


def test_the_last_who_can_do_it_stays_also_when_two_act_at_once(store, maja):
    other = store.accounts.add(NewAccount(name="olle", shown="", role="admin", password="hash"), act())

    def demote(account):
        try:
            store.accounts.set_role(account, "viewer", act("user.role"), never_without="admin")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, (maja, other))) == [False, True]
    assert acts(store).count("user.role") == 1


def test_a_link_is_used_once_and_replaced_by_the_next(store, maja):
    for name in ("first", "second"):
        store.links.make(Link(name, maja, NOW, NOW + HOUR), act())
    assert store.links.find("first", NOW) is None
    assert store.links.find("second", NOW).ends == NOW + HOUR
    assert store.links.waiting(NOW) == {maja: NOW + HOUR}
    store.accounts.set_password(maja, "new", act(), link="second")
    with pytest.raises(Conflict):
        store.accounts.set_password(maja, "newer", act(), link="second")
    assert store.accounts.of(maja).password == "new"


def test_a_session_ends_idle_and_in_any_case(store, maja):
    store.sessions.begin(Session("h", maja, "password", NOW, NOW, NOW + HOUR), act())
    idle = timedelta(minutes=30)
    assert store.sessions.account_of("h", NOW + timedelta(minutes=29), idle).id == maja
    assert store.sessions.account_of("h", NOW + timedelta(minutes=58), idle).id == maja
    assert store.sessions.account_of("h", NOW + HOUR, idle) is None
    assert [one.hash for one in store.sessions.lasting(NOW + timedelta(minutes=58), idle)] == ["h"]
    store.sessions.end("h", act("session.end"))
    store.sessions.end("h", act("session.end"))
    assert acts(store).count("session.end") == 1


def test_a_token_names_its_owner_and_when_it_was_used(store, maja):
    store.tokens.make("h", Token(0, maja, "job", "viewer", NOW, NOW + HOUR), act())
    account, token = store.tokens.account_of("h", NOW)
    assert (account.id, token.role, token.used) == (maja, "viewer", None)
    [kept] = store.tokens.of(maja, NOW)
    assert kept.used == NOW
    assert store.tokens.account_of("h", NOW + HOUR) is None
    assert store.tokens.end(maja, kept.id, act())
    assert not store.tokens.end(maja, kept.id, act())


def test_attempts_wait_longer_and_longer_and_those_at_once_share_no_free_one(store):
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda _: store.attempts.begin("k", NOW, PATIENCE), range(12)))
    assert waits.count(None) == 3
    assert {wait for wait in waits if wait} == {NOW + timedelta(seconds=10)}
    store.attempts.take_back("k")
    assert store.attempts.begin("k", NOW, PATIENCE) is None
    store.attempts.forget("k")
    assert store.attempts.begin("k", NOW, PATIENCE) is None


def test_closing_an_account_ends_all_that_opens_it(store, maja):
    store.sessions.begin(Session("h", maja, "password", NOW, NOW, NOW + HOUR), act())
    store.tokens.make("t", Token(0, maja, "job", "viewer", NOW, NOW + HOUR), act())
    store.accounts.set_disabled(maja, act("user.disable"), disabled=True)
    assert store.sessions.account_of("h", NOW, HOUR) is None
    assert store.tokens.account_of("t", NOW) is None
    store.accounts.set_disabled(maja, act("user.enable"), disabled=False)
    assert store.sessions.account_of("h", NOW, HOUR) is None
    assert not store.accounts.of(maja).disabled
