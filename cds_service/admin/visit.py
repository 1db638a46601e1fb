"""One admitted request: who it is, in which language, and the answers that may be given."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgspec
import orjson
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cards.options import Language
from cds_service.admin.forgery import SAFE_METHODS, form_token
from cds_service.admin.keys import link_address
from cds_service.admin.languages import COOKIE, chosen
from cds_service.admin.navigation import path_of
from cds_service.admin.pages import written
from cds_service.admin.people import People
from cds_service.admin.posted import text
from cds_service.admin.roles import Role, allows
from cds_service.admin.room import Room
from cds_service.admin.texts import texts
from cds_service.store import AuditEntry

API: Final = "/admin/api/"
# The pages load nothing but their own files, send forms nowhere else, and nobody may frame them. The referrer stays
# within the site, because with none at all browsers hide the origin of our own forms.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_YEAR_SECONDS: Final = 365 * 24 * 3600
_PROBLEM: Final = "application/problem+json"


class Refused(Exception):
    """A request ends here with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class User(msgspec.Struct, frozen=True):
    """Who is signed in. ``role`` is what this request may do: a token may allow less than its owner's role."""

    id: int
    name: str
    shown: str
    role: Role


class Visit(msgspec.Struct, frozen=True):
    """A request and who sent it; ``user`` is None for nobody.

    ``secret``: what its browser holds, empty for an API token; ``is_new``: the secret was made for it just now.
    ``form`` is empty unless a form was sent; where a page's own form was sent, its token was right.
    """

    room: Room
    request: Request
    language: Language
    user: User | None = None
    secret: str = ""
    is_new: bool = False
    form: FormData = FormData()

    @property
    def said(self) -> Mapping[str, str]:
        """The words of these pages in the visitor's language."""
        return texts(self.language)

    @property
    def signed_in(self) -> User:
        """Who is signed in. Only a visit that :func:`cds_service.admin.access.require` admitted has one."""
        assert self.user is not None
        return self.user

    @property
    def actor(self) -> str:
        """How the audit log names who did it."""
        return self.user.name if self.user else "nobody"

    @property
    def is_api(self) -> bool:
        """True when a program asks, which is answered in JSON."""
        return self.request.url.path.startswith(API)

    def field(self, name: str) -> str:
        """Return the first value of a field of the form, without space around it, or an empty string."""
        return text(self.form, name).strip()

    def lines(self, name: str) -> list[str]:
        """Return the lines of a field that hold something, without space around them."""
        return [line.strip() for line in text(self.form, name).splitlines() if line.strip()]

    def may(self, role: Role) -> bool:
        """True when the visitor may do what needs ``role``."""
        return self.user is not None and allows(self.user.role, role)

    def act(self, act: str, target: str = "", reason: str = "", **details: str) -> AuditEntry:
        """Return the entry of the audit that tells that this visitor did ``act`` (a dotted word)."""
        return AuditEntry(at=self.room.now(), actor=self.actor, act=act, target=target, reason=reason, details=details)

    @property
    def people(self) -> People:
        """What this visitor may do with accounts, in the visitor's name."""
        return People(self.room.store, self.room.now, self.actor)

    def page(self, template: str, current: str, status: int = 200, **values: Any) -> Response:
        """Return a page. ``current``: its key in the menu; ``values``: what the template names."""
        html = written(
            template,
            self.language,
            self.room.zone,
            {
                "done": self.said.get(f"done.{self.request.query_params.get('done', '')}", ""),
                "problems": {},
                "user": self.user,
                "current": current,
                "path": self._readable(current),
                "csrf": form_token(self.room.key, self.secret) if self.secret else "",
                "rules": self.room.in_force(),
                **values,
            },
        )
        headers = SECURITY_HEADERS | {"Content-Language": self.language, "Vary": "Accept-Language, Cookie"}
        answer = Response(html, status, media_type="text/html", headers=headers)
        if self.is_new:
            self.keep(answer, self.room.visitor_cookie, self.secret)
        if language := chosen(self.request):
            self.keep(answer, COOKIE, language, _YEAR_SECONDS)
        return answer

    def _readable(self, current: str) -> str:
        """Return an address that can be opened again, for the switch of languages: not every form's own address can."""
        path = self.request.url.path
        return path if self.request.method in SAFE_METHODS else path_of(current) or path

    def json(self, content: object, status: int = 200) -> Response:
        """Return JSON."""
        return Response(orjson.dumps(content), status, media_type="application/json", headers=SECURITY_HEADERS)

    def onward(self, path: str, done: str = "") -> Response:
        """Send the browser on to another of our pages after a form was dealt with; it says ``done.<done>`` there."""
        return RedirectResponse(f"{path}?done={done}" if done else path, 303, headers=SECURITY_HEADERS)

    def link(self, secret: str) -> str:
        """Return the address of a one-time link, or nothing for no secret."""
        base = self.room.base_url or str(self.request.base_url)
        return link_address(base, secret) if secret else ""

    def keep_session(self, answer: Response, secret: str) -> Response:
        """Put a session into the browser's hand in place of whatever it held before."""
        self.keep(answer, self.room.session_cookie, secret, int(self.room.limits.most.total_seconds()))
        answer.delete_cookie(self.room.visitor_cookie, secure=self.room.secure, httponly=True, samesite="lax")
        return answer

    def drop_session(self, answer: Response) -> Response:
        """Take the session out of the browser's hand."""
        answer.delete_cookie(self.room.session_cookie, secure=self.room.secure, httponly=True, samesite="lax")
        return answer

    def keep(self, answer: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Put a cookie into the browser's hand that no script reads and no other site sends."""
        answer.set_cookie(name, value, max_age=seconds, secure=self.room.secure, httponly=True, samesite="lax")

    def refuse(self, status: int, key: str) -> NoReturn:
        """End the request with a page (for a program: a problem document) that says ``refused.<key>``."""
        title, why = self.said[f"refused.{key}.title"], self.said[f"refused.{key}.why"]
        if not self.is_api:
            raise Refused(self.page("refused.html", "", status, title=title, why=why))
        self.problem(status, why, title)

    def problem(self, status: int, detail: str, title: str = "") -> NoReturn:
        """End the request of a program with a problem document (RFC 9457)."""
        problem = {"title": title or self.said["problems"], "detail": detail, "status": status}
        headers = SECURITY_HEADERS | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})  # noqa: PLR2004 - the status itself
        raise Refused(Response(orjson.dumps(problem), status, media_type=_PROBLEM, headers=headers))
