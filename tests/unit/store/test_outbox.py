"""Between the calls and the store: nothing is lost, nothing is kept twice, and no card waits."""

import sqlite3
import threading
from datetime import UTC, datetime

import msgspec
import pytest
import sqlalchemy as sa

from cds_service.errors import NotKept, StoreError, StoreRefused
from cds_service.store import DecisionEntry, FeedbackEntry, Outbox, Record, ShownCard, Spool, Store
from cds_service.store.outbox import RETRY_SECONDS
from cds_service.store.spool import ASIDE, wrapped

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


GONE = StoreError("gone")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now

    def wait(self):
        self.now += RETRY_SECONDS


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def outbox(store, folder, clock):
    opened = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    yield opened
    opened.close()


def decision(card="card-1", **changes):
    cards = (ShownCard(uuid=card, kind="K1", reasons=("r",), facts="f", limb_facts="l"),)
    entry = DecisionEntry(
        at=AT, hook="patient-view", rule_set="1.0.0", profile="se", tier="HIGH", points=7, gates=(), rules=("R-LD",),
        unknowns=(), cards=cards, patient="p" * 64,
    )  # fmt: skip
    return msgspec.structs.replace(entry, **changes)


def feedback(card="card-1", **changes):
    entry = FeedbackEntry(received=AT, service="s", card=card, outcome="accepted", outcome_at="2026-06-01T09:00:00Z")
    return msgspec.structs.replace(entry, **changes)


@pytest.fixture
def goes_down(store, monkeypatch):
    """Calling it takes the store away, calling what it returns brings it back."""

    def down(error=GONE):
        def failing(*_):
            raise error

        patched = pytest.MonkeyPatch()
        for name in ("record", "acts", "ping"):
            patched.setattr(store, name, failing)
        return patched.undo

    return down


def test_a_decision_lies_on_the_disk_first_and_in_the_store_after_the_answer(outbox, store):
    outbox.remember(decision())
    assert store.decisions() == []
    assert outbox.waiting_bytes > 0
    outbox.drain()
    [row] = store.decisions()
    assert (row["tier"], row["at"].replace(tzinfo=UTC)) == ("HIGH", AT)
    assert outbox.waiting_bytes == 0


def test_a_decision_that_is_written_twice_is_kept_once_with_its_cards(store):
    one = decision()
    store.record([Record(decision=one), Record(decision=one)])
    store.record_decision(one)
    assert len(store.decisions()) == 1
    store.record_feedback([feedback()])
    assert len(store.acts("p" * 64)) == 1


def test_what_waits_while_the_store_is_down_is_written_once_when_it_is_back(outbox, store, goes_down, clock):
    back = goes_down()
    for number in range(5):
        outbox.remember(decision(f"card-{number}"))
        outbox.drain()
        clock.wait()
    outbox.record_feedback([feedback(f"card-{number}") for number in range(5)])
    assert not outbox.up
    back()
    clock.wait()
    outbox.drain()
    assert (outbox.up, outbox.waiting_bytes) == (True, 0)
    assert len(store.decisions()) == len(store.feedback()) == len(store.acts("p" * 64)) == 5
    outbox.drain()
    assert len(store.decisions()) == 5


def test_a_store_that_is_down_is_left_alone_for_a_while(outbox, store, goes_down, clock):
    back = goes_down()
    outbox.remember(decision())
    outbox.drain()
    back()
    outbox.drain()
    assert store.decisions() == []
    with pytest.raises(StoreError, match="down"):
        outbox.acts("p" * 64)
    outbox.record_feedback([feedback()])
    assert store.feedback() == []
    clock.wait()
    assert outbox.acts("p" * 64) == ()
    outbox.drain()
    assert len(store.decisions()) == len(store.feedback()) == 1


