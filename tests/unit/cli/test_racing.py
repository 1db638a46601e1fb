"""Races are fair: everybody runs as often as the others, and nobody always runs first."""

from cds_service.cli.racing import race


def test_everybody_runs_once_per_round_and_once_before():
    runs = {"a": [], "b": []}
    laps = race({name: lambda name=name: runs[name].append(1) for name in runs}, rounds=6)
    assert {name: len(done) for name, done in runs.items()} == {"a": 7, "b": 7}
    assert laps.keys() == runs.keys()


def test_each_round_begins_with_another_one():
    order = []
    race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b", "b", "a"]


def test_who_works_longer_takes_longer():
    laps = race({"little": lambda: sum(range(10)), "much": lambda: sum(range(200_000))}, rounds=5)
    assert laps["much"].median > laps["little"].median
