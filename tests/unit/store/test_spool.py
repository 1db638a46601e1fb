"""The files on disk: whole lines or none, one writer each, and nothing lost of those who died."""

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from cds_service.errors import StoreError
from cds_service.store.spool import ASIDE, Spool, spool_folder, unwrapped, wrapped

ROOM = 1_000_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def spool(folder):
    opened = Spool(folder, ROOM)
    yield opened
    opened.close()


def emptied(spool):
    """Everything that waits, taken out as a drainer does."""
    found = []
    for file in spool.unwritten():
        while True:
            lines, place = file.next()
            if not lines:
                break
            found += [unwrapped(line) for line in lines]
            file.done(place)
    return found


def died(folder, *records, torn=b""):
    """What a process leaves that was killed with these records in its file."""
    script = (
        "import os, sys; from pathlib import Path; from cds_service.store.spool import Spool\n"
        f"spool = Spool(Path(sys.argv[1]), {ROOM})\n"
        "for record in sys.argv[3:]: spool.append(record.encode())\n"
        "os.write(spool._own._handle, bytes.fromhex(sys.argv[2])) if sys.argv[2] else None\n"
        "os.kill(os.getpid(), 9)\n"
    )
    dead = subprocess.run([sys.executable, "-c", script, folder, torn.hex(), *records], check=False)
    assert dead.returncode == -9


def test_records_come_out_in_the_order_in_which_they_went_in(spool):
    for number in range(3):
        spool.append(b"record %d" % number)
    assert spool.waiting == sum(len(wrapped(b"record %d" % number)) for number in range(3))
    assert emptied(spool) == [b"record 0", b"record 1", b"record 2"]
    assert (spool.waiting, emptied(spool)) == (0, [])


def test_a_file_that_is_written_out_is_cut_and_goes_on_from_the_start(spool, folder):
    spool.append(b"a" * 1000)
    emptied(spool)
    [file] = folder.iterdir()
    assert file.stat().st_size == 0
    spool.append(b"b")
    assert emptied(spool) == [b"b"]


def test_what_was_written_out_only_in_part_is_gone_on_with_at_that_place(spool):
    spool.append(b"first")
    [file] = spool.unwritten()
    _, place = file.next()
    spool.append(b"second")
    file.done(place)
    assert emptied(spool) == [b"second"]


def test_more_than_is_read_at_once_and_a_line_longer_than_that(spool, monkeypatch):
    monkeypatch.setattr("cds_service.store.spool._CHUNK", 64)
    records = [b"%d" % number * 20 for number in range(5)] + [b"x" * 1000, b"y"]
    for record in records:
        spool.append(record)
    assert emptied(spool) == records


def test_only_its_owner_can_read_it(spool, folder):
    spool.append(b"x")
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_damaged_line_is_told_from_a_whole_one():
    line = wrapped(b"record")[:-1]
    assert unwrapped(line) == b"record"
    for damaged in (b"", b"record", line[:-1], line.replace(b"r", b"R"), b"0" + line):
        assert unwrapped(damaged) is None


# ---------------------------------------------------------------- room


def test_a_full_spool_says_so_and_keeps_what_it_has(folder):
    spool = Spool(folder, 100)
    spool.append(b"a" * 60)
    with pytest.raises(StoreError, match="the spool is full"):
        spool.append(b"b" * 60)
    spool.append(b"c" * 5)
    assert emptied(spool) == [b"a" * 60, b"c" * 5]
    spool.append(b"b" * 60)
    spool.close()


def test_what_others_have_in_the_folder_takes_of_the_room(folder):
    died(folder, "a" * 60)
    held = Spool(folder, 1000)
    held.append(b"b" * 60)
    spool = Spool(folder, 200)
    spool.adopt()
    with pytest.raises(StoreError, match="full"):
        spool.append(b"c" * 60)
    spool.close()
    held.close()


