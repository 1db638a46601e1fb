"""Errors become an OperationOutcome with the right status; a fault of ours shows a number and nothing else."""

import math
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.errors import CallerError, NotAdmitted, TooManyCalls
from cds_service.hooks.outcome import http_outcome, internal_outcome, operation_outcome
from cds_service.logs import log

FHIR_JSON = "application/fhir+json"


def install(app: FastAPI) -> None:
    """Give ``app`` its error answers."""
    app.add_exception_handler(CallerError, _caller_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(FaultBarrier)


async def _caller_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, CallerError):
        raise error
    if isinstance(error, NotAdmitted):
        # Bare: neither a body nor an error code that would tell what to try next (RFC 6750 allows both).
        return Response(status_code=error.status, headers={"WWW-Authenticate": "Bearer"})
    headers = {"Retry-After": str(math.ceil(error.seconds))} if isinstance(error, TooManyCalls) else None
    return JSONResponse(operation_outcome(error), status_code=error.status, media_type=FHIR_JSON, headers=headers)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the router refuses: no such address, or a method it does not know."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse(
        http_outcome(error.status_code), status_code=error.status_code, media_type=FHIR_JSON, headers=error.headers
    )


class FaultBarrier:
    """ASGI middleware: a fault of ours ends here. Logged by its place alone; the caller gets the number to ask about.

    Starlette's own handler would raise it again into the server's log, with the error's text, which may quote a record.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and answer in its place when it fails before the answer has begun."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not reach the caller or the server's log
            request_id = str(structlog.contextvars.get_contextvars().get("request_id") or uuid4())
            log.error("request failed", request_id=request_id, error=type(error).__name__, at=_where(error))
            if scope["type"] == "http" and not started:
                answer = JSONResponse(internal_outcome(request_id), status_code=500, media_type=FHIR_JSON)
                await answer(scope, receive, send)


def _where(error: BaseException) -> str:
    """Return file and line of the last few frames: an error's own text may quote a record, its place cannot."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(frames[-6:])
