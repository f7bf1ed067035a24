"""People, their sessions and tokens; claims, skips and notes; settings changed in the console;
an index of the pairs of characters in canonical texts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _users()
    _secrets()
    _work()
    _settings()
    _audit()
    _search()
    _neighbours()
    _cards()
    _unjudged()


def _cards() -> None:
    """Flags are grouped and ordered without a look at their replies and decisions."""
    op.add_column("flags", sa.Column("threshold", sa.Float(), nullable=True))
    op.add_column("flags", sa.Column("writer_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_flags_writer", "flags", ["forum", "writer_id"], unique=False)
    open_ones = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_flags_cards",
        "flags",
        [
            *("forum", "campaign", "writer_id", "score", "threshold", "opened_at"),
            *("shown_at", "closed_at", "state", "would_hide"),
        ],
        unique=False,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.execute(
        "UPDATE flags SET"
        " threshold = (SELECT threshold FROM decisions WHERE decisions.id = flags.decision_id),"
        " writer_id = (SELECT author_id FROM replies WHERE replies.id = flags.reply_id)"
    )


def _neighbours() -> None:
    """What stands beside a reply in its thread is found without reading the whole thread."""
    op.drop_index("ix_replies_thread", table_name="replies")
    op.create_index("ix_replies_thread", "replies", ["forum", "thread_id", "post_id"], unique=False)


def _unjudged() -> None:
    """SQLite took any other index on the forum for as good, and read every reply of it."""
    unjudged = sa.text("decision_id IS NULL AND parked IS NULL")
    op.drop_index("ix_replies_unjudged", table_name="replies")
    op.create_index(
        "ix_replies_unjudged",
        "replies",
        ["forum", "decision_id", "id"],
        unique=False,
        sqlite_where=unjudged,
        postgresql_where=unjudged,
    )


def _of(name: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    constraint = op.f(f"fk_{name}_{column}_{table}")
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=constraint, ondelete="CASCADE")


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("key", name=op.f("uq_users_key")),
        sqlite_autoincrement=True,
    )


def _secrets() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        _of("sessions", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "signin_links",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        _of("signin_links", "user_id", "users"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_signin_links")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        _of("api_tokens", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_tokens_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], unique=False)


def _work() -> None:
    op.create_table(
        "claims",
        sa.Column("forum", sa.String(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("session_id", BIG_ID, nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        _of("claims", "user_id", "users"),
        _of("claims", "session_id", "sessions"),
        sa.PrimaryKeyConstraint("forum", "card", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_session_id", "claims", ["session_id"], unique=False)
    op.create_table(
        "skips",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("flag_id", BIG_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of("skips", "user_id", "users"),
        _of("skips", "flag_id", "flags"),
        sa.PrimaryKeyConstraint("user_id", "flag_id", name=op.f("pk_skips")),
    )
    op.create_index("ix_skips_flag_id", "skips", ["flag_id"], unique=False)
    op.create_table(
        "flag_notes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("flag_id", BIG_ID, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of("flag_notes", "flag_id", "flags"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_flag_notes_flag_id", "flag_notes", ["flag_id"], unique=False)


def _settings() -> None:
    op.create_table(
        "settings_changes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("former", sa.JSON(), nullable=True),
        sa.Column("reverts", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_settings_changes_key", "settings_changes", ["key"], unique=False)


def _audit() -> None:
    op.create_index("ix_audit_who", "audit", ["who", "at"], unique=False)
    op.create_index("ix_audit_what", "audit", ["what", "at"], unique=False)


def _search() -> None:
    op.create_table(
        "search_progress",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_progress")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # Its own tables hold no text, and of each pair no more than the rows that it is in.
        op.execute(
            "CREATE VIRTUAL TABLE search_pairs USING fts5"
            "(pairs, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
