"""The hooks beside patient-view as an EHR calls them, with the context shapes of HL7's hook library."""

import gzip
import json
from typing import get_args

import orjson
import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.hooks.services import HOOKS
from cds_service.settings import HookName, Settings
from tests.conformance.cards_check import problems
from tests.unit.hooks.orders import (
    ABSENT_LEG,
    ANASTROZOLE,
    LONG_ID,
    bundle,
    chart,
    condition,
    draft_drug,
    draft_scan,
    request,
)

from .conftest import SERVICE


def call(client, hook, prefetch=None, **context):
    body = request(hook, chart() if prefetch is None else prefetch, **context)
    response = client.post(SERVICE, json=body, headers={"accept-language": "en"})
    assert response.status_code == 200, response.text
    cards = response.json()["cards"]
    assert problems(cards) == []
    return cards


def actions(cards):
    return [action for card in cards for one in card.get("suggestions", []) for action in one["actions"]]


def test_discovery_lists_every_hook_under_one_id_with_templates_a_client_can_fill(client):
    services = client.get("/cds-services").json()["services"]
    assert [one["hook"] for one in services] == list(HOOKS)
    assert {one["id"] for one in services} == {"limb-deficiency-bone-health"}
    for one in services:
        assert all(one[name] for name in ("title", "description", "usageRequirements", "prefetch", "version"))
        for template in one["prefetch"].values():
            assert template.count("{{") == template.count("{{context.patientId}}") == 1


def test_every_hook_has_its_switch_and_no_other_does():
    assert set(get_args(HookName)) == set(HOOKS)


def test_a_hook_that_is_switched_off_is_neither_listed_nor_served(settings, tmp_path):
    some = settings.model_copy(
        update={"hooks": ("patient-view", "order-sign"), "database_url": f"sqlite:///{tmp_path / 'some.db'}"}
    )
    with TestClient(create_app(some)) as client:
        listed = [one["hook"] for one in client.get("/cds-services").json()["services"]]
        refused = client.post(SERVICE, json=request("order-select", chart(), draftOrders=bundle(draft_drug())))
        served = client.post(SERVICE, json=request("order-sign", chart(), draftOrders=bundle(draft_drug())))
    assert listed == ["patient-view", "order-sign"]
    assert refused.status_code == 400
    assert refused.json()["resourceType"] == "OperationOutcome"
    assert served.status_code == 200


def test_the_switches_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("CDS_HOOKS", '["order-sign"]')
    assert Settings().hooks == ("order-sign",)
    monkeypatch.setenv("CDS_HOOKS", '["order-sing"]')
    with pytest.raises(ValueError, match="hooks"):
        Settings()


def test_a_steroid_as_it_is_selected_gets_a_card_with_before_and_after(client):
    drug = draft_drug(number=LONG_ID)
    [card] = call(client, "order-select", selections=[f"MedicationRequest/{LONG_ID}"], draftOrders=bundle(drug))
    assert "Drug H02AB06" in card["summary"]
    assert "some risk → high risk" in card["summary"]
    assert card["indicator"] == "warning"
    created = [action["resource"] for action in actions([card])]
    assert [one["resourceType"] for one in created] == ["ServiceRequest"] * 3
    assert {one["encounter"]["reference"] for one in created} == {"Encounter/89284"}
    assert LONG_ID not in json.dumps(created), "a draft that is not stored cannot be referred to"


def test_a_selected_amoxicillin_beside_an_unselected_steroid_gets_none(client):
    drafts = bundle(draft_drug("J01CA04", "amoxicillin"), draft_drug(number="steroid"))
    assert call(client, "order-select", selections=["MedicationRequest/amoxicillin"], draftOrders=drafts) == []


def test_a_scan_order_about_to_be_signed_comes_back_completed(client):
    draft = draft_scan(LONG_ID, extension=[{"url": "https://ehr.example.org/x", "valueString": "kept"}])
    [card] = call(client, "order-sign", draftOrders=bundle(draft))
    [action] = actions([card])
    assert action["type"] == "update"
    assert {name: action["resource"][name] for name in draft} == draft
    assert {site["text"] for site in action["resource"]["bodySite"]} == {"left hip", "right hip", "lumbar spine"}
    again = call(client, "order-sign", draftOrders=bundle(action["resource"]))
    assert again == []


def test_two_scan_orders_are_said_and_one_may_be_taken_away(client):
    [card] = call(client, "order-sign", draftOrders=bundle(draft_scan("a"), draft_scan("b")))
    assert "already ordered" in card["summary"]
    assert [(one["type"], one["resourceId"]) for one in actions([card])] == [("delete", "ServiceRequest/b")]


def test_a_visit_that_begins_gets_what_the_opened_chart_gets(client):
    prefetch = chart(draft_drug(ANASTROZOLE, status="active", days=None, authoredOn="2026-01-01"))
    cards = call(client, "encounter-start", prefetch)
    assert [card["summary"] for card in cards] == [card["summary"] for card in call(client, "patient-view", prefetch)]
    assert cards


