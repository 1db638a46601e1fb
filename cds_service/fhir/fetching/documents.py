"""One JSON document from a registered address, such as a key set: the same guarded way out, nothing of FHIR."""

import asyncio
from typing import Final

import httpx

from cds_service.fhir.fetching.exchange import Allowance, Exchange, Stopped

_ACCEPT: Final = "application/jwk-set+json, application/json"


async def fetch_document(
    transport: httpx.AsyncBaseTransport, address: str, *, seconds: float, most_bytes: int
) -> bytes | None:
    """Return the body of a 200 with JSON, or None when it could not be had in time, in size, or at all."""
    deadline = asyncio.get_running_loop().time() + seconds
    exchange = Exchange(transport, Allowance(most_bytes, most_bytes, deadline), accept=_ACCEPT)
    try:
        async with asyncio.timeout_at(deadline):
            return await exchange.get(httpx.URL(address))
    except (Stopped, TimeoutError, httpx.InvalidURL):
        return None
