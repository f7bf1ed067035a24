"""Former names of campaigns that became one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_aliases",
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("forum", "alias", name=op.f("pk_campaign_aliases")),
    )
    with op.batch_alter_table("campaign_aliases", schema=None) as batch_op:
        batch_op.create_index("ix_campaign_aliases_campaign", ["forum", "campaign"], unique=False)
