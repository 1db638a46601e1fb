"""What real clients do, one row each, against the whole service over HTTP.

``where`` names the client or the place in the project's notes on CDS Hooks clients from which the row comes: the table
of real clients, what follows from it ("so"), Sweden, what users ask for, faults seen elsewhere; or a public thread.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import demo_patients, hook_request
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.risk.assess import assess
from cds_service.rulesets.load import load_default as load_rules
from cds_service.settings import Settings
from cds_service.terminology.load import load_default as load_index

from .cards_check import problems
from .client_requests import (
    NAME,
    TODAY,
    Json,
    alva,
    capsules,
    drafts,
    drug,
    each_resource,
    offered,
    ordered_scan,
    prefetch,
    with_absolute_references,
    with_wild_extensions,
)

SERVICE = "/cds-services/limb-deficiency-bone-health"
LONG = "e" * 194
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
BORN = "birthDate"
MARKUP = re.compile(r"\*\*|^#|^\s*[-*] |!\[|</?\w+>|\|", re.MULTILINE)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    return Settings(
        database_url=f"sqlite:///{folder / 'clients.db'}", language="en", silence_seconds=5, allow_open=True
    )


@pytest.fixture(scope="module")
def client(settings):
    with TestClient(create_app(settings)) as client:
        yield client


# ---------------------------------------------------------------- requests that get the same cards as the plain one

PLAIN = alva()


class Same(NamedTuple):
    where: str
    request: Json
    like: Json = PLAIN


def filled(lists: Json) -> Json:
    """Only the lists that hold something: an empty one under a name that says nothing tells nothing."""
    return {key: value for key, value in lists.items() if value.get("entry") or key == "patient"}


SAME = [
    Same(
        "Epic: does not read discovery, so keys have other names",
        prefetch(lambda p: {f"item{i}": v for i, v in enumerate(filled(p).values())}),
        prefetch(filled),
    ),
    Same(
        "Epic, Oracle Health: keys typed in by hand",
        prefetch(lambda p: {key.upper(): value for key, value in p.items()}),
    ),
    Same("so 1: everything under one key", prefetch(lambda p: {"all": list(filled(p).values())}), prefetch(filled)),
    Same(
        "so 1: Bundles in a Bundle",
        prefetch(
            lambda p: {"all": {"resourceType": "Bundle", "entry": [{"resource": one} for one in filled(p).values()]}}
        ),
        prefetch(filled),
    ),
    Same("so 2: absolute and versioned references", each_resource(alva(), with_absolute_references)),
    Same("so 2: extensions on everything", each_resource(alva(), with_wild_extensions)),
    Same(
        "so 2: an unknown type and an empty Bundle beside the rest",
        prefetch(
            lambda p: (
                p | {"x": {"resourceType": "Unheard", "id": "1"}, "y": {"resourceType": "Bundle", "type": "searchset"}}
            )
        ),
    ),
    Same(
        "so 2: more than was asked for",
        prefetch(
            lambda p: (
                p
                | {
                    "encounter": {
                        "resourceType": "Encounter",
                        "id": "1",
                        "status": "in-progress",
                        "class": {"code": "AMB"},
                    }
                }
            )
        ),
    ),
    Same(
        "HL7 sandbox: fhirServer and a token that we cannot use",
        alva(
            fhirServer="https://launch.smarthealthit.org/v/r4/fhir",
            fhirAuthorization={
                "access_token": "secret",
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.read",
                "subject": "cds-service",
            },
        ),
    ),
    Same(
        "Da Vinci request generator: an extension member in the request",
        alva(extension={"davinci-crd.configuration": {"max-cards": 10}}),
    ),
    Same(
        "faults seen: unknown context members rejected",
        alva(context=alva()["context"] | {"http://ehr.example/department": 7, "extension": {"a": None}}),
    ),
    Same("so 2: the patient in context with its type", alva(context=alva()["context"] | {"patientId": "Patient/alva"})),
    Same("Oracle Health: the Medication contained in its request", capsules(alva())),
    Same(
        "cds-hooks/docs#132: an entry around each value, as before CDS Hooks 1.0",
        prefetch(lambda p: {key: {"response": {"status": "200 OK"}, "resource": value} for key, value in p.items()}),
    ),
    Same("a member of ours sent as null", alva(fhirServer=None, fhirAuthorization=None)),
]


def gist(cards: list[Json]) -> Any:
    return [(card["summary"], card["detail"], card["indicator"]) for card in cards]


def post(client, request: Any, **headers: str):
    return client.post(SERVICE, json=request, headers={"accept-language": "en", **headers})


@pytest.mark.parametrize("row", SAME, ids=[row.where for row in SAME])
def test_the_same_chart_gets_the_same_cards_however_the_client_sends_it(client, row):
    response = post(client, row.request)
    assert response.status_code == 200, response.text
    assert problems(response.json()["cards"]) == []
    assert gist(response.json()["cards"]) == gist(post(client, row.like).json()["cards"]) != []


# ---------------------------------------------------------------- requests whose answer has a shape of its own


def status(code: int) -> Callable[[Any], bool]:
    return lambda response: response.status_code == code and "cards" not in response.json()


def says(code: int, *words: str) -> Callable[[Any], bool]:
    return lambda response: status(code)(response) and all(word in response.text for word in words)


def cards_where(check: Callable[[list[Json]], bool]) -> Callable[[Any], bool]:
    return lambda response: response.status_code == 200 and check(response.json()["cards"])


def text_of(cards: list[Json]) -> str:
    return " ".join(card["summary"] + card["detail"] for card in cards)


def proper(cards: list[Json]) -> bool:
    return problems(cards) == []


def silent(cards: list[Json]) -> bool:
    return cards == []


def impersonal(cards: list[Json]) -> bool:
    fixed = [[card.get("links"), card["source"], card.get("overrideReasons")] for card in cards]
    return bool(cards) and "alva" not in json.dumps(fixed).lower()


def with_few_reasons(cards: list[Json]) -> bool:
    reasons = [card["overrideReasons"] for card in cards]
    return bool(cards) and all(0 < len(some) <= 10 and all(one["display"] for one in some) for some in reasons)


def with_single_actions(cards: list[Json]) -> bool:
    offering = [card for card in cards if "suggestions" in card]
    offered = [one for card in offering for one in card["suggestions"]]
    behaviour = {card["selectionBehavior"] for card in offering}
    alike = all([one["label"]] == [action["description"] for action in one["actions"]] for one in offered)
    return behaviour == {"any"} and alike


def with_plain_first_lines(cards: list[Json]) -> bool:
    return bool(cards) and not any(MARKUP.search(card["detail"].splitlines()[0]) for card in cards)


def without_tables(cards: list[Json]) -> bool:
    return bool(cards) and not re.search(r"!\[|^\|", text_of(cards), re.MULTILINE)


def ageless(patient: Json) -> Json:
    return {name: value for name, value in patient.items() if name != BORN}


def with_a_diagnosis_in_words(lists: Json) -> Json:
    subject = {"reference": "Patient/alva"}
    coeliac = {"resourceType": "Condition", "id": "t", "subject": subject, "code": {"text": "Celiaki"}}
    entries = [*lists["conditions"]["entry"], {"resource": coeliac}]
    return lists | {"conditions": {"resourceType": "Bundle", "entry": entries}}


PROTECTED = {"meta": {"security": [{"code": "sekretessmarkering"}]}}


class Told(NamedTuple):
    where: str
    request: Any
    holds: Callable[[Any], bool]


def without(key: str) -> Json:
    return {name: value for name, value in alva().items() if name != key}


TOLD = [
    Told("OpenMRS: medication-prescribe", alva(hook="medication-prescribe"), status(400)),
    Told("Epic: order-select with ids of 194 characters", drafts("order-select", drug(LONG)), cards_where(proper)),
    Told(
        "Epic, HL7 sandbox: order-sign with ids of 194 characters",
        drafts("order-sign", drug(LONG)),
        cards_where(proper),
    ),
    Told("Da Vinci request generator: order-sign without selections", drafts("order-sign"), cards_where(proper)),
    Told(
        "standard 3: null is an empty list, not a missing one",
        prefetch(lambda p: dict.fromkeys(p) | {"patient": p["patient"]}),
        cards_where(silent),
    ),
    Told(
        "standard 3: an OperationOutcome is a failed query",
        prefetch(lambda p: p | {"medicationRequests": OUTCOME}),
        cards_where(lambda cards: "Unknown" in text_of(cards)),
    ),
    Told(
        "standard 4: nothing but failures",
        prefetch(lambda p: dict.fromkeys(p, OUTCOME)),
        says(412, "patient: failed", "conditions: failed", "procedures: failed"),
    ),
    Told(
        "users ask: which input was missing",
        prefetch(lambda p: {"patient": p["patient"]}),
        says(412, "conditions: missing", "procedures: missing"),
    ),
    Told("faults seen: a crash when prefetch is absent", without("prefetch"), says(412, "patient: missing")),
    Told("faults seen: a crash when prefetch is null", alva(prefetch=None), says(412, "patient: missing")),
    Told("faults seen: errors answered as 200 without cards", without("context"), status(400)),
    Told("faults seen: continuing after an error", alva(context={"userId": "Practitioner/1"}), says(400, "patientId")),
    Told(
        "somebody else's chart",
        prefetch(lambda p: p | {"patient": p["patient"] | {"id": "other"}}),
        says(412, "only other patients"),
    ),
    Told(
        "so 8: called on every chart, silent without a limb deficiency",
        hook_request("ruth", TODAY),
        cards_where(silent),
    ),
    Told(
        "faults seen: invented defaults for missing age",
        prefetch(lambda p: p | {"patient": ageless(p["patient"])}),
        cards_where(lambda cards: "nknown" in text_of(cards)),
    ),
    Told(
        "faults seen: suggestions computed and then dropped",
        alva(),
        cards_where(lambda cards: {"order-dxa", "order-vitamin-d", "refer"} <= offered(cards)),
    ),
    Told(
        "faults seen: mock cards shown when the live path fails",
        without("prefetch") | {"fhirServer": "https://ehr.example/fhir"},
        says(412, "patient: missing", "conditions: missing"),
    ),
    Told(
        "a client of STU3: a scan ordered as STU3 spells it holds back the advice to order one",
        prefetch(lambda p: p | {"procedureRequests": ordered_scan("ProcedureRequest")}),
        cards_where(lambda cards: "order-dxa" not in offered(cards)),
    ),
    Told("so 5, 6: topics, reasons and links hold nothing of the patient", alva(), cards_where(impersonal)),
    Told("so 5: few override reasons, each with its display", alva(), cards_where(with_few_reasons)),
    Told("so 4: one action per suggestion, any, the same words twice", alva(), cards_where(with_single_actions)),
    Told("so 3: the first line reads well as plain text", alva(), cards_where(with_plain_first_lines)),
    Told("so 3: no tables and no images", alva(), cards_where(without_tables)),
    Told(
        "Sweden: a protected identity gives no name back",
        prefetch(lambda p: p | {"patient": p["patient"] | PROTECTED}),
        lambda response: response.status_code == 200 and NAME not in response.text,
    ),
    Told(
        "openemr/openemr#13828: conditions in words alone are shown, not counted",
        prefetch(with_a_diagnosis_in_words),
        cards_where(lambda cards: "Celiaki" in text_of(cards)),
    ),
]


@pytest.mark.parametrize("row", TOLD, ids=[row.where for row in TOLD])
def test_what_a_client_does_gets_the_answer_that_it_needs(client, row):
    response = post(client, row.request)
    assert row.holds(response), response.text[:2_000]


# ---------------------------------------------------------------- what needs more than one request


def test_epic_reads_plain_text_where_it_is_set_to(settings, tmp_path):
    plain = settings.model_copy(update={"text_format": "plain", "database_url": f"sqlite:///{tmp_path / 'plain.db'}"})
    with TestClient(create_app(plain)) as client:
        cards = post(client, alva()).json()["cards"]
    assert not MARKUP.search(" ".join(re.sub(r"^\s*- ", "", card["detail"], flags=re.MULTILINE) for card in cards))


def test_browser_clients_may_post_from_the_origin_set(settings, tmp_path):
    origin = {"origin": "https://sandbox.cds-hooks.org"}
    opened = settings.model_copy(
        update={"cors_origins": (origin["origin"],), "database_url": f"sqlite:///{tmp_path / 'cors.db'}"}
    )
    with TestClient(create_app(opened)) as client:
        answer = post(client, alva(), **origin)
    assert answer.headers["access-control-allow-origin"] == origin["origin"]
    assert "access-control-allow-credentials" not in answer.headers, "faults seen: open CORS with credentials"


def test_no_prefetch_template_is_long_or_clever(client):
    """Faults seen: prefetch queries thousands of characters long; so 1: broad and plain."""
    for service in client.get("/cds-services").json()["services"]:
        for template in service["prefetch"].values():
            assert len(template) < 120
            assert not re.search(r":in\b|_include|%|_has", template)
    assert "Condition?patient={{context.patientId}}" in PREFETCH_TEMPLATES.values()


@pytest.mark.parametrize("request_sent", [alva(), without("context"), alva(prefetch=5), alva(hook=NAME)])
def test_nothing_of_a_request_reaches_the_log(client, capsys, request_sent):
    """Faults seen: whole requests with patient data in the log."""
    post(client, request_sent)
    logged = "".join(capsys.readouterr())
    assert NAME not in logged
    assert alva()["prefetch"]["patient"][BORN] not in logged


def test_no_summary_has_140_characters(client):
    """Faults seen: 140 instead of fewer than 140."""
    for patient in demo_patients():
        for language in ("sv", "en"):
            answer = client.post(SERVICE, json=hook_request(patient.id, TODAY), headers={"accept-language": language})
            assert all(len(card["summary"]) < 140 for card in answer.json()["cards"])


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        ("1964-02-29", date(2025, 2, 28), 60),
        ("1964-02-29", date(2025, 3, 1), 61),
        ("1964-02-29", date(2024, 2, 28), 59),
        ("1964-02-29", date(2024, 2, 29), 60),
        ("1963-12-31", date(2024, 12, 30), 60),
        ("1963-12-31", date(2024, 12, 31), 61),
    ],
)
def test_age_is_told_by_the_calendar(born, day, years):
    """Faults seen: age by day of the year, wrong in leap years."""
    request = prefetch(lambda p: {"patient": p["patient"] | {BORN: born}, "conditions": None})
    record = read_prefetch(read_hook_request(json.dumps(request).encode()), load_index())
    age = assess(record, load_rules("se"), day).age
    assert age is not None
    assert age.low == age.high == years
