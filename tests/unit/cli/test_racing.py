"""Races are fair: everybody runs as often as the others, and nobody always runs first."""

from cds_service.cli.racing import race


def test_everybody_runs_once_per_round_and_once_before():
    order: list[str] = []
    laps = race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=6)
    assert (order.count("a"), order.count("b"), set(laps)) == (7, 7, {"a", "b"})


def test_each_round_begins_with_another_one():
    order: list[str] = []
    race({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b", "b", "a"]
