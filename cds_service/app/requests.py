"""Around every request: its number, one line in the log, its place among the counts, its span.

The number is the caller's own ``X-Request-Id`` where it has the form of a UUID or of a trace id, which no person's
number has; else one of ours. It goes back in the answer and stands in every line that is logged meanwhile.
"""

import re
from time import perf_counter
from typing import Final
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service import tracing
from cds_service.logs import log
from cds_service.metrics import REQUEST_SECONDS, REQUESTS
from cds_service.tracing import RequestSpan

HEADER: Final = "X-Request-Id"
_ACCEPTED: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
_QUIET: Final = ("/health", "/metrics")
_NOWHERE: Final = "none"


def install(app: FastAPI, *, traced: bool) -> None:
    """Put it around everything else. ``traced``: traces are sent, see :mod:`cds_service.tracing`."""
    app.add_middleware(Requests)
    if traced:
        tracing.enable()


class Requests:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and tell of it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_of(headers.get(HEADER, ""))
        status, began, ended = 500, perf_counter(), 0.0

        async def told(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)
            # What is done afterwards in the background is not the caller's time.
            ended = perf_counter()

        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            RequestSpan(request_id, headers.get("traceparent", "")) as span,
        ):
            try:
                await self._app(scope, receive, told)
            finally:
                route = route_of(scope)
                span.told(route, status)
                _tell(route, scope["method"], status, (ended or perf_counter()) - began)


def request_id_of(sent: str) -> str:
    """Return the caller's number in small letters where it can be no person's, else a new one."""
    return sent.lower() if _ACCEPTED.fullmatch(sent) else str(uuid4())


def route_of(scope: Scope) -> str:
    """Return the address as it is declared, with the names of its parts in place of the parts."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else _NOWHERE


def _tell(route: str, method: str, status: int, seconds: float) -> None:
    method = method if method in _METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    if not route.startswith(_QUIET):
        log.info("request", route=route, method=method, status=status, ms=round(seconds * 1000, 1))
