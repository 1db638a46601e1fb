"""Health: is the process alive, and can it do its work."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from cds_service.errors import StoreError

router = APIRouter(prefix="/health")


@router.get("/live")
async def live() -> dict[str, str]:
    """Answer as long as the process runs."""
    return {"status": "live"}


@router.get("/ready")
async def ready(request: Request) -> dict[str, str]:
    """Answer 200 when cards can be given. A store that is down is told, but cards are still given.

    ``stale`` names what was changed and could not be taken over: cards are given as before the change. ``waiting`` is
    how many bytes of records wait on this worker's disk for the store.
    """
    waiting = request.app.state.outbox.waiting_bytes
    stale = {"stale": ", ".join(request.app.state.refresher.problems)} if request.app.state.refresher.problems else {}
    if waiting:
        stale["waiting"] = str(waiting)
    try:
        await run_in_threadpool(request.app.state.store.ping)
    except StoreError:
        return {"status": "ready", "store": "down", **stale}
    return {"status": "ready", "store": "up", **stale}
