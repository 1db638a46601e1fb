"""The first page: which rules are in force, what was shown and answered this week, what waits, what was refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import require
from cds_service.admin.visit import Visit
from cds_service.store.activity import Activity
from cds_service.trust.reasons import reason_text

router = APIRouter()
_DAYS: Final = 7
_REFUSALS: Final = 5
_KILOBYTE: Final = 1000
# In the order in which the page tells them.
TIERS: Final = ("HIGH", "ELEVATED", "WATCH", "NONE")


class Waiting(msgspec.Struct, frozen=True):
    """Something that somebody has to do: a version in review, or one whose day has not come (``on``)."""

    version: str
    by: str
    on: datetime | None = None


@router.get("/admin")
async def overview(visit: Annotated[Visit, Depends(require("viewer"))]) -> Response:
    """What the medical lead looks at first."""
    return await run_in_threadpool(_page, visit)


def _page(visit: Visit) -> Response:
    since, activity = this_week(visit)
    return visit.page(
        "overview.html",
        "overview",
        activity=activity,
        days=_DAYS,
        since=since,
        bars=bars(activity),
        waiting=waiting(visit),
        waiting_kilobytes=-(-visit.room.waiting_bytes() // _KILOBYTE),
        **_clients(visit),
    )


def waiting(visit: Visit) -> tuple[Waiting, ...]:
    """Return the versions of the rules that wait for approval or publication, and those that wait for their day."""
    ledger = visit.room.ledger
    review = [Waiting(one.name, one.author) for one in ledger.versions() if one.state == "review"]
    later = [Waiting(one.version, one.by, one.effective) for one in ledger.pending()]
    return (*review, *later)


def _clients(visit: Visit) -> Mapping[str, Any]:
    store = visit.room.store
    entries = store.clients.all()
    active = [entry for entry in entries if entry.document.get("active", True)]
    refusals = [(one, reason_text(one.reason, visit.language)) for one in store.refusals.latest(_REFUSALS)]
    return {"clients": len(entries), "active_clients": len(active), "refusals": refusals}


def this_week(visit: Visit) -> tuple[datetime, Activity]:
    """Return what happened in the last seven days, and when they began."""
    since = visit.room.now() - timedelta(days=_DAYS)
    return since, visit.room.store.activity.since(since)


def bars(activity: Activity) -> tuple[tuple[str, int, int], ...]:
    """Return tier, count and share of all calls in whole percent, the highest tier first."""
    known = [tier for tier in TIERS if tier in activity.tiers]
    others = [tier for tier in activity.tiers if tier not in TIERS]
    return tuple((tier, activity.tiers[tier], share(activity.tiers[tier], activity)) for tier in [*known, *others])


def share(count: int, activity: Activity) -> int:
    """Return ``count`` in whole percent of all calls."""
    return round(100 * count / activity.decisions)
