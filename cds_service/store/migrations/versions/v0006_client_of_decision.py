"""Of each decision: who called, and what was withheld from a client that shows nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("client", sa.String(64)))
    op.add_column("decisions", sa.Column("silent", sa.Boolean))
    op.add_column("decisions", sa.Column("withheld", sa.JSON))
    op.create_index("ix_decisions_client", "decisions", ["client"])
