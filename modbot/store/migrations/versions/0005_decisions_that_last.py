"""Standing decisions, policy exceptions, spot checks, misses, autonomy; actions with details"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _columns()
    _standing()
    _exceptions()
    _spot_checks()
    _misses()
    _autonomy()
    _presets()


def _columns() -> None:
    op.add_column("replies", sa.Column("our_delete", sa.BigInteger(), nullable=True))
    op.add_column("replies", sa.Column("forgotten_at", sa.BigInteger(), nullable=True))
    _partial_index("replies", ["forum", "forgotten_at"], "forgotten_at", name="ix_replies_forgotten_at")
    op.add_column("replies", sa.Column("read_again_at", sa.BigInteger(), nullable=True))
    _partial_index("replies", ["forum", "read_again_at"], "read_again_at", name="ix_replies_read_again_at")
    op.drop_index("ix_replies_author", "replies")
    _partial_index("replies", ["forum", "author_id", "posted_at"], "author_id", name="ix_replies_author")
    op.add_column("decisions", sa.Column("standing_id", sa.BigInteger(), nullable=True))
    _partial_index("decisions", ["standing_id"], "standing_id", name="ix_decisions_standing_id")
    op.add_column("outbox", sa.Column("standing_id", sa.BigInteger(), nullable=True))
    _partial_index("outbox", ["standing_id"], "standing_id", name="ix_outbox_standing_id")
    op.add_column("outbox", sa.Column("details", sa.JSON(), nullable=True))
    op.add_column("boards", sa.Column("recycles", sa.Boolean(), nullable=True))
    op.add_column("verdicts", sa.Column("bulk", sa.String(), nullable=True))
    _partial_index("verdicts", ["bulk"], "bulk", name="ix_verdicts_bulk")
    op.add_column("verdicts", sa.Column("mute_id", sa.BigInteger(), nullable=True))


def _partial_index(table: str, columns: list[str], unless_null: str, *, name: str) -> None:
    there = sa.text(f"{unless_null} IS NOT NULL")
    op.create_index(name, table, columns, unique=False, sqlite_where=there, postgresql_where=there)


def _standing() -> None:
    op.create_table(
        "standing_decisions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("verdict_id", BIG_ID, nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("last_copy_at", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["verdicts.id"],
            name=op.f("fk_standing_decisions_verdict_id_verdicts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_decisions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_standing_decisions_verdict_id", "standing_decisions", ["verdict_id"], unique=False)
    in_force = sa.text("revoked_at IS NULL")
    op.create_index(
        "ix_standing_decisions_in_force",
        "standing_decisions",
        ["forum", "last_copy_at"],
        unique=False,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    _part_of_standing(
        "standing_texts",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("first_author_id", sa.BigInteger(), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
    )
    author = sa.Column("author_id", sa.BigInteger(), nullable=False, autoincrement=False)
    _part_of_standing("standing_authors", author)
    op.create_table(
        "standing_changes",
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("forum", name=op.f("pk_standing_changes")),
    )


def _part_of_standing(table: str, key: sa.Column[Any], *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("standing_id", BIG_ID, nullable=False),
        key,
        *columns,
        sa.ForeignKeyConstraint(
            ["standing_id"],
            ["standing_decisions.id"],
            name=op.f(f"fk_{table}_standing_id_standing_decisions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("standing_id", key.name, name=op.f(f"pk_{table}")),
    )


def _exceptions() -> None:
    op.create_table(
        "policy_exceptions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("board_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_kind", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("verdict_id", BIG_ID, nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["verdicts.id"],
            name=op.f("fk_policy_exceptions_verdict_id_verdicts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_exceptions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_policy_exceptions_forum", "policy_exceptions", ["forum", "revoked_at"], unique=False)
    op.create_index("ix_policy_exceptions_verdict_id", "policy_exceptions", ["verdict_id"], unique=False)


def _of_a_reply(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(
            ["reply_id"], ["replies.id"], name=op.f(f"fk_{table}_reply_id_replies"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.id"],
            name=op.f(f"fk_{table}_revision_id_revisions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _spot_checks() -> None:
    op.create_table(
        "spot_checks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reply_id", BIG_ID, nullable=False),
        sa.Column("revision_id", BIG_ID, nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("who", sa.String(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("label_id", BIG_ID, nullable=True),
        sa.Column("flag_id", BIG_ID, nullable=True),
        *_of_a_reply("spot_checks"),
        sa.ForeignKeyConstraint(
            ["label_id"], ["labels.id"], name=op.f("fk_spot_checks_label_id_labels"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["flags.id"], name=op.f("fk_spot_checks_flag_id_flags"), ondelete="SET NULL"
        ),
        sa.UniqueConstraint("reply_id", name=op.f("uq_spot_checks_reply_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_spot_checks_forum", "spot_checks", ["forum", "day"], unique=False)
    _partial_index("spot_checks", ["flag_id"], "flag_id", name="ix_spot_checks_flag_id")


def _misses() -> None:
    op.create_table(
        "misses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("reply_id", BIG_ID, nullable=False),
        sa.Column("revision_id", BIG_ID, nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_at", sa.BigInteger(), nullable=True),
        *_of_a_reply("misses"),
        sa.UniqueConstraint("reply_id", "revision_id", name=op.f("uq_misses_reply_id_revision_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_misses_forum", "misses", ["forum", "seen_at"], unique=False)


def _autonomy() -> None:
    op.create_table(
        "autonomy",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("board_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autonomy")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_autonomy_forum", "autonomy", ["forum"], unique=False)
    op.create_table(
        "modes",
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("board_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("forum", "board_id", name=op.f("pk_modes")),
    )


def _presets() -> None:
    op.create_table(
        "presets",
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("forum", name=op.f("pk_presets")),
    )
