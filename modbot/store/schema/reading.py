"""What was read from the forums."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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

# One row per reply, as last read. revision_id, decision_id and our_hide point at the
# current row of their tables; they carry no foreign key because those rows point back.
replies = Table(
    "replies",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("post_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger),
    Column("decision_id", BigInteger),  # of the current revision; NULL: not judged yet; see FORGOTTEN
    Column("parked", Words),  # why judging this revision is not tried again
    Column("our_hide", BigInteger),  # the outbox row whose hide is in effect
    Column("our_delete", BigInteger),  # the outbox row that took it away otherwise: see effects
    Column("kept_revision_id", BigInteger),  # a human put this revision back: never hide it unasked
    Column("campaign", String),
    Column("thread_id", BigInteger),
    Column("thread_title", Words, nullable=False),
    Column("thread_kind", Code, nullable=False),
    Column("board_id", BigInteger),
    Column("author_id", BigInteger),
    Column("author_name", Words, nullable=False),
    Column("author_group", Integer),
    Column("author_posts", BigInteger),
    Column("author_credits", BigInteger),
    Column("author_registered", UtcTime),
    Column("is_thread_author", Boolean, nullable=False),
    Column("posted_at", UtcTime),
    Column("floor", Integer),
    Column("region", Words, nullable=False),
    Column("client", Words, nullable=False),
    Column("links", JSON, nullable=False),
    Column("images", Integer, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("visibility", Code, nullable=False),
    Column("visibility_at", UtcTime, nullable=False),
    Column("forgotten_at", UtcTime),  # its author was to be forgotten: nothing of them is kept of this text
    Column("read_again_at", UtcTime),  # when to look for an edit; NULL: not any more
    UniqueConstraint("forum", "post_id"),
)
_unjudged = replies.c.decision_id.is_(None) & replies.c.parked.is_(None)
Index(
    "ix_replies_unjudged",
    replies.c.forum,
    replies.c.decision_id,  # always NULL here: SQLite weighs columns, and takes the index that answers more
    replies.c.id,
    sqlite_where=_unjudged,
    postgresql_where=_unjudged,
)
_parked = replies.c.parked.is_not(None)
Index("ix_replies_parked", replies.c.forum, sqlite_where=_parked, postgresql_where=_parked)
_to_read = replies.c.read_again_at.is_not(None)
Index(
    "ix_replies_read_again_at",
    replies.c.forum,
    replies.c.read_again_at,
    sqlite_where=_to_read,
    postgresql_where=_to_read,
)
_known_author = replies.c.author_id.is_not(None)
Index(
    "ix_replies_author",
    replies.c.forum,
    replies.c.author_id,
    replies.c.posted_at,
    sqlite_where=_known_author,
    postgresql_where=_known_author,
)
_forgotten = replies.c.forgotten_at.is_not(None)
Index(
    "ix_replies_forgotten_at",
    replies.c.forum,
    replies.c.forgotten_at,
    sqlite_where=_forgotten,
    postgresql_where=_forgotten,
)
Index("ix_replies_thread", replies.c.forum, replies.c.thread_id, replies.c.post_id)
Index("ix_replies_campaign", replies.c.forum, replies.c.campaign)
Index("ix_replies_posted_at", replies.c.posted_at)
Index("ix_replies_first_seen", replies.c.forum, replies.c.first_seen)

revisions = Table(
    "revisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("reply_id", ForeignKey("replies.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String, nullable=False),
    Column("text", Words, nullable=False),
    Column("quoted", Words, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    UniqueConstraint("reply_id", "digest"),
)

openings = Table(
    "openings",
    metadata,
    Column("forum", String, primary_key=True),
    Column("thread_id", BigInteger, primary_key=True, autoincrement=False),
    Column("text", Words, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

boards = Table(
    "boards",
    metadata,
    Column("forum", String, primary_key=True),
    Column("board_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False),
    Column("posts", BigInteger),
    Column("seen_at", UtcTime, nullable=False),
    Column("recycles", Boolean),  # whether it has a recycle bin; NULL: nobody knows
)

cursors = Table(
    "cursors",
    metadata,
    Column("forum", String, primary_key=True),
    Column("cursor", Words, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("forum", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("made", Integer, nullable=False),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("url", Words, nullable=False),
    Column("problem", Words, nullable=False),
    Column("excerpt", Words, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    UniqueConstraint("forum", "digest"),
)
