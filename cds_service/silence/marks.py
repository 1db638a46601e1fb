"""What may be remembered of a patient and a card: keyed hashes (HMAC-SHA-256), never the thing itself.

Without the key nothing here can be led back: not the patient id, not a date, not a value, not even by trying all of
them. The marks of one patient say nothing of another's, because the patient's own mark goes into each.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cards.options import built_in
from cds_service.risk.assessment import Assessment, Decision, Finding
from cds_service.risk.record import Evidence

_REASON_LENGTH: Final = 16
"""Hexadecimal digits of a reason's mark: it is only ever compared with the few others of the same patient."""
_DATED_FAMILY: Final = "FX"
"""Fractures are events: another day is another fracture. A drug's first day moves with every refill."""


class CardMarks(msgspec.Struct, frozen=True, kw_only=True):
    """Why one card is shown (``reasons``), the data it stands on (``facts``), those of the limbs (``limb_facts``)."""

    reasons: frozenset[str]
    facts: str
    limb_facts: str


def patient_mark(key: bytes, server: str, patient: str) -> str:
    """Return the keyed hash of a FHIR server's base URL and a patient id; empty when no usable server is named.

    Patient ids repeat from server to server, so without one it cannot be told whose card was answered.
    """
    base = _server(server)
    patient_id = patient.rpartition("/")[2].strip()
    return _mark(key, "patient", base, patient_id) if base and patient_id else ""


def card_marks(key: bytes, patient: str, assessment: Assessment, decision: Decision) -> CardMarks:
    """Return the marks of one card of an assessment; ``patient`` is the patient's own mark."""
    limbs = tuple(_limb_evidence(assessment))
    return CardMarks(
        reasons=frozenset(
            _mark(key, "reason", patient, *reason)[:_REASON_LENGTH] for reason in _reasons(assessment, decision)
        ),
        facts=_mark(key, "facts", patient, *_written((*limbs, *_evidence(assessment, decision)))),
        limb_facts=_mark(key, "limbs", patient, *_written(limbs)),
    )


def _server(url: str) -> str:
    """Return the base URL in one spelling: scheme and host in small letters, no slash at the end."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    return f"{parts.scheme.lower()}://{host}:{port or ''}{parts.path.rstrip('/')}"


def _mark(key: bytes, *parts: str) -> str:
    return hmac.new(key, msgspec.json.encode(parts), hashlib.sha256).hexdigest()


def _reasons(assessment: Assessment, decision: Decision) -> Iterable[tuple[str, ...]]:
    """Yield the card's own reasons, the strong factors and what makes the tier HIGH by itself."""
    yield from (("card", reason) for reason in decision.reasons)
    yield from (("strong", *_named(f)) for f in assessment.findings if f.present and f.weight == "strong")
    yield from (("override", rule) for rule in assessment.overrides)


def _named(finding: Finding) -> tuple[str, ...]:
    dated = finding.family == _DATED_FAMILY and finding.strong_since
    return (finding.rule, finding.strong_since.isoformat()) if dated and finding.strong_since else (finding.rule,)


def _evidence(assessment: Assessment, decision: Decision) -> Iterable[Evidence]:
    """Yield what the card stands on: its own rules' data, else the data of all that counted and of the gates."""
    focus = {rule for reason in decision.reasons for rule in built_in().focus.get(reason, ())}
    rules = focus or {*assessment.counted, *assessment.overrides}
    for finding in assessment.findings:
        if finding.present and (not rules or finding.rule in rules):
            yield from finding.evidence
    if not focus:
        for gate in assessment.gates:
            yield from gate.evidence


def _limb_evidence(assessment: Assessment) -> Iterable[Evidence]:
    limbs = assessment.limbs
    yield from limbs.evidence
    yield from limbs.possible
    for limb in limbs.limbs:
        yield from limb.evidence


def _written(evidence: Iterable[Evidence]) -> list[str]:
    """Return each piece once, in an order that does not depend on how they were filed; the display may be reworded."""
    return sorted({msgspec.json.encode(_facts(piece)).decode() for piece in evidence})


def _facts(piece: Evidence) -> tuple[str, ...]:
    when = piece.when.text if piece.when else ""
    return (piece.resource_type, piece.reference, piece.system, piece.code, when, piece.value)
