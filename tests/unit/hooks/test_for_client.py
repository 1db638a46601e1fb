"""Each member of a registration that bears on the answer, seen in the answer."""

import asyncio
from datetime import UTC, datetime

import msgspec
import orjson
import pytest

from cards import CardOptions, Links
from cds_service.clients import read_client
from cds_service.demo import hook_request
from cds_service.errors import MalformedRequest
from cds_service.fhir.fetching import ANYBODY
from cds_service.hooks.engine import Engine
from cds_service.hooks.for_client import access_of
from cds_service.rulesets.load import load_default
from cds_service.terminology.load import load_default as load_terminology

TODAY = datetime.now(UTC).date()
BASE = "https://cds.example"
DXA = {"system": "https://ehr.example/orders", "code": "DXA-1", "display": "DXA our way"}

REFERRALS = ("refer-endocrinology", "refer-osteoporosis-clinic", "refer-paediatric-endocrinology", "refer-ex-center")


@pytest.fixture(scope="module")
def engine():
    options = CardOptions(language="sv", links=Links(base_url=BASE, leaflet="leaflet"))
    return Engine(index=load_terminology(), rules=load_default(), today=lambda: TODAY, options=options)


def client(**members):
    return read_client({"schema": 1, "id": "north", "name": "North", "auth": {"mode": "open"}, **members})


def answering(**answers):
    return client(answers=answers)


@pytest.fixture
def answer(engine):
    def ask(who=None, language=None, patient="alva"):
        body = orjson.dumps(hook_request(patient, TODAY))
        return asyncio.run(engine.answer(body, language=language, client=who))

    return ask


def cards(answered):
    return orjson.loads(answered.body)["cards"]


