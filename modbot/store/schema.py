"""The tables. A change here needs a migration beside it (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from modbot.store.types import BigId, Code, UtcTime, Words

REVISION = "0004"
"""The migration that this code is written for."""

FORGOTTEN = 0
"""In replies.decision_id: judged, and the judgement is forgotten with the text."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
    UniqueConstraint("forum", "post_id"),
)
_unjudged = replies.c.decision_id.is_(None) & replies.c.parked.is_(None)
Index(
    "ix_replies_unjudged", replies.c.forum, replies.c.id, sqlite_where=_unjudged, postgresql_where=_unjudged
)
_parked = replies.c.parked.is_not(None)
Index("ix_replies_parked", replies.c.forum, sqlite_where=_parked, postgresql_where=_parked)
Index("ix_replies_author", replies.c.forum, replies.c.author_id)
Index("ix_replies_thread", replies.c.forum, replies.c.thread_id)
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

decisions = Table(
    "decisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("reply_id", ForeignKey("replies.id", ondelete="CASCADE"), nullable=False),
    Column("revision_id", ForeignKey("revisions.id", ondelete="CASCADE"), nullable=False),
    Column("forum", String, nullable=False),
    Column("kind", Code, nullable=False),
    Column("would_be", Code, nullable=False),
    Column("reason", Code),
    Column("label", Code, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float),
    Column("held_by", JSON, nullable=False),
    Column("limits", JSON(none_as_null=True)),
    Column("ham", Float, nullable=False),
    Column("low_effort", Float, nullable=False),
    Column("spam", Float, nullable=False),
    Column("signals", JSON, nullable=False),
    Column("repetition", JSON(none_as_null=True)),
    Column("campaign", String),
    Column("canonical", Words, nullable=False),
    Column("established", Boolean, nullable=False),
    Column("model", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Index("ix_decisions_reply", "reply_id", "revision_id"),
    Index("ix_decisions_decided_at", "forum", "decided_at"),
)

# A reply belongs to a campaign through replies.campaign.
campaigns = Table(
    "campaigns",
    metadata,
    Column("forum", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("canonical", Words, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
)

# One row per name that a campaign had before it became one with another.
campaign_aliases = Table(
    "campaign_aliases",
    metadata,
    Column("forum", String, primary_key=True),
    Column("alias", String, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_campaign_aliases_campaign", "forum", "campaign"),
)

flags = Table(
    "flags",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("reply_id", ForeignKey("replies.id"), nullable=False),
    Column("revision_id", ForeignKey("revisions.id"), nullable=False),
    Column("decision_id", ForeignKey("decisions.id"), nullable=False),
    Column("state", Code, nullable=False),
    Column("action_state", Code, nullable=False),
    Column("would_hide", Boolean, nullable=False),
    Column("reason", Code, nullable=False),
    Column("label", Code, nullable=False),
    Column("score", Float, nullable=False),
    Column("campaign", String),
    Column("superseded_by", ForeignKey("flags.id")),
    Column("shown_at", UtcTime),  # NULL: kept out of the queue by its budget
    Column("opened_at", UtcTime, nullable=False),
    Column("hidden_at", UtcTime),  # when our unasked hide was proved
    Column("restored_at", UtcTime),  # when it was undone again
    Column("closed_at", UtcTime),
    Column("version", Integer, nullable=False),
    Index("ix_flags_queue", "forum", "state", "score"),
    Index("ix_flags_reply", "reply_id"),
    Index("ix_flags_campaign", "forum", "campaign"),
    Index("ix_flags_shown_at", "forum", "shown_at"),
    Index("ix_flags_hidden_at", "forum", "hidden_at"),
    sqlite_autoincrement=True,
)
Index("ix_flags_decision", flags.c.decision_id)
_replaced = flags.c.superseded_by.is_not(None)
Index("ix_flags_superseded_by", flags.c.superseded_by, sqlite_where=_replaced, postgresql_where=_replaced)
_open = flags.c.closed_at.is_(None)
Index("uq_flags_open", flags.c.reply_id, unique=True, sqlite_where=_open, postgresql_where=_open)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("reply_id", ForeignKey("replies.id"), nullable=False),
    Column("revision_id", ForeignKey("revisions.id"), nullable=False),
    Column("flag_id", ForeignKey("flags.id")),
    Column("undoes", ForeignKey("outbox.id")),  # the opposite row that this one takes back
    Column("kind", Code, nullable=False),
    Column("reason", Words, nullable=False),
    Column("notify", Boolean, nullable=False),
    Column("unasked", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", Code, nullable=False),
    Column("uncertain", Boolean, nullable=False),  # an earlier attempt may have taken effect
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("owner", String),
    Column("lease_until", UtcTime),
    Column("detail", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Index("ix_outbox_due", "forum", "state", "not_before"),
    Index("ix_outbox_settled_at", "forum", "settled_at"),
    Index("ix_outbox_reply", "reply_id", "state"),
    Index("ix_outbox_flag", "flag_id"),
    sqlite_autoincrement=True,
)

_undoing = outbox.c.undoes.is_not(None)
Index("ix_outbox_undoes", outbox.c.undoes, sqlite_where=_undoing, postgresql_where=_undoing)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String, nullable=False),
    Column("flag_id", ForeignKey("flags.id"), nullable=False),
    Column("reply_id", ForeignKey("replies.id"), nullable=False),
    Column("kind", Code, nullable=False),
    Column("source", Code, nullable=False),
    Column("taught", Code),  # the label that it taught, if any
    Column("who", String, nullable=False),
    Column("note", Words, nullable=False),
    Column("given_at", UtcTime, nullable=False),
    Column("action_id", ForeignKey("outbox.id")),  # what it queued on the forum
    Column("undone_at", UtcTime),
    Column("undone_by", String),
    Index("ix_verdicts_flag", "flag_id"),
    Index("ix_verdicts_reply", "reply_id"),
)
_standing = verdicts.c.undone_at.is_(None)
Index(
    "uq_verdicts_standing",
    verdicts.c.flag_id,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)

_acting = verdicts.c.action_id.is_not(None)
Index("ix_verdicts_action", verdicts.c.action_id, sqlite_where=_acting, postgresql_where=_acting)

labels = Table(
    "labels",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forum", String),
    Column("reply_id", ForeignKey("replies.id", ondelete="SET NULL")),
    Column("revision_id", ForeignKey("revisions.id", ondelete="SET NULL")),
    Column("flag_id", ForeignKey("flags.id", ondelete="SET NULL")),
    Column("verdict_id", ForeignKey("verdicts.id", ondelete="SET NULL")),
    Column("digest", String, nullable=False),
    Column("label", Code, nullable=False),
    Column("text", Words, nullable=False),
    Column("context", JSON, nullable=False),
    Column("source", String, nullable=False),
    Column("who", String, nullable=False),
    Column("model", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("given_at", UtcTime, nullable=False),
    Column("forgotten_at", UtcTime),
    Index("ix_labels_verdict", "verdict_id"),
    Index("ix_labels_digest", "digest"),
)

_flagged = labels.c.flag_id.is_not(None)
Index("ix_labels_flag", labels.c.flag_id, sqlite_where=_flagged, postgresql_where=_flagged)

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("forum", String),
    Column("flag_id", BigInteger),
    Column("reply_id", BigInteger),
    Column("details", JSON, nullable=False),
    Index("ix_audit_flag", "flag_id"),
    Index("ix_audit_reply", "reply_id"),
    Index("ix_audit_at", "at"),
    sqlite_autoincrement=True,
)

brakes = Table(
    "brakes",
    metadata,
    Column("forum", String, primary_key=True),
    Column("pulled", Boolean, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("why", String, nullable=False),
    Column("details", JSON, nullable=False),
    Column("who", String, nullable=False),
)

# One row, "owner": the process that polls and acts.
leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),  # a random token, so that no pid is mistaken for another
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("released", Boolean, nullable=False),  # its owner ended in order
)

# One row per forum: the circuit breaker, and what opened it.
breakers = Table(
    "breakers",
    metadata,
    Column("forum", String, primary_key=True),
    Column("state", Code, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row
    Column("probe_at", UtcTime),  # NULL while closed, and while only a human may close it
    Column("code", String, nullable=False),
    Column("facts", JSON, nullable=False),
)

# One row per forum: its last poll, and the last that ended without an error.
polls = Table(
    "polls",
    metadata,
    Column("forum", String, primary_key=True),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("replies_read", Integer, nullable=False),
    Column("replies_new", Integer, nullable=False),
    Column("caught_up", Boolean, nullable=False),
)

# Work of the house that belongs to no forum: purge, backup, digest.
chores = Table(
    "chores",
    metadata,
    Column("name", String, primary_key=True),
    Column("began_at", UtcTime, nullable=False),
    Column("succeeded_at", UtcTime),
    Column("problem", Words, nullable=False),
    Column("details", JSON, nullable=False),
)

# What people outside are told: one open row per key while the trouble lasts.
notices = Table(
    "notices",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String, nullable=False),
    Column("code", String, nullable=False),
    Column("forum", String),
    Column("details", JSON, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("told_at", UtcTime),  # that it began
    Column("told_end_at", UtcTime),  # that it is over
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("reached", JSON, nullable=False),  # marks of the addresses that have it already
    Index("ix_notices_opened_at", "opened_at"),
    sqlite_autoincrement=True,
)
_lasting = notices.c.closed_at.is_(None)
Index("uq_notices_lasting", notices.c.key, unique=True, sqlite_where=_lasting, postgresql_where=_lasting)

__all__ = [
    "FORGOTTEN",
    "REVISION",
    "audit",
    "boards",
    "brakes",
    "breakers",
    "campaign_aliases",
    "campaigns",
    "chores",
    "cursors",
    "decisions",
    "flags",
    "labels",
    "leases",
    "metadata",
    "notices",
    "openings",
    "outbox",
    "polls",
    "replies",
    "requests",
    "revisions",
    "unreadable",
    "verdicts",
]
