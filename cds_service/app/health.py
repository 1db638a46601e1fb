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
    """Answer 200 when cards can be given. A store that is down is told, but cards are still given."""
    try:
        await run_in_threadpool(request.app.state.store.ping)
    except StoreError:
        return {"status": "ready", "store": "down"}
    return {"status": "ready", "store": "up"}
