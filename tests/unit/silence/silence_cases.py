"""Charts with cards, and answers to them, for the tests of silence."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.risk.assessment import Assessment, Decision, Finding, LimbStatus, Status
from cds_service.risk.record import Evidence
from cds_service.rulesets.load import load_default
from cds_service.silence.marks import card_marks
from cds_service.silence.weighing import (
    Terms,
    weigh,
)
from cds_service.store import Act
from cds_service.terminology.load import code_systems
from cds_service.terminology.load import load_default as load_terminology

KEY = b"k" * 32
PATIENT = "hash-of-the-patient"
OWN = code_systems().uri("override-reason")
SNOMED = "http://snomed.info/sct"
DAY = date(2026, 6, 1)
FAR = date(2036, 6, 1)
SHOWN = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
RULES = load_default()
INDEX = load_terminology(RULES.enabled_rows)
TERMS = Terms(rules=RULES, index=INDEX, zone=ZoneInfo("Europe/Stockholm"))

SMOKING = Finding(
    rule="R-SMK", family="SMK", status=Status.PRESENT, reason="smk.current", weight="weak", points=1,
    evidence=(Evidence("Observation", "Observation/1", SNOMED, "77176002"),),
)  # fmt: skip
STEROID = Finding(rule="R-GC2", family="GC", status=Status.PRESENT, reason="gc.dose-and-days", weight="strong")
HIP = Finding(
    rule="R-FX1", family="FX", status=Status.PRESENT, reason="fx.hip", weight="strong", strong_since=date(2025, 3, 1)
)
STUMP = Evidence("Condition", "Condition/9", SNOMED, "88312006")


def assessed(*cards, as_of=DAY, findings=(SMOKING, STEROID), limbs=(STUMP,), **changes):
    decisions = tuple(
        card if isinstance(card, Decision) else Decision(card=card, indicator="info", reasons=("tier",))
        for card in cards or ("K1",)
    )
    given: dict[str, Any] = {
        "rule_set": "1.0.0", "profile": "se", "as_of": as_of, "limbs": LimbStatus(evidence=limbs), "findings": findings,
        "counted": tuple(finding.rule for finding in findings if finding.present), "decisions": decisions,
    }  # fmt: skip
    return Assessment(**(given | changes))


def marks_of(assessment):
    return {
        decision.card: card_marks(KEY, PATIENT, assessment, decision)
        for decision in assessment.decisions
    }  # fmt: skip


def answered(outcome="accepted", code="", system=OWN, *, card="K1", before=None, **changes):
    """Feedback on a card as it was shown in ``before`` (the plain assessment when not given)."""
    shown = marks_of(before or assessed(card))[card]
    given: dict[str, Any] = {
        "kind": card, "shown": SHOWN, "received": RECEIVED, "outcome": outcome, "outcome_at": "2026-06-01T08:30:00Z",
        "reason_system": system if code else "", "reason_code": code, "reasons": tuple(shown.reasons),
        "facts": shown.facts, "limb_facts": shown.limb_facts,
    }  # fmt: skip
    return Act(**(given | changes))


def judged(assessment, *acts):
    return weigh(assessment, acts, marks_of(assessment), TERMS)


def is_silent(act, as_of, **changes):
    verdict = judged(assessed(act.kind, as_of=as_of, **changes), act)
    assert bool(verdict.kept) is not bool(verdict.silenced)
    return bool(verdict.silenced)
