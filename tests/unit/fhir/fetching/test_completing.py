"""A server that behaves: what was not delivered is fetched, page by page, with the token, and nothing twice."""

import asyncio

import pytest

from cds_service.fhir import gather
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.fetching import FetchLimits, completing
from cds_service.risk.record import Area, Delivery
from tests.unit.fhir.conftest import bundle, condition, observation, patient, resource

from .conftest import LIMITS, call, chart, complete, fetcher_for, hook
from .playing import TOKEN, FhirServer, Ways, first_then, outcome, properly, saying, status

EVERY_KEY = len(PREFETCH_TEMPLATES)


def test_an_empty_prefetch_is_completed_with_every_query_of_the_template():
    with FhirServer(*chart()).running() as server:
        found = complete(server)
    assert len(server.asked) == EVERY_KEY
    assert set(server.kinds()) == {text.partition("?")[0].partition("/")[0] for text in PREFETCH_TEMPLATES.values()}
    assert found.record.demographics.reference == "Patient/1"
    assert found.delivery(Area.CONDITIONS).state is Delivery.GIVEN
    assert found.delivery(Area.CONDITIONS).delivered == 1
    assert found.delivery(Area.MEDICATIONS).state is Delivery.EMPTY
    assert found.record.complete(*Area)
    assert found.gathered.why == {}


def test_queries_are_plain_carry_the_token_and_nothing_else_of_the_call():
    with FhirServer(*chart()).running() as server:
        complete(server)
    for asked in server.asked:
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in asked.target
        assert set(asked.headers) == {"host", "accept", "accept-encoding", "authorization"}
        assert set(asked.query) <= {"patient", "category", "_count"}
        assert asked.query.get("patient", "1") == "1"


def test_a_server_without_authorization_is_asked_without_a_token():
    with FhirServer(*chart(), token=None).running() as server:
        assert complete(server, token=None).record.complete(Area.CONDITIONS)
    assert all("authorization" not in asked.headers for asked in server.asked)


def test_queries_run_side_by_side():
    arrived, everybody = [], asyncio.Event()
    many = len([text for text in PREFETCH_TEMPLATES.values() if text.startswith(("Patient", "Condition", "Procedure"))])

    async def together(server, asked, writer):
        arrived.append(asked.kind)
        if len(arrived) == many:
            everybody.set()
        await everybody.wait()
        await properly(server, asked, writer)

    ways: Ways = dict.fromkeys(("Patient", "Condition", "Procedure"), together)
    with FhirServer(*chart(), **ways).running() as server:
        assert complete(server).record.complete(Area.CONDITIONS, Area.PROCEDURES)


def test_pages_are_followed_to_the_end():
    conditions = [condition(f"c{n}") for n in range(7)]
    with FhirServer(*chart(), *conditions, page_size=3).running() as server:
        given = complete(server).delivery(Area.CONDITIONS)
    assert (given.state, given.delivered, given.total) == (Delivery.GIVEN, 8, 8)
    assert server.kinds().count("Condition") == 3


def test_a_delivered_bundle_with_more_pages_is_completed_from_its_next_link():
    conditions = [condition(f"c{n}") for n in range(5)]
    with FhirServer(*chart(), *conditions, page_size=4).running() as server:
        link = [{"relation": "next", "url": f"{server.base}/Condition?patient=1&_from=4"}]
        first = bundle(chart()[1], *conditions[:3], link=link, total=6)
        given = complete(server, {"problems": first}).delivery(Area.CONDITIONS)
    assert (given.state, given.delivered, given.total) == (Delivery.GIVEN, 6, 6)
    assert server.kinds().count("Condition") == 1


def test_pages_of_bundles_inside_a_bundle_are_completed_too():
    with FhirServer(*chart(), condition("d"), page_size=1).running() as server:
        link = [{"relation": "next", "url": "Condition?patient=1&_from=1"}]
        inner = bundle(condition("c"), link=link, total=2)
        given = complete(server, {"all": bundle(None, inner)}).delivery(Area.CONDITIONS)
    assert (given.state, given.delivered) == (Delivery.GIVEN, 2)


def test_without_access_a_paged_bundle_stays_partial_and_says_of_how_many():
    with FhirServer(*chart()).running() as server:
        first = bundle(condition(), link=[{"relation": "next", "url": f"{server.base}/Condition"}], total=40)
        prefetch = {"patient": patient(), "conditions": first}
        given = complete(server, prefetch, fhirServer="https://elsewhere.example/fhir").delivery(Area.CONDITIONS)
    assert (given.state, given.delivered, given.total) == (Delivery.PARTIAL, 1, 40)
    assert server.asked == []


