"""The same for programs, as JSON below ``/admin/api/``: who am I, what happened, users, audit."""

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import require
from cds_service.admin.audit_log import number_in
from cds_service.admin.body import read_json
from cds_service.admin.overview import this_week
from cds_service.admin.people import Fault
from cds_service.admin.roles import Role
from cds_service.admin.users import Person, everybody
from cds_service.admin.visit import Visit
from cds_service.store.accounts import Account

router = APIRouter(prefix="/admin/api")
_MOST_ROWS: Final = 500
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Publisher = Annotated[Visit, Depends(require("publisher"))]
_Admin = Annotated[Visit, Depends(require("admin"))]


class Invitation(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite."""

    name: str
    role: Role
    shown: str = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What to do with an account; ``role`` belongs to ``act`` ``role``."""

    act: Literal["role", "disable", "enable", "sign-out", "link"]
    role: Role | None = None


@router.get("/me")
async def me(visit: _Viewer) -> Response:
    """Who asks, and with which role."""
    user = visit.signed_in
    return visit.json({"name": user.name, "shown": user.shown, "role": user.role})


@router.get("/overview")
async def overview(visit: _Viewer) -> Response:
    """The figures of the first page."""
    _, activity = await run_in_threadpool(this_week, visit)
    told = {**msgspec.to_builtins(activity), "rules": visit.room.in_force().version}
    return visit.json(told)


@router.get("/users")
async def users(visit: _Admin) -> Response:
    """Every account."""
    people = await run_in_threadpool(everybody, visit)
    return visit.json({"users": [_told(person) for person in people]})


@router.post("/users")
async def invite(visit: _Admin) -> Response:
    """Make an account; the answer holds its one-time link."""
    wanted = await read_json(visit, Invitation)
    secret = await _done(visit, lambda: visit.people.invite(wanted.name, wanted.shown, wanted.role))
    return visit.json({"link": visit.link(secret)}, 201)


@router.post("/users/{user_id}")
async def change(user_id: int, visit: _Admin) -> Response:
    """Change an account; the answer to ``link`` holds the link."""
    wanted = await read_json(visit, Change)
    account = await run_in_threadpool(visit.room.store.accounts.of, user_id)
    if account is None:
        visit.refuse(404, "missing")
    secret = await _done(visit, lambda: _changed(visit, account, wanted))
    return visit.json({"link": visit.link(secret)} if secret else {})


@router.get("/audit")
async def audit(visit: _Publisher) -> Response:
    """The newest rows of the audit, or those before the row ``before``; about one ``target`` when it is given."""
    asked = visit.request.query_params
    before, target = number_in(asked.get("before", "")), asked.get("target", "")
    rows = await run_in_threadpool(lambda: visit.room.store.audit.newest(_MOST_ROWS, before=before, target=target))
    return visit.json({"rows": [row.exported() for row in rows]})


@router.get("/audit/verify")
async def verify(visit: _Publisher) -> Response:
    """Whether the chain holds, and the seal ``expect`` is still in it."""
    report = await run_in_threadpool(visit.room.store.audit.verify, visit.request.query_params.get("expect", ""))
    return visit.json(msgspec.to_builtins(report))


def _changed(visit: Visit, account: Account, wanted: Change) -> str:
    people = visit.people
    if wanted.act == "role":
        if wanted.role is None:
            raise Fault("fault.choice", "role")
        people.set_role(account, wanted.role)
    elif wanted.act == "link":
        return people.new_link(account)
    else:
        {"disable": people.disable, "enable": people.enable, "sign-out": people.sign_out}[wanted.act](account)
    return ""


async def _done(visit: Visit, act: Any) -> str:
    try:
        done: str = await run_in_threadpool(act)
    except Fault as fault:
        visit.problem(409 if fault.key.startswith("fault.name-") else 422, visit.said[fault.key])
    return done


def _told(person: Person) -> dict[str, Any]:
    account = person.account
    return {
        "id": account.id,
        "name": account.name,
        "shown": account.shown,
        "role": account.role,
        "state": person.state,
        "signed_in": account.signed_in,
        "sessions": len(person.sessions),
    }
