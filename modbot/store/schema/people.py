"""Who uses the console, what they are at, and what they changed there."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from modbot.store.schema.base import metadata
from modbot.store.types import BigId, Code, UtcTime, Words

users = Table(
    "users",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),  # the name as it is compared: NFKC, case folded
    Column("password_hash", String),  # NULL: signs in by a link only
    Column("role", Code, nullable=False),
    Column("scope", JSON(none_as_null=True)),  # forum → board ids, or null for all of it; NULL: everywhere
    Column("language", Code),
    Column("made_at", UtcTime, nullable=False),
    Column("made_by", String, nullable=False),
    Column("disabled_at", UtcTime),
    UniqueConstraint("key"),
    sqlite_autoincrement=True,
)

# Secrets of all three tables below are kept as digests only.
sessions = Table(
    "sessions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String, nullable=False),
    Column("address", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    UniqueConstraint("digest"),
    Index("ix_sessions_user_id", "user_id"),
    sqlite_autoincrement=True,
)

signin_links = Table(
    "signin_links",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("spent_at", UtcTime),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String, nullable=False),
    Column("name", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("revoked_at", UtcTime),
    UniqueConstraint("digest"),
    Index("ix_api_tokens_user_id", "user_id"),
    sqlite_autoincrement=True,
)

# Who has which card of the queue before them, until when.
claims = Table(
    "claims",
    metadata,
    Column("forum", String, primary_key=True),
    Column("card", String, primary_key=True),  # see store/claims
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE")),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Index("ix_claims_session_id", "session_id"),
)

# Flags that one person does not want to be asked about.
skips = Table(
    "skips",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("flag_id", ForeignKey("flags.id", ondelete="CASCADE"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("ix_skips_flag_id", "flag_id"),
)

flag_notes = Table(
    "flag_notes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("flag_id", ForeignKey("flags.id", ondelete="CASCADE"), nullable=False),
    Column("who", String, nullable=False),
    Column("text", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_flag_notes_flag_id", "flag_id"),
    sqlite_autoincrement=True,
)

# Settings that were changed in the console; the latest row of a key lies over file and
# environment. value NULL: as these say again.
settings_changes = Table(
    "settings_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", String, nullable=False),
    Column("key", String, nullable=False),
    Column("value", JSON(none_as_null=True)),
    Column("former", JSON(none_as_null=True)),  # what was in force before
    Column("reverts", Integer),  # the change that this one takes back
    Index("ix_settings_changes_key", "key"),
    sqlite_autoincrement=True,
)
