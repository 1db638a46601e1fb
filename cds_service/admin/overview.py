"""The first page: which rules are in force, what was shown and answered this week, and whether everything works."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import require
from cds_service.admin.visit import Visit
from cds_service.store.activity import Activity

router = APIRouter()
_DAYS: Final = 7
# In the order in which the page tells them.
TIERS: Final = ("HIGH", "ELEVATED", "WATCH", "NONE")
OUTCOMES: Final = ("accepted", "overridden")


@router.get("/admin")
async def overview(visit: Annotated[Visit, Depends(require("viewer"))]) -> Response:
    """What the medical lead looks at first."""
    since, activity = await run_in_threadpool(this_week, visit)
    return visit.page("overview.html", "overview", activity=activity, days=_DAYS, since=since, bars=bars(activity))


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
    """Return ``count`` in whole percent of all calls; 0 when there were none."""
    return round(100 * count / activity.decisions) if activity.decisions else 0
