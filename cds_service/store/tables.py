"""The tables, as SQLAlchemy sees them. They are the same on SQLite and PostgreSQL.

A change here needs a migration beside it (see :mod:`cds_service.store.migrations`); a test holds the two together.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)  # fmt: skip

METADATA = MetaData()

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("hook", String(64), nullable=False),
    Column("rule_set", String(64), nullable=False),
    Column("profile", String(32), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("points", Integer, nullable=False),
    Column("gates", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("unknowns", JSON, nullable=False),
    # Kinds of cards that were held back after feedback; null in rows older than the column.
    Column("silenced", JSON),
    # Who called; whether it is a client that shows nothing, and what was withheld then. Null in older rows.
    Column("client", String(64), index=True),
    Column("silent", Boolean),
    Column("withheld", JSON),
    # Ours alone: a decision that is written twice is kept once. Null in rows older than the column.
    Column("uuid", String(36), unique=True, index=True),
)

SHOWN_CARDS = Table(
    "shown_cards",
    METADATA,
    Column("uuid", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("decision", Integer, nullable=False, index=True),
    # Keyed hash of server and patient id, keyed marks of the reasons, keyed hashes of the data; null: silences nothing.
    Column("patient", String(64), index=True),
    Column("reasons", JSON),
    Column("facts", String(64)),
    Column("limb_facts", String(64)),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received", DateTime(timezone=True), nullable=False, index=True),
    Column("service", String(128), nullable=False),
    Column("card", String(64), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", String(64), nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("reason_system", String(255), nullable=False),
    Column("reason_code", String(128), nullable=False),
    Column("reason_display", String(255), nullable=False),
    Column("comment", Text, nullable=False),
    Column("comment_given", Boolean, nullable=False),
    # Clients send batches late and twice: the same act is remembered once.
    UniqueConstraint("card", "outcome", "outcome_at", name="one_act_once"),
)

CLIENTS = Table(
    "clients",
    METADATA,
    Column("id", String(64), primary_key=True),
    # Counts the changes of this client: who changes it says which one it was made from.
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("changed", DateTime(timezone=True), nullable=False),
    Column("changed_by", String(255), nullable=False),
)

CLIENT_HISTORY = Table(
    "client_history",
    METADATA,
    # The newest id tells every worker whether anything has changed.
    Column("id", Integer, primary_key=True),
    Column("client", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("changed", DateTime(timezone=True), nullable=False),
    Column("changed_by", String(255), nullable=False),
    UniqueConstraint("client", "revision", name="one_revision_once"),
)

# Filled by audit.py alone: each row is sealed over itself and the row before. Triggers refuse any other change.
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("act", String(64), nullable=False),
    Column("target", String(255), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    Column("seal", String(64), nullable=False),
)

RULE_SETS = Table(
    "rule_sets",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("author", String(255), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("based_on", String(64), nullable=False),
    Column("editors", JSON, nullable=False),
    Column("approvals", JSON, nullable=False),
    # Counts the changes of this version: who changes it says which one it was made from.
    Column("revision", Integer, nullable=False),
)

RULE_SET_HISTORY = Table(
    "rule_set_history",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("act", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(16), nullable=False),
    # The text as this act left it; null where the act did not touch it.
    Column("text", Text),
    UniqueConstraint("name", "revision", name="one_rule_set_revision_once"),
)

PUBLICATIONS = Table(
    "publications",
    METADATA,
    # One after the other without a gap: two who publish at the same moment ask for the same number, and one is refused.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", String(255), nullable=False),
    Column("reason", Text, nullable=False),
    Column("effective", DateTime(timezone=True), nullable=False),
    # The publication that this one takes back before it has begun.
    Column("of", Integer),
)

SIMULATIONS = Table(
    "simulations",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("before", String(64), nullable=False),
    Column("after", String(64), nullable=False),
    Column("before_digest", String(64), nullable=False),
    Column("after_digest", String(64), nullable=False),
    Column("cohort", String(16), nullable=False),
    Column("people", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    # When the process that runs it was last heard of.
    Column("beat", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("problem", String(64), nullable=False),
)

# Facts without a person and without any day of their own (see cds_service.simulation.recorded).
RECORDED_FACTS = Table(
    "recorded_facts",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("facts", LargeBinary, nullable=False),
)
