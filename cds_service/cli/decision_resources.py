"""A remembered decision as FHIR R4: an AuditEvent of the call, and a Provenance of the cards where there were any.

No patient is referred to, because none is remembered. Codes: DICOM PS3.16 (CID 400, 402), the object roles, source
types and entity types of R4's AuditEvent, and of R4's Provenance the participant types and v3-DataOperation
(http://hl7.org/fhir/R4/auditevent.html, http://hl7.org/fhir/R4/provenance.html).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.provenance import Provenance

Json = dict[str, Any]
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
# Decisions older than their own uuid get one from their number in this store: the same at each export.
_OLDER: Final = UUID("5b1f2c1e-7f0a-4b6e-9a53-6d8f4f1f7c21")
_SERVICE: Final = {"display": "cds-service"}


def resources_of(decision: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the resources of one decision (a row of :meth:`Store.decided`), checked with ``fhir.resources``."""
    yield AuditEvent(**_audit_event(decision)).model_dump(mode="json")
    if decision["cards"]:
        yield Provenance(**_provenance(decision)).model_dump(mode="json")


def _audit_event(decision: Mapping[str, Any]) -> Json:
    return {
        "resourceType": "AuditEvent",
        "id": _uuid(decision),
        "type": _coding(_DICOM, "110100", "Application Activity"),
        "action": "E",
        "recorded": _moment(decision["at"]),
        "outcome": "0",
        "agent": list(_agents(decision)),
        "source": {
            "observer": _SERVICE,
            "type": [_coding(f"{_TERMINOLOGY}/security-source-type", "4", "Application Server")],
        },
        "entity": [_rules_entity(decision), *(_card_entity(card) for card in decision["cards"])],
    }


def _agents(decision: Mapping[str, Any]) -> Iterator[Json]:
    application = {"coding": [_coding(_DICOM, "110150", "Application")]}
    yield {"type": application, "who": _SERVICE, "requestor": False}
    if decision["client"]:
        yield {"type": application, "who": {"display": decision["client"]}, "requestor": True}


def _rules_entity(decision: Mapping[str, Any]) -> Json:
    """Return the rule set that was applied, with what it said."""
    details = {
        "hook": decision["hook"],
        "profile": decision["profile"],
        "tier": decision["tier"],
        "points": str(decision["points"]),
        **{name: " ".join(decision[name] or ()) for name in ("gates", "rules", "unknowns", "silenced", "withheld")},
    }
    return {
        "what": _rules(decision),
        "type": _coding(f"{_TERMINOLOGY}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{_TERMINOLOGY}/object-role", "5", "Master file"),
        "name": f"rule set {decision['rule_set']}",
        "detail": [{"type": name, "valueString": value} for name, value in details.items() if value],
    }


def _card_entity(card: Mapping[str, str]) -> Json:
    return {
        "what": _card(card),
        "type": _coding(f"{_TERMINOLOGY}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{_TERMINOLOGY}/object-role", "3", "Report"),
        "name": f"card {card['kind']}",
    }


def _provenance(decision: Mapping[str, Any]) -> Json:
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(UUID(_uuid(decision)), "Provenance")),
        "target": [_card(card) for card in decision["cards"]],
        "occurredDateTime": _moment(decision["at"]),
        "recorded": _moment(decision["at"]),
        "activity": {"coding": [_coding(f"{_TERMINOLOGY}/v3-DataOperation", "CREATE", "create")]},
        "agent": [
            {
                "type": {"coding": [_coding(f"{_TERMINOLOGY}/provenance-participant-type", "assembler", "Assembler")]},
                "who": _SERVICE,
            }
        ],
        "entity": [{"role": "source", "what": _rules(decision)}],
    }


def _rules(decision: Mapping[str, Any]) -> Json:
    return {"display": f"rule set {decision['rule_set']}, profile {decision['profile']}"}


def _card(card: Mapping[str, str]) -> Json:
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{card['uuid']}"}
    return {"identifier": identifier, "display": f"card {card['kind']}"}


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _uuid(decision: Mapping[str, Any]) -> str:
    return decision["uuid"] or str(uuid5(_OLDER, str(decision["id"])))


def _moment(at: datetime) -> str:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
