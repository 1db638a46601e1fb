"""The form that a page sends: read once, in full, and never more than the limit."""

from collections.abc import AsyncGenerator
from typing import Final

from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from cds_service.errors import MalformedRequest, TooLarge, WrongContentType

_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
FORMS: Final = frozenset({_URLENCODED, _MULTIPART})
_MOST_FIELDS: Final = 2_000


class _InMemory(MultiPartParser):
    """Nothing that is uploaded touches the disk; the body's own limit bounds the memory."""

    spool_max_size = 2**40


def kind_of(request: Request) -> str:
    """Return the media type of the body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_form(request: Request, limit: int) -> FormData:
    """Return the form; a file in it is at most ``limit`` bytes, and so is all of it.

    Raises TooLarge, WrongContentType for what is no form, MalformedRequest for a broken one.
    """
    kind = kind_of(request)
    if kind not in FORMS or request.headers.get("content-encoding"):
        raise WrongContentType("send a form, not compressed")
    chunks = limited(request, limit)
    try:
        if kind == _URLENCODED:
            return await FormParser(request.headers, chunks).parse()
        return await _InMemory(
            request.headers, chunks, max_files=_MOST_FIELDS, max_fields=_MOST_FIELDS, max_part_size=limit
        ).parse()
    except (MultiPartException, KeyError, ValueError):
        raise MalformedRequest("the form cannot be read") from None


async def limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """Give the body as it comes; raises TooLarge when it is more than ``limit`` bytes."""
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > limit:
            raise TooLarge(f"the form is larger than {limit} bytes")
        yield chunk


def text(form: FormData, name: str) -> str:
    """Return the first value of a field as text, or an empty string; a file is no text."""
    value = form.get(name)
    return value if isinstance(value, str) else ""
