"""Where from and for how long is fetched for a client of which something is registered."""

import asyncio
import time

import httpx
import pytest

from cds_service.fhir import gather
from cds_service.fhir.fetching import Access, FetchLimits, GuardedTransport, registered
from cds_service.fhir.fetching.transport import AddressNotAllowed
from cds_service.fhir.fetching.troubles import NO_SUCH_SERVER

from . import playing
from .conftest import LIMITS, SOON, chart, completed, fetcher_for, hook
from .playing import FhirServer


def opened(fetcher, server, access):
    request = hook(server)
    return fetcher.open(request, access)


async def essentials(fetcher, server, access):
    request = hook(server)
    gathered = gather(request)
    call = fetcher.open(request, access)
    assert not isinstance(call, str), call
    return await completed(call, gathered, essentials_only=True)


def test_the_servers_of_a_client_take_the_place_of_those_of_the_settings():
    async def run():
        with FhirServer(*chart()).running() as own, FhirServer(*chart()).running() as other:
            fetcher = fetcher_for(own, other)
            only_own = Access(servers=(own.base,))
            assert opened(fetcher, other, only_own) == NO_SUCH_SERVER
            await essentials(fetcher, own, only_own)
            assert own.asked
            assert not other.asked
            await fetcher.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("servers", [(), ("not an address",)])
def test_for_a_client_without_a_usable_server_nothing_is_fetched(servers):
    async def run():
        with FhirServer(*chart()).running() as server:
            fetcher = fetcher_for(server)
            assert isinstance(opened(fetcher, server, Access(servers=servers)), str)
            assert server.asked == []
            await fetcher.aclose()

    asyncio.run(run())


def test_where_nothing_is_registered_at_all_nothing_is_said_of_it():
    with FhirServer().running() as server:
        assert opened(fetcher_for(), server, Access()) == ""
        assert opened(fetcher_for(server), server, Access(servers=())) == ""


def test_the_time_of_a_client_takes_the_place_of_that_of_the_settings():
    async def run():
        with FhirServer(*chart(), Condition=playing.silent).running() as server:
            fetcher = fetcher_for(server, limits=LIMITS)
            start = time.perf_counter()
            gathered = await essentials(fetcher, server, Access(seconds=0.3))
            await fetcher.aclose()
            return time.perf_counter() - start, gathered.why["conditions"]

    seconds, why = asyncio.run(run())
    assert seconds < SOON < LIMITS.seconds
    assert why == "timed out"


def test_pages_kept_for_one_client_are_not_handed_to_another():
    async def run():
        with FhirServer(*chart()).running() as server:
            fetcher = fetcher_for(server, limits=FetchLimits(seconds=3.0, cache_seconds=30.0))
            counts = []
            for client in ("north", "north", "south"):
                await essentials(fetcher, server, Access(client=client))
                counts.append(len(server.asked))
            await fetcher.aclose()
            return counts

    first, second, third = asyncio.run(run())
    assert first == second
    assert third == 2 * first


def test_an_origin_that_is_registered_later_may_be_called_and_one_no_longer_registered_may_not():
    async def run():
        with FhirServer(*chart()).running() as old, FhirServer(*chart()).running() as new:
            fetcher = fetcher_for(old)
            await essentials(fetcher, old, Access())
            transport = fetcher._transport
            assert isinstance(transport, GuardedTransport)
            transport.register(registered([new.base], http_loopback=True))
            # The connection to the old one is still open; it is not used any more.
            with pytest.raises(AddressNotAllowed):
                await transport.handle_async_request(httpx.Request("GET", f"{old.base}/Patient/1"))
            await essentials(fetcher, new, Access(servers=(new.base,)))
            assert new.asked
            await fetcher.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(("servers", "reaches"), [(None, True), (("https://own.example/fhir",), True), ((), False)])
def test_whether_anything_can_be_fetched_for_a_client_is_known_before_its_call(servers, reaches):
    assert fetcher_for(FhirServer()).reaches_any(Access(servers=servers)) is reaches
    assert not fetcher_for().reaches_any()
