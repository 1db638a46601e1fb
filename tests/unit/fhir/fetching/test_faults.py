"""Faults injected one by one: each ends inside the deadline, with a stated outcome, and the rest of the data stands."""

import pytest

from cds_service.errors import EssentialDataMissing
from cds_service.fhir.fetching import FetchLimits
from cds_service.fhir.fetching.troubles import Trouble
from cds_service.fhir.prefetch import cohort_shortfalls
from cds_service.risk.record import Area, Delivery
from tests.unit.fhir.conftest import Json, bundle, condition, observation, patient, resource

from . import playing
from .conftest import BRIEF, LIMITS, SOON, as_text, chart, complete
from .playing import GZIP_BOMB, HTML, TOKEN, FhirServer, Ways, first_then, outcome, saying, status

HANGING = (playing.silent, playing.dripping)
ANOTHER: Json = {"subject": {"reference": "Patient/2"}}
DEEP = b'{"resourceType":"Bundle","type":"searchset","x":' + b"[" * 40_000 + b"]" * 40_000 + b"}"
NESTED = b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":' * 12 + b"{}" + b"}]}" * 12

FAILED = [
    ("dead: hangs up", playing.hanging_up, Delivery.FAILED, Trouble.UNREACHABLE),
    ("slow: never answers", playing.silent, Delivery.FAILED, Trouble.TIMED_OUT),
    ("slow: a byte now and then", playing.dripping, Delivery.FAILED, Trouble.TIMED_OUT),
    ("401", status(401), Delivery.BLOCKED, Trouble.ACCESS),
    ("403", status(403), Delivery.BLOCKED, Trouble.ACCESS),
    ("404", status(404), Delivery.MISSING, Trouble.UNSUPPORTED),
    ("410", status(410), Delivery.MISSING, Trouble.UNSUPPORTED),
    ("400", status(400), Delivery.FAILED, Trouble.ERROR),
    ("500", status(500), Delivery.FAILED, Trouble.ERROR),
    ("204", saying(b"", 204), Delivery.FAILED, Trouble.ERROR),
    ("redirect on the same origin", status(302, location="/fhir/r4/Patient/1"), Delivery.FAILED, Trouble.REDIRECTED),
    ("busy for longer than we have", status(429, retry_after="3600"), Delivery.FAILED, Trouble.BUSY),
    ("busy for ever", status(503, retry_after="0"), Delivery.FAILED, Trouble.BUSY),
    ("10 GB", playing.ten_gigabytes, Delivery.FAILED, Trouble.TOO_LARGE),
    ("gzip bomb", saying(GZIP_BOMB, content_encoding="gzip"), Delivery.FAILED, Trouble.TOO_LARGE),
    ("gzip that is none", saying(b"{}", content_encoding="gzip"), Delivery.FAILED, Trouble.NOT_JSON),
    ("gzip cut short", saying(GZIP_BOMB[:40], content_encoding="gzip"), Delivery.FAILED, Trouble.NOT_JSON),
    ("a coding nobody asked for", saying(b"{}", content_encoding="br"), Delivery.FAILED, Trouble.NOT_JSON),
    ("HTML", saying(HTML, kind="text/html"), Delivery.FAILED, Trouble.NOT_JSON),
    ("HTML that says it is JSON", saying(HTML), Delivery.FAILED, Trouble.NOT_JSON),
    ("no content type", saying(b"{}", kind=""), Delivery.FAILED, Trouble.NOT_JSON),
    ("not UTF-8", saying(b'{"resourceType":"Bundle","type":"search\xffset"}'), Delivery.FAILED, Trouble.NOT_JSON),
    ("too deep", saying(DEEP), Delivery.FAILED, Trouble.NOT_JSON),
    ("Bundles nested too deeply", saying(NESTED), Delivery.FAILED, Trouble.NOT_JSON),
    ("null", saying(None), Delivery.FAILED, Trouble.NOT_JSON),
    ("another type", saying(condition()), Delivery.FAILED, Trouble.NOT_JSON),
    ("a Bundle that is no search result", saying(bundle(type="collection")), Delivery.FAILED, Trouble.NOT_JSON),
    ("a Bundle of no type", saying({"resourceType": "Bundle"}), Delivery.FAILED, Trouble.NOT_JSON),
    ("links of the wrong type", saying(bundle(link="next")), Delivery.FAILED, Trouble.NOT_JSON),
    ("200 with an OperationOutcome", saying(outcome()), Delivery.FAILED, None),
    ("200 with an OperationOutcome about rights", saying(outcome("forbidden")), Delivery.BLOCKED, None),
    ("nobody else's data instead", saying(bundle(condition(**ANOTHER))), Delivery.PARTIAL, Trouble.OTHERS),
]  # fmt: skip


@pytest.mark.parametrize(("way", "state", "trouble"), [case[1:] for case in FAILED], ids=[case[0] for case in FAILED])
def test_a_query_that_fails_ends_in_time_and_never_as_an_empty_list(way, state, trouble):
    with FhirServer(*chart(), Condition=way).running() as server:
        found = complete(server, limits=BRIEF if way in HANGING else LIMITS)
    given = found.delivery(Area.CONDITIONS)
    assert (given.state, given.delivered) == (state, 0)
    assert found.why("conditions") == (trouble or "")
    assert found.seconds < SOON
    assert found.delivery(Area.PROCEDURES).state is Delivery.GIVEN
    assert TOKEN not in as_text(found.gathered.why)


