"""Calls side by side, and what is kept between them: nothing crosses from one token or patient to another."""

import asyncio

from cds_service.fhir.fetching import FetchLimits
from cds_service.fhir.fetching.cache import PageCache
from cds_service.risk.record import Area
from tests.unit.fhir.conftest import patient, resource

from .conftest import call, chart, fetcher_for, hook
from .playing import TOKEN, FhirServer

KEPT = FetchLimits(seconds=3.0, cache_seconds=30.0)


def opened(server, limits, *calls):
    """Run calls one after the other on one fetcher: each is a token and a patient."""

    async def run():
        fetcher = fetcher_for(server, limits=limits)
        found = [
            await call(fetcher, hook(server, token=token, context={"patientId": person})) for token, person in calls
        ]
        kept = repr(fetcher._cache)
        await fetcher.aclose()
        return found, kept, repr(fetcher._cache)

    return asyncio.run(run())


def test_calls_side_by_side_use_each_its_own_token_and_patient():
    people = [patient(id=f"p{n}") for n in range(12)]
    with FhirServer(*people, token=None).running() as server:

        async def run():
            fetcher = fetcher_for(server, limits=KEPT)
            await asyncio.gather(
                *(call(fetcher, hook(server, token=f"token-{n}", context={"patientId": f"p{n}"})) for n in range(12))
            )
            await fetcher.aclose()

        asyncio.run(run())
    for asked in server.asked:
        person = asked.query.get("patient") or asked.path.rpartition("/")[2]
        assert asked.headers["authorization"] == f"Bearer token-{person[1:]}"
    assert len({asked.headers["authorization"] for asked in server.asked}) == 12


def test_nothing_is_kept_unless_the_site_wants_it():
    with FhirServer(*chart()).running() as server:
        _, kept, _ = opened(server, FetchLimits(seconds=3.0), (TOKEN, "1"), (TOKEN, "1"))
    assert kept == "PageCache(0 pages)"
    assert server.kinds().count("Patient") == 2


def test_a_chart_opened_twice_is_fetched_once_when_the_site_wants_it():
    with FhirServer(*chart()).running() as server:
        found, kept, after = opened(server, KEPT, (TOKEN, "1"), (TOKEN, "1"))
    assert server.kinds().count("Patient") == 1
    assert found[1].record == found[0].record
    assert found[1].record.complete(Area.CONDITIONS)
    assert kept != "PageCache(0 pages)"
    assert after == "PageCache(0 pages)"


def test_another_token_does_not_see_what_was_kept():
    with FhirServer(*chart()).running() as server:
        found, _, _ = opened(server, KEPT, (TOKEN, "1"), ("another-token", "1"))
    assert server.kinds().count("Patient") == 2
    assert found[1].why("patient") != ""
    assert found[1].gathered.delivered["patient"].resources == []


def test_another_patient_is_fetched_anew():
    with FhirServer(*chart(), patient(id="2"), resource("Procedure")).running() as server:
        found, _, _ = opened(server, KEPT, (TOKEN, "1"), (TOKEN, "2"))
    assert found[1].record.demographics.reference == "Patient/2"


# ---------------------------------------------------------------- the cache itself


def in_loop(run):
    return asyncio.run(run())


def test_a_page_is_forgotten_when_its_time_is_up_without_anybody_asking():
    async def run():
        cache = PageCache(0.05)
        cache.put(b"me", "url", b"body")
        before = cache.get(b"me", "url")
        await asyncio.sleep(0.2)
        return before, repr(cache)

    assert in_loop(run) == (b"body", "PageCache(0 pages)")


def test_the_oldest_make_room():
    async def run():
        cache = PageCache(60, most_bytes=10)
        for n in range(4):
            cache.put(b"me", str(n), b"1234")
        cache.put(b"me", "large", b"12345678901")
        cache.put(b"me", "3", b"12")
        kept = [cache.get(b"me", name) for name in ("0", "1", "2", "3", "large")]
        cache.clear()
        return kept, repr(cache)

    assert in_loop(run) == ([None, None, b"1234", b"12", None], "PageCache(0 pages)")


def test_owners_differ_by_every_part_and_hide_them():
    cache = PageCache(1)
    owners = {cache.owner("a", "b", "c"), cache.owner("ab", "", "c"), cache.owner("a", "bc", ""), cache.owner("a", "b")}
    assert len(owners) == 4
    assert cache.owner("a", TOKEN) == cache.owner("a", TOKEN)
    assert cache.owner("a", TOKEN) != PageCache(1).owner("a", TOKEN)
