"""Browsers that call from pages of other sites (CORS): which origins may, client by client; never with cookies.

A preflight shows no credentials, so it is answered for the origins of all clients together; the answer itself is handed
only to a page from an origin of the client that called (or of the settings, which count for every client).
"""

from collections.abc import Callable, Collection
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, Accept-Language, X-API-Key",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}
# What else than the body a page may read of an answer.
_READABLE: Final = "Retry-After, WWW-Authenticate"


class BrowserOrigins:
    """ASGI middleware. ``everyone``: origins that count for every client; ``anyone``: those that some client has."""

    def __init__(self, app: ASGIApp, everyone: Collection[str], anyone: Callable[[], Collection[str]]) -> None:
        self._app = app
        self._everyone = frozenset(origin.lower() for origin in everyone)
        self._anyone = anyone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; say of any other answer whether the page that asked may have it."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin", "")
        if not origin:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(origin)(scope, receive, send)
        else:
            state = scope.setdefault("state", {})
            await self._app(scope, receive, self._telling(origin, state, send))

    def _preflight(self, origin: str) -> Response:
        if not self._may(origin, None):
            return Response(status_code=403, headers={"Vary": "Origin"})
        return Response(status_code=204, headers=_PREFLIGHT | {"Access-Control-Allow-Origin": origin})

    def _telling(self, origin: str, state: dict[str, object], send: Send) -> Send:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if self._may(origin, state.get("client")):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = _READABLE
            await send(message)

        return told

    def _may(self, origin: str, client: object) -> bool:
        """True for an origin of ``client``; where nobody is known, as in a refusal, for one of any client."""
        own = getattr(client, "cors_origins", None)
        return origin.lower() in self._everyone or origin.lower() in (self._anyone() if own is None else own)
