"""The guarded ways out: to FHIR servers with the tokens that clients lend, to key sets, to the identity provider."""

from collections.abc import Collection
from typing import Final

from cds_service.admin.oidc import Outside
from cds_service.fhir.fetching import (
    Fetcher,
    FetchLimits,
    Form,
    GuardedTransport,
    callable_origins,
    fetch_document,
    post_form,
    read_networks,
    registered,
)
from cds_service.fhir.fetching.origins import Origin
from cds_service.logs import log
from cds_service.settings import Settings

KEY_SET_SECONDS: Final = 2.0
KEY_SET_BYTES: Final = 256_000
PROVIDER_SECONDS: Final = 5.0
PROVIDER_BYTES: Final = 256_000


class Outbound:
    """All ways, with what is registered for each. What a client's registration adds comes by :meth:`register`."""

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError for a server or network of the settings that cannot be registered."""
        self._own = registered(settings.fhir_servers, http_loopback=settings.allow_http_loopback)
        self._http_loopback = settings.allow_http_loopback
        networks = read_networks(settings.fhir_networks)
        self._fhir = GuardedTransport(self._own, networks=networks)
        self._keys = GuardedTransport((), networks=networks)
        self._provider = GuardedTransport((), networks=networks)
        self.provider = Outside(self._read_of_provider, self._send_to_provider, self._allow_provider)
        self.fetcher = Fetcher(self._own, self._fhir, _limits(settings))

    def register(self, servers: Collection[str], key_addresses: Collection[str]) -> None:
        """Let these be called beside the servers of the settings, and none that were registered before."""
        self._fhir.register((*self._own, *self._callable(servers)))
        self._keys.register(self._callable(key_addresses))

    async def key_set(self, address: str) -> bytes | None:
        """Return the body of a registered key set, or None when it could not be had."""
        return await fetch_document(self._keys, address, seconds=KEY_SET_SECONDS, most_bytes=KEY_SET_BYTES)

    async def _read_of_provider(self, address: str) -> bytes | None:
        return await fetch_document(self._provider, address, seconds=PROVIDER_SECONDS, most_bytes=PROVIDER_BYTES)

    async def _send_to_provider(self, address: str, content: bytes, authorization: str) -> bytes | None:
        form = Form(content, authorization)
        return await post_form(self._provider, address, form, seconds=PROVIDER_SECONDS, most_bytes=PROVIDER_BYTES)

    def _allow_provider(self, addresses: Collection[str]) -> None:
        self._provider.register(self._callable(addresses))

    async def aclose(self) -> None:
        """Close all connections."""
        await self.fetcher.aclose()
        await self._keys.aclose()
        await self._provider.aclose()

    def _callable(self, addresses: Collection[str]) -> tuple[Origin, ...]:
        origins = callable_origins(addresses, http_loopback=self._http_loopback)
        if len(origins) != len(addresses):
            # Their form was checked when they were typed in: what is left is this machine.
            log.warning("addresses of this machine are not called: CDS_ALLOW_HTTP_LOOPBACK is off")
        return origins


def _limits(settings: Settings) -> FetchLimits:
    return FetchLimits(
        seconds=settings.fetch_seconds,
        most_bytes=settings.fetch_max_bytes,
        most_pages=settings.fetch_max_pages,
        cache_seconds=settings.fetch_cache_seconds,
    )
