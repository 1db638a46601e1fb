"""The admin pages over HTTP, in process, on a store of their own and a clock that the test moves."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from starlette.testclient import TestClient

from cds_service.admin import install
from cds_service.admin.keys import hashed, new_secret
from cds_service.app import create_app
from cds_service.app.factory import build_admin
from cds_service.settings import Settings
from cds_service.store.sessions import Session

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
    """The application with the admin pages, on the test's clock."""
    app = create_app(settings)
    room = build_admin(settings, app.state.store, lambda: app.state.engine.rules)
    install(app, structs.replace(room, now=clock))
    return app


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

    def made(role, name=""):
        name = name or role
        return room.store.accounts.add(name, name.title(), role, room.now())

    return made


@pytest.fixture
def signed_in(client, room, account):
    """``signed_in("editor")`` gives the browser a session of that role and returns the session's secret."""

    def begun(role, name=""):
        found = room.store.accounts.named(name or role)
        whose = found.id if found else account(role, name)
        secret = new_secret()
        now = room.now()
        room.store.sessions.begin(Session(hashed(secret), whose, "password", now, now, now + room.limits.most))
        client.cookies.set(room.session_cookie, secret)
        return secret

    return begun


def token_in(html):
    """The token that the page's forms send."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
    return found[1] if found else ""