def test_a_store_that_is_back_is_noticed_without_any_record(outbox, goes_down, clock):
    back = goes_down()
    outbox.record_feedback([feedback()])
    clock.wait()
    outbox.drain()
    assert not outbox.up
    back()
    clock.wait()
    outbox.drain()
    assert outbox.up
    outbox._again_at = 1.0
    clock.wait()
    outbox.drain()
    assert outbox.up


def test_feedback_goes_straight_into_the_store_when_it_is_up(outbox, store, folder):
    outbox.record_feedback([feedback()])
    assert len(store.feedback()) == 1
    assert not folder.exists()


def test_feedback_is_written_through_before_it_is_acknowledged(outbox, goes_down, monkeypatch):
    synced = []
    goes_down_again = goes_down()
    sync = outbox._spool.sync

    def noted():
        synced.append(outbox.waiting_bytes)
        sync()

    monkeypatch.setattr(outbox._spool, "sync", noted)
    outbox.record_feedback([feedback()])
    assert synced == [outbox.waiting_bytes]
    goes_down_again()


def test_feedback_that_can_be_kept_nowhere_is_not_acknowledged(store, folder, clock, goes_down):
    outbox = Outbox(store, Spool(folder, 10), clock=clock)
    back = goes_down()
    with pytest.raises(NotKept) as caught:
        outbox.record_feedback([feedback(comment="Test-Alva Exempelsson")])
    assert (caught.value.status, "Alva" in str(caught.value)) == (503, False)
    back()


def test_feedback_that_the_store_will_never_take_is_no_outage(outbox, goes_down):
    back = goes_down(StoreRefused("the store refused: DataError"))
    with pytest.raises(StoreRefused):
        outbox.record_feedback([feedback()])
    assert outbox.up
    back()


def test_a_decision_without_room_is_counted_and_stops_nothing(store, folder, clock):
    outbox = Outbox(store, Spool(folder, 10), clock=clock)
    outbox.remember(decision())
    assert outbox.lost == 1


def test_one_record_that_the_store_will_never_take_does_not_hold_up_the_others(outbox, store, folder):
    outbox.remember(decision("card-1"))
    # The same card of another call: it cannot be.
    outbox.remember(decision("card-1"))
    outbox.remember(decision("card-2"))
    outbox.drain()
    assert len(store.decisions()) == 2
    assert (outbox.refused, outbox.waiting_bytes, outbox.up) == (1, 0, True)
    assert b"card-1" in (folder / ASIDE).read_bytes()


def test_damaged_and_foreign_lines_are_set_aside(outbox, store, folder):
    outbox.remember(decision("card-1"))
    own = outbox._spool._own
    for line in (b"damaged\n", wrapped(b'{"decision": 7}'), wrapped(b"\xff")):
        own.append(line, 10_000)
    outbox.remember(decision("card-2"))
    outbox.drain()
    assert len(store.decisions()) == 2
    assert outbox.refused == 3
    assert len((folder / ASIDE).read_bytes().splitlines()) == 3


def test_a_file_that_holds_nothing_whole_is_emptied_too(outbox, store, folder):
    outbox.remember(decision("card-1"))
    outbox.drain()
    outbox._spool._own.append(b"damaged\n", 10_000)
    outbox.drain()
    (folder / "left-by-the-dead.spool").write_bytes(wrapped(b"torn")[:-3])
    outbox.tend()
    assert (outbox.waiting_bytes, outbox.refused, len(store.decisions())) == (0, 1, 1)
    assert (folder / ASIDE).read_bytes().splitlines() == [b"damaged", wrapped(b"torn")[:-3]]


def test_a_record_that_cannot_be_set_aside_waits(outbox, store, folder, clock):
    outbox.remember(decision("card-1"))
    (folder / ASIDE).mkdir()
    outbox._spool._own.append(b"damaged\n", 10_000)
    outbox.drain()
    assert outbox.waiting_bytes > 0
    (folder / ASIDE).rmdir()
    clock.wait()
    outbox.drain()
    assert (outbox.waiting_bytes, len(store.decisions())) == (0, 1)


