"""The what-if pages: choose two versions and a cohort, watch the run, stop it, read what came out."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from cards.words import words
from cds_service.admin.access import require
from cds_service.admin.visit import Visit
from cds_service.admin.what_if.calibration import calibration
from cds_service.admin.what_if.runner import RECORDED
from cds_service.admin.what_if.trial import Trials
from cds_service.admin.what_if.view import result_of
from cds_service.errors import CallerError, Conflict, RuleSetError, UnknownVersion
from cds_service.rulesets.compare import Difference
from cds_service.simulation.tally import Outcome
from cds_service.store.simulations import Simulation

PATH: Final = "/admin/what-if"
API: Final = "/admin/api/what-if"
_KEY: Final = "what-if"
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Editor = Annotated[Visit, Depends(require("editor"))]


def what_if_pages(trials: Trials) -> APIRouter:
    """Return the pages and the addresses for programs."""
    router = APIRouter()

    @router.get(PATH)
    async def choose(visit: _Viewer) -> Response:
        return await run_in_threadpool(_choosing, visit, trials)

    @router.post(PATH)
    async def begin(visit: _Editor) -> Response:
        return await _begun(visit, trials)

    @router.get(f"{PATH}/{{number}}")
    async def run(number: int, visit: _Viewer) -> Response:
        return await run_in_threadpool(_run, visit, trials, number)

    @router.post(f"{PATH}/{{number}}/stop")
    async def stop(number: int, visit: _Editor) -> Response:
        await run_in_threadpool(visit.room.store.simulations.cancel, number)
        return visit.onward(f"{PATH}/{number}")

    @router.get(f"{API}/{{number}}")
    async def told(number: int, visit: _Viewer) -> Response:
        found = await run_in_threadpool(_found, visit, number)
        outcome = msgspec.json.decode(found.outcome) if found.outcome else None
        return visit.json({**msgspec.to_builtins(found), "outcome": outcome})

    @router.post(API)
    async def begin_by_program(visit: _Editor) -> Response:
        sent = await visit.request.json()
        before, after = (str(sent.get(name) or trials.ledger.name_in_force()) for name in ("before", "after"))
        try:
            begun = await run_in_threadpool(trials.begin, visit.actor, before, after)
        except (UnknownVersion, Conflict, RuleSetError) as error:
            return visit.json({"title": str(error), "status": 409}, 409)
        return visit.json({"number": begun.number, "state": begun.state}, 202)

    return router


def _choosing(visit: Visit, trials: Trials, problem: str = "") -> Response:
    ledger = trials.ledger
    status = 422 if problem else 200
    return visit.page(
        "what-if.html",
        _KEY,
        status,
        versions=ledger.versions(),
        in_force_name=ledger.name_in_force(),
        runs=visit.room.store.simulations.recent(visit.room.now()),
        people=trials.people,
        recorded=visit.room.store.recorded.count(),
        may_begin=visit.may("editor"),
        chosen=visit.field("after") or visit.request.query_params.get("version", ""),
        problem=problem,
    )


async def _begun(visit: Visit, trials: Trials) -> Response:
    chosen = visit.form.getlist("export")
    files = [content for file in chosen if isinstance(file, UploadFile) and (content := await file.read())]
    uploads = visit.field("cohort") == "upload"
    if uploads and not files:
        return await run_in_threadpool(_choosing, visit, trials, "what-if.problem.no-file")
    before, after = visit.field("before") or trials.ledger.name_in_force(), visit.field("after")
    try:
        begun = await run_in_threadpool(
            trials.begin,
            visit.actor,
            before,
            after,
            files if uploads else (),
            on_recorded=visit.field("cohort") == RECORDED,
        )
    except UnknownVersion:
        return await run_in_threadpool(_choosing, visit, trials, "what-if.problem.version")
    except Conflict:
        return await run_in_threadpool(_choosing, visit, trials, "what-if.problem.busy")
    except CallerError:
        return await run_in_threadpool(_choosing, visit, trials, "what-if.problem.file")
    return visit.onward(f"{PATH}/{begun.number}")


def _found(visit: Visit, number: int) -> Simulation:
    found = visit.room.store.simulations.get(number, visit.room.now())
    if found is None:
        visit.refuse(404, "missing")
    return found


def _run(visit: Visit, trials: Trials, number: int) -> Response:
    run = _found(visit, number)
    if run.state != "done":
        return visit.page("what-if-run.html", _KEY, run=run, may_begin=visit.may("editor"))
    outcome = msgspec.json.decode(run.outcome, type=Outcome)
    return visit.page(
        "what-if-result.html",
        _KEY,
        run=run,
        outcome=outcome,
        result=result_of(outcome, words(visit.language), visit.said),
        calibration=calibration(),
        touched=calibration().touched_by(_differences(trials, run)),
    )


def _differences(trials: Trials, run: Simulation) -> tuple[Difference, ...]:
    try:
        return trials.ledger.differences(run.before, run.after)
    except (UnknownVersion, RuleSetError):
        return ()
