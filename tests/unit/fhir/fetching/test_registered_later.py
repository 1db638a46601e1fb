"""Addresses that come from registrations and settings beside the FHIR servers: which may be called or believed."""

import asyncio

import pytest

from cds_service.fhir.fetching import callable_origins
from cds_service.fhir.fetching.addresses import read_peers
from cds_service.fhir.fetching.transport import AddressRefused, GuardedBackend


def bases(*addresses, http_loopback=False):
    return [origin.base for origin in callable_origins(addresses, http_loopback=http_loopback)]


def test_what_may_be_called_is_called_with_or_without_a_path_and_a_query():
    assert bases("https://a.example/jwks?site=1", "https://b.example:8443") == [
        "https://a.example:443/jwks",
        "https://b.example:8443",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "http://a.example/jwks",
        "https://user@a.example/jwks",
        "https://a.example/jwks#x",
        "nowhere",
        "",
    ],
)
def test_what_may_not_is_left_out(address):
    assert bases(address, http_loopback=True) == []


@pytest.mark.parametrize("address", ["http://localhost/jwks", "https://127.0.0.1/jwks", "http://[::1]:8080/jwks"])
def test_this_machine_is_left_out_unless_the_site_allows_it(address):
    assert bases(address) == []
    assert len(bases(address, http_loopback=True)) == 1


def test_the_backend_itself_connects_to_nothing_that_is_not_registered(wires):
    async def never(_host, _port):
        pytest.fail("looked up")

    backend = GuardedBackend((), (), never, wires)
    with pytest.raises(AddressRefused):
        asyncio.run(backend.connect_tcp("a.example", 443))
    assert wires.called == []


def test_proxies_are_named_as_addresses_or_networks_this_machine_too():
    assert [str(network) for network in read_peers(["10.1.0.0/16", "127.0.0.1", "2001:db8::1"])] == [
        "10.1.0.0/16",
        "127.0.0.1/32",
        "2001:db8::1/128",
    ]


@pytest.mark.parametrize(
    ("text", "why"), [("proxy.example", "not an address"), ("0.0.0.0/0", "whole"), ("::/0", "whole")]
)
def test_what_is_no_network_and_what_is_everybody_is_not_trusted(text, why):
    with pytest.raises(ValueError, match=rf"CDS_TRUSTED_PROXIES: .*{why}"):
        read_peers([text])
