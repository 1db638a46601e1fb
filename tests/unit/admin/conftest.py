"""The admin pages over HTTP, in process, on a store of their own and a clock that the test moves."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated

import pytest
from argon2 import PasswordHasher
from fastapi import Depends, FastAPI, Response
from msgspec import structs
from starlette.testclient import TestClient

from cds_service.admin import install, passwords
from cds_service.admin.access import require
from cds_service.admin.passwords import hash_of
from cds_service.admin.people import People
from cds_service.admin.roles import ROLES
from cds_service.admin.signing_in import begin_session
from cds_service.admin.visit import Visit
from cds_service.admin.what_if import what_if_pages
from cds_service.app import errors
from cds_service.app.administration import build_admin
from cds_service.app.factory import build_ledger, open_store
from cds_service.rulesets.load import load_default
from cds_service.settings import Settings
from cds_service.store.accounts import NewAccount
from tests.unit.admin.trial_cases import trials_on

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HTTPS = "https://admin.example"


class Clock:
    """The time of the pages; ``pass_`` moves it."""

    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at

    def pass_(self, **time):
        self.at += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path / 'admin.db'}", language="en", max_body_bytes=100_000)


@pytest.fixture
def app(settings, clock):
    """The admin pages alone, as the factory hands them their room, but on the test's clock."""
    app = FastAPI()
    store = open_store(settings)
    app.state.store, app.state.engine = store, SimpleNamespace(rules=load_default())
    app.state.ledger, app.state.outbox = build_ledger(settings, store), SimpleNamespace(waiting_bytes=0)
    room = build_admin(settings, app.state)
    install(app, structs.replace(room, now=clock))
    app.state.trials = trials_on(app.state.admin, settings)
    app.include_router(what_if_pages(app.state.trials))
    errors.install(app)
    for role in ROLES:
        _add_addresses(app, role)
    yield app
    store.close()


def _add_addresses(app, role):
    """A page and an address of the API that are open to ``role``."""

    def told(visit: Annotated[Visit, Depends(require(role))]) -> Response:
        return visit.json({"name": visit.signed_in.name, "actor": visit.actor, "field": visit.field("word")})

    app.add_api_route(f"/admin/test/{role}", told, methods=["GET", "POST"])
    app.add_api_route(f"/admin/api/test/{role}", told, methods=["GET", "POST"])


@pytest.fixture
def room(app):
    return app.state.admin


@pytest.fixture
def client(app):
    """A browser: it keeps cookies, follows no redirect by itself, and says where it sends forms from."""
    with TestClient(app, base_url=HTTPS, follow_redirects=False) as client:
        yield client


@pytest.fixture
def account(room):
    """``account("editor")`` makes an account of that role and returns its id."""

    def made(role, name="", password=""):
        name = name or role
        new = NewAccount(name=name, shown=name.title(), role=role, password=password and hash_of(password))
        return room.store.accounts.add(new, People(room.store, room.now, "test").act("user.invite", name))

    return made


@pytest.fixture
def signed_in(client, room, account):
    """``signed_in("editor")`` gives the browser a session of that role and returns the session's secret."""

    def begun(role, name=""):
        found = room.store.accounts.named(name or role)
        whose = found.id if found else account(role, name)
        secret = begin_session(room, room.store.accounts.of(whose), "password")
        client.cookies.set(room.session_cookie, secret)
        return secret

    return begun


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Hash with little effort: what is tested is what is done with a hash."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


def audit_of(room, act=""):
    """The entries of the audit, oldest first; those of one act."""
    return [row.entry for row in room.store.audit.rows() if act in ("", row.entry.act)]


def token_in(html):
    """The token that the page's forms send."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
    return found[1] if found else ""
