"""``cds-service screen``: files, counts on the screen, and an exit status that tells."""

import re
import sys

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.cli.screen import FAULTS
from tests.unit.screening.runs import amputated, lines_of, patient, population, write


@pytest.fixture
def export(tmp_path):
    return write(tmp_path / "export", lines_of(population(patients=6, limb_share=1.0, seed=2)))


def screen(export, out, *more):
    return CliRunner().invoke(app, ["screen", str(export), "--out", str(out), "--as-of", "2026-06-01", *more])


def test_it_writes_the_list_and_says_how_many_but_not_who(export, tmp_path):
    told = screen(export, tmp_path / "out", "--processes", "1", "--memory", "300", "--language", "en")
    assert told.exit_code in (0, FAULTS), told.output
    assert re.search(r"\d+ Patient resources, \d+ MB in [\d.]+ s", told.output)
    assert "they hold patient ids" in told.output
    assert "synthetic-" not in told.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"list.csv", "RiskAssessment.ndjson", "List.ndjson", "counts.json", "report.sv.html"}
    assert not [name for name in names if name.startswith(".")]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_the_exit_status_tells_that_something_could_not_be_read(tmp_path):
    export = write(tmp_path / "export", [patient(), amputated(), ("Condition", b"garbage")])
    told = screen(export, tmp_path / "out", "--asked", "Procedure,Observation")
    assert told.exit_code == FAULTS
    assert "1 faults: see" in told.output


def test_a_place_that_cannot_be_written_is_one_line(export, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert screen(export, tmp_path / "file" / "out").exit_code == 1
    assert screen(tmp_path / "nowhere", tmp_path / "out").exit_code == 1


def test_a_rule_set_of_the_sites_own_is_used(export, tmp_path, monkeypatch):
    from importlib.resources import files  # noqa: PLC0415 - only here

    text = files("cds_service.rulesets").joinpath("default.toml").read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace('version = "1.0.0"', 'version = "1.0.0-own"'), "utf-8")
    monkeypatch.setenv("CDS_RULE_SET", str(own))
    assert screen(export, tmp_path / "out", "--processes", "1").exit_code in (0, FAULTS)
    assert '"rule_set": "1.0.0-own"' in (tmp_path / "out" / "counts.json").read_text("utf-8")


def test_a_cluster_can_be_asked_for_and_needs_its_extra(export, tmp_path, monkeypatch):
    assert screen(export, tmp_path / "out", "--engine", "spark").exit_code == 1
    assert screen(export, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1").exit_code == 1
    monkeypatch.setitem(sys.modules, "cds_service.screening.dask_engine", None)
    told = screen(export, tmp_path / "out", "--engine", "dask")
    assert told.exit_code == 1
    assert "extra 'dask'" in str(told.exception)


def test_the_list_is_the_same_on_a_cluster(export, tmp_path):
    pytest.importorskip("distributed")
    assert screen(export, tmp_path / "one", "--processes", "1").exit_code in (0, FAULTS)
    assert screen(export, tmp_path / "two", "--processes", "1", "--engine", "dask").exit_code in (0, FAULTS)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
