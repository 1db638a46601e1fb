"""The registered base addresses, and the only addresses that a page may have: below one of them.

What a request sends as ``fhirServer`` only chooses among the registered ones; the address that is called is built from
the registered text, so that a difference in parsing cannot lead elsewhere.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

import httpx
import msgspec

DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_LAST_PORT: Final = 65535
_LOCALHOST: Final = "localhost"
_ODD: Final = frozenset("\\ \t\r\n")


class Origin(msgspec.Struct, frozen=True):
    """A registered base: scheme, host, port, and its path without a final slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def base(self) -> str:
        """The base as text; host in brackets when it is an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """True when the host names this machine."""
        try:
            return self.host == _LOCALHOST or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def query(self, path: str) -> httpx.URL:
        """Return the address of ``path`` (``Condition?patient=1``) below the base."""
        return httpx.URL(f"{self.base}/{path}")

    def page(self, link: str) -> httpx.URL | None:
        """Return the address of a ``next`` link, or None when it is not on this origin and below its base path."""
        try:
            url = httpx.URL(f"{self.base}/").join(link).copy_with(fragment=None)
            same = _origin_of(url) == (self.scheme, self.host, self.port)
        except (httpx.InvalidURL, ValueError):
            return None
        if not same or url.userinfo or not _ODD.isdisjoint(link):
            return None
        path = unquote(url.path)
        below = path.rstrip("/") == self.path or path.startswith(f"{self.path}/")
        return url if below and ".." not in path.replace("\\", "/").split("/") else None


def _origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)


def read_origin(text: str) -> Origin | None:
    """Return the origin that ``text`` names, or None: no http(s) address, or more than a base."""
    try:
        url = httpx.URL(text.strip())
        scheme, host, port = _origin_of(url)
    except (httpx.InvalidURL, ValueError):
        return None
    more = url.userinfo or url.query or url.fragment or not _ODD.isdisjoint(text.strip())
    if more or not host or port is None or not 0 < port <= _LAST_PORT:
        return None
    return Origin(scheme, host, port, unquote(url.path).rstrip("/"))


def registered(texts: Iterable[str], *, http_loopback: bool) -> tuple[Origin, ...]:
    """Return the origins of a site's list.

    Raises ValueError for an address that is not a plain https one. ``http_loopback`` lets this machine be named, with
    http as well as https; without it not at all.
    """
    return tuple(_registered(text, http_loopback=http_loopback) for text in texts)


def callable_origins(addresses: Iterable[str], *, http_loopback: bool) -> tuple[Origin, ...]:
    """Return the origins of addresses that may be called, with or without a path and a query; others are left out."""
    found = (read_origin(address.partition("?")[0]) for address in addresses)
    return tuple(origin for origin in found if not _fault(origin, http_loopback=http_loopback) and origin is not None)


def _registered(text: str, *, http_loopback: bool) -> Origin:
    origin = read_origin(text)
    fault = _fault(origin, http_loopback=http_loopback)
    if fault or origin is None:
        raise ValueError(f"CDS_FHIR_SERVERS: an entry {fault}")
    return origin


def _fault(origin: Origin | None, *, http_loopback: bool) -> str:
    if origin is None:
        return "is not a plain base address (https://host/path)"
    if origin.is_loopback and not http_loopback:
        return "names this machine, which CDS_ALLOW_HTTP_LOOPBACK does not allow"
    return "" if origin.scheme == "https" or origin.is_loopback else "does not begin with https://"
