"""A run that was interrupted, however it was, goes on where it was and ends in the same bytes."""

import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from cds_service.screening import running
from cds_service.screening.checkpoint import FOLDER, Checkpoint, fingerprint, write_privately
from cds_service.screening.inventory import take_inventory
from cds_service.screening.running import Processes, WorkerLost
from cds_service.screening.screen import clear

from .runs import SETTING, AtOnce, outputs, population, run, write

COMMAND = (sys.executable, "-m", "cds_service.cli", "screen")


def many_files(folder, patients=40):
    """An export of many small files, each a unit."""
    for number, patient in enumerate(population(patients=patients)):
        write(folder, patient.lines(), name=lambda kind, part=number // 4: f"{kind}.{part}.ndjson")
    return folder


def command(export, out):
    return [*COMMAND, str(export), "--out", str(out), "--as-of", "2026-06-01", "--processes", "1"]


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def wait_for(condition, process):
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("step", ["find", "gather"] if os.environ.get("CI") else ["gather"])
def test_kill_9_midway_and_once_more_gives_the_same_bytes(tmp_path, step):
    export = many_files(tmp_path / "export")
    whole = outputs(export, tmp_path / "whole")
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(export, out), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: len(list((out / FOLDER).glob(f"{step}-*"))) > 2, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path.name for path in (out / FOLDER).iterdir() if "-" in path.name and path.suffix != ".tmp"}
    assert kept
    assert not (out / "list.csv").exists()
    before = {name: (out / FOLDER / name).stat().st_mtime_ns for name in kept}
    engine = AtOnce()
    again = run(export, out, engine=engine)
    assert again.resumed
    assert not {f"{work}-{number:06}" for work, number in engine.done} & kept
    assert {name: (out / FOLDER / name).stat().st_mtime_ns for name in kept} == before
    ended = subprocess.run([*command(export, out), "--language", "en"], check=False, capture_output=True)
    assert ended.returncode in (0, 3), ended.stderr
    assert files_in(out) == whole
    assert not (out / FOLDER).exists()


def test_another_setting_or_another_file_starts_anew(tmp_path):
    export = many_files(tmp_path / "export", 8)
    assert not run(export, tmp_path / "out").resumed
    assert run(export, tmp_path / "out").resumed
    assert not run(export, tmp_path / "out", setting=msgspec.structs.replace(SETTING, profile="us")).resumed
    write(export, [next(next(iter(population(seed=9))).lines())], name="more.ndjson".format)
    engine = AtOnce()
    assert not run(export, tmp_path / "out", engine=engine).resumed
    assert engine.done
    clear(tmp_path / "out")
    assert not (tmp_path / "out" / FOLDER).exists()


def test_another_budget_goes_on_and_gives_the_same_rows(tmp_path):
    export = many_files(tmp_path / "export", 24)
    first = list(run(export, tmp_path / "out").rows())
    again = run(export, tmp_path / "out", memory=64 * 1_000)
    assert again.resumed
    assert list(again.rows()) == first


def test_the_rules_the_day_the_files_and_the_unit_are_in_the_fingerprint(tmp_path):
    inventory = take_inventory(str(many_files(tmp_path / "export", 4)))
    marks = {
        fingerprint(inventory, SETTING, 1),
        fingerprint(inventory, SETTING, 2),
        fingerprint(inventory, msgspec.structs.replace(SETTING, rule_set="x"), 1),
        fingerprint(inventory, msgspec.structs.replace(SETTING, as_of=SETTING.as_of.replace(year=2025)), 1),
        fingerprint(msgspec.structs.replace(inventory, files=inventory.files[1:]), SETTING, 1),
    }
    assert len(marks) == 5


def test_a_result_is_there_whole_or_not_at_all_and_for_its_owner_alone(tmp_path):
    kept = Checkpoint(tmp_path)
    kept.open("mark")
    kept.keep("find", 3, b"whole")
    path = kept.path("find", 3)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"whole", 0o600)
    assert (tmp_path / FOLDER).stat().st_mode & 0o777 == 0o700
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_bytes(b"half")
    assert not kept.has("find", 4)
    write_privately(path, b"again")
    assert (path.read_bytes(), draft.exists()) == (b"again", False)


# ---------------------------------------------------------------- processes


def fail(number, shared=b""):
    """End the process as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def doubled(number, shared=b""):
    return f"{number * 2}{len(shared)}".encode()


def test_processes_give_the_same_bytes_as_one_after_the_other(tmp_path):
    export = many_files(tmp_path / "export", 24)
    engine = Processes(2, tmp_path / "out" / FOLDER)
    try:
        found = outputs(export, tmp_path / "out", engine=engine)
    finally:
        engine.close()
    assert found == outputs(export, tmp_path / "one")


def test_jobs_are_handed_out_a_few_at_a_time_and_all_are_done(tmp_path):
    taken = []

    def jobs():
        for number in range(40):
            taken.append(number)
            yield number, (number,)

    engine = Processes(2, tmp_path)
    try:
        results = engine.run(doubled, jobs(), b"shared")
        first = next(results)
        assert len(taken) < 10
        assert dict([first, *results]) == {number: f"{number * 2}6".encode() for number in range(40)}
        assert dict(engine.run(doubled, [(1, (1,))])) == {1: b"20"}
    finally:
        engine.close()


def test_a_worker_reads_what_is_shared_once(tmp_path):
    path = tmp_path / "shared"
    path.write_bytes(b"abc")
    assert running._called(doubled, str(path), (2,)) == b"43"
    path.unlink()
    assert running._called(doubled, str(path), (3,)) == b"63"
    assert running._called(doubled, ".", (3,)) == b"60"


def test_a_process_that_ends_says_to_run_again(tmp_path):
    engine = Processes(1, tmp_path)
    try:
        with pytest.raises(WorkerLost, match="run the same command again"):
            list(engine.run(fail, [(1, (1,))]))
    finally:
        engine.close()
