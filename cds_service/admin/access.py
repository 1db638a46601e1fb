"""Who is it, may they, and did one of our own pages send it: the dependency that every address of this room has.

async def page(visit: Annotated[Visit, Depends(require("viewer"))]) -> Response: ...
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from fastapi.concurrency import run_in_threadpool
from msgspec import structs
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse

from cds_service.admin.forgery import FIELD, HEADER, SAFE_METHODS, from_here, holds_token
from cds_service.admin.keys import hashed, new_secret
from cds_service.admin.languages import language_of
from cds_service.admin.posted import FORMS, kind_of, read_form, text
from cds_service.admin.roles import Role, read_role
from cds_service.admin.room import Room
from cds_service.admin.tokens import owner_of
from cds_service.admin.visit import SECURITY_HEADERS, Refused, User, Visit
from cds_service.errors import CallerError
from cds_service.store.accounts import Account

SIGN_IN: Final = "/admin/sign-in"


def require(role: Role) -> Callable[[Request], Awaitable[Visit]]:
    """Return a dependency that gives the visit of somebody who holds ``role`` or more, and turns all others away.

    A page sends those who have not signed in to the sign-in page; an address below ``/admin/api/`` answers 401.
    """

    async def admitted(request: Request) -> Visit:
        visit = await known(request)
        if visit.user is None:
            turn_to_sign_in(visit)
        if not visit.may(role):
            visit.refuse(403, "role")
        return await with_form(visit)

    return admitted


async def visitor(request: Request) -> Visit:
    """Return the visit of anybody, signed in or not; the dependency of the pages that lead in."""
    visit = await known(request)
    if visit.user is None:
        secret = request.cookies.get(visit.room.visitor_cookie, "")
        visit = structs.replace(visit, secret=secret or new_secret(), is_new=not secret)
    return await with_form(visit)


async def known(request: Request) -> Visit:
    """Return the visit with its user, if there is one, before anything of the body is read.

    A program shows its token, which no browser sends by itself: so it needs no token of a form, and has no secret here.
    """
    room: Room = request.app.state.admin
    visit = Visit(room, request, language_of(request, room.language))
    if visit.is_api and "authorization" in request.headers:
        owner = await run_in_threadpool(owner_of, room, request.headers["authorization"])
        return structs.replace(visit, user=owner)
    secret = request.cookies.get(room.session_cookie, "")
    if not secret:
        return visit
    found = await run_in_threadpool(room.store.sessions.account_of, hashed(secret), room.now(), room.limits.idle)
    return structs.replace(visit, user=user_of(found), secret=secret) if found else visit


def user_of(account: Account) -> User:
    """Return who signs in to this account."""
    return User(account.id, account.name, account.shown, read_role(account.role))


def turn_to_sign_in(visit: Visit) -> None:
    """End a request of nobody: a page leads to the sign-in page and back, a program gets 401."""
    if visit.is_api:
        visit.refuse(401, "nobody")
    # Back to what was to be read; what was to be sent is not sent again.
    url = visit.request.url
    back = url.path if visit.request.method in SAFE_METHODS else ""
    target = f"{SIGN_IN}?{urlencode({'next': back})}" if back not in ("", "/admin") else SIGN_IN
    raise Refused(RedirectResponse(target, 303, headers=SECURITY_HEADERS))


async def with_form(visit: Visit) -> Visit:
    """Return the visit with the form it sent, after asking whether one of our own pages sent it."""
    request, room = visit.request, visit.room
    if request.method in SAFE_METHODS or not visit.secret:
        return visit
    if not from_here(request, room.origin):
        visit.refuse(403, "forged")
    form = await _form(visit) if kind_of(request) in FORMS else FormData()
    if not holds_token(room.key, visit.secret, request.headers.get(HEADER) or text(form, FIELD)):
        visit.refuse(403, "forged")
    return structs.replace(visit, form=form)


async def _form(visit: Visit) -> FormData:
    try:
        return await read_form(visit.request, visit.room.max_body_bytes)
    except CallerError as error:
        visit.refuse(error.status, "form")
