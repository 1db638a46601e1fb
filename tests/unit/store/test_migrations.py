"""Stores of every age come up to date on opening, and nothing in them is lost."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cds_service.errors import StoreError
from cds_service.store import FeedbackEntry, Store
from cds_service.store.connecting import BUSY_TIMEOUT_MS, connect
from cds_service.store.tables import METADATA
from cds_service.store.upgrade import upgrade

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)

# The tables as the service made them before it had migrations, word for word.
BEFORE_ALEMBIC = """
CREATE TABLE decisions (id INTEGER NOT NULL, at DATETIME NOT NULL, hook VARCHAR(64) NOT NULL,
 rule_set VARCHAR(64) NOT NULL, profile VARCHAR(32) NOT NULL, tier VARCHAR(16) NOT NULL, points INTEGER NOT NULL,
 gates JSON NOT NULL, rules JSON NOT NULL, unknowns JSON NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_decisions_at ON decisions (at);
CREATE TABLE shown_cards (uuid VARCHAR(64) NOT NULL, kind VARCHAR(8) NOT NULL, decision INTEGER NOT NULL,
 PRIMARY KEY (uuid));
CREATE INDEX ix_shown_cards_decision ON shown_cards (decision);
CREATE TABLE feedback (id INTEGER NOT NULL, received DATETIME NOT NULL, service VARCHAR(128) NOT NULL,
 card VARCHAR(64) NOT NULL, outcome VARCHAR(16) NOT NULL, outcome_at VARCHAR(64) NOT NULL, suggestions JSON NOT NULL,
 reason_system VARCHAR(255) NOT NULL, reason_code VARCHAR(128) NOT NULL, reason_display VARCHAR(255) NOT NULL,
 comment TEXT NOT NULL, comment_given BOOLEAN NOT NULL, PRIMARY KEY (id),
 CONSTRAINT one_act_once UNIQUE (card, outcome, outcome_at));
CREATE INDEX ix_feedback_received ON feedback (received);
CREATE INDEX ix_feedback_card ON feedback (card)
"""
AN_OLD_CALL = """
INSERT INTO decisions VALUES (7, '2026-05-01 08:00:00.000000', 'patient-view', '1.0.0', 'se', 'HIGH', 7, '[]', '["R-GC2"]', '[]');
INSERT INTO shown_cards VALUES ('old-card', 'K1', 7);
INSERT INTO feedback VALUES (3, '2026-05-02 08:00:00.000000', 's', 'old-card', 'accepted', '2026-05-02T08:00:00Z', '[]', '', '', '', '', 0)
"""  # noqa: E501 - rows as they lie in a file
AN_OLD_CALL_BY_NAME = """
INSERT INTO decisions (at, hook, rule_set, profile, tier, points, gates, rules, unknowns)
 VALUES ('2026-05-01 08:00:00.000000', 'patient-view', '1.0.0', 'se', 'HIGH', 7, '[]', '["R-GC2"]', '[]');
INSERT INTO shown_cards (uuid, kind, decision) SELECT 'old-card', 'K1', max(id) FROM decisions;
INSERT INTO feedback (received, service, card, outcome, outcome_at, suggestions, reason_system, reason_code,
 reason_display, comment, comment_given)
 VALUES ('2026-05-02 08:00:00.000000', 's', 'old-card', 'accepted', '2026-05-02T08:00:00Z', '[]', '', '', '', '', false)
"""


def scripts():
    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    return config


STEPS = [step.revision for step in ScriptDirectory.from_config(scripts()).walk_revisions()][::-1]


def walk(url, step):
    """Make the tables as the version of the service made them whose newest step this was."""
    config = scripts()
    engine = connect(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)
    engine.dispose()


def run(url, script):
    engine = connect(url)
    with engine.begin() as connection:
        for statement in script.split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def differences(url):
    engine = connect(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    return found


def step_of(url):
    engine = connect(url)
    with engine.connect() as connection:
        step = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return step


def newest():
    return ScriptDirectory.from_config(scripts()).get_current_head()


def test_the_steps_lead_to_the_tables_that_the_code_uses(url):
    Store.open(url).close()
    assert differences(url) == []
    assert step_of(url) == newest()


def test_a_store_made_before_there_were_steps_is_adopted_with_all_it_holds(on_sqlite):
    run(on_sqlite, BEFORE_ALEMBIC)
    run(on_sqlite, AN_OLD_CALL)
    store = Store.open(on_sqlite)
    [decision], [feedback] = store.decisions(), store.feedback()
    assert (decision["id"], decision["tier"], decision["rules"], decision["silenced"]) == (7, "HIGH", ["R-GC2"], None)
    assert (feedback["card"], feedback["kind"], feedback["outcome"]) == ("old-card", "K1", "accepted")
    store.record_feedback(
        [FeedbackEntry(received=AT, service="s", card="old-card", outcome="overridden", outcome_at="2026-06-01")]
    )
    assert len(store.feedback()) == 2
    store.close()
    assert differences(on_sqlite) == []
    assert step_of(on_sqlite) == newest()


def test_a_store_whose_making_was_broken_off_is_completed(on_sqlite):
    first, *_ = BEFORE_ALEMBIC.strip().split(";")
    run(on_sqlite, first)
    Store.open(on_sqlite).close()
    assert differences(on_sqlite) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_store_at_any_step_comes_up_to_date_with_all_it_holds(url, step):
    walk(url, step)
    run(url, AN_OLD_CALL_BY_NAME)
    store = Store.open(url)
    [decision], [feedback] = store.decisions(), store.feedback()
    assert (decision["tier"], decision["rules"]) == ("HIGH", ["R-GC2"])
    assert (feedback["card"], feedback["kind"], feedback["comment_given"]) == ("old-card", "K1", False)
    store.close()
    assert differences(url) == []
    assert step_of(url) == newest()


def test_opening_again_changes_nothing(url):
    Store.open(url).close()
    run(url, AN_OLD_CALL_BY_NAME)
    store = Store.open(url)
    assert len(store.decisions()) == len(store.feedback()) == 1
    store.close()
    assert differences(url) == []


def test_a_store_of_a_newer_version_is_refused_and_left_alone(url):
    Store.open(url).close()
    run(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        Store.open(url)
    assert step_of(url) == "9999"


def test_a_kind_of_database_that_we_do_not_know_is_refused():
    engine = type("Engine", (), {"dialect": type("Dialect", (), {"name": "oracle"})()})()
    with pytest.raises(StoreError, match="SQLite or PostgreSQL"):
        upgrade(engine)


def test_a_step_that_fails_leaves_the_store_as_it_was(on_sqlite):
    run(on_sqlite, BEFORE_ALEMBIC)
    run(on_sqlite, "ALTER TABLE shown_cards ADD COLUMN facts TEXT")  # in the way of the second step
    with pytest.raises(StoreError, match="could not be opened"):
        Store.open(on_sqlite)
    assert step_of(on_sqlite) is None
    engine = connect(on_sqlite)
    columns = {column["name"] for column in sa.inspect(engine).get_columns("decisions")}
    engine.dispose()
    assert "silenced" not in columns


def test_workers_that_start_together_on_an_empty_folder_all_come_up(url):
    failures = []

    def start():
        try:
            Store.open(url).close()
        except StoreError as error:
            failures.append(error)

    workers = [threading.Thread(target=start) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert differences(url) == []


def test_after_the_steps_a_locked_file_is_waited_for_no_longer_than_otherwise(on_sqlite):
    store = Store.open(on_sqlite)
    with store._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_MS
    store.close()
