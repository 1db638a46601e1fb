"""The audit as a page: who did what, newest first; whether the chain of seals holds; the whole of it to take along."""

from collections.abc import Iterator
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from cds_service.admin.access import require
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.store import AuditTrail, ChainReport

router = APIRouter()
PATH: Final = "/admin/audit"
_AT_ONCE: Final = 50
_LAST_NUMBER: Final = 2**31
_Publisher = Annotated[Visit, Depends(require("publisher"))]


@router.get(PATH)
async def audit_page(visit: _Publisher) -> Response:
    """The newest acts, or those before the act ``before``; about one ``target`` when it is given."""
    return await run_in_threadpool(_page, visit)


@router.post(f"{PATH}/verify")
async def verify(visit: _Publisher) -> Response:
    """Walk the chain and tell whether it holds; with a seal that was noted earlier, also whether it is still in it."""
    seal = visit.field("seal").lower()
    report = await run_in_threadpool(visit.room.store.audit.verify, seal)
    return await run_in_threadpool(_page, visit, report, seal)


@router.get(f"{PATH}/export")
async def export(visit: _Publisher) -> Response:
    """The whole audit as JSON lines, oldest first, each with what its seal is computed from."""
    headers = SECURITY_HEADERS | {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(_lines(visit.room.store.audit), media_type="application/jsonl", headers=headers)


def _lines(audit: AuditTrail) -> Iterator[bytes]:
    for row in audit.rows():
        yield orjson.dumps(row.exported(), option=orjson.OPT_SORT_KEYS) + b"\n"


def _page(visit: Visit, report: ChainReport | None = None, seal: str = "") -> Response:
    asked = visit.request.query_params
    target = asked.get("target", "")
    before = number_in(asked.get("before", ""))
    rows = visit.room.store.audit.newest(_AT_ONCE, before=before, target=target)
    return visit.page(
        "audit.html",
        "audit",
        rows=rows,
        older=rows[-1].number if len(rows) == _AT_ONCE else 0,
        before=before,
        target=target,
        report=report,
        seal=seal,
    )


def number_in(text: str) -> int | None:
    """Return the number of a row that an address names, or None when it names none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(_LAST_NUMBER)) else None
