"""Completes what a client delivered from its FHIR server: which server, with which token, by when, and how much."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Final

import httpx
import msgspec

from cds_service.fhir.envelope import HookRequest
from cds_service.fhir.fetching.cache import PageCache
from cds_service.fhir.fetching.exchange import Allowance, Exchange
from cds_service.fhir.fetching.origins import Origin, read_origin
from cds_service.fhir.fetching.pages import Pages, Reader, Search
from cds_service.fhir.fetching.plan import usable_patient
from cds_service.fhir.fetching.spellings import TEMPLATES
from cds_service.fhir.fetching.troubles import NO_SUCH_SERVER, UNUSABLE_PATIENT, UNUSABLE_TOKEN
from cds_service.fhir.references import bare_id
from cds_service.logs import log

# RFC 6750, b64token; anything else could not be sent, and an error about it would quote it.
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,16384}=*")


# One reply may take this part of all bytes, so that one that never ends leaves room for the others.
_SHARE_OF_ONE: Final = 4


class FetchLimits(msgspec.Struct, frozen=True):
    """Bounds of one call: seconds and bytes for all its queries together, pages for each."""

    seconds: float = 2.0
    most_bytes: int = 20_000_000
    most_pages: int = 40
    cache_seconds: float = 0.0


class Access(msgspec.Struct, frozen=True):
    """What is registered for the client that calls.

    Attributes:
        client: its id; what is kept of one client's pages is never handed to another.
        servers: base addresses; None: those of the settings.
        seconds: its own time for all fetches of a call; None: that of the limits.
        version: its FHIR version; empty: told from its resources, then from its answers.
    """

    client: str = ""
    servers: tuple[str, ...] | None = None
    seconds: float | None = None
    version: str = ""


ANYBODY: Final = Access()
"""A client of which nothing is registered."""


class Fetcher:
    """Lives as long as the service: the registered origins, the connections, the cache."""

    def __init__(self, origins: Sequence[Origin], transport: httpx.AsyncBaseTransport, limits: FetchLimits) -> None:
        self._origins = tuple(origins)
        self._transport = transport
        self._limits = limits
        self._cache = PageCache(limits.cache_seconds)

    def open(self, request: HookRequest, access: Access = ANYBODY) -> "Call | str":
        """Return the way to the client's FHIR server, or why there is none.

        Empty when the client offers no server, or nothing may be fetched for it anyway.
        """
        origins = self._reached(access)
        if not request.fhir_server or not origins:
            return ""
        sent = read_origin(request.fhir_server)
        origin = next((one for one in origins if one is not None and one == sent), None)
        if origin is None:
            return NO_SUCH_SERVER
        patient_id = bare_id(request.context.patient_id)
        if not usable_patient(patient_id):
            return UNUSABLE_PATIENT
        lent = request.fhir_authorization
        if lent and not (lent.token_type.lower() == "bearer" and _TOKEN.fullmatch(lent.access_token)):
            return UNUSABLE_TOKEN
        return self._call(origin, patient_id, lent.access_token if lent else None, access)

    def reaches_any(self, access: Access = ANYBODY) -> bool:
        """True when there is a server that something may be fetched from for the client."""
        return bool(self._reached(access))

    def _reached(self, access: Access) -> tuple[Origin | None, ...]:
        return self._origins if access.servers is None else tuple(map(read_origin, access.servers))

    def _call(self, origin: Origin, patient_id: str, token: str | None, access: Access) -> "Call":
        seconds = self._limits.seconds if access.seconds is None else access.seconds
        deadline = asyncio.get_running_loop().time() + seconds
        exchange = Exchange(
            self._transport,
            Allowance(self._limits.most_bytes, self._limits.most_bytes // _SHARE_OF_ONE, deadline),
            token,
        )
        owner = self._cache.owner(access.client, origin.base, patient_id, token or "")
        return Call(Reader(exchange, origin, self._limits.most_pages, self._cache, owner), deadline)

    async def aclose(self) -> None:
        """Close the connections and forget what was kept."""
        self._cache.clear()
        await self._transport.aclose()


class Call:
    """The fetches of one hook call: one token, one deadline, one allowance of bytes."""

    def __init__(self, reader: Reader, deadline: float) -> None:
        self._reader = reader
        self._deadline = deadline

    async def fetched(self, wanted: Sequence[Search]) -> list[Pages]:
        """Return what came of each search."""
        found = [Pages(search) for search in wanted]
        try:
            async with asyncio.timeout_at(self._deadline), asyncio.TaskGroup() as group:
                for pages in found:
                    group.create_task(self._reader.read(pages))
        except TimeoutError:
            pass  # what had come by then stands in the pages, marked as timed out
        _report(found)
        return found


def _report(found: Iterable[Pages]) -> None:
    """Log what did not arrive whole: keys and fixed words, nothing of the patient."""
    short = {_key(pages.search): pages.trouble.name for pages in found if pages.trouble is not None}
    if short:
        log.warning("fetch incomplete", queries=short)


def _key(search: Search) -> str:
    # A key of the client's own may be called anything.
    return search.key if search.key in TEMPLATES else "other"