def test_what_a_dead_worker_left_is_written_once_even_if_it_was_written_before(store, folder, clock):
    dead = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    dead.remember(decision("card-1"))
    dead.drain()
    one = decision("card-2")
    dead.remember(one)
    store.record_decision(one)  # it died between the store and the disk
    dead._spool.close()
    living = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    living.tend()
    assert len(store.decisions()) == 2
    assert list(folder.iterdir()) == []
    living.close()


def test_one_drains_at_a_time_and_nobody_waits_for_it(outbox, store, monkeypatch):
    entered, may_go = threading.Event(), threading.Event()
    record = store.record

    def slow(records):
        entered.set()
        may_go.wait(5)
        return record(records)

    monkeypatch.setattr(store, "record", slow)
    outbox.remember(decision())
    first = threading.Thread(target=outbox.drain)
    first.start()
    entered.wait(5)
    outbox.drain()
    outbox.remember(decision("card-2"))
    may_go.set()
    first.join()
    assert len(store.decisions()) == 1
    outbox.tend()
    assert len(store.decisions()) == 2


def test_the_end_waits_for_who_is_still_writing(store, folder, clock, monkeypatch):
    outbox = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    entered, may_go = threading.Event(), threading.Event()
    record = store.record

    def slow(records):
        entered.set()
        may_go.wait(5)
        return record(records)

    monkeypatch.setattr(store, "record", slow)
    outbox.remember(decision())
    writing = threading.Thread(target=outbox.drain)
    writing.start()
    entered.wait(5)
    ending = threading.Thread(target=outbox.close)
    ending.start()
    ending.join(0.2)
    assert ending.is_alive()
    may_go.set()
    writing.join()
    ending.join()
    assert len(store.decisions()) == 1
    assert list(folder.iterdir()) == []


def test_at_the_end_what_cannot_be_written_stays_on_the_disk(store, folder, clock, goes_down):
    outbox = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    back = goes_down()
    outbox.remember(decision())
    outbox.close()
    back()
    [file] = folder.iterdir()
    assert file.stat().st_size > 0


def test_a_disk_that_cannot_be_written_through_is_told_and_the_card_still_given(outbox, goes_down, monkeypatch):
    back = goes_down()
    outbox.remember(decision())

    def broken():
        raise StoreError("the spool cannot be written through")

    with monkeypatch.context() as patched:
        patched.setattr(outbox._spool, "sync", broken)
        outbox.drain()
        with pytest.raises(NotKept):
            outbox.record_feedback([feedback()])
    back()


def test_a_locked_file_is_an_outage_and_passes(on_sqlite, folder, clock, monkeypatch):
    monkeypatch.setattr("cds_service.store.connecting.BUSY_TIMEOUT_MS", 50)
    store = Store.open(on_sqlite)
    outbox = Outbox(store, Spool(folder, 1_000_000), clock=clock)
    other = sqlite3.connect(str(store._engine.url.database))
    other.execute("BEGIN IMMEDIATE")
    outbox.record_feedback([feedback()])
    outbox.remember(decision())
    outbox.drain()
    assert not outbox.up
    other.rollback()
    other.close()
    clock.wait()
    outbox.drain()
    assert len(store.decisions()) == len(store.feedback()) == len(store.acts("p" * 64)) == 1
    outbox.close()
    store.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sa.exc.DataError, StoreRefused),
        (sa.exc.IntegrityError, StoreRefused),
        (sa.exc.OperationalError, StoreError),
        (sa.exc.ProgrammingError, StoreError),
    ],
)
def test_only_what_lies_in_the_values_is_refused_for_good(store, error, kind):
    with pytest.raises(StoreError) as caught, store._transaction():
        raise error("INSERT", {}, Exception("Test-Alva"))
    assert type(caught.value) is kind
    assert "Alva" not in str(caught.value)
