"""What other versions of FHIR call otherwise is asked for by their names: when set, when told, and when refused."""

import asyncio

import pytest

from cds_service.fhir import gather
from cds_service.fhir.fetching import Access
from cds_service.fhir.fetching.spellings import SPELLINGS, TEMPLATES, keys_of
from cds_service.risk.record import Area, Delivery
from tests.unit.fhir.conftest import bundle, condition, resource

from .conftest import Result, call, chart, complete, completed, fetcher_for, hook
from .playing import FhirServer, Ways, outcome, saying, status

ORDERS = {"ServiceRequest", "ProcedureRequest", "ReferralRequest"}
DEVICES = {"Device", "DeviceUsage"}
STU3_CONDITION = condition("c", clinicalStatus="active")
R5_PROCEDURE = resource("Procedure", "p", status="completed", occurrenceDateTime="2020-01-01")
NO_SUCH_TYPE = saying(outcome("not-supported"), code=404)


def asked(server: FhirServer, among: set[str]) -> list[str]:
    return sorted(kind for kind in server.kinds() if kind in among)


def with_version(server: FhirServer, version: str) -> Result:
    """Run one call of a client whose version is set."""

    async def run() -> Result:
        fetcher = fetcher_for(server)
        request = hook(server)
        gathered = gather(request)
        opened = fetcher.open(request, Access(version=version))
        assert not isinstance(opened, str)
        gathered = await completed(opened, gathered, version)
        await fetcher.aclose()
        return Result(gathered, 0.0)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("version", "orders", "devices"),
    [
        ("R4", ["ServiceRequest"], ["Device"]),
        ("R4B", ["ServiceRequest"], ["Device"]),
        ("STU3", ["ProcedureRequest", "ReferralRequest"], ["Device"]),
        ("R5", ["ServiceRequest"], ["DeviceUsage"]),
    ],
)
def test_a_version_that_is_set_decides_and_nothing_is_tried(version, orders, devices):
    with FhirServer(*chart(), ServiceRequest=status(404)).running() as server:
        with_version(server, version)
    assert asked(server, ORDERS) == orders
    assert asked(server, DEVICES) == devices


TOLD = [
    ("STU3 by a status", [STU3_CONDITION], ["ProcedureRequest", "ReferralRequest"], ["Device"]),
    (
        "STU3 by a day",
        [condition("c", assertedDate="2020-01-01")],
        ["ProcedureRequest", "ReferralRequest"],
        ["Device"],
    ),
    ("R5 by a day", [R5_PROCEDURE], ["ServiceRequest"], ["DeviceUsage"]),
    (
        "R5 by a period",
        [resource("Procedure", "p", status="completed", occurrencePeriod={"start": "2020"})],
        ["ServiceRequest"],
        ["DeviceUsage"],
    ),
    ("nothing", [], ["ServiceRequest"], ["Device"]),
]


