"""One query over the guarded transport: a JSON body of bounded size, or the trouble in its place."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec

from cds_service.fhir.fetching.transport import AddressNotAllowed
from cds_service.fhir.fetching.troubles import Trouble

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_BY_STATUS: Final = {
    401: Trouble.ACCESS,
    403: Trouble.ACCESS,
    404: Trouble.UNSUPPORTED,
    410: Trouble.UNSUPPORTED,
    429: Trouble.BUSY,
    503: Trouble.BUSY,
}
_JSON: Final = frozenset(
    {"application/fhir+json", "application/json", "application/json+fhir", "application/jwk-set+json", "text/json"}
)
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
# What a busy server is given when it does not say how long to wait.
_PAUSE_SECONDS: Final = 0.2


class Allowance(msgspec.Struct):
    """What one call may still take: bytes after inflation, and the moment of the loop's clock when it must be done."""

    bytes_left: int
    most_for_one: int
    deadline: float

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; 0 when it has passed."""
        return max(self.deadline - asyncio.get_running_loop().time(), 0.0)


class Stopped(Exception):
    """A query ends here, with a trouble; never leaves this package."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble


class Form(msgspec.Struct, frozen=True):
    """A form, encoded, and who sends it (the ``Authorization`` header, or empty). Its representation shows nothing."""

    content: bytes
    authorization: str = ""

    def __repr__(self) -> str:
        return "Form(<hidden>)"


class Exchange(msgspec.Struct, frozen=True):
    """Sends the queries of one call. Its representation shows nothing: the headers hold the token."""

    transport: httpx.AsyncBaseTransport
    allowance: Allowance
    token: str | None = None
    accept: str = "application/fhir+json"

    def __repr__(self) -> str:
        return "Exchange(<hidden>)"

    async def get(self, url: httpx.URL) -> bytes:
        """Return the body of a 200 with JSON; raises Stopped otherwise.

        A server that says it is busy (429, 503) is asked once more when its Retry-After ends before the deadline.
        """
        with _in_our_words():
            pause = await self._pause_before_second_try(url)
            if isinstance(pause, bytes):
                return pause
            await asyncio.sleep(pause)
            async with self._sent(url) as response:
                return await self._body(response)

    async def post(self, url: httpx.URL, form: Form) -> bytes:
        """Send a form, once, and return the body of a 200 with JSON; raises Stopped otherwise."""
        with _in_our_words():
            async with self._sent(url, form) as response:
                return await self._body(response)

    async def _pause_before_second_try(self, url: httpx.URL) -> bytes | float:
        """Return the body, or the seconds to wait when the server is busy and there is time."""
        async with self._sent(url) as response:
            pause = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
            if _BY_STATUS.get(response.status_code) is Trouble.BUSY and pause < self.allowance.seconds_left:
                return pause
            return await self._body(response)

    @asynccontextmanager
    async def _sent(self, url: httpx.URL, form: Form | None = None) -> AsyncIterator[httpx.Response]:
        headers = {"accept": self.accept, "accept-encoding": "gzip"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        timeouts = {"timeout": {"connect": self.allowance.seconds_left}}
        if form is None:
            request = httpx.Request("GET", url, headers=headers, extensions=timeouts)
        else:
            headers |= {"content-type": "application/x-www-form-urlencoded", "authorization": form.authorization}
            sent = {name: value for name, value in headers.items() if value}
            request = httpx.Request("POST", url, headers=sent, content=form.content, extensions=timeouts)
        response = await self.transport.handle_async_request(request)
        try:
            yield response
        finally:
            # Closing early ends the connection instead of reading on: an endless body costs nothing more.
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        status = response.status_code
        if status != _OK:
            raise Stopped(Trouble.REDIRECTED if status in _REDIRECTS else _BY_STATUS.get(status, Trouble.ERROR))
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _JSON:
            raise Stopped(Trouble.NOT_JSON)
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            taken = Taken(self.allowance, zlib.decompressobj(_GZIP_WINDOW))
        elif encoding in ("", "identity"):
            taken = Taken(self.allowance)
        else:
            raise Stopped(Trouble.NOT_JSON)
        async for chunk in response.aiter_raw():
            taken.add(chunk)
        return taken.whole()


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except AddressNotAllowed:
        raise Stopped(Trouble.ADDRESS) from None
    except httpx.TimeoutException:
        raise Stopped(Trouble.TIMED_OUT) from None
    except (httpx.TransportError, httpx.InvalidURL):
        raise Stopped(Trouble.UNREACHABLE) from None


class Taken:
    """A body as it arrives, counted after inflation. One that is too large gives back what it took."""

    def __init__(self, allowance: Allowance, inflater: "zlib._Decompress | None" = None) -> None:
        self._allowance = allowance
        self._inflater = inflater
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Take a chunk; raises Stopped when the body is too large or not gzip."""
        part = self._plain(chunk)
        if len(part) > self._room():
            self._allowance.bytes_left += self._size
            raise Stopped(Trouble.TOO_LARGE)
        self._allowance.bytes_left -= len(part)
        self._size += len(part)
        self._parts.append(part)

    def _room(self) -> int:
        return min(self._allowance.bytes_left, self._allowance.most_for_one - self._size)

    def _plain(self, chunk: bytes) -> bytes:
        if self._inflater is None:
            return chunk
        try:
            # One byte more than there is room for tells a bomb from a body that just fits.
            return self._inflater.decompress(chunk, self._room() + 1)
        except zlib.error:
            raise Stopped(Trouble.NOT_JSON) from None

    def whole(self) -> bytes:
        """Return the body; raises Stopped when a gzip body was cut short."""
        if self._inflater is not None and not self._inflater.eof:
            raise Stopped(Trouble.NOT_JSON)
        return b"".join(self._parts)


def retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds that a Retry-After header (RFC 9110: seconds or a date) asks to wait; never negative."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        return max(((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return _PAUSE_SECONDS