def elsewhere(server, asked):
    return "http://127.0.0.1:9/fhir/r4/Condition?patient=1"


PARTIAL = [
    ("next leads back to itself", playing.next_page(lambda s, a: f"http://127.0.0.1:{s.port}{a.target}"), Trouble.LOOP),
    (
        "next never ends",
        playing.next_page(lambda s, _: f"Condition?n={len(s.asked)}&patient=1"),
        Trouble.TOO_MANY_PAGES,
    ),
    ("next on another origin", playing.next_page(elsewhere), Trouble.ELSEWHERE),
    ("next above the base", playing.next_page(lambda s, _: f"http://127.0.0.1:{s.port}/admin"), Trouble.ELSEWHERE),
    ("next without an address", playing.next_page(lambda *_: None), Trouble.ELSEWHERE),
    ("next that is no address", playing.next_page(lambda *_: "http://[::1/"), Trouble.ELSEWHERE),
]  # fmt: skip


@pytest.mark.parametrize(("way", "trouble"), [case[1:] for case in PARTIAL], ids=[case[0] for case in PARTIAL])
def test_pages_that_lead_astray_leave_what_was_read_as_partial(way, trouble):
    with FhirServer(*chart(), Condition=way).running() as server:
        found = complete(server)
    given = found.delivery(Area.CONDITIONS)
    assert given.state is Delivery.PARTIAL
    assert given.delivered >= 1
    assert found.why("conditions") == trouble
    assert found.seconds < SOON


AFTER_THE_FIRST_PAGE = [
    ("silent", playing.silent, Trouble.TIMED_OUT),
    ("gone", status(410), Trouble.UNSUPPORTED),
    ("refused", status(401), Trouble.ACCESS),
    ("an outcome", saying(outcome()), Trouble.ERROR),
    ("HTML", saying(HTML, kind="text/html"), Trouble.NOT_JSON),
    ("nested too deeply", saying(NESTED), Trouble.NOT_JSON),
]


@pytest.mark.parametrize(("way", "trouble"), [case[1:] for case in AFTER_THE_FIRST_PAGE])
def test_what_fails_after_the_first_page_is_partial_and_says_how_much(way, trouble):
    more = [condition(f"c{n}") for n in range(5)]
    ways: Ways = {"Condition": first_then(playing.properly, way)}
    with FhirServer(*chart(), *more, page_size=4, **ways).running() as server:
        found = complete(server, limits=BRIEF if way in HANGING else LIMITS)
    given = found.delivery(Area.CONDITIONS)
    assert (given.state, given.delivered, given.total) == (Delivery.PARTIAL, 4, 6)
    assert found.why("conditions") == trouble
    assert found.seconds < SOON


def test_a_total_that_promises_more_than_comes_is_partial():
    with FhirServer(*chart(), Condition=playing.lying(total=9)).running() as server:
        given = complete(server).delivery(Area.CONDITIONS)
    assert (given.state, given.delivered, given.total) == (Delivery.PARTIAL, 1, 9)


def test_a_total_that_promises_less_is_not_believed():
    with FhirServer(*chart(), condition("d"), Condition=playing.lying(total=1)).running() as server:
        given = complete(server).delivery(Area.CONDITIONS)
    assert (given.state, given.delivered) == (Delivery.GIVEN, 2)


def test_other_patients_data_is_dropped_and_the_list_no_longer_complete():
    mixed = bundle(condition("mine"), condition("theirs", **ANOTHER), condition("nobodys", subject=None))
    with FhirServer(*chart(), Condition=saying(mixed)).running() as server:
        found = complete(server)
    assert found.delivery(Area.CONDITIONS).state is Delivery.PARTIAL
    assert found.delivery(Area.CONDITIONS).delivered == 2
    assert found.why("conditions") == Trouble.OTHERS


def test_a_delivered_resource_of_another_patient_is_left_to_the_record():
    with FhirServer(*chart(), page_size=1).running() as server:
        link = [{"relation": "next", "url": "Condition?patient=1"}]
        first = bundle(condition("theirs", **ANOTHER), link=link)
        found = complete(server, {"conditions": first})
    assert found.record.ignored_others == 1
    assert found.why("conditions") == ""


def test_one_greedy_reply_leaves_the_others_their_share():
    with FhirServer(*chart(), Condition=playing.ten_gigabytes).running() as server:
        found = complete(server)
    assert found.delivery(Area.OBSERVATIONS).state is Delivery.GIVEN


def test_all_replies_together_stay_under_the_bound():
    many = [observation(f"o{n}", note=[{"text": "x" * 900}]) for n in range(60)]
    limits = FetchLimits(seconds=5, most_bytes=100_000, most_pages=1000)
    with FhirServer(*chart(), *many, page_size=20).running() as server:
        found = complete(server, limits=limits)
    assert found.delivery(Area.OBSERVATIONS).state in (Delivery.PARTIAL, Delivery.FAILED)
    assert Trouble.TOO_LARGE in found.gathered.why.values()