def test_a_new_limb_deficiency_is_advised_on_though_the_chart_has_none_yet(client):
    steroid = draft_drug(status="active", days=None, authoredOn="2026-01-01")
    prefetch = chart(steroid)
    prefetch["conditions"]["entry"] = []
    prefetch["conditions"]["total"] = 0
    assert call(client, "patient-view", prefetch) == []
    assert call(client, "problem-list-item-create", prefetch, conditions=bundle(ABSENT_LEG)) != []
    assert call(client, "problem-list-item-create", prefetch, conditions=bundle(condition("J06.9"))) == []


@pytest.mark.parametrize(
    ("hook", "member"),
    [
        ("order-select", "draftOrders"),
        ("order-sign", "draftOrders"),
        ("appointment-book", "appointments"),
        ("problem-list-item-create", "conditions"),
    ],
)
@pytest.mark.parametrize("value", [None, "text", 7, [1], True])
def test_a_context_without_what_the_hook_is_about_is_refused_not_answered_with_silence(client, hook, member, value):
    context = {} if value is None else {member: value}
    response = client.post(SERVICE, json=request(hook, chart(), **context))
    assert response.status_code == 400
    [issue] = response.json()["issue"]
    assert issue["diagnostics"].startswith(f"context.{member}: ")


BROKEN = [
    ("order-sign", b'"display":', b'"d\xd5splay":', 200),
    ("order-select", b'"display":', b'"d\xd5splay":', 200),
    ("order-sign", b'"encounterId"', b'"enc\xd5unter"', 400),
    ("order-select", b'["MedicationRequest/', b'["\xd5/', 400),
    ("problem-list-item-create", b'"display":', b'"d\xd5splay":', 200),
]


@pytest.mark.parametrize(("hook", "good", "bad", "status"), BROKEN, ids=[f"{row[0]}-{row[3]}" for row in BROKEN])
def test_bytes_of_a_context_that_are_no_text_are_no_fault_of_ours(client, hook, good, bad, status):
    drug = draft_drug()
    context = {
        "draftOrders": bundle(drug, draft_scan()),
        "selections": [f"MedicationRequest/{drug['id']}"],
        "conditions": bundle(ABSENT_LEG),
    }
    body = orjson.dumps(request(hook, {}, **context))
    assert good in body
    whole = body.replace(good, bad).replace(b'"prefetch":{}', b'"prefetch":' + orjson.dumps(chart()))
    response = client.post(SERVICE, content=whole, headers={"content-type": "application/json"})
    assert response.status_code == status, response.text
    if status == 200:
        assert [one for one in actions(response.json()["cards"]) if one["type"] == "update"] == []


def test_a_client_that_sends_no_encounter_gets_orders_without_one(client):
    body = request("order-sign", chart(), draftOrders=bundle(draft_drug()))
    del body["context"]["encounterId"]
    response = client.post(
        SERVICE,
        content=gzip.compress(orjson.dumps(body)),
        headers={"content-type": "application/json", "content-encoding": "gzip"},
    )
    assert all("encounter" not in action["resource"] for action in actions(response.json()["cards"]))


def test_nothing_of_the_drafts_is_remembered(client, store):
    call(client, "order-sign", draftOrders=bundle(draft_drug(number=LONG_ID)))
    [row] = store.decisions()
    assert row["hook"] == "order-sign"
    assert LONG_ID not in str(row)
    assert "H02AB06" not in str(row)


@pytest.mark.parametrize("trigger", ["60", 60, "6", "26", "not-listed", None])
def test_a_client_that_uses_patient_view_for_steps_of_its_own_gets_what_the_chart_says(client, trigger):
    prefetch = chart(draft_drug(ANASTROZOLE, status="active", days=None, authoredOn="2026-01-01"))
    body = request("patient-view", prefetch)
    body["extension"] = {
        "com.epic.cdshooks.request.bpa-trigger-action": trigger,
        "com.epic.cdshooks.request.fhir-version": "R4",
    }
    shown = client.post(SERVICE, json=body, headers={"accept-language": "en"}).json()["cards"]
    assert [card["summary"] for card in shown] == [card["summary"] for card in call(client, "patient-view", prefetch)]


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "encounter-start", "appointment-book"])
def test_a_limb_list_that_failed_is_an_error_and_no_silence_on_every_hook(client, hook):
    prefetch = chart()
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    prefetch["conditions"] = failed
    none = bundle()
    context = {"draftOrders": bundle(draft_drug()), "appointments": none}
    response = client.post(SERVICE, json=request(hook, prefetch, **context))
    assert response.status_code == 412
    assert "conditions" in response.json()["issue"][0]["diagnostics"]
