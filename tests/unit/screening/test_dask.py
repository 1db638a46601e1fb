"""The same on Dask: a real scheduler, several worker processes, one of them killed midway; the same bytes."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from cds_service.errors import MalformedRequest
from cds_service.screening.running import WorkerLost

from .runs import outputs, population, write

if os.environ.get("CI"):
    import distributed
else:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[dask]'")

from cds_service.screening.dask_engine import Dask


def program(*arguments):
    return [sys.executable, "-m", *arguments]


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder):
        self._folder = folder
        self.scheduler = self._start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        self.address = self._address()
        self.workers = [self._worker() for _ in range(3)]

    def _start(self, *arguments):
        return subprocess.Popen(
            program(*arguments), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=self._folder
        )

    def _address(self):
        for line in self.scheduler.stderr:
            found = re.search(r"Scheduler at:\s*(tcp://\S+)", line)
            if found:
                threading.Thread(target=self.scheduler.stderr.read, daemon=True).start()
                return found.group(1)
        raise AssertionError("the scheduler did not start")

    def _worker(self):
        worker = self._start(
            "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self._folder),
        )  # fmt: skip
        threading.Thread(target=worker.stderr.read, daemon=True).start()
        return worker

    def wait(self):
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    for number, patient in enumerate(population(patients=30)):
        write(folder / "export", patient.lines(), name=lambda kind, part=number // 3: f"{kind}.{part}.ndjson")
    return folder / "export"


@pytest.fixture(scope="module")
def expected(export, tmp_path_factory):
    return outputs(export, tmp_path_factory.mktemp("one-after-the-other"))


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.wait()
        yield made
    finally:
        made.stop()


def test_a_worker_killed_midway_changes_no_byte(cluster, export, expected, tmp_path):
    engine = Dask(cluster.address, 0)
    told = []

    def kill_one(step):
        told.append(step)
        if step.name == "gather" and step.done > step.skipped and cluster.workers[0].poll() is None:
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait()

    try:
        found = outputs(export, tmp_path / "out", engine=engine, told=kill_one)
    finally:
        engine.close()
    assert cluster.workers[0].returncode == -signal.SIGKILL
    assert [worker.poll() for worker in cluster.workers[1:]] == [None, None]
    assert found == expected


def test_a_cluster_of_this_machine_is_started_and_let_go(export, expected, tmp_path):
    engine = Dask("", 2)
    try:
        assert outputs(export, tmp_path / "out", engine=engine) == expected
    finally:
        engine.close()


def die(number, shared=b""):
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


@pytest.mark.skipif(not os.environ.get("CI"), reason="half a minute of restarting workers; runs in CI")
def test_work_that_ends_every_worker_says_to_run_again(tmp_path):
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as local:
        engine = Dask(local.scheduler_address, 0)
        try:
            with pytest.raises(WorkerLost, match="run the same command again"):
                list(engine.run(die, [(1, (1,))]))
        finally:
            engine.close()


def test_an_address_at_which_nobody_answers_is_one_line(monkeypatch):
    monkeypatch.setattr("cds_service.screening.dask_engine._SECONDS_TO_CONNECT", 1)
    start = time.monotonic()
    with pytest.raises(MalformedRequest, match="no Dask scheduler answers"):
        Dask("tcp://127.0.0.1:1", 0)
    assert time.monotonic() - start < 30
