"""Another rule set comes into force while the service runs: everything that is answered from then on follows it."""

import asyncio
import time
from datetime import UTC, datetime

import orjson
import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.app.in_force import made_from, take_over
from cds_service.demo import hook_request
from cds_service.errors import RuleSetError
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


# ---------------------------------------------------------------- from the ledger


def publish(client, dose, text=""):
    """Publish another steroid dose as two people do, and return the version's name."""
    ledger, why = client.app.state.ledger, "decided by the board"
    name = "factors.R-GC2.thresholds.dose"
    made = ledger.begin("alva", why)
    made = ledger.edited(made.name, {name: dose}, {name: why}, made_from=made.revision, actor="alva")
    if text:
        made = ledger.rewritten(made.name, made.text + text, made_from=made.revision, actor="alva")
    made = ledger.submitted(made.name, "alva", made_from=made.revision)
    made = ledger.approved(made.name, "bo", why, made_from=made.revision)
    ledger.published(made.name, "bo", why, made_from=made.revision)
    return made.name


def look(client):
    """What the worker does every second."""
    client.portal.call(client.app.state.refresher.look)


def version_of(client):
    return client.get("/cds-services").json()["services"][0]["version"]


def test_what_is_published_is_taken_over_at_the_next_look_and_gone_back_from_at_another(client):
    name = publish(client, 7)
    look(client)
    assert version_of(client) == name
    client.app.state.ledger.rolled_back("1.0.0", "bo", "it was a mistake")
    look(client)
    assert version_of(client) == "1.0.0"


def test_the_worker_looks_by_itself(client):
    name = publish(client, 7)
    deadline = time.monotonic() + 10
    while version_of(client) != name and time.monotonic() < deadline:
        time.sleep(0.05)
    assert version_of(client) == name


def test_a_worker_that_starts_later_begins_with_what_is_in_force(client, settings):
    name = publish(client, 7)
    with TestClient(create_app(settings)) as other:
        assert version_of(other) == name
        assert name in other.get("/rules?lang=en").text


def test_a_stored_version_that_cannot_be_used_stops_start_up(client, settings, monkeypatch):
    publish(client, 7)

    def broken(*_):
        raise RuleSetError("no")

    monkeypatch.setattr("cds_service.app.in_force.read_version", broken)
    with pytest.raises(RuleSetError):
        create_app(settings)


def test_a_rule_set_file_of_the_settings_stays_in_force_whatever_is_published(client, settings, tmp_path):
    publish(client, 7)
    file = tmp_path / "own.toml"
    file.write_text(default_text().replace('version = "1.0.0"', 'version = "1.0.0+file"'), encoding="utf-8")
    pinned = settings.model_copy(update={"rule_set": str(file)})
    with TestClient(create_app(pinned)) as other:
        look(other)
        assert version_of(other) == "1.0.0+file"


def test_a_rule_set_file_that_is_not_there_stops_start_up(settings):
    with pytest.raises(RuleSetError, match="cannot be read"):
        create_app(settings.model_copy(update={"rule_set": "no-such.toml"}))


def test_local_codes_and_receivers_come_into_force_with_their_version(client):
    publish(
        client,
        7,
        '[[local_codes]]\nconcept = "copd"\nsystem = "http://snomed.info/sct"\ncode = "999999999"\nsource = "own"\n'
        '\n[referral_targets.refer-endocrinology]\nname = "Endokrinmottagningen"\n',
    )
    look(client)
    engine = client.app.state.engine
    assert engine.index.match("copd", "http://snomed.info/sct", "999999999")
    assert engine.options.target("refer-endocrinology").name == "Endokrinmottagningen"


# ---------------------------------------------------------------- earlier versions stay readable


def test_a_card_links_to_the_rules_as_they_were_for_it(settings):
    with TestClient(create_app(settings.model_copy(update={"base_url": "https://cds.example"}))) as client:
        card = client.post(SERVICE, json=hook_request("alva", TODAY)).json()["cards"][0]
    assert card["source"]["url"] == "https://cds.example/rules/v/1.0.0"
    assert "https://cds.example/rules/v/1.0.0" in {link["url"] for link in card["links"]}


def test_the_pages_of_a_version_say_what_it_said_after_another_came(client):
    name = publish(client, 7)
    look(client)
    assert "<td>7 mg/day</td>" in client.get(f"/rules/v/{name}/R-GC2?lang=en").text
    old = client.get("/rules/v/1.0.0/R-GC2?lang=en")
    assert "<td>5 mg/day</td>" in old.text
    assert f"Version {name} is in force" in old.text
    assert 'href="/rules/v/1.0.0/R-GC2?lang=sv"' in old.text
    listed = client.get("/rules/v/1.0.0?lang=en").text
    assert 'href="/rules/v/1.0.0/R-GC2?lang=en"' in listed


def test_a_draft_is_not_shown_outside(client):
    made = client.app.state.ledger.begin("alva", "decided by the board")
    assert client.get(f"/rules/v/{made.name}").status_code == 404
    assert client.get("/rules/v/9.9.9").status_code == 404
    assert client.get("/rules/v/1.0.0/R-NO").status_code == 404
