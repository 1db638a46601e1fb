"""Those who may change the rules: accounts, sessions, one-time links, API tokens, failed sign-ins."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(128), nullable=False, unique=True),
        sa.Column("shown", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255)),
        sa.Column("issuer", sa.String(255)),
        sa.Column("subject", sa.String(255)),
        sa.Column("disabled", sa.Boolean, nullable=False),
        moment("made"),
        moment("signed_in", nullable=True),
        sa.UniqueConstraint("issuer", "subject", name="one_account_per_subject"),
    )
    op.create_table(
        "admin_sessions",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("account", sa.Integer, nullable=False, index=True),
        sa.Column("way", sa.String(16), nullable=False),
        moment("made"),
        moment("seen"),
        moment("ends"),
    )
    op.create_table(
        "admin_links",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("account", sa.Integer, nullable=False, index=True),
        moment("made"),
        moment("ends"),
    )
    op.create_table(
        "admin_tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("account", sa.Integer, nullable=False, index=True),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        moment("made"),
        moment("ends"),
        moment("used", nullable=True),
    )
    op.create_table(
        "admin_attempts",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        moment("last"),
        moment("until"),
    )
