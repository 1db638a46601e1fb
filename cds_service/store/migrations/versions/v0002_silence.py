"""What silence after feedback needs: whose card it was, why it was shown, on what data; and which cards were held back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("silenced", sa.JSON))
    op.add_column("shown_cards", sa.Column("patient", sa.String(64)))
    op.add_column("shown_cards", sa.Column("reasons", sa.JSON))
    op.add_column("shown_cards", sa.Column("facts", sa.String(64)))
    op.add_column("shown_cards", sa.Column("limb_facts", sa.String(64)))
    op.create_index("ix_shown_cards_patient", "shown_cards", ["patient"])