def test_a_type_refused_is_blocked_though_its_neighbours_answer():
    ways: Ways = {"MedicationRequest": status(403)}
    with FhirServer(*chart(), **ways).running() as server:
        assert complete(server).delivery(Area.MEDICATIONS).state is Delivery.BLOCKED


def test_a_type_that_the_server_does_not_know_does_not_spoil_its_area():
    ways: Ways = {"MedicationDispense": status(404)}
    with FhirServer(*chart(), **ways).running() as server:
        assert complete(server).delivery(Area.MEDICATIONS).state is Delivery.EMPTY


def missing(found):
    with pytest.raises(EssentialDataMissing) as raised:
        _ = found.record
    return raised.value.missing


def test_a_patient_that_cannot_be_had_is_named_with_the_reason():
    for way, reason in (
        (status(404), Trouble.UNSUPPORTED),
        (status(403), Trouble.ACCESS),
        (playing.silent, Trouble.TIMED_OUT),
        (saying(bundle(patient())), Trouble.NOT_JSON),
    ):
        with FhirServer(*chart(), Patient=way).running() as server:
            limits = BRIEF if way in HANGING else LIMITS
            assert missing(complete(server, limits=limits)) == (f"patient: {reason}",)


def test_a_server_that_reads_another_patient_is_not_believed():
    with FhirServer(*chart(), Patient=saying(patient(id="2"))).running() as server:
        assert missing(complete(server)) == ("patient: only other patients were delivered",)


def test_both_cohort_lists_gone_are_named_with_their_reasons():
    ways: Ways = {"Condition": playing.silent, "Procedure": status(401)}
    with FhirServer(*chart(), **ways).running() as server:
        named = missing(complete(server, limits=BRIEF))
    assert named == ("conditions: timed out", "procedures: blocked: the FHIR server refused access")


def test_a_dead_server_is_said_to_be_out_of_reach():
    with FhirServer(*chart()).running() as server:
        pass
    found = complete(server)
    assert missing(found)[0] == f"patient: {Trouble.UNREACHABLE}"
    assert found.seconds < SOON


def test_which_cohort_list_failed_is_known_even_when_the_other_came():
    with FhirServer(*chart(), Condition=playing.silent).running() as server:
        found = complete(server, limits=BRIEF)
    assert cohort_shortfalls(found.gathered, found.record) == ("conditions: timed out",)


def test_a_delivered_page_of_more_is_a_shortfall_and_an_unreadable_resource_is_none():
    with FhirServer().running() as server:
        link = [{"relation": "next", "url": "https://elsewhere.example/page"}]
        prefetch = {
            "patient": patient(),
            "conditions": bundle(condition(), link=link, total=7),
            "procedures": bundle(resource("Procedure", status=["x"])),
        }
        found = complete(server, prefetch, fhirServer="https://elsewhere.example/fhir")
        untold = complete(server, prefetch | {"conditions": bundle(condition(), link=link)}, fhirServer="no")
    assert cohort_shortfalls(found.gathered, found.record) == ("conditions: only 1 of 7 delivered",)
    assert cohort_shortfalls(untold.gathered, untold.record) == ("conditions: only 1 of more delivered",)


def test_next_links_that_cannot_be_read_leave_a_delivered_bundle_partial():
    with FhirServer(*chart()).running() as server:
        found = complete(server, {"conditions": bundle(condition(), link=[{"relation": "next", "url": 5}])})
    assert found.delivery(Area.CONDITIONS).state is Delivery.PARTIAL
    assert "Condition" not in server.kinds()


def test_a_failed_delivered_list_is_a_shortfall_by_its_state():
    with FhirServer().running() as server:
        prefetch = {"patient": patient(), "conditions": outcome(), "procedures": None}
        found = complete(server, prefetch, fhirServer="no")
    assert cohort_shortfalls(found.gathered, found.record) == ("conditions: failed",)


def test_an_unfinished_page_under_a_name_of_the_clients_own_counts_for_its_area():
    with FhirServer(*chart(), Condition=status(500)).running() as server:
        link = [{"relation": "next", "url": "Condition?patient=1&_from=1"}]
        found = complete(server, {"Anna's list": bundle(condition(), link=link)})
    assert cohort_shortfalls(found.gathered, found.record) == (f"conditions: {Trouble.ERROR}",)


def test_a_search_that_breaks_in_our_own_code_costs_only_itself(monkeypatch, capsys):
    from cds_service.fhir.fetching import pages  # noqa: PLC0415 - patched here

    def broken(links):
        raise ZeroDivisionError("Patient/1 " + TOKEN)

    monkeypatch.setattr(pages, "_next", broken)
    with FhirServer(*chart()).running() as server:
        found = complete(server)
    assert f"conditions: {Trouble.OURS}" in missing(found)
    logged = capsys.readouterr()
    assert "ZeroDivisionError" in logged.out + logged.err
    assert TOKEN not in logged.out + logged.err
