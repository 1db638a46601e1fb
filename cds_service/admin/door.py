"""The pages that lead in and out: sign in, set a password by a link, sign out."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cds_service.admin.access import SIGN_IN, require, visitor
from cds_service.admin.callers import address_of
from cds_service.admin.keys import hashed
from cds_service.admin.passwords import SHORTEST, Busy
from cds_service.admin.people import Fault, Followed
from cds_service.admin.posted import text
from cds_service.admin.signing_in import Refusal, begin_session, sign_in
from cds_service.admin.visit import Visit

router = APIRouter()
HOME: Final = "/admin"
_Anybody = Annotated[Visit, Depends(visitor)]


def inside(path: str) -> str:
    """Return ``path`` when it is one of our pages, else the first page: nobody is led away from here."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and "//" not in path
    return path if plain and (path == HOME or path.startswith(f"{HOME}/")) else HOME


@router.get(SIGN_IN)
async def sign_in_page(visit: _Anybody) -> Response:
    """The form for name and password."""
    back = inside(visit.request.query_params.get("next", ""))
    return visit.onward(back) if visit.user else _sign_in_page(visit, back)


@router.post(SIGN_IN)
async def signed_in(visit: _Anybody) -> Response:
    """Look at name and password; one answer for a wrong name, a wrong password and a closed account."""
    if not visit.room.passwords:
        visit.refuse(404, "missing")
    back = inside(visit.field("next"))
    name, password = visit.field("name"), text(visit.form, "password")
    address = address_of(visit.request, visit.room.proxies)
    try:
        found = await visit.room.bench.run(sign_in, visit.room, name, password, address)
    except Busy:
        return _sign_in_page(visit, back, "fault.busy", 503)
    if isinstance(found, Refusal):
        return _sign_in_page(visit, back, "fault.wait" if found.until else "fault.sign-in", 429 if found.until else 401)
    if visit.user:
        end = visit.act("sign-out", visit.user.name)
        await run_in_threadpool(visit.room.store.sessions.end, hashed(visit.secret), end)
    secret = await run_in_threadpool(begin_session, visit.room, found, "password")
    return visit.keep_session(visit.onward(back), secret)


@router.post("/admin/sign-out")
async def sign_out(visit: Annotated[Visit, Depends(require("viewer"))]) -> Response:
    """End this session."""
    act = visit.act("sign-out", visit.actor)
    await run_in_threadpool(visit.room.store.sessions.end, hashed(visit.secret), act)
    # Never on to the provider by itself: whoever shares its session with other programs decides.
    return visit.drop_session(visit.onward(SIGN_IN, "signed-out"))


@router.get("/admin/link/{secret}")
async def link_page(secret: str, visit: _Anybody) -> Response:
    """The form behind a one-time link. Looking at it does not use it up."""
    return _link_page(visit, await _followed(visit, secret))


@router.post("/admin/link/{secret}")
async def password_set(secret: str, visit: _Anybody) -> Response:
    """Set the password and use the link up."""
    followed = await _followed(visit, secret)
    password = text(visit.form, "password")
    try:
        if password != text(visit.form, "again"):
            raise Fault("password.again", "again")
        names = visit.field("name"), visit.field("shown")
        await visit.room.bench.run(visit.people.set_first_password, followed, *names, password)
    except Fault as fault:
        return _link_page(visit, followed, fault)
    except Busy:
        return _link_page(visit, followed, Fault("fault.busy"), 503)
    return visit.drop_session(visit.onward(SIGN_IN, "password"))


async def _followed(visit: Visit, secret: str) -> Followed:
    followed = await run_in_threadpool(visit.people.follow, secret)
    return followed or visit.refuse(404, "link")


def _sign_in_page(visit: Visit, back: str, problem: str = "", status: int = 200) -> Response:
    values = {
        "back": back,
        "passwords": visit.room.passwords,
        "provider": visit.room.provider is not None,
        "name": visit.field("name"),
        "problems": {"": problem} if problem else {},
    }
    return visit.page("sign-in.html", "", status, **values)


def _link_page(visit: Visit, followed: Followed, fault: Fault | None = None, status: int = 422) -> Response:
    account = followed.account
    return visit.page(
        "link.html",
        "",
        status if fault else 200,
        account=account,
        name=account.name if account else visit.field("name"),
        shown=account.shown if account else visit.field("shown"),
        shortest=SHORTEST,
        problems={fault.field: fault.key} if fault else {},
    )
