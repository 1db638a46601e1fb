"""Writing decisions and feedback: each once, however often it is written."""

from datetime import UTC
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.entries import DecisionEntry, FeedbackEntry
from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS


def write_decision(connection: sa.Connection, entry: DecisionEntry) -> bool:
    """Write one answered call and the cards it sent; return False when it was there already."""
    values = {
        "uuid": entry.uuid,
        "at": entry.at.astimezone(UTC),
        "hook": entry.hook,
        "rule_set": entry.rule_set,
        "profile": entry.profile,
        "tier": entry.tier,
        "points": entry.points,
        "gates": list(entry.gates),
        "rules": list(entry.rules),
        "unknowns": list(entry.unknowns),
        "silenced": list(entry.silenced),
        "client": entry.client or None,
        "silent": entry.silent,
        "withheld": list(entry.withheld),
    }
    row = _insert_once(connection, DECISIONS, values)
    if row is not None and entry.cards:
        connection.execute(SHOWN_CARDS.insert(), _card_rows(entry, row))
    return row is not None


def write_feedback(connection: sa.Connection, entry: FeedbackEntry) -> bool:
    """Write what was done with one card; return False when it was there already."""
    values = {
        "received": entry.received.astimezone(UTC),
        "service": entry.service,
        "card": entry.card,
        "outcome": entry.outcome,
        "outcome_at": entry.outcome_at,
        "suggestions": list(entry.suggestions),
        "reason_system": entry.reason_system,
        "reason_code": entry.reason_code,
        "reason_display": entry.reason_display,
        "comment": entry.comment,
        "comment_given": entry.comment_given,
    }
    return _insert_once(connection, FEEDBACK, values) is not None


def _insert_once(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> int | None:
    """Return the id of the new row, None for a repeat."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)).scalar()


def _card_rows(entry: DecisionEntry, decision: int) -> list[dict[str, Any]]:
    return [
        {
            "uuid": card.uuid,
            "kind": card.kind,
            "decision": decision,
            "patient": entry.patient or None,
            "reasons": list(card.reasons),
            "facts": card.facts,
            "limb_facts": card.limb_facts,
        }
        for card in entry.cards
    ]
