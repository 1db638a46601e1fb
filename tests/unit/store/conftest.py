"""Tests of the store run on both databases: on a fresh SQLite file, and on a fresh database of a real PostgreSQL."""

import psycopg
import pytest

from cds_service.store import Store

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        cluster = request.getfixturevalue("postgresql")
        made = cluster.database()
        yield made
        cluster.drop(made)


@pytest.fixture
def on_sqlite(tmp_path):
    """The address of an empty SQLite file, for what PostgreSQL does not have."""
    return f"sqlite:///{tmp_path / 'only.db'}"


@pytest.fixture(scope="session")
def up_to_date(postgresql):
    """The name of a PostgreSQL database with all tables, to copy: walking the steps for each test takes longer."""
    url = postgresql.database()
    Store.open(url).close()
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]


@pytest.fixture(params=KINDS)
def store_url(request, tmp_path):
    """The address of a store without content whose tables may already be there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        cluster = request.getfixturevalue("postgresql")
        made = cluster.database(request.getfixturevalue("up_to_date"))
        yield made
        cluster.drop(made)


@pytest.fixture
def store(store_url):
    opened = Store.open(store_url)
    yield opened
    opened.close()