DELIVERED = bundle(condition())
SEEN = [
    ("our own key, given", {"conditions": DELIVERED}, {"conditions"}),
    ("our own key, null", {"conditions": None}, {"conditions"}),
    ("our own key, failed", {"conditions": outcome()}, {"conditions"}),
    ("another key, given", {"myProblems": DELIVERED}, {"conditions"}),
    ("another key, null", {"problem-list": None}, {"conditions"}),
    ("the type's name, null", {"MedicationRequest": None}, {"medicationRequests"}),
    ("the type's plural, failed", {"MedicationRequests": outcome()}, {"medicationRequests"}),
    (
        "a key of several types, null",
        {"meds": None},
        {"medicationRequests", "medicationStatements"},
    ),
    ("a name that says nothing, null", {"x": None}, set()),
    ("one of our keys of a type", {"observations-labs": None}, {"observations-labs"}),
    (
        "another key for a type of several keys",
        {"obs": bundle(observation())},
        {key for key in PREFETCH_TEMPLATES if key.startswith("observations")},
    ),
    ("the draft name of a type", {"new": bundle(resource("MedicationUsage"))}, {"medicationStatements"}),
    ("several types under one key", {"all": bundle(condition(), resource("Procedure"))}, {"conditions", "procedures"}),
    ("the patient under another key", {"person": patient()}, {"patient"}),
    ("the patient of the context is null", {"patient": None}, {"patient"}),
    ("somebody else under our key", {"patient": patient(id="2")}, set()),
]


@pytest.mark.parametrize(("prefetch", "answered"), [case[1:] for case in SEEN], ids=[case[0] for case in SEEN])
def test_what_was_answered_is_not_asked_again(prefetch, answered):
    expected = sorted(
        text.replace("{{context.patientId}}", "1") for key, text in PREFETCH_TEMPLATES.items() if key not in answered
    )
    with FhirServer(*chart()).running() as server:

        async def run():
            fetcher = fetcher_for(server)
            await call(fetcher, hook(server, prefetch))
            await fetcher.aclose()

        asyncio.run(run())
    sent = sorted(asked.target.removeprefix("/fhir/r4/").partition("&_count")[0] for asked in server.asked)
    assert sent == expected


def test_nothing_is_fetched_when_everything_was_delivered():
    with FhirServer(*chart()).running() as server:
        complete(server, dict.fromkeys(PREFETCH_TEMPLATES) | {"patient": patient()})
    assert server.asked == []


@pytest.mark.parametrize("busy", [429, 503])
@pytest.mark.parametrize("wait", ["0", "", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 -0000", "soon"])
def test_a_busy_server_is_asked_once_more(busy, wait):
    ways: Ways = {"Condition": first_then(status(busy, retry_after=wait))}
    with FhirServer(*chart(), **ways).running() as server:
        assert complete(server).delivery(Area.CONDITIONS).state is Delivery.GIVEN
    assert server.kinds().count("Condition") == 2


def test_connections_are_kept_for_the_next_query():
    with FhirServer(*chart()).running() as server:

        async def run():
            fetcher = fetcher_for(server)
            await call(fetcher, hook(server))
            await call(fetcher, hook(server))
            await fetcher.aclose()

        asyncio.run(run())
    # Never more connections than queries side by side, however many calls there are.
    assert len(server._tasks) < EVERY_KEY < len(server.asked)


def test_a_gzipped_reply_is_read():
    import gzip  # noqa: PLC0415 - only here
    import json  # noqa: PLC0415 - only here

    body = gzip.compress(json.dumps(bundle(condition("c"), condition("d"))).encode())
    with FhirServer(*chart(), Condition=saying(body, content_encoding="gzip")).running() as server:
        assert complete(server).delivery(Area.CONDITIONS).delivered == 2


@pytest.mark.parametrize(
    "kind", ["application/json", "application/fhir+json; charset=UTF-8; fhirVersion=4.0", "application/json+fhir"]
)
def test_every_name_for_fhir_json_is_taken(kind):
    with FhirServer(*chart(), Condition=saying(bundle(condition()), kind=kind)).running() as server:
        assert complete(server).delivery(Area.CONDITIONS).delivered == 1


def test_longer_ids_and_patient_references_are_asked_for_as_they_are():
    long = "e" * 194
    with FhirServer(patient(id=long)).running() as server:
        context = {"userId": "u", "patientId": f"Patient/{long}"}
        assert complete(server, context=context).record.demographics.reference == f"Patient/{long}"


@pytest.mark.parametrize(
    ("prefetch", "wanted"), [(dict.fromkeys(PREFETCH_TEMPLATES) | {"patient": patient()}, 0), ({}, 3)]
)
def test_whether_anything_is_wanted_is_known_before_it_is_fetched(prefetch, wanted):
    steps = completing(gather(hook(FhirServer(), prefetch)), "", lambda _gathered: False)
    assert len(next(steps, ())) == wanted


def test_limits_have_the_defaults_that_the_settings_promise():
    from cds_service.settings import Settings  # noqa: PLC0415 - only here

    told, limits = Settings(), FetchLimits()
    assert (told.fetch_seconds, told.fetch_max_bytes, told.fetch_max_pages, told.fetch_cache_seconds) == (
        limits.seconds,
        limits.most_bytes,
        limits.most_pages,
        limits.cache_seconds,
    )
    assert limits.seconds != LIMITS.seconds
