"""A population as files."""

import gzip
from collections import Counter

import orjson
import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.cohort import Export, Population, write_export

POPULATION = Population(seed=9, patients=25, limb_share=0.4)


def lines_of(folder):
    found: Counter[tuple[str, bytes]] = Counter()
    for path in sorted(folder.iterdir()):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as file:
            found.update((path.name.split(".")[0], line.rstrip(b"\n")) for line in file)
    return found


@pytest.mark.parametrize("gz", [False, True])
def test_the_files_hold_the_population_by_type(tmp_path, gz):
    assert list(write_export(POPULATION, Export(folder=tmp_path / "new", per_file=10, gz=gz))) == [10, 10, 5]
    assert lines_of(tmp_path / "new") == Counter(line for patient in POPULATION for line in patient.lines())
    assert {path.name.split(".")[1] for path in (tmp_path / "new").iterdir()} == {"0001", "0002", "0003"}


def test_two_processes_write_the_same_bytes_as_one(tmp_path):
    for processes in (1, 2):
        list(
            write_export(POPULATION, Export(folder=tmp_path / str(processes), per_file=9, gz=True, processes=processes))
        )
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("1", "2"))
    assert one == two


def test_the_command_writes_an_export(tmp_path):
    told = CliRunner().invoke(
        app, ["cohort", "generate", "--patients", "3", "--seed", "5", "--limb-share", "1", "--out", str(tmp_path / "x")]
    )
    assert told.exit_code == 0
    assert "3 synthetic patients" in told.output
    patients = (tmp_path / "x" / "Patient.0001.ndjson").read_bytes().splitlines()
    assert {orjson.loads(line)["resourceType"] for line in patients} == {"Patient"}


def test_the_command_says_when_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("in the way")
    told = CliRunner().invoke(app, ["cohort", "generate", "--patients", "1", "--out", str(tmp_path / "file" / "x")])
    assert told.exit_code == 1
