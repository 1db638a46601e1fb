"""Was this sent by one of our own pages? Asked of every request that may change something, beside SameSite cookies.

Two answers are needed: the browser names our origin, and the form or header holds the token of this very session.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from cds_service.admin.keys import mark, same

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
_CROSS: Final = frozenset({"cross-site", "same-site"})


def form_token(key: bytes, secret: str) -> str:
    """Return the token for the forms of the session (or of the visitor) whose secret this is."""
    return mark(key, "form", secret)


def holds_token(key: bytes, secret: str, given: str) -> bool:
    """True when ``given`` is the token of the session with this secret."""
    return same(form_token(key, secret), given)


def from_here(request: Request, origin: str) -> bool:
    """True unless the browser says that another site sent this.

    ``origin``: ours, or empty; then the host that the request was sent to is compared, since a proxy may end TLS. A
    client that names no origin at all is no browser, or one whose request still needs the token.
    """
    if request.headers.get("sec-fetch-site", "") in _CROSS:
        return False
    named = request.headers.get("origin")
    if named is None:
        return True
    if origin:
        return named == origin
    return bool(named) and urlsplit(named).netloc == request.headers.get("host", "")
