"""The commands that read the audit, as an operator runs them."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.store import AuditEntry, Store

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    opened = Store.open(url)
    yield opened
    opened.close()


def run(*words):
    return CliRunner().invoke(app, ["audit", *words])


def act(store, **changes):
    return store.audit.record(AuditEntry(at=AT, actor="karin", act="client.add", **changes))


def test_a_chain_that_holds_is_told_with_its_newest_seal(store):
    act(store)
    seal = act(store, reason="because").seal
    told = run("verify")
    assert told.exit_code == 0
    assert told.stdout == f"2 rows hold, 2 of them sealed without a key\nnewest seal: {seal}\n"
    assert run("verify", "--expect", seal).exit_code == 0


def test_the_first_broken_row_is_told_and_the_exit_status_is_1(store):
    act(store)
    act(store)
    with store._transaction() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_stays_UPDATE")
        connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE number = 2")
    told = run("verify")
    assert (told.exit_code, told.stdout) == (1, "row 2: the seal does not fit the content\n")


def test_a_chain_without_the_seal_that_was_noted_is_told(store):
    act(store)
    told = run("verify", "--expect", "ab" * 32)
    assert told.exit_code == 1
    assert "expected seal" in told.stdout


def test_an_empty_audit_holds(store):
    told = run("verify")
    assert (told.exit_code, told.stdout) == (0, "0 rows hold\n")


def test_a_chain_that_is_all_under_the_key_says_so(store, monkeypatch):
    monkeypatch.setenv("CDS_AUDIT_KEY", "k" * 32)
    keyed = Store.open(str(store._engine.url), audit_key="k" * 32)
    act(keyed)
    keyed.close()
    assert run("verify").stdout.startswith("1 rows hold\nnewest seal: ")


def test_the_export_is_one_object_a_line(store):
    first, second = act(store), act(store, details={"client": "a"})
    lines = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [line["seal"] for line in lines] == [first.seal, second.seal]
    assert lines[1]["details"] == {"client": "a"}
    assert lines[1]["previous"] == first.seal
