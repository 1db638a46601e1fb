"""No token twice: in one worker, in two processes at once, and when the store is down."""

import asyncio
import multiprocessing
import time
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.errors import StoreError
from cds_service.store import Store
from cds_service.trust import replays
from cds_service.trust.replays import Replays

LATER = time.time() + 300


def new(memory, jti="1", client="north", ends=LATER):
    return asyncio.run(memory.is_new(client, jti, ends))


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


def test_a_number_is_new_once_for_each_client(store):
    memory = Replays(store.seen_tokens.first_use)
    assert [new(memory), new(memory), new(memory, "2"), new(memory, client="south")] == [True, False, True, True]


def test_a_number_that_another_worker_saw_is_not_new(store):
    here, there = Replays(store.seen_tokens.first_use), Replays(store.seen_tokens.first_use)
    assert new(here)
    assert not new(there)


def test_client_and_number_cannot_be_shifted_into_one_another(store):
    memory = Replays(store.seen_tokens.first_use)
    assert new(memory, "b1", client="a")
    assert new(memory, "1", client="ab")


def test_what_could_not_be_used_any_more_is_forgotten(store):
    now = datetime.now(UTC)
    assert store.seen_tokens.first_use("old", now - timedelta(seconds=1))
    assert store.seen_tokens.first_use("new", now + timedelta(seconds=60))
    assert store.seen_tokens.sweep(now) == 1
    assert not store.seen_tokens.first_use("new", now)
    assert store.seen_tokens.first_use("old", now)


def test_a_number_is_not_kept_as_it_is(store, tmp_path):
    assert new(Replays(store.seen_tokens.first_use), "Test-Alva-Exempelsson")
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Exempelsson" not in kept


def test_when_the_store_is_down_each_worker_remembers_for_itself(capsys):
    def down(_mark, _ends):
        raise StoreError("the store did not answer")

    memory = Replays(down)
    assert [new(memory), new(memory)] == [True, False]
    assert "replays are not shared" in "".join(capsys.readouterr())


def test_a_store_that_does_not_answer_in_time_keeps_nobody_waiting(capsys):
    def slow(_mark, _ends):
        time.sleep(0.5)
        return True

    memory = Replays(slow, seconds=0.05)

    async def run():
        start = time.perf_counter()
        found = await memory.is_new("north", "1", LATER)
        return found, time.perf_counter() - start

    found, seconds = asyncio.run(run())
    assert found
    assert seconds < 0.4
    assert "TimeoutError" in "".join(capsys.readouterr())


def test_what_one_worker_remembers_has_a_bound(monkeypatch):
    monkeypatch.setattr(replays, "MOST_REMEMBERED", 3)
    clock = [0.0]
    memory = Replays(lambda _mark, _ends: True, clock=lambda: clock[0])
    for jti, ends in (("1", 10.0), ("2", 20.0), ("3", 30.0)):
        assert new(memory, jti, ends=ends)
    clock[0] = 15.0
    assert new(memory, "4", ends=40.0)
    assert not new(memory, "2", ends=20.0)
    # All are still of use: the oldest is left to the store.
    assert new(memory, "5", ends=50.0)
    assert len(memory._here) == 3
    assert not new(memory, "5", ends=50.0)


def _race(url, barrier, results):
    store = Store.open(url)
    barrier.wait()
    ends = datetime.now(UTC) + timedelta(minutes=5)
    results.put([store.seen_tokens.first_use(f"mark-{number}", ends) for number in range(40)])
    store.close()


def test_of_two_processes_that_see_a_token_at_once_one_lets_it_in(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store.open(url).close()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_race, args=(url, barrier, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    first, second = results.get(timeout=60), results.get(timeout=60)
    for worker in workers:
        worker.join()
    assert [one != other for one, other in zip(first, second, strict=True)] == [True] * 40
