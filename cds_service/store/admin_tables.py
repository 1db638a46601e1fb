"""The tables of those who may change the rules: accounts, their sessions, one-time links, API tokens, failed sign-ins.

Whatever opens a door is stored as a hash: of a session, a link or a token its SHA-256, of a password its Argon2 hash.
"""

from sqlalchemy import Boolean, Column, DateTime, Integer, String, Table, UniqueConstraint

from cds_service.store.tables import METADATA

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", Integer, primary_key=True),
    # What is typed to sign in, in small letters; and how its owner writes it.
    Column("name", String(128), nullable=False, unique=True),
    Column("shown", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    # Null: no password was set, so none opens the account.
    Column("password", String(255)),
    # Whom an identity provider vouches for; null for a local account.
    Column("issuer", String(255)),
    Column("subject", String(255)),
    Column("disabled", Boolean, nullable=False),
    Column("made", DateTime(timezone=True), nullable=False),
    Column("signed_in", DateTime(timezone=True)),
    UniqueConstraint("issuer", "subject", name="one_account_per_subject"),
)

SESSIONS = Table(
    "admin_sessions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("account", Integer, nullable=False, index=True),
    Column("way", String(16), nullable=False),
    Column("made", DateTime(timezone=True), nullable=False),
    Column("seen", DateTime(timezone=True), nullable=False),
    Column("ends", DateTime(timezone=True), nullable=False),
)

LINKS = Table(
    "admin_links",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("account", Integer, nullable=False, index=True),
    Column("made", DateTime(timezone=True), nullable=False),
    Column("ends", DateTime(timezone=True), nullable=False),
)

TOKENS = Table(
    "admin_tokens",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("account", Integer, nullable=False, index=True),
    Column("label", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("made", DateTime(timezone=True), nullable=False),
    Column("ends", DateTime(timezone=True), nullable=False),
    Column("used", DateTime(timezone=True)),
)

ATTEMPTS = Table(
    "admin_attempts",
    METADATA,
    # Keyed hash of the name that was typed or of the address it came from, never either of them.
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)
