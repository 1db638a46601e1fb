"""The CDS Hooks endpoints."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask

from cds_service.app.body import read_json_body
from cds_service.app.language import preferred_language
from cds_service.errors import StoreError, UnknownService
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.services import SERVICE_ID, discovery
from cds_service.logs import log
from cds_service.store import DecisionEntry, Store

router = APIRouter()


@router.get("/cds-services")
async def discover(request: Request) -> dict[str, Any]:
    """List the services (CDS Hooks discovery)."""
    engine = request.app.state.engine
    return discovery(engine.rules.version, engine.hooks)


@router.post("/cds-services/{service_id}")
async def call(service_id: str, request: Request) -> Response:
    """Answer a hook with cards."""
    _known(service_id)
    state = request.app.state
    body = await read_json_body(request, state.settings.max_body_bytes)
    answer = await state.engine.answer(body, language=preferred_language(request.headers.get("accept-language", "")))
    remember = BackgroundTask(_remember, state.store, answer.decision)
    return Response(answer.body, media_type="application/json", background=remember)


@router.post("/cds-services/{service_id}/feedback")
async def feedback(service_id: str, request: Request) -> Response:
    """Remember what clinicians did with cards; answered only after it is stored."""
    _known(service_id)
    state = request.app.state
    body = await read_json_body(request, state.settings.max_body_bytes)
    entries = read_feedback(
        body, service=service_id, received=datetime.now(UTC), keep_comments=state.settings.keep_feedback_comments
    )
    await run_in_threadpool(state.store.record_feedback, entries)
    return Response(status_code=200)


def _known(service_id: str) -> None:
    if service_id != SERVICE_ID:
        raise UnknownService("no such service; see /cds-services")


def _remember(store: Store, decision: DecisionEntry) -> None:
    """Store the decision after the answer was sent: a store that is down never costs a card."""
    try:
        store.record_decision(decision)
    except StoreError as error:
        log.error("decision not stored", problem=str(error))