@pytest.mark.parametrize("fault", ["nothing", "half a line"])
def test_a_full_disk_leaves_no_half_line(spool, monkeypatch, fault):
    spool.append(b"before")
    write = os.write

    def full(handle, data):
        if fault == "half a line":
            return write(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(StoreError, match=r"No space left|the disk is full"):
            spool.append(b"does not fit")
    spool.append(b"after")
    assert emptied(spool) == [b"before", b"after"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot take more"):
        Spool(tmp_path / "file" / "spool", ROOM).append(b"x")


def test_adopting_where_there_is_no_folder_finds_nothing(spool):
    spool.adopt()
    assert emptied(spool) == []


# ---------------------------------------------------------------- writing through


def test_writing_through_is_done_once_for_all_that_waits(spool, monkeypatch):
    calls: list[int] = []
    spool.sync()
    monkeypatch.setattr(os, "fsync", calls.append)
    spool.append(b"a")
    calls.clear()
    spool.append(b"b")
    spool.sync()
    spool.sync()
    assert len(calls) == 1


def test_who_comes_while_another_writes_through_waits_until_it_is_done(spool, monkeypatch):
    began, may_end, order = threading.Event(), threading.Event(), []
    fsync = os.fsync

    def slow(handle):
        began.set()
        may_end.wait(5)
        fsync(handle)
        order.append("written through")

    spool.append(b"a")
    monkeypatch.setattr(os, "fsync", slow)
    first = threading.Thread(target=spool.sync)
    first.start()
    began.wait(5)

    def acknowledge():
        spool.sync()
        order.append("acknowledged")

    second = threading.Thread(target=acknowledge)
    second.start()
    second.join(0.1)
    assert order == []
    may_end.set()
    first.join()
    second.join()
    assert order == ["written through", "acknowledged"]


def test_a_disk_that_cannot_be_written_through_is_told_and_tried_again(spool, monkeypatch):
    spool.append(b"a")

    def broken(_handle):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(StoreError, match="written through: Input/output error"):
            spool.sync()
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    spool.sync()
    assert len(calls) == 1


# ---------------------------------------------------------------- the dead


def test_the_file_of_a_worker_that_was_killed_is_taken_over_and_removed(spool, folder):
    died(folder, "one", "two")
    spool.adopt()
    spool.append(b"mine")
    assert emptied(spool) == [b"one", b"two", b"mine"]
    assert [path.suffix for path in folder.iterdir()] == [".spool"]


def test_the_file_of_a_worker_that_lives_is_left_alone(spool, folder):
    living = Spool(folder, ROOM)
    living.append(b"theirs")
    spool.adopt()
    assert emptied(spool) == []
    assert emptied(living) == [b"theirs"]
    living.close()


def test_of_two_that_find_it_one_takes_it(folder):
    died(folder, "one")
    both = [Spool(folder, ROOM), Spool(folder, ROOM)]
    for spool in both:
        spool.adopt()
        spool.adopt()
    assert [emptied(spool) for spool in both] == [[b"one"], []]
    for spool in both:
        spool.close()


def test_a_file_that_is_removed_while_it_is_taken_is_not_used(folder, monkeypatch):
    died(folder, "one")
    spool = Spool(folder, ROOM)
    monkeypatch.setattr("fcntl.flock", lambda *_: next(folder.glob("*.spool")).unlink())
    spool.adopt()
    assert emptied(spool) == []


def test_a_file_that_is_gone_before_it_is_opened_is_not_missed(folder, monkeypatch):
    died(folder, "one")
    spool = Spool(folder, ROOM)
    opened = os.open

    def gone(path, *rest):
        if str(path).endswith(".spool"):
            raise FileNotFoundError(path)
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", gone)
    spool.adopt()
    assert emptied(spool) == []


def test_the_torn_end_of_a_file_is_set_aside_and_the_rest_used(spool, folder):
    died(folder, "whole", torn=wrapped(b"torn")[:-3])
    spool.adopt()
    assert emptied(spool) == [b"whole"]
    assert (folder / ASIDE).read_bytes() == wrapped(b"torn")[:-3] + b"\n"
    assert list(folder.glob("*.spool")) == []


def test_what_waits_at_the_end_is_there_at_the_next_start(folder):
    first = Spool(folder, ROOM)
    first.append(b"waits")
    first.close()
    second = Spool(folder, ROOM)
    second.adopt()
    assert emptied(second) == [b"waits"]
    second.close()
    assert list(folder.iterdir()) == []


def test_what_cannot_be_set_aside_is_told(spool, folder):
    spool.append(b"x")
    (folder / ASIDE).mkdir()
    with pytest.raises(StoreError, match="cannot be set aside"):
        spool.set_aside(b"line")


# ---------------------------------------------------------------- where


@pytest.mark.parametrize(
    ("given", "url", "folder"),
    [
        ("here", "sqlite:///there.db", "here"),
        ("", "sqlite:///there.db", "there.db.spool"),
        ("", "postgresql://host/db", "cds-service.spool"),
        ("", "sqlite:///file:x?mode=memory&uri=true", "cds-service.spool"),
    ],
)
def test_where_the_folder_is(given, url, folder):
    assert str(spool_folder(given, url)) == folder


def test_a_store_in_memory_has_a_folder_of_its_own():
    one, other = spool_folder("", "sqlite://"), spool_folder("", "sqlite:///:memory:")
    assert one != other
    one.rmdir()
    other.rmdir()
