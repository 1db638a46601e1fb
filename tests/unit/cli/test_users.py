"""``cds-service users``, and the link that a first start prints."""

import re

import pytest
from typer.testing import CliRunner

from cds_service.app.factory import open_store
from cds_service.cli import app
from cds_service.settings import Settings

LINK = re.compile(r"(http\S+/admin/link/[\w-]{43})")


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path / 'users.db'}")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def store():
    store = open_store(Settings())
    yield store
    store.close()


def link_in(text):
    found = LINK.search(text)
    return found[1] if found else ""


def run(*words):
    return CliRunner().invoke(app, ["users", *words])


def test_an_invitation_prints_a_link_and_the_list_shows_the_account(store):
    done = run("invite", "Maja", "--role", "admin", "--shown", "Maja Lind")
    assert done.exit_code == 0
    assert LINK.search(done.output)
    assert "http://127.0.0.1:8000/admin/link/" in done.output
    listed = run("list").output
    for word in ("maja", "Maja Lind", "admin", "invited"):
        assert word in listed
    assert [row.entry.actor for row in store.audit.rows()] == ["console", "console"]


def test_the_link_begins_with_the_public_address(monkeypatch):
    monkeypatch.setenv("CDS_BASE_URL", "https://bones.example/")
    assert "https://bones.example/admin/link/" in run("invite", "erik").output


def test_roles_accounts_and_links_are_changed_from_the_console(store):
    run("invite", "erik")
    assert run("role", "erik", "editor").exit_code == 0
    assert store.accounts.named("erik").role == "editor"
    assert run("disable", "ERIK").exit_code == 0
    assert "disabled" in run("list").output
    assert run("enable", "erik").exit_code == 0
    assert LINK.search(run("reset", "erik").output)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("role", "nobody", "editor"), "there is no account of this name"),
        (("reset", "nobody"), "there is no account of this name"),
        (("invite", "a b"), "The user name may have letters"),
        (("invite", "erik", "--role", "root"), "the role must be viewer, editor, publisher or admin"),
        (("role", "erik", "root"), "the role must be viewer, editor, publisher or admin"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(store, words, why):
    run("invite", "erik")
    done = run(*words)
    assert done.exit_code == 1
    assert why in str(done.exception)
    assert store.accounts.named("erik").role == "viewer"


@pytest.fixture
def served(monkeypatch):
    """What was to be served instead of serving it."""
    kept = []
    # It would write to the stream of this command from then on, which is closed when the command ends.
    monkeypatch.setattr("cds_service.cli.serve.configure", lambda **_how: None)
    monkeypatch.setattr("uvicorn.run", lambda app, **_options: kept.append(app.state.settings))
    return kept


def test_the_demonstration_prints_the_first_link_and_there_is_no_default_password(served, tmp_path):
    done = CliRunner().invoke(app, ["demo", "--port", "8123"])
    assert "There is no administrator yet" in done.output
    assert link_in(done.output).startswith("http://127.0.0.1:8123/")
    [settings] = served
    assert settings.admin
    assert not settings.admin_secure_cookies
    assert open_store(Settings()).accounts.all() == ()


def test_where_others_can_reach_it_the_demonstration_has_no_admin_pages(served):
    done = CliRunner().invoke(app, ["demo", "--host", "0.0.0.0"])  # noqa: S104 - nothing is served
    assert "administrator" not in done.output
    assert not served[0].admin


def test_serving_prints_the_first_link_only_with_the_pages_on_and_without_an_administrator(served, monkeypatch, store):
    assert not LINK.search(CliRunner().invoke(app, ["serve"]).output)
    monkeypatch.setenv("CDS_ADMIN", "true")
    first = link_in(CliRunner().invoke(app, ["serve"]).output)
    second = link_in(CliRunner().invoke(app, ["serve"]).output)
    assert first != second
    assert served[-1].admin_secure_cookies
    from cds_service.admin.people import People  # noqa: PLC0415 - for this test alone
    from cds_service.cli.users import _now  # noqa: PLC0415 - for this test alone

    people = People(store, _now, "console")
    followed = people.follow(second.rpartition("/")[2])
    assert followed
    people.set_first_password(followed, "maja", "", "gul cykel i regn")
    assert not LINK.search(CliRunner().invoke(app, ["serve"]).output)