def resources(answered):
    return [
        action["resource"]
        for card in cards(answered)
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def order_codings(answered):
    return [coding for one in resources(answered) for coding in one["code"]["coding"]]


@pytest.mark.parametrize(
    ("own", "asked", "given"),
    [("en", "sv", "en"), ("en", None, "en"), (None, "en", "en"), (None, None, "sv")],
)
def test_the_language_is_the_clients_own_else_what_the_call_asks_else_the_setting(answer, own, asked, given):
    summary = cards(answer(answering(language=own), asked))[0]["summary"]
    assert summary == cards(answer(language=given))[0]["summary"]
    assert summary != cards(answer(language="en" if given == "sv" else "sv"))[0]["summary"]


@pytest.mark.parametrize(
    ("setting", "own", "formats"),
    [
        ("off", False, []),
        ("off", True, ["text/plain", "application/pdf"]),
        ("text", True, ["text/plain"]),
        ("pdf", False, ["application/pdf"]),
    ],
)
def test_letters_are_offered_to_a_client_that_wants_them_or_where_the_setting_says_so(engine, setting, own, formats):
    options = msgspec.structs.replace(engine.options, document_reference=setting)
    body = orjson.dumps(hook_request("alva", TODAY))
    site = msgspec.structs.replace(engine, options=options)
    answered = asyncio.run(site.answer(body, client=answering(document_reference=own)))
    letters = [one for one in resources(answered) if one["resourceType"] == "DocumentReference"]
    kinds = [part["attachment"]["contentType"].partition(";")[0] for one in letters for part in one["content"]]
    assert kinds == formats


def test_the_text_format_is_the_clients_own(answer):
    assert "<p>" in cards(answer(answering(text_format="html")))[0]["detail"]
    assert "**" not in cards(answer(answering(text_format="plain")))[0]["detail"]
    assert cards(answer(client()))[0]["detail"] == cards(answer())[0]["detail"]


@pytest.mark.parametrize(
    ("version", "kinds"),
    [(None, {"ServiceRequest"}), ("R4B", {"ServiceRequest"}), ("STU3", {"ProcedureRequest", "ReferralRequest"})],
)
def test_suggestions_are_written_in_the_clients_fhir_version(answer, version, kinds):
    found = {one["resourceType"] for one in resources(answer(client(fhir={"version": version})))}
    assert found
    assert found <= kinds


def test_r5_wraps_codes_as_r5_does(answer):
    assert all("concept" in one["code"] for one in resources(answer(client(fhir={"version": "R5"}))))


def test_order_codes_of_the_client_replace_the_verified_ones_of_that_action_only(answer):
    usual, own = order_codings(answer()), order_codings(answer(answering(order_codes={"order-dxa": [DXA]})))
    assert DXA in own
    assert DXA not in usual
    kept = [code for code in own if code != DXA]
    assert kept
    assert all(code in usual for code in kept)


def test_receivers_of_referrals_are_the_clients_own(answer):
    own = answer(answering(targets=[target(action) for action in REFERRALS]))
    receivers = [one["performer"][0]["display"] for one in resources(own) if "performer" in one]
    assert set(receivers) == {"Bone clinic North"}
    referred = [one for one in resources(own) if "performer" in one]
    assert all(one["code"]["coding"] == [DXA] for one in referred)
    assert "Box 1, 123 45 North" in str(referred[0]["note"])


def target(action):
    return {"action": action, "name": "Bone clinic North", "address": ["Box 1", "123 45 North"], "codes": [DXA]}


@pytest.mark.parametrize(("who", "taken"), [("adults", True), ("children", False)])
def test_a_receiver_of_the_client_that_does_not_take_the_patient_leaves_the_next_one(answer, who, taken):
    """Alva is grown up."""
    only = [target(action) | {"who": who} for action in REFERRALS]
    behind = [target(action) | {"name": "Clinic for all"} for action in REFERRALS]
    referred = [one for one in resources(answer(answering(targets=only + behind))) if "performer" in one]
    receivers = {one["performer"][0]["display"] for one in referred}
    assert receivers == ({"Bone clinic North"} if taken else {"Clinic for all"})
    alone = resources(answer(answering(targets=only)))
    assert ("Bone clinic North" in str(alone)) is taken


@pytest.mark.parametrize(
    ("drawn", "urls"),
    [
        (["rules", "leaflet", "frax"], {f"{BASE}/rules", f"{BASE}/leaflet"}),
        (["leaflet"], {f"{BASE}/leaflet"}),
        ([], set()),
    ],
)
def test_links_that_the_client_does_not_draw_are_left_out(answer, drawn, urls):
    answered = cards(answer(answering(links=drawn)))
    found = {link["url"] for card in answered for link in card.get("links", ())}
    assert {url for url in found if url.startswith(BASE)} == urls
    assert all(card["source"].get("url", "") in {*urls, ""} for card in answered)


def test_a_hook_that_is_off_for_the_client_is_refused_and_no_other(answer):
    with pytest.raises(MalformedRequest, match="does not serve the hook"):
        answer(answering(hooks=["order-sign"]))
    assert cards(answer(answering(hooks=["patient-view"])))


def test_cards_that_are_off_for_the_client_are_neither_shown_nor_remembered_as_shown(answer):
    usual = answer()
    kinds = [card.kind for card in usual.decision.cards]
    assert kinds
    without = answer(answering(hidden_cards=[kinds[0]]))
    assert [card.kind for card in without.decision.cards] == kinds[1:]
    assert len(cards(without)) == len(kinds) - 1
    assert without.decision.tier == usual.decision.tier


def test_a_silent_client_is_decided_for_and_remembered_but_shown_nothing(answer):
    usual, silent = answer(client()), answer(answering(silent=True))
    assert cards(silent) == []
    assert (silent.decision.silent, silent.decision.cards) == (True, ())
    assert silent.decision.withheld == tuple(card.kind for card in usual.decision.cards) != ()
    assert (silent.decision.tier, silent.decision.rules) == (usual.decision.tier, usual.decision.rules)
    assert (usual.decision.silent, usual.decision.withheld) == (False, ())


def test_the_decision_says_who_called(answer):
    assert answer(client()).decision.client == "north"
    assert answer().decision.client == ""


def test_what_may_be_fetched_is_what_is_registered():
    fhir = {"version": "STU3", "servers": ["https://ehr.example/fhir"], "fetch_seconds": 1.5}
    access = access_of(client(fhir=fhir))
    assert (access.client, access.servers, access.seconds) == ("north", ("https://ehr.example/fhir",), 1.5)
    assert access.version == "STU3"
    assert access_of(client()) == msgspec.structs.replace(ANYBODY, client="north")
    assert access_of(None) is ANYBODY
