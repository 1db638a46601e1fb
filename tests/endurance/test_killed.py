"""Servers are killed under load at random moments; the store and the disk go away and come back. Nothing is lost.

A short run on a person's machine; in CI two hundred rounds, five minutes or so.
"""

import os
import random
import sqlite3
import time

import pytest

from cds_service.store import Store

CI = os.environ.get("CI", "").lower() in {"1", "true"}
ROUNDS = 200 if CI else 15
OUTAGES = 6 if CI else 2
CHANCE = random.Random(7)  # noqa: S311 - chance, not secrecy


def settled(server, spool):
    """Wait until nothing waits on the disk any more, neither the server's own nor what the dead left."""
    deadline = time.monotonic() + 60
    while server.ready()["store"] == "down" or any(file.stat().st_size for file in spool.glob("*.spool")):
        assert time.monotonic() < deadline, "the records are not brought into the store"
        time.sleep(0.1)


def kept(url, clinic, spool):
    """After everything has ended: all that was acknowledged is there, once, and nothing is left over."""
    store = Store.open(url)
    stored = [row["outcome_at"] for row in store.feedback()]
    with store._transaction() as connection:
        cards = [row[0] for row in connection.exec_driver_sql("SELECT uuid FROM shown_cards")]
        strays = connection.exec_driver_sql(
            "SELECT count(*) FROM shown_cards WHERE decision NOT IN (SELECT id FROM decisions)"
        ).scalar()
    decisions = len(store.decisions())
    store.close()
    assert len(clinic.feedback) >= 10
    assert clinic.feedback - set(stored) == set(), "acknowledged feedback was lost"
    assert clinic.cards - set(cards) == set(), "cards were given that nobody remembers"
    assert (len(stored), len(cards), strays) == (len(set(stored)), len(set(cards)), 0)
    assert decisions >= len(clinic.cards) / 2  # two cards at most
    assert list(spool.iterdir()) == []


def whole(file):
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_killed_at_random_moments_it_starts_again_and_has_lost_nothing(tmp_path, nursery, clinic):
    file = tmp_path / "store.db"
    url = f"sqlite:///{file}"
    Store.open(url).close()
    servers = nursery(url)
    for _ in range(ROUNDS):
        server = servers.start()
        with clinic.working(server):
            clinic.wait_for(1)
            time.sleep(CHANCE.uniform(0, 0.2))
            server.kill()
        whole(file)
    last = servers.start()
    settled(last, tmp_path / "spool")
    last.stop()
    whole(file)
    kept(url, clinic, tmp_path / "spool")
    assert clinic.refused == []


def test_two_servers_on_one_store_take_over_what_the_killed_one_left(tmp_path, nursery, clinic):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store.open(url).close()
    servers = nursery(url)
    stays = servers.start()
    for _ in range(OUTAGES):
        dies = servers.start()
        with clinic.working(dies), clinic.working(stays, clients=1):
            clinic.wait_for(5)
            time.sleep(CHANCE.uniform(0, 0.2))
            dies.kill()
    settled(stays, tmp_path / "spool")
    stays.stop()
    kept(url, clinic, tmp_path / "spool")
    assert clinic.refused == []


def test_a_locked_sqlite_file_costs_neither_a_card_nor_a_record(tmp_path, nursery, clinic):
    file = tmp_path / "store.db"
    url = f"sqlite:///{file}"
    Store.open(url).close()
    servers = nursery(url, busy_ms=50)
    server = servers.start()
    for number in range(OUTAGES):
        blocking = sqlite3.connect(file, isolation_level=None)
        with clinic.working(server):
            clinic.wait_for(2)
            blocking.execute("BEGIN IMMEDIATE")
            clinic.wait_for(5)
            time.sleep(CHANCE.uniform(0, 0.2))
            if number % 2:
                server.kill()
        blocking.execute("ROLLBACK")
        blocking.close()
        if number % 2:
            server = servers.start()
    settled(server, tmp_path / "spool")
    server.stop()
    whole(file)
    kept(url, clinic, tmp_path / "spool")
    assert clinic.refused == []


@pytest.mark.postgresql
def test_a_postgresql_that_goes_away_and_comes_back_costs_neither_a_card_nor_a_record(tmp_path, nursery, clinic):
    from tests.postgresql import running_cluster  # noqa: PLC0415 - the other tests here need not load its driver

    with running_cluster() as cluster:
        url = cluster.database()
        Store.open(url).close()
        servers = nursery(url)
        server = servers.start()
        for number in range(OUTAGES):
            with clinic.working(server):
                clinic.wait_for(2)
                cluster.stop()
                clinic.wait_for(5)
                time.sleep(CHANCE.uniform(0, 0.2))
                if number % 2 == 0:
                    cluster.start()
                    clinic.wait_for(2)
                server.kill()
            if number % 2:
                cluster.start()
            server = servers.start()
        settled(server, tmp_path / "spool")
        server.stop()
        kept(url, clinic, tmp_path / "spool")
        assert clinic.refused == []
