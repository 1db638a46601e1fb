"""Letting calls in: the gate with the registered clients before it, how often each may call, and what was refused why.

Each worker has its own. Registrations are looked at once a second (:mod:`.refresh`); refusals are counted here and
written once a second at most, so that whoever knocks without end costs one row, not one for each knock.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request

from cards import warm_up
from cds_service.app.outbound import Outbound
from cds_service.app.refresh import Watch
from cds_service.clients import Client, read_client
from cds_service.errors import ClientError, NotAdmitted, StoreError, TooManyCalls
from cds_service.fhir.fetching.addresses import Network, read_peers
from cds_service.logs import log
from cds_service.settings import Settings
from cds_service.store import Store
from cds_service.trust import Gate, KeySets, Rates, Reason, Registry, Replays, Shown, TurnedAway

WRITE_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 60.0
ANYONE: Final = read_client(
    {
        "schema": 1,
        "id": "anyone",
        "name": "Anyone",
        "auth": {"mode": "open"},
        "limits": {"calls_per_minute": 1_000_000, "burst": 100_000},
    }
)
"""Who calls without proof where the site lets such calls in and has registered no open client for them.

It may call as often as it likes: where nobody is told from anybody else, a rate would be everybody's together.
"""


class Admission:
    """The way in of one worker."""

    def __init__(self, settings: Settings, store: Store, outbound: Outbound) -> None:
        """Raises ValueError for a trusted proxy that is no network."""
        self._store = store
        self._outbound = outbound
        self._peers: tuple[Network, ...] = read_peers(settings.trusted_proxies)
        self._header = settings.certificate_header
        self._base_url = settings.base_url.rstrip("/")
        self._key_sets = KeySets(outbound.key_set)
        anyone = ANYONE if settings.allow_open or settings.demo else None
        self._gate = Gate(self._key_sets, Replays(store.seen_tokens.first_use), anyone=anyone)
        self._rates = Rates()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._task: asyncio.Task[None] | None = None
        self.watch = Watch("clients", store.clients.revision, self._read, self._take_over)

    @property
    def registry(self) -> Registry:
        """The clients that are let in now."""
        return self._gate.registry

    async def admit(self, request: Request, path: str) -> Client:
        """Return the client that calls ``path`` (as it is seen from outside).

        Raises NotAdmitted, about whose reason the caller learns nothing, and TooManyCalls.
        """
        try:
            client = await self._gate.admit(self._shown(request, path))
        except TurnedAway as refused:
            self._note(refused.client, refused.reason)
            raise NotAdmitted from None
        wait = self._rates.wait(client)
        if wait:
            self._note(client.id, Reason.RATE)
            raise TooManyCalls(wait)
        request.state.client = client
        return client

    def _shown(self, request: Request, path: str) -> Shown:
        headers = request.headers
        peer = request.client.host if request.client else ""
        return Shown(
            authorization=tuple(headers.getlist("authorization")),
            api_keys=tuple(headers.getlist("x-api-key")),
            certificates=tuple(headers.getlist(self._header)) if self._header else (),
            from_proxy=_among(peer, self._peers),
            # Never the Host that the call names: a token for somebody else's service would be one for ours then.
            addresses=frozenset({f"{self._base_url}{path}"} if self._base_url else ()),
        )

    def _note(self, client: str, reason: Reason) -> None:
        self._refused[client, reason.value] += 1
        log.info("call refused", client=client, reason=reason.value)

    def _read(self) -> Registry:
        """Read all registrations; one that this version cannot use is left out, and said."""
        found = []
        for entry in self._store.clients.all():
            try:
                found.append(entry.client())
            except ClientError as error:
                log.error("client left out", client=entry.id, problem=str(error))
        registry = Registry.of(found)
        warm_up({client.fhir.version or "R4" for client in registry.clients})
        return registry

    def _take_over(self, registry: Registry) -> None:
        self._gate.registry = registry
        self._key_sets.keep_only(registry.key_addresses)
        self._outbound.register(registry.fhir_servers, registry.key_addresses)

    def start(self) -> None:
        """Begin to write what was refused, and to forget used tokens whose time is over."""
        self._task = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.write()

    async def write(self) -> None:
        """Write what was refused since the last time; what cannot be written is counted on."""
        if not self._refused:
            return
        counted, self._refused = self._refused, Counter()
        try:
            await asyncio.to_thread(self._store.refusals.add, counted, datetime.now(UTC))
        except StoreError as error:
            self._refused.update(counted)
            log.error("refusals not stored", problem=str(error))

    async def _keep_writing(self) -> None:
        swept = 0.0
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()
            swept += WRITE_SECONDS
            if swept >= SWEEP_SECONDS:
                swept = 0.0
                await self._sweep()

    async def _sweep(self) -> None:
        try:
            await asyncio.to_thread(self._store.seen_tokens.sweep, datetime.now(UTC))
        except StoreError as error:
            log.error("used tokens not forgotten", problem=str(error))


def _among(peer: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)
