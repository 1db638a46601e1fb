"""One request over the guarded transport: with the token, again when the server is busy or the line breaks."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from cds_service.errors import ExportFailed
from cds_service.fhir.fetching.bulk.access import Access
from cds_service.fhir.fetching.exchange import retry_after
from cds_service.fhir.fetching.origins import Origin, read_origin
from cds_service.fhir.fetching.transport import AddressNotAllowed

Pause = Callable[[float], Awaitable[None]]
OK: Final = 200
ACCEPTED: Final = 202
UNAUTHORIZED: Final = 401
BUSY: Final = frozenset({429, 502, 503, 504})
_TRIES: Final = 8
UNREACHABLE: Final = "the server could not be reached, or was too busy for too long"
_FIRST_PAUSE: Final = 1.0
# However long a server asks to wait, it is asked again after this.
LONGEST_PAUSE: Final = 600.0
_TIMEOUTS: Final = {"connect": 30.0, "read": 120.0, "write": 120.0, "pool": 120.0}
_MOST_JSON: Final = 64_000_000
_GZ_WINDOW: Final = 31


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """Sends requests.

    Attributes:
        transport: the guarded one. base: the FHIR server, to which alone the token is given unless told.
        access: where tokens come from; None for a server that asks for none. pause: waits; seconds.
    """

    transport: httpx.AsyncBaseTransport
    base: Origin
    access: Access | None = None
    pause: Pause = asyncio.sleep

    async def json(self, url: httpx.URL, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body (inflated, of bounded size). Raises ExportFailed when nothing comes."""
        for _ in range(_TRIES):
            try:
                async with self.answered(httpx.Request("GET", url, headers=headers), with_token=True) as response:
                    return response.status_code, response.headers, await _body(response)
            except LineBroken:
                continue
        raise ExportFailed(UNREACHABLE)

    @asynccontextmanager
    async def answered(self, request: httpx.Request, *, with_token: bool) -> AsyncIterator[httpx.Response]:
        """Yield the answer to a request; a busy server is asked again, as late as it wants.

        Raises ExportFailed: not reachable, an address that may not be called, busy for too long.
        """
        response = await self._settled(request, with_token=with_token)
        try:
            yield response
        except httpx.TransportError:
            raise LineBroken from None
        finally:
            await response.aclose()

    async def _settled(self, request: httpx.Request, *, with_token: bool) -> httpx.Response:
        pause = _FIRST_PAUSE
        renewed = False
        for _ in range(_TRIES):
            try:
                if with_token:
                    await self._authorize(request)
                response = await self._sent(request)
            except LineBroken:
                await self.pause(pause)
                pause *= 2
                continue
            if response.status_code == UNAUTHORIZED and with_token and self.access and not renewed:
                # The token may have ended on the way, or been withdrawn: once more with a new one.
                renewed = True
                self.access.drop()
                await response.aclose()
            elif response.status_code in BUSY:
                await response.aclose()
                wanted = response.headers.get("retry-after")
                await self.pause(min(retry_after(wanted, datetime.now(UTC)) if wanted else pause, LONGEST_PAUSE))
                pause *= 2
            else:
                return response
        raise ExportFailed(UNREACHABLE)

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = _TIMEOUTS
        try:
            return await self.transport.handle_async_request(request)
        except AddressNotAllowed:
            raise ExportFailed(
                "an address that may not be called: not registered (--also-from), or in a network that is not allowed"
            ) from None
        except (httpx.TransportError, httpx.InvalidURL):
            raise LineBroken from None

    async def _authorize(self, request: httpx.Request) -> None:
        if self.access is None:
            return
        if not self.access.is_held:
            await self._new_token(self.access)
        request.headers["authorization"] = f"Bearer {self.access.held}"

    async def _new_token(self, access: Access) -> None:
        if not access.token_url:
            access.token_url = await self._discovered()
        async with self.answered(access.request(), with_token=False) as response:
            if response.status_code != OK:
                raise ExportFailed(f"the token endpoint refused: HTTP {response.status_code}")
            access.keep(await _body(response))

    async def _discovered(self) -> str:
        """Return the token endpoint from the server's SMART configuration."""
        request = httpx.Request("GET", self.base.query(".well-known/smart-configuration"))
        async with self.answered(request, with_token=False) as response:
            body = await _body(response) if response.status_code == OK else b"{}"
        try:
            told = msgspec.json.decode(body, type=_Smart)
        except msgspec.DecodeError:
            told = _Smart()
        if not told.token_endpoint or read_origin(told.token_endpoint) is None:
            raise ExportFailed("the server's SMART configuration names no token endpoint (--token-url)")
        return told.token_endpoint


class LineBroken(Exception):
    """The connection failed or ended too early; never leaves this package."""


class _Smart(msgspec.Struct):
    token_endpoint: str = ""


async def _body(response: httpx.Response) -> bytes:
    """Return the body, inflated. Raises ExportFailed when it is too large."""
    data = b""
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > _MOST_JSON:
            raise ExportFailed("an answer of the server is too large")
    if response.headers.get("content-encoding", "") in ("gzip", "x-gzip"):
        try:
            return zlib.decompressobj(_GZ_WINDOW).decompress(data, _MOST_JSON)
        except zlib.error:
            raise ExportFailed("an answer of the server is damaged") from None
    return data
