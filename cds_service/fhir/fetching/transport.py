"""The guarded way out: an httpx transport that connects to registered origins only, and only to checked addresses.

It owns its connection pool and network backend instead of exchanging those inside httpx's own transport: a private
attribute that is renamed would take the guard away without a sound. Nothing here follows a redirect, keeps a cookie,
reads a proxy from the environment or puts an address into an error's text.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpcore
import httpx

from cds_service.fhir.fetching.addresses import Network, Resolver, look_up, may_be_called
from cds_service.fhir.fetching.origins import DEFAULT_PORTS, Origin

_FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)
_CONNECTIONS: Final = 100
_IDLE_SECONDS: Final = 30.0


class AddressRefused(httpcore.ConnectError):
    """The host is not registered, or has an address that may not be called."""


class AddressNotAllowed(httpx.ConnectError):
    """The same, in httpx's tree."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to registered hosts and ports; looks the name up once and connects to the very address it checked."""

    def __init__(
        self,
        origins: Iterable[Origin],
        networks: Sequence[Network],
        resolver: Resolver,
        backend: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._loopback = _hosts(origins)
        self._networks = networks
        self._resolver = resolver
        self._backend = backend

    def register(self, origins: Iterable[Origin]) -> None:
        """Let these origins be called from now on, and no others."""
        self._loopback = _hosts(origins)

    def knows(self, host: str, port: int) -> bool:
        """True when an origin with this host and port is registered."""
        return (host, port) in self._loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; raises AddressRefused before anything is sent."""
        addresses = await self._checked(host, port)
        share = timeout / len(addresses) if timeout else None
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        loopback = self._loopback.get((host, port))
        if loopback is None:
            raise AddressRefused
        addresses = await self._resolver(host, port)
        # One bad address spoils the name: it is not for us to guess which one was meant.
        if not addresses or not all(
            may_be_called(address, loopback=loopback, networks=self._networks) for address in addresses
        ):
            raise AddressRefused
        return addresses


def _hosts(origins: Iterable[Origin]) -> dict[tuple[str, int], bool]:
    return {(origin.host, origin.port): origin.is_loopback for origin in origins}


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends requests through :class:`GuardedBackend`, over HTTP/2 where the server offers it; connections are kept."""

    def __init__(
        self,
        origins: Iterable[Origin],
        *,
        networks: Sequence[Network] = (),
        resolver: Resolver = look_up,
        tls: ssl.SSLContext | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """``tls``: whom to trust; None for the system's authorities (and those that SSL_CERT_FILE names)."""
        self._backend = GuardedBackend(origins, networks, resolver, backend or httpcore.AnyIOBackend())
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            http2=True,
            network_backend=self._backend,
        )

    def register(self, origins: Iterable[Origin]) -> None:
        """Let these origins be called from now on, and no others; calls that are under way end as they would have."""
        self._backend.register(origins)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx errors whose text says nothing about it."""
        url = request.url
        # A connection that was kept does not outlive the registration of its origin.
        if not self._backend.knows(url.host, url.port or DEFAULT_PORTS.get(url.scheme, 0)):
            raise AddressNotAllowed("the address may not be called")
        core = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=await request.aread(),
            extensions=request.extensions,
        )
        with _in_httpx_words():
            response = await self._pool.handle_async_request(core)
        return httpx.Response(
            response.status, headers=response.headers, stream=_Stream(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_httpx_words():
            async for chunk in self._response.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _in_httpx_words() -> Iterator[None]:
    try:
        yield
    except AddressRefused:
        raise AddressNotAllowed("the address may not be called") from None
    except httpcore.TimeoutException:
        raise httpx.TimeoutException("timed out") from None
    except _FAULTS:
        raise httpx.TransportError("the connection failed") from None
