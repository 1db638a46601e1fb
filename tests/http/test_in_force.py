"""Another rule set comes into force while the service runs: everything that is answered from then on follows it."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest

from cds_service.app.in_force import made_from, take_over
from cds_service.demo import hook_request
from cds_service.rulesets.load import default_text, load_text

from .conftest import SERVICE

TODAY = datetime.now(UTC).date()
OTHER = (
    default_text()
    .replace('version = "1.0.0"', 'version = "1.0.0+site.1"')
    .replace('dose = { value = 5, unit = "mg/d"', 'dose = { value = 7, unit = "mg/d"')
)


@pytest.fixture
def changed(client):
    """The client's service, once it has taken over another rule set."""
    state = client.app.state
    take_over(state, made_from(load_text(OTHER), state.engine))
    return client


def test_discovery_and_cards_name_the_version_that_is_in_force(changed):
    assert {service["version"] for service in changed.get("/cds-services").json()["services"]} == {"1.0.0+site.1"}
    card = changed.post(SERVICE, json=hook_request("alva", TODAY)).json()["cards"][0]
    assert "1.0.0+site.1" in card["source"]["label"]
    assert changed.app.state.store.decisions()[-1]["rule_set"] == "1.0.0+site.1"


def test_the_pages_with_the_rules_and_the_form_follow_it(changed):
    page = changed.get("/rules/R-GC2?lang=en").text
    assert "1.0.0+site.1" in page
    assert "<td>7 mg/day</td>" in page
    assert changed.app.state.desk.rules.version == "1.0.0+site.1"


def test_the_silence_of_answered_cards_is_counted_by_it(changed):
    assert changed.app.state.engine.silence.terms.rules.version == "1.0.0+site.1"


def test_a_call_that_has_begun_ends_under_the_rules_it_began_with(client):
    state = client.app.state
    begun = state.engine.answer(orjson.dumps(hook_request("alva", TODAY)))
    take_over(state, made_from(load_text(OTHER), state.engine))
    assert asyncio.run(begun).decision.rule_set == "1.0.0"


def test_what_else_was_replaced_meanwhile_stays_replaced(client):
    state = client.app.state
    new = made_from(load_text(OTHER), state.engine)
    state.engine = type(state.engine)(
        **{name: getattr(state.engine, name) for name in state.engine.__struct_fields__ if name != "hooks"},
        hooks=frozenset({"order-sign"}),
    )
    take_over(state, new)
    assert state.engine.hooks == {"order-sign"}
    assert state.engine.rules.version == "1.0.0+site.1"


def test_ready_names_what_could_not_be_taken_over(client, monkeypatch):
    monkeypatch.setattr(type(client.app.state.refresher), "problems", {"rules": "the store refused"})
    assert client.get("/health/ready").json()["stale"] == "rules"
