"""What-if runs: one at a time, shown and stopped by any worker, lost when their process is."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cds_service.errors import Conflict
from cds_service.store.simulations import SILENCE, Simulation

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


def a_run(at=AT, **changes) -> Simulation:
    run = Simulation(
        at=at,
        actor="alva",
        before="1.0.0",
        after="1.0.0+site.1",
        before_digest="a" * 64,
        after_digest="b" * 64,
        cohort="built-in",
        people=2500,
    )
    return structs.replace(run, **changes)


def test_a_run_is_kept_with_all_it_says(store):
    begun = store.simulations.begin(a_run())
    assert store.simulations.get(begun.number, AT) == begun == a_run(number=begun.number)
    assert store.simulations.get(begun.number + 1, AT) is None


def test_a_run_tells_how_far_it_is_and_what_came_out(store):
    number = store.simulations.begin(a_run()).number
    assert store.simulations.advance(number, 700, AT + timedelta(seconds=1))
    assert store.simulations.get(number, AT).done == 700
    store.simulations.finish(number, '{"people": 2500}', 2500)
    found = store.simulations.get(number, AT)
    assert (found.state, found.outcome, found.done) == ("done", '{"people": 2500}', 2500)


def test_a_stopped_run_hears_of_it_and_keeps_nothing(store):
    number = store.simulations.begin(a_run()).number
    store.simulations.cancel(number)
    assert not store.simulations.advance(number, 10, AT)
    store.simulations.finish(number, "{}", 2500)
    store.simulations.fail(number, "fault")
    found = store.simulations.get(number, AT)
    assert (found.state, found.outcome, found.problem, found.done) == ("cancelled", "", "", 0)


def test_a_run_that_has_ended_is_not_stopped_any_more(store):
    number = store.simulations.begin(a_run()).number
    store.simulations.fail(number, "fault")
    store.simulations.cancel(number)
    found = store.simulations.get(number, AT)
    assert (found.state, found.problem) == ("failed", "fault")


def test_one_run_at_a_time(store):
    first = store.simulations.begin(a_run())
    with pytest.raises(Conflict):
        store.simulations.begin(a_run())
    store.simulations.cancel(first.number)
    assert store.simulations.begin(a_run()).number != first.number


def test_a_run_that_is_not_heard_of_is_lost_and_no_longer_in_the_way(store):
    number = store.simulations.begin(a_run()).number
    assert store.simulations.get(number, AT + SILENCE).state == "running"
    later = AT + SILENCE + timedelta(seconds=1)
    assert store.simulations.get(number, later).state == "lost"
    assert store.simulations.begin(a_run(at=later)).number != number


def test_the_newest_runs_come_first_without_what_came_out(store):
    for _ in range(3):
        store.simulations.finish(store.simulations.begin(a_run()).number, "{}", 1)
    newest = store.simulations.recent(AT, most=2)
    assert [run.number for run in newest] == sorted((run.number for run in newest), reverse=True)
    assert [run.outcome for run in newest] == ["", ""]
    assert len(store.simulations.recent(AT)) == 3


# ---------------------------------------------------------------- facts without a person


def test_only_the_newest_facts_are_kept(store):
    for number in range(5):
        store.recorded.add(bytes([number]), 3)
    assert store.recorded.all() == (b"\x02", b"\x03", b"\x04")
    assert store.recorded.count() == 3
    store.recorded.clear()
    assert store.recorded.all() == ()
