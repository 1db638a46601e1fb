"""The CDS Hooks endpoints."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask, BackgroundTasks

from cds_service.app.body import BodyLimits, read_json_body
from cds_service.app.language import preferred_language
from cds_service.clients import Client
from cds_service.errors import StoreError, UnknownService
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.services import SERVICE_ID, discovery
from cds_service.logs import log
from cds_service.metrics import CALLS, CARDS, FEEDBACK, HELD_BACK
from cds_service.settings import Settings
from cds_service.store import DecisionEntry, Store
from cds_service.tracing import stage

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
    with stage("admit"):
        client = await state.admission.admit(request, f"/cds-services/{service_id}")
    with stage("read"):
        body = await read_json_body(request, body_limits(state.settings, client))
    language = preferred_language(request.headers.get("accept-language", ""))
    answer = await state.engine.answer(body, language=language, client=client)
    # On the disk before the answer is on its way; in the store afterwards, so that no card waits for it.
    with stage("remember"):
        state.outbox.remember(answer.decision)
    count(answer.decision)
    afterwards = BackgroundTasks([BackgroundTask(state.outbox.drain)])
    if answer.facts:
        afterwards.add_task(_keep, state.store, answer.facts, state.settings.recorded_facts)
    return Response(answer.body, media_type="application/json", background=afterwards)


@router.post("/cds-services/{service_id}/feedback")
async def feedback(service_id: str, request: Request) -> Response:
    """Remember what clinicians did with cards; answered only when it is stored, or lies on the disk to be."""
    _known(service_id)
    state = request.app.state
    client = await state.admission.admit(request, f"/cds-services/{service_id}/feedback")
    body = await read_json_body(request, body_limits(state.settings, client))
    entries = read_feedback(
        body, service=service_id, received=datetime.now(UTC), keep_comments=state.settings.keep_feedback_comments
    )
    await run_in_threadpool(state.outbox.record_feedback, entries)
    for entry in entries:
        FEEDBACK.labels(entry.outcome).inc()
    return Response(status_code=200)


def body_limits(settings: Settings, client: Client) -> BodyLimits:
    """Return the bounds of a body from this client: its own, within those of the settings."""
    own = client.limits.body_bytes or settings.max_body_bytes
    return BodyLimits(
        most_bytes=min(own, settings.max_body_bytes),
        seconds=settings.body_seconds,
        most_inflation=settings.max_inflation,
        most_resources=settings.max_resources,
    )


def _keep(store: Store, facts: bytes, most: int) -> None:
    """Keep facts without a person. One more or less does not matter: what the store cannot take now is let go."""
    try:
        store.recorded.add(facts, most)
    except StoreError as error:
        log.error("facts not kept", problem=str(error))


def _known(service_id: str) -> None:
    if service_id != SERVICE_ID:
        raise UnknownService("no such service; see /cds-services")


def count(decision: DecisionEntry) -> None:
    """Count a call that was answered: what it brought, and what was held back."""
    CALLS.labels(decision.hook, outcome_of(decision), decision.tier).inc()
    for card in decision.cards:
        CARDS.labels(card.kind, decision.tier).inc()
    for kind in decision.silenced:
        HELD_BACK.labels(kind, "silence").inc()
    for kind in decision.withheld:
        HELD_BACK.labels(kind, "silent client").inc()


def outcome_of(decision: DecisionEntry) -> str:
    """Return in one word what became of a call: ``cards``, or why there were none."""
    if decision.cards:
        return "cards"
    if decision.withheld:
        return "withheld"
    if decision.silenced:
        return "silenced"
    return "gated" if decision.gates else "none"
