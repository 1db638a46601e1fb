"""Why calls were refused is there for the admin to read, newest first, and never fills the disk."""

from datetime import UTC, datetime

import pytest

from cds_service.store import Store, refusals
from cds_service.store.refusals import Refusal

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def table(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield store.refusals
    store.close()


def test_counts_are_read_back_newest_first_for_all_or_for_one(table):
    table.add({("north", "expired"): 2, ("", "unknown-issuer"): 7}, AT)
    table.add({("north", "audience"): 1}, AT)
    assert [(one.client, one.reason, one.times) for one in table.latest()] == [
        ("north", "audience", 1),
        ("", "unknown-issuer", 7),
        ("north", "expired", 2),
    ]
    assert table.latest(1) == (Refusal(at=AT, client="north", reason="audience", times=1),)
    assert [one.reason for one in table.latest(client="")] == ["unknown-issuer"]
    assert len(table.latest(client="north")) == 2


def test_only_the_newest_are_kept(table, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_KEPT", 3)
    for number in range(6):
        table.add({("", f"reason-{number}"): 1}, AT)
    assert [one.reason for one in table.latest()] == ["reason-5", "reason-4", "reason-3"]
