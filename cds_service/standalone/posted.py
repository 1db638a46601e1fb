"""The body of a POST, read in memory only: a form with or without a file, or JSON. Nothing is written to disk."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from cds_service.errors import MalformedRequest, TooLarge, WrongContentType

JSON_TYPES: Final = frozenset({"application/json", "application/fhir+json", "text/json"})
_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_MOST_FIELDS: Final = 2_000
_BOUNDARY: Final = re.compile(r'boundary="?([\w\'()+,./:=? -]{1,70}?)"?\s*(?:;|$)')
_NAME: Final = re.compile(rb'(?i)content-disposition:[^\r\n]*?[; ]name="([^"\r\n]*)"')
Pairs = Sequence[tuple[str, str]]


class Posted(msgspec.Struct, frozen=True):
    """Fields in the order sent, or JSON (then ``fields`` is empty)."""

    fields: Pairs = ()
    json: bytes = b""

    def first(self, name: str) -> str:
        """Return the first value of a field, or an empty string."""
        return next((value for key, value in self.fields if key == name), "")


async def read_posted(request: Request, limit: int) -> Posted:
    """Return the body of at most ``limit`` bytes.

    Raises TooLarge, WrongContentType for neither a form nor JSON, MalformedRequest for a broken form.
    """
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (*JSON_TYPES, _URLENCODED, _MULTIPART) or request.headers.get("content-encoding"):
        raise WrongContentType("send a form or JSON, not compressed")
    body = await _read(request, limit)
    if kind in JSON_TYPES:
        return Posted(json=body)
    return Posted(_urlencoded(body) if kind == _URLENCODED else _multipart(body, content_type))


async def _read(request: Request, limit: int) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
    return bytes(read)


def _urlencoded(body: bytes) -> Pairs:
    try:
        text = body.decode()
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedRequest("the form cannot be read") from None


def _multipart(body: bytes, content_type: str) -> Pairs:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise MalformedRequest("the form names no boundary")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode(), _MOST_FIELDS + 1)
    if len(parts) > _MOST_FIELDS:
        raise MalformedRequest("the form has too many fields")
    found = []
    for part in parts[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if blank and name:
            found.append((name[1].decode(errors="replace"), content.decode(errors="replace")))
    return found
