"""What each kind of database needs to be told, and what happens when it goes away and comes back."""

import contextlib
import os
import stat
import sys

import pytest
import sqlalchemy as sa

from cds_service.errors import StoreError
from cds_service.store import Store
from cds_service.store.connecting import connect
from tests.postgresql import running_cluster


def test_the_plain_address_of_postgresql_means_the_driver_that_the_extra_brings():
    assert connect("postgresql://host/db").driver == "psycopg"
    assert connect("postgresql+psycopg://host/db").driver == "psycopg"


def test_a_file_is_in_wal_mode_synchronises_fully_and_waits_for_a_writer(on_sqlite):
    with connect(on_sqlite).connect() as connection:
        told = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert told == ["wal", 2, 5000]


posix = pytest.mark.skipif(sys.platform == "win32", reason="the modes of files are POSIX's")


@pytest.fixture
def readable_by_all():
    """The umask of most machines."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder):
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if not file.is_symlink()}


@posix
def test_a_file_that_we_make_is_its_owners_alone_and_so_is_what_sqlite_lays_beside_it(tmp_path, readable_by_all):
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path / 'a.db'}")) as store:
        store.ping()
        assert modes(tmp_path) == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


@posix
def test_a_link_that_leads_to_no_file_yet_leads_to_such_a_file(tmp_path, readable_by_all):
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    Store.open(f"sqlite:///{tmp_path / 'link.db'}").close()
    assert modes(tmp_path) == {"a.db": 0o600}


@posix
def test_a_file_that_is_there_keeps_the_mode_that_the_site_gave_it(tmp_path, readable_by_all):
    (tmp_path / "a.db").touch(mode=0o640)
    Store.open(f"sqlite:///{tmp_path / 'a.db'}").close()
    assert modes(tmp_path) == {"a.db": 0o640}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///file::memory:?uri=true"])
def test_a_store_in_memory_leaves_no_file(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    with connect(url).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "memory"
    assert modes(tmp_path) == {}


def test_where_no_file_can_be_made_the_store_says_so(tmp_path):
    with pytest.raises(StoreError, match="could not be opened"):
        Store.open(f"sqlite:///{tmp_path / 'missing' / 'a.db'}")


def test_nothing_is_set_on_a_database_that_we_do_not_know(on_sqlite, monkeypatch):
    unknown = sa.create_engine(on_sqlite)
    monkeypatch.setattr(unknown.dialect, "name", "oracle")
    monkeypatch.setattr(sa, "create_engine", lambda _address: unknown)
    with connect("sqlite://").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


@pytest.mark.postgresql
def test_what_the_site_writes_into_the_address_goes_before_what_we_would_say(postgresql):
    url = postgresql.database()
    for address, name in ((url, "cds-service"), (f"{url}&application_name=ward", "ward")):
        engine = connect(address)
        with engine.connect() as connection:
            assert connection.execute(sa.text("SHOW application_name")).scalar() == name
        engine.dispose()
    postgresql.drop(url)


@pytest.mark.postgresql
def test_a_postgresql_that_went_away_is_told_and_used_again_when_it_is_back():
    with running_cluster() as cluster, contextlib.closing(Store.open(cluster.database())) as store:
        store.ping()
        cluster.stop()
        with pytest.raises(StoreError):
            store.ping()
        cluster.start()
        store.ping()


@pytest.mark.postgresql
def test_a_postgresql_that_is_not_there_stops_the_start_without_telling_its_address(tmp_path):
    with pytest.raises(StoreError, match="could not be opened") as caught:
        Store.open(f"postgresql://user:hunter2@/db?host={tmp_path}")
    assert "hunter2" not in str(caught.value)
