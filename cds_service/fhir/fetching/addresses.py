"""Which network addresses may be called. A name is looked up once; what was checked is what is called.

Not allowed: this machine, private networks, link-local addresses (where clouds keep their metadata service) and
everything else that is not public, however wrapped in IPv6, unless the site lists the network.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

# RFC 6052: the last 32 bits are the IPv4 address.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_BITS: Final = 2**32


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver gives for ``host``; raises OSError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def may_be_called(text: str, *, loopback: bool, networks: Sequence[Network]) -> bool:
    """True when ``text`` is an address that may be called.

    ``loopback``: the registered origin is this machine, and nothing else is called then. ``networks``: networks of the
    site's own that may be called beside public addresses.
    """
    try:
        address = _inner(ipaddress.ip_address(text))
    except ValueError:
        return False
    if loopback or address.is_loopback:
        return loopback and address.is_loopback
    if any(address in network for network in networks):
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or _site_local(address))


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address wraps, for the ways of wrapping that reach it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) % _IPV4_BITS)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _site_local(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return a site's own networks. Raises ValueError for what is none, and for link-local ones."""
    try:
        networks = tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError:
        raise ValueError("CDS_FHIR_NETWORKS: an entry is not a network such as 10.20.0.0/16") from None
    if any(network.is_link_local or network.is_loopback or network.prefixlen == 0 for network in networks):
        raise ValueError("CDS_FHIR_NETWORKS: link-local and loopback networks, and whole internets, are never allowed")
    return networks


def read_peers(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks whose machines may speak for others; this machine may be one. Raises ValueError."""
    try:
        networks = tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError:
        raise ValueError("CDS_TRUSTED_PROXIES: an entry is not an address or a network such as 10.20.0.0/16") from None
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("CDS_TRUSTED_PROXIES: whole internets are never trusted")
    return networks
