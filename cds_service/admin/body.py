"""A JSON body of a program: bounded, and of the form that the address asks for."""

from typing import TypeVar

import msgspec

from cds_service.admin.posted import kind_of, limited
from cds_service.admin.visit import Visit
from cds_service.errors import TooLarge

Wanted = TypeVar("Wanted")
_JSON = "application/json"


async def read_json(visit: Visit, wanted: type[Wanted]) -> Wanted:
    """Return the body as ``wanted``. Ends the request with 415, 413 or 422 when it is not that."""
    if kind_of(visit.request) != _JSON:
        visit.problem(415, visit.said["refused.form.why"])
    try:
        body = b"".join([chunk async for chunk in limited(visit.request, visit.room.max_body_bytes)])
        return msgspec.json.decode(body, type=wanted)
    except TooLarge:
        visit.problem(413, visit.said["refused.form.why"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        visit.problem(422, visit.said["refused.form.why"])
