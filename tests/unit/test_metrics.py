"""Numbers for Prometheus: of one process, of several together, and without what the dead said of themselves."""

import os
import subprocess
import sys

import pytest

from cds_service import metrics


def test_one_process_tells_its_own_numbers():
    before = metrics.CARDS.labels("K1", "HIGH")._value.get()
    metrics.CARDS.labels("K1", "HIGH").inc()
    assert f'cds_cards_total{{kind="K1",tier="HIGH"}} {before + 1}' in metrics.exposition({}).decode()


def test_one_rule_set_is_in_force():
    metrics.rule_set_in_force("1.0.0", "se")
    metrics.rule_set_in_force("1.1.0", "se")
    metrics.rule_set_in_force("1.1.0", "se")
    told = metrics.exposition({}).decode()
    assert 'cds_rule_set{profile="se",version="1.0.0"} 0.0' in told
    assert 'cds_rule_set{profile="se",version="1.1.0"} 1.0' in told


WORKER = """
import os, sys
from cds_service import metrics
metrics.CARDS.labels("K1", "HIGH").inc(int(sys.argv[1]))
metrics.SPOOL_BYTES.set(int(sys.argv[1]))
metrics.STORE_UP.set(1)
print("counted", flush=True)
sys.stdin.read()
"""


def test_workers_count_together_and_those_that_ended_no_longer_say_what_they_have(tmp_path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(number)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in (2, 3)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    together = metrics.exposition({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}).decode()
    assert 'cds_cards_total{kind="K1",tier="HIGH"} 5.0' in together
    assert "cds_spool_bytes 5.0" in together
    workers[0].communicate()
    alone = metrics.exposition({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}).decode()
    assert 'cds_cards_total{kind="K1",tier="HIGH"} 5.0' in alone
    assert "cds_spool_bytes 3.0" in alone
    workers[1].communicate()


@pytest.mark.parametrize(("error", "lives"), [(None, True), (PermissionError, True), (ProcessLookupError, False)])
def test_who_may_not_be_signalled_lives(monkeypatch, error, lives):
    def kill(_process, _signal):
        if error:
            raise error

    monkeypatch.setattr(os, "kill", kill)
    assert metrics._lives(7) is lives


def test_files_of_another_making_are_left_alone(tmp_path):
    (tmp_path / "gauge_livesum_unnumbered.db").write_bytes(b"")
    metrics._forget_the_dead(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
