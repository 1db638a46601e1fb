"""One's own account: password, sessions, API tokens."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import require
from cds_service.admin.keys import hashed, same
from cds_service.admin.passwords import SHORTEST, Busy, fits, hash_of
from cds_service.admin.people import Fault, check_password
from cds_service.admin.posted import text
from cds_service.admin.roles import ROLES, allows, read_role
from cds_service.admin.signing_in import begin_session
from cds_service.admin.tokens import LASTS, new_token
from cds_service.admin.visit import Visit
from cds_service.store.sessions import Session

router = APIRouter()
PATH: Final = "/admin/account"
_Own = Annotated[Visit, Depends(require("viewer"))]


@router.get(PATH)
async def account_page(visit: _Own) -> Response:
    """Who one is, one's sessions and tokens."""
    return await run_in_threadpool(_page, visit)


@router.post(f"{PATH}/password")
async def change_password(visit: _Own) -> Response:
    """Set a new password; every other session ends, and this one goes on under a new secret."""
    try:
        await visit.room.bench.run(_change_password, visit)
    except Fault as fault:
        return await run_in_threadpool(_page, visit, fault)
    except Busy:
        return await run_in_threadpool(_page, visit, Fault("fault.busy", "current"), 503)
    account = visit.room.store.accounts.of(visit.signed_in.id)
    assert account is not None
    secret = await run_in_threadpool(begin_session, visit.room, account, "password")
    return visit.keep_session(visit.onward(PATH, "password-changed"), secret)


def _change_password(visit: Visit) -> None:
    user, accounts = visit.signed_in, visit.room.store.accounts
    account = accounts.of(user.id)
    password = text(visit.form, "password")
    if account is None or not fits(account.password, text(visit.form, "current")):
        raise Fault("fault.current", "current")
    if password != text(visit.form, "again"):
        raise Fault("password.again", "again")
    check_password(password, user.name, user.shown)
    accounts.set_password(user.id, hash_of(password), visit.act("user.password", user.name, way="own"))


@router.post(f"{PATH}/sessions")
async def end_sessions(visit: _Own) -> Response:
    """End one of one's sessions (field ``session``), or all the others."""
    sessions, user, chosen = visit.room.store.sessions, visit.signed_in, visit.field("session")
    if not chosen:
        act = visit.act("session.end-others", user.name)
        await run_in_threadpool(sessions.end_others, user.id, hashed(visit.secret), act)
    elif any(one.hash == chosen for one in _sessions(visit)):
        await run_in_threadpool(sessions.end, chosen, visit.act("session.end", user.name))
    return visit.onward(PATH, "sessions")


@router.post(f"{PATH}/tokens")
async def make_token(visit: _Own) -> Response:
    """Make an API token and show it, this once."""
    try:
        secret = await run_in_threadpool(_make_token, visit)
    except Fault as fault:
        return await run_in_threadpool(_page, visit, fault)
    return await run_in_threadpool(_page, visit, None, 200, secret)


def _make_token(visit: Visit) -> str:
    try:
        role, days = read_role(visit.field("role")), int(visit.field("days"))
    except (LookupError, ValueError):
        raise Fault("fault.choice", "role") from None
    if days not in LASTS or not visit.may(role):
        raise Fault("fault.choice", "role")
    return new_token(visit.room.store, visit.signed_in, visit.field("label"), role, timedelta(days=days), visit.act)


@router.post(f"{PATH}/tokens/{{token}}/end")
async def end_token(token: int, visit: _Own) -> Response:
    """End one of one's own tokens."""
    user = visit.signed_in
    act = visit.act("token.end", user.name, token=str(token))
    if not await run_in_threadpool(visit.room.store.tokens.end, user.id, token, act):
        visit.refuse(404, "missing")
    return visit.onward(PATH, "token")


def _sessions(visit: Visit) -> list[Session]:
    room = visit.room
    lasting = room.store.sessions.lasting(room.now(), room.limits.idle)
    return [session for session in lasting if session.account == visit.signed_in.id]


def _page(visit: Visit, fault: Fault | None = None, status: int = 422, made: str = "") -> Response:
    room, user = visit.room, visit.signed_in
    account = room.store.accounts.of(user.id)
    here = hashed(visit.secret)
    return visit.page(
        "account.html",
        "account",
        status if fault else 200,
        local=bool(account and account.password),
        shortest=SHORTEST,
        sessions=[(one, same(one.hash, here)) for one in _sessions(visit)],
        tokens=room.store.tokens.of(user.id, room.now()),
        made=made,
        roles=[role for role in ROLES if allows(user.role, role)],
        lasts=LASTS,
        form={name: visit.field(name) for name in ("label", "role", "days")},
        problems={fault.field: fault.key} if fault else {},
    )
