"""Facts without a person, to try rules on."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "recorded_facts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("facts", sa.LargeBinary, nullable=False),
    )
