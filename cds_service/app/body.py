"""Reading a request's body without trusting it: type, size and encoding are checked before a byte is decoded."""

import asyncio
import zlib

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from cds_service.errors import MalformedRequest, TooLarge, TooSlow, WrongContentType

JSON_TYPES = ("application/json", "application/fhir+json", "text/json")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# Small bodies of much the same are packed more tightly than any record; they cost nothing.
_ALWAYS_INFLATED = 1_000_000
_RESOURCE_TYPE = b'"resourceType"'


class BodyLimits(msgspec.Struct, frozen=True):
    """Bounds of a body: bytes, also inflated; seconds until it has come; how far gzip may inflate it; resources."""

    most_bytes: int
    seconds: float = 10.0
    most_inflation: int = 200
    most_resources: int = 50_000


async def read_json_body(request: Request, limits: BodyLimits) -> bytes:
    """Return the body.

    Raises WrongContentType, TooLarge, TooSlow, or MalformedRequest for broken gzip.
    """
    limit = limits.most_bytes
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        raise WrongContentType("the body must be sent as application/json")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    try:
        async with asyncio.timeout(limits.seconds):
            body = await _read(request, limit)
    except TimeoutError:
        raise TooSlow("the body did not come in time") from None
    encoding = request.headers.get("content-encoding", "").strip().lower()
    most = min(limit, max(len(body) * limits.most_inflation, _ALWAYS_INFLATED))
    # Inflating lets other threads run, and a large body takes long enough to keep small ones waiting.
    whole = await run_in_threadpool(_inflate, body, encoding, most) if encoding else body
    _check_resources(whole, limits.most_resources)
    return whole


def _check_resources(body: bytes, most: int) -> None:
    """Raise TooLarge for more resources than any record has. A body too small to hold as many is not looked at."""
    if len(body) > most * len(_RESOURCE_TYPE) and body.count(_RESOURCE_TYPE) > most:
        raise TooLarge(f"the body holds more than {most} resources")


async def _read(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise WrongContentType("content-encoding must be gzip or absent")
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise MalformedRequest("the body is not valid gzip") from None
    if len(inflated) > limit:
        raise TooLarge(f"the inflated body is larger than {limit} bytes")
    if not inflater.eof:
        raise MalformedRequest("the gzip body is cut short")
    return inflated
