"""``/metrics`` for Prometheus, for whom the settings let in; for everybody else there is no such address."""

import hmac
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from cds_service.metrics import exposition
from cds_service.settings import Settings

router = APIRouter()
# What a proxy adds: then the caller is somewhere else than the connection says.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Tell what was counted."""
    if not may_read(request, request.app.state.settings):
        raise HTTPException(404)
    return Response(await run_in_threadpool(exposition), media_type=CONTENT_TYPE_LATEST)


def may_read(request: Request, settings: Settings) -> bool:
    """True for a caller with the token, or from this machine, as the settings say."""
    token = settings.metrics_token.get_secret_value()
    if settings.metrics == "token":
        shown = request.headers.get("authorization", "")
        return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    return settings.metrics == "loopback" and _from_this_machine(request)


def _from_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
