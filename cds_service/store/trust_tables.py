"""Tables of the gate: which tokens were used, and why calls were refused."""

from sqlalchemy import Column, DateTime, Integer, String, Table

from cds_service.store.tables import METADATA

SEEN_TOKENS = Table(
    "seen_tokens",
    METADATA,
    # SHA-256 of client and jti: the table lets nobody use a token.
    Column("mark", String(64), primary_key=True),
    Column("ends", DateTime(timezone=True), nullable=False, index=True),
)

REFUSALS = Table(
    "refusals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("client", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("times", Integer, nullable=False),
)
