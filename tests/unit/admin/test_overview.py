"""The overview tells what waits: versions in review, publications to come, records on the disk."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from msgspec import structs

from cds_service.admin.overview import bars
from cds_service.store.activity import Activity


@pytest.fixture
def draft(room):
    """A draft that differs from the rules in force, ready to be sent to review."""
    ledger = room.ledger
    made = ledger.begin("erik", "a first try of a change")
    return ledger.edited(
        made.name, {"tiers.high": 7}, {"tiers.high": "tried out in a test"}, made_from=made.revision, actor="erik"
    )


def test_a_version_in_review_waits_for_somebody(client, room, signed_in, draft):
    signed_in("viewer")
    assert "No rules wait for review." in client.get("/admin").text
    room.ledger.submitted(draft.name, "erik", made_from=draft.revision)
    assert f"{draft.name} by erik waits for review or publication" in client.get("/admin").text


def test_a_publication_to_come_is_told_with_its_day(client, room, signed_in, draft):
    signed_in("viewer")
    ledger = room.ledger
    sent = ledger.submitted(draft.name, "erik", made_from=draft.revision)
    approved = ledger.approved(draft.name, "sara", "looked at it", made_from=sent.revision)
    day = (ledger._clock() + timedelta(days=3)).date()
    ledger.published(draft.name, "sara", "as agreed in the meeting", made_from=approved.revision, on=day)
    assert f"{draft.name} comes into force {day} 00:00" in client.get("/admin").text


def test_what_waits_on_the_disk_is_told(client, app, room, signed_in):
    signed_in("viewer")
    assert "nothing waits to be written" in client.get("/admin").text
    app.state.outbox = SimpleNamespace(waiting_bytes=1001)
    assert "2 kB wait on the disk" in client.get("/admin").text
    assert structs.asdict(room)["waiting_bytes"]() == 1001


def test_without_calls_there_is_nothing_to_divide():
    assert bars(Activity(0, 0, {}, {}, {})) == ()
