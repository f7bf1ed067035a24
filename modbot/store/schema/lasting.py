"""What moderators decided for more than one reply, and what is known of how well modbot judges."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from modbot.store.schema.base import metadata
from modbot.store.types import BigId, Code, UtcTime, Words

# A campaign that a moderator upheld or dismissed decides about its next copies.
standing_decisions = Table(
    "standing_decisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("kind", Code, nullable=False),
    Column("campaign", String),  # as it was called then
    Column("label", Code, nullable=False),
    Column("reason", Code, nullable=False),
    Column("verdict_id", ForeignKey("verdicts.id", ondelete="SET NULL")),
    Column("who", String, nullable=False),
    Column("note", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("last_copy_at", UtcTime, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("revoked_at", UtcTime),
    Column("revoked_by", String),
    Index("ix_standing_decisions_verdict_id", "verdict_id"),
    sqlite_autoincrement=True,
)
_in_force = standing_decisions.c.revoked_at.is_(None)
Index(
    "ix_standing_decisions_in_force",
    standing_decisions.c.forum,
    standing_decisions.c.last_copy_at,
    sqlite_where=_in_force,
    postgresql_where=_in_force,
)

# Counts on with each decision that is made, widened or revoked: whoever holds them in memory looks here.
standing_changes = Table(
    "standing_changes",
    metadata,
    Column("forum", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# The canonical texts that a standing decision is about, and who wrote each before everybody else.
standing_texts = Table(
    "standing_texts",
    metadata,
    Column("standing_id", ForeignKey("standing_decisions.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String, primary_key=True),
    Column("canonical", Words, nullable=False),
    Column("first_author_id", BigInteger),
    Column("first_at", UtcTime),
)

# In whose mouths short texts are condemned: the few authors of a campaign of several texts, the
# authors upheld of the campaign of one.
standing_authors = Table(
    "standing_authors",
    metadata,
    Column("standing_id", ForeignKey("standing_decisions.id", ondelete="CASCADE"), primary_key=True),
    Column("author_id", BigInteger, primary_key=True, autoincrement=False),
)

# "Allow here": the reason flags nothing in that board, thread, or kind of thread any more.
policy_exceptions = Table(
    "policy_exceptions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("scope", Code, nullable=False),
    Column("board_id", BigInteger),
    Column("thread_id", BigInteger),
    Column("thread_kind", Code),
    Column("reason", Code, nullable=False),
    Column("verdict_id", ForeignKey("verdicts.id", ondelete="SET NULL")),
    Column("who", String, nullable=False),
    Column("note", Words, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("revoked_by", String),
    Index("ix_policy_exceptions_forum", "forum", "revoked_at"),
    Index("ix_policy_exceptions_verdict_id", "verdict_id"),
    sqlite_autoincrement=True,
)

# Passed replies drawn at random for a human to judge. ``population`` passed in that day's draw.
spot_checks = Table(
    "spot_checks",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("reply_id", ForeignKey("replies.id", ondelete="CASCADE"), nullable=False),
    Column("revision_id", ForeignKey("revisions.id", ondelete="CASCADE"), nullable=False),
    Column("decision_id", BigInteger, nullable=False),
    Column("population", Integer, nullable=False),
    Column("drawn_at", UtcTime, nullable=False),
    Column("label", Code),  # the human's answer; NULL: not judged yet
    Column("who", String),
    Column("answered_at", UtcTime),
    Column("label_id", ForeignKey("labels.id", ondelete="SET NULL")),
    Column("flag_id", ForeignKey("flags.id", ondelete="SET NULL")),  # opened by the answer
    UniqueConstraint("reply_id"),
    Index("ix_spot_checks_forum", "forum", "day"),
    sqlite_autoincrement=True,
)
_led_to_a_flag = spot_checks.c.flag_id.is_not(None)
Index(
    "ix_spot_checks_flag_id",
    spot_checks.c.flag_id,
    sqlite_where=_led_to_a_flag,
    postgresql_where=_led_to_a_flag,
)

# A human hid or deleted on the forum what modbot had let pass.
misses = Table(
    "misses",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("reply_id", ForeignKey("replies.id", ondelete="CASCADE"), nullable=False),
    Column("revision_id", ForeignKey("revisions.id", ondelete="CASCADE"), nullable=False),
    Column("decision_id", BigInteger, nullable=False),
    Column("visibility", Code, nullable=False),  # hidden | gone
    Column("seen_at", UtcTime, nullable=False),
    Column("taken_back_at", UtcTime),  # when the forum showed it again
    UniqueConstraint("reply_id", "revision_id"),
    Index("ix_misses_forum", "forum", "seen_at"),
    sqlite_autoincrement=True,
)

# What humans decided about a reason's autonomy; the latest row per board and reason counts.
# board_id NULL: wherever no board has a row of its own.
autonomy = Table(
    "autonomy",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("board_id", BigInteger),
    Column("reason", Code, nullable=False),
    Column("granted", Boolean, nullable=False),  # else withdrawn
    Column("who", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_autonomy_forum", "forum"),
    sqlite_autoincrement=True,
)

# Since when a board (0: the forum's default) is under its mode: what was there before stays untouched.
modes = Table(
    "modes",
    metadata,
    Column("forum", String, primary_key=True),
    Column("board_id", BigInteger, primary_key=True, autoincrement=False),
    Column("mode", Code, nullable=False),
    Column("since", UtcTime, nullable=False),
)
