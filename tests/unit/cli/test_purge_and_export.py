"""Forgetting and handing out what was decided, as an operator does it."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.provenance import Provenance
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.rulesets.load import load_default as load_rules
from cds_service.silence import lasting_reasons
from cds_service.store import DecisionEntry, FeedbackEntry, ShownCard, Store
from cds_service.terminology.load import load_default as load_terminology

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=800)
PATIENT = "f" * 64


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    opened = Store.open(url)
    yield opened
    opened.close()


def run(*words):
    told = CliRunner().invoke(app, words, catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.stdout


def decision(at=NOW, **changes):
    entry = DecisionEntry(
        at=at, hook="patient-view", rule_set="1.0.0", profile="se", tier="HIGH", points=7, gates=(),
        rules=("R-GC2", "R-LD"), unknowns=("falls",), client="ward-7", patient=PATIENT,
        cards=(ShownCard(uuid="6f1d7a8e-0000-4000-8000-000000000001", kind="K1"),),
    )  # fmt: skip
    return msgspec.structs.replace(entry, **changes)


def feedback(card, received):
    return FeedbackEntry(received=received, service="s", card=card, outcome="accepted", outcome_at="2026-01-01")


# ---------------------------------------------------------------- forgetting


def fill(store):
    store.record_decision(decision(LONG_AGO, cards=(ShownCard(uuid="old", kind="K1"),)))
    store.record_decision(decision(LONG_AGO, cards=(ShownCard(uuid="old-but-answered", kind="K1"),)))
    store.record_decision(decision(cards=(ShownCard(uuid="new", kind="K1"),)))
    store.record_feedback([feedback("old", LONG_AGO), feedback("old-but-answered", NOW)])
    store.refusals.add({("", "unknown issuer"): 2}, LONG_AGO)
    store.refusals.add({("", "unknown issuer"): 1}, NOW)


def left(store):
    return len(store.decisions()), len(store.feedback()), len(store.refusals.latest())


def test_a_purge_takes_what_is_old_and_is_written_into_the_audit(store):
    fill(store)
    assert run("purge") == "gone: 1 decisions, 1 entries of feedback, 1 refusals\n"
    assert left(store) == (2, 1, 1)
    [row] = store.audit.rows()
    assert (row.entry.act, row.entry.details["decisions"]) == ("store.purge", "1")
    assert row.entry.details["keep_decisions_days"] == "760"
    assert store.audit.verify().broken is None


def test_a_dry_run_tells_the_same_and_changes_nothing(store):
    fill(store)
    assert run("purge", "--dry-run") == "would go: 1 decisions, 1 entries of feedback, 1 refusals\n"
    assert left(store) == (3, 2, 2)
    assert list(store.audit.rows()) == []


def test_the_site_says_how_long_each_is_kept(store, monkeypatch):
    fill(store)
    monkeypatch.setenv("CDS_KEEP_DECISIONS_DAYS", "1000")
    monkeypatch.setenv("CDS_KEEP_REFUSALS_DAYS", "1000")
    run("purge")
    assert left(store) == (3, 2, 2)
    monkeypatch.setenv("CDS_KEEP_DECISIONS_DAYS", "10")
    monkeypatch.setenv("CDS_KEEP_FEEDBACK_DAYS", "1000")
    run("purge")
    assert left(store) == (3, 2, 2)


def test_a_silence_that_ends_only_when_data_change_stays(store):
    store.record_decision(decision(LONG_AGO, cards=(ShownCard(uuid="old", kind="K1"),)))
    system, code = min(lasting_reasons(load_terminology(), load_rules("se")))
    lasting = msgspec.structs.replace(feedback("old", LONG_AGO), reason_system=system, reason_code=code)
    store.record_feedback([lasting])
    run("purge")
    assert left(store)[:2] == (1, 1)


# ---------------------------------------------------------------- handing out


def lines(*words):
    return [json.loads(line) for line in run("decisions", "export", *words).splitlines()]


def test_each_call_is_one_line_with_its_cards_and_no_hash_of_a_patient(store):
    store.record_decision(decision())
    store.record_decision(decision(cards=(), gates=("G-COHORT",)))
    first, second = lines()
    assert (first["tier"], first["rules"], first["client"]) == ("HIGH", ["R-GC2", "R-LD"], "ward-7")
    assert first["cards"] == [{"kind": "K1", "uuid": "6f1d7a8e-0000-4000-8000-000000000001"}]
    assert second["cards"] == []
    assert PATIENT not in run("decisions", "export")


def test_the_export_begins_where_it_is_told_to_and_goes_on_past_one_batch(store, monkeypatch):
    monkeypatch.setattr("cds_service.store.reading._AT_ONCE", 2)
    for days in range(5):
        store.record_decision(decision(NOW - timedelta(days=days), cards=()))
    assert len(lines()) == 5
    since = (NOW - timedelta(days=2, hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert len(lines("--since", since)) == 3


def test_as_fhir_a_call_is_an_audit_event_and_its_cards_a_provenance(store):
    one = decision()
    store.record_decision(one)
    store.record_decision(decision(cards=(), client=""))
    event, provenance, silent = lines("--format", "fhir")
    assert [found["resourceType"] for found in (event, provenance, silent)] == [
        "AuditEvent",
        "Provenance",
        "AuditEvent",
    ]
    AuditEvent.model_validate(event)
    AuditEvent.model_validate(silent)
    Provenance.model_validate(provenance)
    assert event["id"] == one.uuid
    assert datetime.fromisoformat(event["recorded"]) == one.at
    assert [agent["requestor"] for agent in event["agent"]] == [False, True]
    assert event["agent"][1]["who"] == {"display": "ward-7"}
    assert [agent["requestor"] for agent in silent["agent"]] == [False]
    details = {detail["type"]: detail["valueString"] for detail in event["entity"][0]["detail"]}
    assert (details["tier"], details["rules"], details["unknowns"]) == ("HIGH", "R-GC2 R-LD", "falls")
    assert "gates" not in details
    value = "urn:uuid:6f1d7a8e-0000-4000-8000-000000000001"
    assert provenance["target"][0]["identifier"] == {"system": "urn:ietf:rfc:3986", "value": value}
    assert event["entity"][1]["what"] == provenance["target"][0]


def test_no_resource_refers_to_a_patient(store):
    store.record_decision(decision())
    written = run("decisions", "export", "--format", "fhir")
    assert "Patient" not in written
    assert PATIENT not in written


def test_a_decision_older_than_its_own_number_has_the_same_one_at_each_export(store):
    store.record_decision(decision())
    with store._transaction() as connection:
        connection.exec_driver_sql("UPDATE decisions SET uuid = NULL, silenced = NULL, withheld = NULL, client = NULL")
    assert lines("--format", "fhir")[0]["id"] == lines("--format", "fhir")[0]["id"]


CODES = {
    ("http://dicom.nema.org/resources/ontology/DCM", "110100"),
    ("http://dicom.nema.org/resources/ontology/DCM", "110150"),
    ("http://terminology.hl7.org/CodeSystem/security-source-type", "4"),
    ("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2"),
    ("http://terminology.hl7.org/CodeSystem/object-role", "5"),
    ("http://terminology.hl7.org/CodeSystem/object-role", "3"),
    ("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE"),
    ("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "assembler"),
}


def codings(value):
    if isinstance(value, dict):
        if "code" in value:
            yield value["system"], value["code"]
        for inner in value.values():
            yield from codings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codings(inner)


def test_only_codes_that_were_looked_up_are_used(store):
    store.record_decision(decision())
    assert set(codings(lines("--format", "fhir"))) == CODES