@pytest.mark.parametrize(("held", "orders", "devices"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_a_version_told_by_what_was_fetched_first_decides_what_is_asked_next(held, orders, devices):
    ids = {(one["resourceType"], one["id"]) for one in held}
    others = [one for one in chart() if (one["resourceType"], one["id"]) not in ids]
    with FhirServer(*others, *held).running() as server:
        complete(server)
    assert asked(server, ORDERS) == orders
    assert asked(server, DEVICES) == devices


DELIVERED = [
    ("a request of STU3", resource("ProcedureRequest"), ["ReferralRequest"], ["Device"]),
    ("a referral of STU3", resource("ReferralRequest"), ["ProcedureRequest"], ["Device"]),
    ("a use of R5", resource("DeviceUsage"), ["ServiceRequest"], []),
    (
        "a medication of R5",
        resource("MedicationRequest", status="active", medication={"concept": {"text": "x"}}),
        ["ServiceRequest"],
        ["DeviceUsage"],
    ),
    (
        "a medication of R4",
        resource("MedicationRequest", status="active", medicationCodeableConcept={"text": "x"}),
        ["ServiceRequest"],
        ["Device"],
    ),
]


@pytest.mark.parametrize(("sent", "orders", "devices"), [row[1:] for row in DELIVERED], ids=[r[0] for r in DELIVERED])
def test_a_version_told_by_what_was_delivered_decides_and_the_delivered_is_not_asked_again(sent, orders, devices):
    with FhirServer(*chart()).running() as server:
        complete(server, {"mine": bundle(sent)})
    assert asked(server, ORDERS) == orders
    assert asked(server, DEVICES) == devices


def test_orders_that_the_server_does_not_know_are_asked_for_as_stu3_spells_them():
    scan = resource("ProcedureRequest", "scan", status="active", intent="order", code={"text": "DXA"})
    ways: Ways = {"ServiceRequest": NO_SUCH_TYPE, "ReferralRequest": NO_SUCH_TYPE}
    with FhirServer(*chart(), scan, **ways).running() as server:
        found = complete(server)
    assert asked(server, ORDERS) == ["ProcedureRequest", "ReferralRequest", "ServiceRequest"]
    given = found.delivery(Area.ORDERS)
    assert (given.state, given.delivered) == (Delivery.GIVEN, 1)
    assert found.record.complete(Area.ORDERS)


REFUSALS = [
    ("an unknown parameter", status(400)),
    ("the parameter passed over", saying(bundle(resource("Device", "d", patient={"reference": "Patient/2"})))),
]


@pytest.mark.parametrize("way", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_devices_that_cannot_be_asked_for_by_patient_are_asked_for_as_r5_spells_them(way):
    with FhirServer(*chart(), Device=way).running() as server:
        found = complete(server)
    assert asked(server, DEVICES) == ["Device", "DeviceUsage"]
    assert found.delivery(Area.DEVICES).state is Delivery.EMPTY
    assert found.why("devices") == ""


def test_a_version_told_wrongly_is_made_good_by_the_servers_answer():
    """An R4 server that keeps a date of STU3's name."""
    ways: Ways = dict.fromkeys(("ProcedureRequest", "ReferralRequest"), NO_SUCH_TYPE)
    with FhirServer(*chart(), condition("d", assertedDate="2020"), **ways).running() as server:
        found = complete(server)
    assert found.delivery(Area.ORDERS).state is Delivery.EMPTY


def test_a_list_that_neither_spelling_brings_stays_as_the_first_left_it():
    ways: Ways = dict.fromkeys(ORDERS, NO_SUCH_TYPE) | dict.fromkeys(DEVICES, status(500))
    with FhirServer(*chart(), **ways).running() as server:
        found = complete(server)
    assert found.delivery(Area.ORDERS).state is Delivery.MISSING
    assert found.delivery(Area.DEVICES).state is Delivery.FAILED


@pytest.mark.parametrize("way", [status(403), status(503, retry_after="60")])
def test_a_refusal_or_a_busy_server_is_not_taken_for_another_version(way):
    with FhirServer(*chart(), ServiceRequest=way).running() as server:
        found = complete(server)
    assert asked(server, ORDERS) == ["ServiceRequest"]
    assert found.delivery(Area.ORDERS).state is not Delivery.EMPTY


def test_every_spelling_has_its_query_and_its_place_in_the_order_of_asking():
    for one in SPELLINGS:
        assert {one.usual, *one.other} <= TEMPLATES.keys()
        assert keys_of(one.version).index(one.other[0]) == keys_of("").index(one.usual)
        assert one.usual not in keys_of(one.version)


def test_a_delivered_list_is_not_asked_for_by_another_name():
    with FhirServer(*chart()).running() as server:

        async def run():
            fetcher = fetcher_for(server)
            delivered = {"problems": bundle(STU3_CONDITION), "procedureRequests": None, "referralRequests": None}
            await call(fetcher, hook(server, delivered))
            await fetcher.aclose()

        asyncio.run(run())
    assert asked(server, ORDERS) == []
