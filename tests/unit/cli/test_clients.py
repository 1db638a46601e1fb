"""The commands that register clients, as an operator runs them."""

import json
import re
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from cds_service.cli import app, clients, main
from cds_service.store import Store
from cds_service.store.tables import CLIENTS
from tests.unit.clients.documents import jwt_client, key_client, open_client


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    opened = Store.open(url)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path):
    def written(content):
        path = tmp_path / "clients.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return written


def run(*words, sent=None):
    return CliRunner().invoke(app, ["clients", *words], input=sent)


def told(monkeypatch, capsys, *words):
    """What the whole program says when it cannot do it: one line, no traceback."""
    monkeypatch.setattr("sys.argv", ["cds-service", "clients", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def acts(store):
    return [(row.entry.act, row.entry.target, row.entry.actor, dict(row.entry.details)) for row in store.audit.rows()]


def test_clients_are_added_listed_and_shown(store, file):
    assert "north-hospital is registered" in run("add", file([jwt_client(), open_client()])).stdout
    listed = run("list").stdout
    for part in ("north-hospital", "jwt", "anyone", "open", "active", "console"):
        assert part in listed
    assert json.loads(run("show", "anyone").stdout)["auth"]["mode"] == "open"
    assert [act[:3] for act in acts(store)] == [
        ("client.add", "north-hospital", "console"),
        ("client.add", "anyone", "console"),
    ]


def test_a_document_may_come_on_standard_input(store):
    assert run("add", "-", sent=json.dumps(open_client())).exit_code == 0
    assert store.clients.get("anyone")


def test_what_is_wrong_with_a_file_is_one_line_that_names_the_place(store, file, monkeypatch, capsys):
    assert "auth.algorithms.0" in told(monkeypatch, capsys, "add", file(jwt_client(algorithms=["HS256"])))
    assert "JSON" in told(monkeypatch, capsys, "add", file("{"))
    assert "neither a document nor a list" in told(monkeypatch, capsys, "add", file("[1]"))
    assert "FileNotFoundError" in told(monkeypatch, capsys, "add", file("{}") + ".gone")
    assert store.clients.all() == ()


def test_a_client_that_is_there_is_not_added_again(store, file, monkeypatch, capsys):
    run("add", file(open_client()))
    assert "there is a client anyone already" in told(monkeypatch, capsys, "add", file(open_client()))


def test_what_is_exported_can_be_imported_elsewhere_and_changes_nothing_here(store, file, tmp_path, monkeypatch):
    run("add", file([jwt_client(), key_client()]))
    run("key", "pilot")
    exported = run("export").stdout
    assert [one["id"] for one in json.loads(exported)] == ["north-hospital", "pilot"]
    assert [one["id"] for one in json.loads(run("export", "pilot").stdout)] == ["pilot"]
    again = run("import", file(exported))
    assert again.output.count("is as it was") == 2
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert "pilot is registered" in run("import", file(exported)).stdout
    assert run("export").stdout == exported


def test_an_import_changes_a_client_and_keeps_its_keys(store, file):
    run("add", file(key_client()))
    run("key", "pilot")
    run("import", file(key_client(name="Renamed")), "--reason", "a new name")
    kept = store.clients.get("pilot")
    assert (kept.revision, kept.document["name"], len(kept.document["auth"]["api_keys"])) == (3, "Renamed", 1)
    last = list(store.audit.rows())[-1].entry
    assert (last.act, last.reason, last.details["changed"]) == ("client.change", "a new name", "name")


def test_a_key_is_shown_once_and_only_its_hash_is_kept(store, file, tmp_path):
    added = run("add", file(key_client()))
    assert "It has no key yet" in added.stderr
    made = run("key", "pilot")
    key = made.stdout.strip()
    assert re.fullmatch(r"cdskey_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", key)
    assert "shown this once" in made.stderr
    prefix = key.split("_")[1]
    assert store.clients.get("pilot").document["auth"]["api_keys"][0]["prefix"] == prefix
    store.close()
    assert key.split("_", 2)[2].encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert run("key", "pilot", "--revoke", prefix).exit_code == 0
    assert store.clients.get("pilot").document["auth"]["api_keys"] == []
    assert "no key with this prefix" in str(run("key", "pilot", "--revoke", prefix).exception)


def test_a_client_whose_document_an_earlier_version_took_can_be_disabled(store):
    store.clients.add(open_client(), by="alva")
    kept = open_client(answers={"targets": [{"action": "refer-endocrinology", "name": "Endo North"}]})
    with store._transaction() as connection:
        connection.execute(CLIENTS.update().values(document=kept))
    assert run("disable", "anyone").exit_code == 0
    assert not store.clients.get("anyone").client().active


def test_a_client_is_let_in_no_longer_and_again(store, file):
    run("add", file(open_client()))
    run("disable", "anyone", "--reason", "moved")
    assert store.clients.get("anyone").client().active is False
    assert "off" in run("list").stdout
    run("enable", "anyone")
    assert store.clients.get("anyone").client().active
    history = run("show", "anyone", "--history").stdout
    assert re.findall(r"^# revision (\d)", history, re.MULTILINE) == ["3", "2", "1"]


def test_a_client_that_is_not_there_is_said_so(store, monkeypatch, capsys):
    for command in ("show", "key", "disable", "enable", "export"):
        assert "there is no client nobody" in told(monkeypatch, capsys, command, "nobody")


def test_a_document_that_this_version_cannot_use_is_listed_as_such(store, file):
    run("add", file(open_client()))
    with store._transaction() as connection:
        connection.exec_driver_sql("""UPDATE clients SET document = '{"schema": 7}'""")
    assert "not usable" in run("list").stdout


def test_why_calls_were_refused_is_listed_in_words(store):
    store.refusals.add({("north", "expired"): 3, ("", "unknown-issuer"): 1}, datetime.now(UTC))
    everything = run("refusals").stdout
    assert "The token has expired" in everything
    assert "No active client" in everything
    assert "Token har gått ut" in run("refusals", "--client", "north", "--language", "sv").stdout
    assert "No active client" not in run("refusals", "--client", "north").stdout


def test_the_sheet_is_printed_as_text_and_written_as_a_file(store, file, tmp_path, monkeypatch):
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example")
    monkeypatch.setenv("CDS_HOOKS", '["patient-view"]')
    run("add", file(jwt_client()))
    printed = run("sheet", "north-hospital", "--language", "en").stdout
    assert "https://cds.example/cds-services/limb-deficiency-bone-health/feedback" in printed
    assert "patient-view" in printed
    assert "order-sign" not in printed
    assert "Registreringsblad" in run("sheet", "north-hospital").stdout
    target = tmp_path / "sheet.pdf"
    assert run("sheet", "north-hospital", "--pdf", str(target)).exit_code == 0
    assert target.read_bytes().startswith(b"%PDF-")


def test_every_command_is_in_the_docs(repository):
    page = (repository / "docs/clients.md").read_text("utf-8")
    readme = (repository / "README.md").read_text("utf-8")
    for command in sorted(typer.main.get_group(clients.app).commands):
        assert f"`cds-service clients {command}" in page or f"`{command}`" in page, command
        assert re.search(rf"\b{command}\b", readme), command
