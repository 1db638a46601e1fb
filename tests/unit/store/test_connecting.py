"""What each kind of database needs to be told, and what happens when it goes away and comes back."""

import contextlib

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
