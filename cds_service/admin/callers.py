"""From which address a request comes. What a proxy says of it counts only when the proxy is one of the site's own."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from cds_service.fhir.fetching.addresses import Network

_FORWARDED: Final = "x-forwarded-for"


def address_of(request: Request, proxies: Sequence[Network]) -> str:
    """Return the address of the caller: the nearest one that is not a trusted proxy.

    ``X-Forwarded-For`` grows to the right: what stands left of the first stranger, anybody may have written.
    """
    peer = request.client.host if request.client else ""
    named = [part.strip() for line in request.headers.getlist(_FORWARDED) for part in line.split(",")]
    nearest = peer
    while named and _is_among(nearest, proxies):
        nearest = named.pop()
    return nearest


def _is_among(text: str, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
