"""One JSON document from a registered address, fetched or in answer to a form: the guarded way out, nothing of FHIR."""

import asyncio
from typing import Final

import httpx

from cds_service.fhir.fetching.exchange import Allowance, Exchange, Form, Stopped

_ACCEPT: Final = "application/jwk-set+json, application/json"


async def fetch_document(
    transport: httpx.AsyncBaseTransport, address: str, *, seconds: float, most_bytes: int
) -> bytes | None:
    """Return the body of a 200 with JSON, or None when it could not be had in time, in size, or at all."""
    return await _had(transport, address, None, seconds, most_bytes)


async def post_form(
    transport: httpx.AsyncBaseTransport, address: str, form: Form, *, seconds: float, most_bytes: int
) -> bytes | None:
    """Send a form and return the body of a 200 with JSON, or None when none came in time, in size, or at all."""
    return await _had(transport, address, form, seconds, most_bytes)


async def _had(
    transport: httpx.AsyncBaseTransport, address: str, form: Form | None, seconds: float, most_bytes: int
) -> bytes | None:
    deadline = asyncio.get_running_loop().time() + seconds
    exchange = Exchange(transport, Allowance(most_bytes, most_bytes, deadline), accept=_ACCEPT)
    try:
        async with asyncio.timeout_at(deadline):
            url = httpx.URL(address)
            return await (exchange.get(url) if form is None else exchange.post(url, form))
    except (Stopped, TimeoutError, httpx.InvalidURL):
        return None
