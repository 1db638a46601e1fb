"""The addresses of signing in at the provider: away, back, and out.

What the way back must agree with travels in a cookie under our mark, which is taken away when the browser comes back:
so an answer counts once, in the browser that asked for it, for ten minutes.
"""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

import msgspec
from authlib.common.security import generate_token
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from cds_service.admin.access import SIGN_IN, visitor
from cds_service.admin.door import inside
from cds_service.admin.keys import hashed, mark, same
from cds_service.admin.oidc.id_token import Untrusted
from cds_service.admin.oidc.provider import CALLBACK, Attempt, Provider
from cds_service.admin.oidc.vouched import NoRole, account_for
from cds_service.admin.signing_in import begin_session
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.logs import log
from cds_service.store import AuditEntry

router = APIRouter()
START: Final = "/admin/oidc/start"
END: Final = "/admin/oidc/end"
_LASTS_SECONDS: Final = 600
# 48 characters of 62: beyond guessing, and as long as RFC 7636 wants a verifier.
_LENGTH: Final = 48
_PURPOSE: Final = "oidc"
_Anybody = Annotated[Visit, Depends(visitor)]


@router.get(START)
async def start(visit: _Anybody) -> Response:
    """Send the browser to the provider."""
    provider = _provider(visit)
    now = visit.room.now().timestamp()
    back = inside(visit.request.query_params.get("next", ""))
    state, nonce, verifier = (generate_token(_LENGTH) for _ in range(3))
    attempt = Attempt(state, nonce, verifier, back, now + _LASTS_SECONDS)
    try:
        target = await provider.authorization_url(attempt)
    except Untrusted as error:
        _refuse(visit, error.why, 502)
    answer = RedirectResponse(target, 303, headers=SECURITY_HEADERS)
    visit.keep(answer, visit.room.attempt_cookie, sealed(visit.room.key, attempt), _LASTS_SECONDS)
    return answer


@router.get(CALLBACK)
async def callback(visit: _Anybody) -> Response:
    """Take the browser back: exchange the code, believe the token or not, and begin a session."""
    provider = _provider(visit)
    asked = visit.request.query_params
    attempt = opened(visit.room.key, visit.request.cookies.get(visit.room.attempt_cookie, ""))
    if (
        attempt is None
        or attempt.ends < visit.room.now().timestamp()
        or not same(attempt.state, asked.get("state", ""))
    ):
        _refuse(visit, "state", 403)
    try:
        await _check_issuer(provider, asked.get("iss"))
        if "code" not in asked or "error" in asked:
            raise Untrusted("refused")
        claims = await provider.claims(asked["code"], attempt)
    except Untrusted as error:
        return await _failed(visit, error.why)
    return await _let_in(visit, provider, claims, attempt.back)


@router.get(END)
async def end(visit: _Anybody) -> Response:
    """End the session at the provider as well; ours has ended before."""
    provider = _provider(visit)
    try:
        target = await provider.end_session_url(f"{visit.room.base_url.rstrip('/')}{SIGN_IN}")
    except Untrusted:
        target = ""
    return RedirectResponse(target or SIGN_IN, 303, headers=SECURITY_HEADERS)


async def _check_issuer(provider: Provider, named: str | None) -> None:
    """Hold RFC 9207: an answer that names an issuer names ours; and it does name one where the provider says so."""
    metadata = await provider.metadata()
    needed = metadata.authorization_response_iss_parameter_supported
    if (named is not None or needed) and named != provider.settings.issuer:
        raise Untrusted("issuer")


async def _let_in(visit: Visit, provider: Provider, claims: Mapping[str, Any], back: str) -> Response:
    try:
        account = await run_in_threadpool(account_for, visit.room, provider.settings, claims)
    except NoRole:
        return await _failed(visit, "role")
    if account.disabled:
        return await _failed(visit, "disabled")
    if visit.user:
        end = visit.act("sign-out", visit.actor)
        await run_in_threadpool(visit.room.store.sessions.end, hashed(visit.secret), end)
    secret = await run_in_threadpool(begin_session, visit.room, account, "oidc")
    return _forget_attempt(visit, visit.keep_session(visit.onward(back), secret))


async def _failed(visit: Visit, why: str) -> Response:
    """Answer a sign-in that came back and is not to be believed; audited by the reason alone."""
    log.warning("sign-in at the provider failed", why=why)
    entry = AuditEntry(at=visit.room.now(), actor="nobody", act="sign-in.failed", details={"way": "oidc", "why": why})
    await run_in_threadpool(visit.room.store.audit.record, entry)
    key = why if why in ("role", "disabled") else "answer"
    title, text = visit.said["oidc.title"], visit.said[f"oidc.{key}"]
    return _forget_attempt(visit, visit.page("refused.html", "", 403, title=title, why=text))


def _refuse(visit: Visit, why: str, status: int) -> NoReturn:
    log.warning("sign-in at the provider failed", why=why)
    visit.refuse(status, "oidc-state" if why == "state" else "oidc-provider")


def _forget_attempt(visit: Visit, answer: Response) -> Response:
    answer.delete_cookie(visit.room.attempt_cookie, secure=visit.room.secure, httponly=True, samesite="lax")
    return answer


def _provider(visit: Visit) -> Provider:
    if visit.room.provider is None:
        visit.refuse(404, "missing")
    return visit.room.provider


def sealed(key: bytes, attempt: Attempt) -> str:
    """Return the attempt as a cookie's value, under our mark."""
    body = base64.urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
    return f"{body}.{mark(key, _PURPOSE, body)}"


def opened(key: bytes, value: str) -> Attempt | None:
    """Return the attempt, or None when the mark is not ours."""
    body, _, given = value.partition(".")
    if not same(mark(key, _PURPOSE, body), given):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(body), type=Attempt)
