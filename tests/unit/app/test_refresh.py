"""What changes while the service runs is taken over whole, or not at all."""

import asyncio
import threading

import pytest

from cds_service.app.refresh import Refresher, Watch
from cds_service.errors import StoreError


class Shelf:
    """Something that changes, and where it ends up."""

    def __init__(self):
        self.revision, self.content = 1, "old"
        self.fails: Exception | None = None
        self.built_in: list[str] = []
        self.taken: list[tuple[str, str]] = []

    def build(self):
        self.built_in.append(threading.current_thread().name)
        if self.fails:
            raise self.fails
        return self.content

    def swap(self, content):
        self.taken.append((content, threading.current_thread().name))

    def watch(self):
        return Watch("shelf", lambda: self.revision, self.build, self.swap)


@pytest.fixture
def shelf():
    return Shelf()


def test_the_present_state_is_in_place_before_the_first_call(shelf):
    Refresher(shelf.watch()).settle()
    assert [content for content, _ in shelf.taken] == ["old"]


def test_what_cannot_be_built_stops_start_up(shelf):
    shelf.fails = StoreError("no")
    with pytest.raises(StoreError):
        Refresher(shelf.watch()).settle()


def test_nothing_is_built_while_nothing_changes(shelf):
    watch = shelf.watch()
    watch.settle()
    assert asyncio.run(watch.look()) is False
    assert len(shelf.built_in) == 1


def test_a_change_is_built_beside_the_event_loop_and_swapped_on_it(shelf):
    watch = shelf.watch()
    watch.settle()
    shelf.revision, shelf.content = 2, "new"
    assert asyncio.run(watch.look()) is True
    assert shelf.taken[-1] == ("new", threading.current_thread().name)
    assert shelf.built_in[-1] != threading.current_thread().name


def test_a_change_that_comes_while_building_is_seen_at_the_next_look(shelf):
    def build():
        shelf.revision = 3
        return shelf.content

    watch = Watch("shelf", lambda: shelf.revision, build, shelf.swap)
    shelf.revision = 2
    assert asyncio.run(watch.look()) is True
    assert asyncio.run(watch.look()) is True
    assert asyncio.run(watch.look()) is False


@pytest.mark.parametrize("failure", [StoreError("the store refused"), ValueError("of ours")])
def test_what_cannot_be_built_later_leaves_the_old_in_force_and_is_told(shelf, failure):
    watch = shelf.watch()
    refresher = Refresher(watch)
    refresher.settle()
    shelf.revision, shelf.fails = 2, failure
    asyncio.run(refresher.look())
    assert [content for content, _ in shelf.taken] == ["old"]
    assert set(refresher.problems) == {"shelf"}
    shelf.fails = None
    asyncio.run(refresher.look())
    assert len(shelf.taken) == 2
    assert refresher.problems == {}


def test_the_text_of_an_unexpected_error_is_not_repeated(shelf):
    watch = shelf.watch()
    shelf.fails = ValueError("19121212-1212")
    asyncio.run(watch.look())
    assert watch.problem == "ValueError"


def test_a_store_that_is_down_for_a_while_is_looked_at_again(shelf):
    def revision():
        if shelf.fails:
            raise shelf.fails
        return shelf.revision

    watch = Watch("shelf", revision, shelf.build, shelf.swap)
    watch.settle()
    shelf.fails = StoreError("the store did not answer")
    assert asyncio.run(watch.look()) is False
    assert watch.problem
    shelf.fails = None
    assert asyncio.run(watch.look()) is False
    assert not watch.problem


def test_a_slow_watch_does_not_hold_up_another(shelf):
    released = threading.Event()
    slow = Watch("slow", lambda: released.wait(10), lambda: None, lambda _: None)

    async def run():
        refresher = Refresher(slow, shelf.watch(), seconds=0.001)
        refresher.start()
        while not shelf.taken:  # noqa: ASYNC110 - nothing of the refresher tells when it has looked
            await asyncio.sleep(0.001)
        released.set()
        await refresher.stop()

    asyncio.run(asyncio.wait_for(run(), 5))


def test_it_stops_when_it_is_told_to(shelf):
    async def run():
        refresher = Refresher(shelf.watch(), seconds=0.001)
        refresher.start()
        await refresher.stop()
        shelf.revision = 2
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert shelf.taken == []
