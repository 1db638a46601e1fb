"""Decisions, shown cards, feedback: the tables as they were before there were steps.

Tables that are already there are left as they are: that adopts a store made before Alembic was used.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("gates", sa.JSON, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("unknowns", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "shown_cards",
        sa.Column("uuid", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("decision", sa.Integer, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.String(128), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_at", sa.String(64), nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("reason_system", sa.String(255), nullable=False),
        sa.Column("reason_code", sa.String(128), nullable=False),
        sa.Column("reason_display", sa.String(255), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("comment_given", sa.Boolean, nullable=False),
        sa.UniqueConstraint("card", "outcome", "outcome_at", name="one_act_once"),
        if_not_exists=True,
    )
    for table, column in (("decisions", "at"), ("shown_cards", "decision"), ("feedback", "received"), ("feedback", "card")):
        op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
