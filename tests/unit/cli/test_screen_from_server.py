"""``cds-service screen --from-server``: the export is fetched with the client's own key, then screened."""

import json

import pytest
from joserfc.jwk import RSAKey
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.cli.screen import FAULTS
from tests.unit.fhir.fetching.bulk_server import CLIENT, BulkServer
from tests.unit.screening.runs import amputated, patient, resource

KEY = RSAKey.generate_key(2048, parameters={"kid": "k1"})
LINES = [patient(), amputated(), resource("Procedure", "o", status="completed")]
FILES = [(kind, [line]) for kind, line in LINES]


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    monkeypatch.setenv("CDS_ALLOW_HTTP_LOOPBACK", "true")


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key.json"
    path.write_text(json.dumps(KEY.as_dict(private=True)))
    return path


def screen(server, out, *more):
    arguments = ["screen", "--from-server", server, "--out", str(out), "--as-of", "2026-06-01", "--processes", "1"]
    return CliRunner().invoke(app, [*arguments, *map(str, more)])


def test_an_export_is_fetched_and_screened(tmp_path, key):
    with BulkServer(FILES, KEY, polls=0).running() as server:
        told = screen(server.base, tmp_path / "out", "--client-id", CLIENT, "--key", key)
        assert told.exit_code == 0, told.output
    assert "3 files" in told.output
    assert b"p" in (tmp_path / "out" / "list.csv").read_bytes()
    counts = json.loads((tmp_path / "out" / "counts.json").read_bytes())
    # What was asked for and has no file is empty, not unknown.
    assert counts["export"]["whole"]["Device"] is True
    assert counts["export"]["candidates"] == 1


def test_a_file_that_cannot_be_had_makes_its_type_incomplete_for_everybody(tmp_path, key):
    with BulkServer(FILES, KEY, polls=0, trouble={"file": [None, 404, 404, 404, 404]}).running() as server:
        given = ["--client-id", CLIENT, "--key", key, "--token-url", f"{server.root}/token"]
        told = screen(server.base, tmp_path / "out", *given, "--types", "Patient,Condition")
    assert told.exit_code == FAULTS
    assert "files could not be had" in told.output
    counts = json.loads((tmp_path / "out" / "counts.json").read_bytes())
    assert not all(counts["export"]["whole"].values())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--client-id", "x"), "belong together"),
        (("--client-id", "x", "--key", "nowhere"), "no private key"),
        (("--also-from", "http://storage.example"), "--also-from"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, more, told):
    answer = screen("http://127.0.0.1:1/fhir", tmp_path / "out", *more)
    assert answer.exit_code == 1
    assert told in str(answer.exception)


def test_one_source_is_named_and_no_two(tmp_path):
    assert screen("http://127.0.0.1:1/fhir", tmp_path / "out", str(tmp_path)).exit_code == 1
    told = CliRunner().invoke(app, ["screen", "--out", str(tmp_path / "out")])
    assert "name the EXPORT" in str(told.exception)


def test_progress_is_told_in_words():
    from cds_service.cli.fetching import _in_words  # noqa: PLC0415 - only here
    from cds_service.fhir.fetching.bulk.download import Progress  # noqa: PLC0415 - only here

    assert _in_words(Progress()) == "the server works on it"
    assert _in_words(Progress(said="half way")) == "the server works on it: half way"
    assert _in_words(Progress(1, 3, 2_000_000)) == "1 of 3 files, 2 MB"
