"""Those who may use these pages: who there is, whom to invite, which role each has."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import require
from cds_service.admin.people import LINK_LASTS, Fault, People
from cds_service.admin.roles import ROLES, read_role
from cds_service.admin.visit import Visit
from cds_service.store.accounts import Account
from cds_service.store.sessions import Session

router = APIRouter()
PATH: Final = "/admin/users"
_Admin = Annotated[Visit, Depends(require("admin"))]


class Person(msgspec.Struct, frozen=True):
    """One line of the list. ``state``: ``active``, ``invited``, ``lapsed`` (the invitation has ended), ``disabled``."""

    account: Account
    state: str
    sessions: tuple[Session, ...]


@router.get(PATH)
async def users(visit: _Admin) -> Response:
    """Everybody, and the form that invites one more."""
    return await run_in_threadpool(_list, visit)


@router.post(PATH)
async def invite(visit: _Admin) -> Response:
    """Make an account, and show the link that opens it, this once."""
    try:
        secret = await run_in_threadpool(_invite, visit)
    except Fault as fault:
        return await run_in_threadpool(_list, visit, fault)
    return await run_in_threadpool(_list, visit, None, secret)


@router.get(f"{PATH}/{{user_id}}")
async def user(user_id: int, visit: _Admin) -> Response:
    """One person: role, sessions, and what may be done about them."""
    return await run_in_threadpool(_person, visit, user_id)


@router.post(f"{PATH}/{{user_id}}/{{what}}")
async def change(user_id: int, what: str, visit: _Admin) -> Response:
    """Do one of :data:`ACTS` to an account."""
    do = ACTS.get(what)
    account = await run_in_threadpool(visit.room.store.accounts.of, user_id)
    if do is None or account is None:
        visit.refuse(404, "missing")
    try:
        secret = await run_in_threadpool(do, visit, account)
    except Fault as fault:
        return await run_in_threadpool(_person, visit, user_id, fault)
    if secret:
        return await run_in_threadpool(_person, visit, user_id, None, secret)
    return visit.onward(f"{PATH}/{user_id}", what)


def _invite(visit: Visit) -> str:
    return visit.people.invite(visit.field("name"), visit.field("shown"), read_role(_role(visit)))


def _role(visit: Visit) -> str:
    role = visit.field("role")
    if role not in ROLES:
        raise Fault("fault.choice", "role")
    return role


def _set_role(visit: Visit, account: Account) -> str:
    visit.people.set_role(account, read_role(_role(visit)))
    return ""


def _quietly(do: Callable[[People, Account], None]) -> Callable[[Visit, Account], str]:
    def done(visit: Visit, account: Account) -> str:
        do(visit.people, account)
        return ""

    return done


ACTS: Final[Mapping[str, Callable[[Visit, Account], str]]] = {
    "role": _set_role,
    "disable": _quietly(People.disable),
    "enable": _quietly(People.enable),
    "sign-out": _quietly(People.sign_out),
    "link": lambda visit, account: visit.people.new_link(account),
}
"""What may be done to an account; each returns the secret of a link, or nothing."""


def everybody(visit: Visit) -> tuple[Person, ...]:
    """Return everybody by name, with state and sessions."""
    room = visit.room
    now = room.now()
    waiting = room.store.links.waiting(now)
    sessions = room.store.sessions.lasting(now, room.limits.idle)
    return tuple(
        Person(
            account,
            _state(account, invited=account.id in waiting),
            tuple(one for one in sessions if one.account == account.id),
        )
        for account in room.store.accounts.all()
    )


def _state(account: Account, *, invited: bool) -> str:
    if account.disabled:
        return "disabled"
    if account.opens:
        return "active"
    return "invited" if invited else "lapsed"


def _list(visit: Visit, fault: Fault | None = None, secret: str = "") -> Response:
    return visit.page(
        "users.html",
        "users",
        422 if fault else 200,
        people=everybody(visit),
        roles=ROLES,
        link=visit.link(secret),
        hours=_HOURS,
        form={name: visit.field(name) for name in ("name", "shown", "role")},
        problems={fault.field: fault.key} if fault else {},
    )


def _person(visit: Visit, user_id: int, fault: Fault | None = None, secret: str = "") -> Response:
    person = next((one for one in everybody(visit) if one.account.id == user_id), None)
    if person is None:
        visit.refuse(404, "missing")
    return visit.page(
        "user.html",
        "users",
        422 if fault else 200,
        person=person,
        own=user_id == visit.signed_in.id,
        roles=ROLES,
        link=visit.link(secret),
        hours=_HOURS,
        problems={fault.field: fault.key} if fault else {},
    )


_HOURS: Final = int(LINK_LASTS.total_seconds()) // 3600
