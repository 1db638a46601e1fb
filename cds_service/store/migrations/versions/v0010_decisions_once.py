"""Of each decision its own number, by which one that is written twice is kept once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("uuid", sa.String(36)))
    op.create_index("ix_decisions_uuid", "decisions", ["uuid"], unique=True)
