from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from cds_service.errors import StoreError
from cds_service.store import DecisionEntry, FeedbackEntry, ShownCard, Store

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


def decision(**changes):
    entry: dict[str, Any] = {
        "at": AT, "hook": "patient-view", "rule_set": "1.0.0", "profile": "se", "tier": "HIGH", "points": 7,
        "gates": ("G-ORDER",), "rules": ("R-GC2", "R-LD"), "unknowns": ("falls",),
        "cards": (ShownCard(uuid="card-1", kind="K1"), ShownCard(uuid="card-2", kind="K4")),
    }  # fmt: skip
    return DecisionEntry(**(entry | changes))


def feedback(**changes):
    entry: dict[str, Any] = {
        "received": AT,
        "service": "s",
        "card": "card-1",
        "outcome": "accepted",
        "outcome_at": "2026-06-01T08:31:00Z",
    }
    return FeedbackEntry(**(entry | changes))


def test_a_decision_is_remembered_with_its_rules_and_no_more(store):
    store.record_decision(decision())
    [row] = store.decisions()
    assert (row["tier"], row["points"], row["rules"], row["gates"]) == ("HIGH", 7, ["R-GC2", "R-LD"], ["G-ORDER"])
    assert set(row) == {
        "id", "at", "hook", "rule_set", "profile", "tier", "points", "gates", "rules", "unknowns", "silenced", "uuid",
        "client", "silent", "withheld",
    }  # fmt: skip


def test_what_was_withheld_from_a_silent_client_is_remembered(store):
    store.record_decision(decision(cards=(), client="north", silent=True, withheld=("K1", "K4")))
    [row] = store.decisions()
    assert (row["client"], row["silent"], row["withheld"]) == ("north", True, ["K1", "K4"])


def test_a_decision_without_cards_is_remembered(store):
    store.record_decision(decision(cards=()))
    assert len(store.decisions()) == 1


def test_feedback_is_stored_with_the_kind_of_its_card(store):
    store.record_decision(decision())
    assert store.record_feedback([feedback(suggestions=("s-1",)), feedback(card="card-2", outcome="overridden")]) == 2
    rows = store.feedback()
    assert [(row["card"], row["kind"], row["outcome"]) for row in rows] == [
        ("card-1", "K1", "accepted"),
        ("card-2", "K4", "overridden"),
    ]
    assert rows[0]["suggestions"] == ["s-1"]


def test_feedback_that_comes_twice_is_kept_once(store):
    assert store.record_feedback([feedback()]) == 1
    assert store.record_feedback([feedback(), feedback(outcome_at="2026-06-02T08:31:00Z")]) == 1
    assert len(store.feedback()) == 2


def test_feedback_on_a_card_we_do_not_remember_is_kept_all_the_same(store):
    store.record_feedback([feedback(card="unheard-of")])
    assert store.feedback()[0]["kind"] is None


def test_what_was_stored_is_there_after_reopening(url):
    first = Store.open(url)
    first.record_feedback([feedback()])
    first.close()
    second = Store.open(url)
    assert len(second.feedback()) == 1
    second.close()


def test_the_file_is_in_wal_mode_and_synchronises_fully(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'wal.db'}")
    with store._transaction() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
    store.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/x.db", "postgresql+nodriver://h/db"])
def test_a_store_that_cannot_be_opened_says_so_without_its_address(url):
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    assert url not in str(caught.value)


def test_a_refused_write_names_no_values(store):
    with store._transaction() as connection:
        connection.execute(sa.text("DROP TABLE feedback"))
    with pytest.raises(StoreError) as caught:
        store.record_feedback([feedback(comment="Test-Alva Exempelsson")])
    assert "Alva" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_store_that_does_not_answer_is_told(store, monkeypatch):
    store.ping()

    def gone(*_):
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("disk"))

    context = type("Context", (), {"__enter__": gone, "__exit__": gone})()
    monkeypatch.setattr(store, "_engine", type("Engine", (), {"begin": lambda _self: context})())
    with pytest.raises(StoreError, match="did not answer"):
        store.ping()


def test_a_write_that_fails_at_its_very_end_is_told(store, monkeypatch):
    class Context:
        def __enter__(self):
            return None

        def __exit__(self, *_):
            raise sa.exc.OperationalError("COMMIT", {}, Exception("disk full"))

    monkeypatch.setattr(store, "_engine", type("Engine", (), {"begin": lambda _self: Context()})())
    with pytest.raises(StoreError, match="refused: OperationalError"), store._transaction():
        pass
