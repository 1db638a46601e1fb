"""``cds-service bench`` and what it measures with. No time is asserted."""

import json
import sys

import pytest
from typer.testing import CliRunner

from cds_service.cli import app, bench
from cds_service.cli.load import Waits, beside_large, side_by_side, start_up
from cds_service.cli.served import NotServed, Server, service


def resources(body):
    lists = json.loads(body)["prefetch"].values()
    return sum(len(value.get("entry", ())) if value["resourceType"] == "Bundle" else 1 for value in lists)


@pytest.mark.parametrize("number", [1, 25, 200])
def test_a_chart_is_filled_up_to_its_size(number):
    assert resources(bench.request(number)) == number


def test_the_quick_bench_tells_every_size(monkeypatch):
    monkeypatch.setattr(bench, "SIZES", {"TINY": (1, 2), "S": (25, 2)})
    sizes = {"XL": (30, 2)}
    monkeypatch.setattr(bench, "SIZES", bench.SIZES | sizes)
    told = CliRunner().invoke(app, ["bench", "--quick"])
    assert told.exit_code == 0
    assert all(size in told.output for size in ("TINY", "S", "XL", "ratio"))
    assert "served" not in told.output


def test_elsewhere_than_on_linux_nothing_is_served(monkeypatch):
    monkeypatch.setattr(bench, "SIZES", {"S": (25, 1), "XL": (30, 1)})
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "on Linux only" in CliRunner().invoke(app, ["bench"]).output


def test_waits_are_told_in_milliseconds():
    waits = Waits.of([0.001] * 99 + [0.1])
    assert waits.median == 1
    assert waits.p99 > 1


@pytest.mark.skipif(sys.platform != "linux", reason="times and memory of processes are read from /proc")
def test_a_served_bench_tells_of_start_waits_and_memory(monkeypatch):
    small, large = bench.request(25), bench.request(400)
    monkeypatch.setattr("cds_service.cli.load._SETTLE", 0.1)
    monkeypatch.setattr(bench, "SIZES", {"S": (25, 1), "XL": (400, 1)})
    monkeypatch.setattr(bench, "start_up", lambda body: start_up(body, times=1))
    monkeypatch.setattr(bench, "beside_large", lambda one, other, _number, aside: beside_large(one, other, 24, aside))
    told = CliRunner().invoke(app, ["bench"])
    assert told.exit_code == 0, told.output
    for what in ("first answer", "S, nothing else", "S, while XL run", "memory, idle", "memory, after XL"):
        assert what in told.output
    found = side_by_side({"ours": service(0)}, small, rounds=2, each=2)
    assert found["ours"].waited > 0
    assert len(large) > len(small)


def test_what_is_no_server_and_what_refuses_is_told():
    with Server((sys.executable, "-c", "pass"), "/") as server, pytest.raises(NotServed):
        server.connected()
    with service(0) as server, pytest.raises(NotServed, match="400"):
        server.connected().post(b"{}")
