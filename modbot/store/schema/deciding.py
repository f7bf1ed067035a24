"""What moderators see and decide, what follows on the forum, and what it teaches."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from modbot.store.schema.base import metadata
from modbot.store.types import BigId, Code, UtcTime, Words

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
    Column("threshold", Float),  # that the score passed, where one was
    Column("campaign", String),
    Column("writer_id", BigInteger),  # who wrote the reply: its author_id when the flag was opened
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
    Index("ix_flags_writer", "forum", "writer_id"),
    Index("ix_flags_shown_at", "forum", "shown_at"),
    Index("ix_flags_hidden_at", "forum", "hidden_at"),
    sqlite_autoincrement=True,
)
Index("ix_flags_decision", flags.c.decision_id)
_replaced = flags.c.superseded_by.is_not(None)
Index("ix_flags_superseded_by", flags.c.superseded_by, sqlite_where=_replaced, postgresql_where=_replaced)
_open = flags.c.closed_at.is_(None)
Index(
    "ix_flags_cards",
    *(flags.c[name] for name in ("forum", "campaign", "writer_id", "score", "threshold", "opened_at")),
    *(flags.c[name] for name in ("shown_at", "closed_at", "state", "would_hide")),
    sqlite_where=_open,
    postgresql_where=_open,
)
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
    Column("standing_id", BigInteger),  # the standing decision that asked for it: no brake holds it
    Column("details", JSON(none_as_null=True)),  # days of a mute, board of a move, …
    Index("ix_outbox_due", "forum", "state", "not_before"),
    Index("ix_outbox_settled_at", "forum", "settled_at"),
    Index("ix_outbox_reply", "reply_id", "state"),
    Index("ix_outbox_flag", "flag_id"),
    sqlite_autoincrement=True,
)

_undoing = outbox.c.undoes.is_not(None)
_lasting = outbox.c.standing_id.is_not(None)
Index("ix_outbox_standing_id", outbox.c.standing_id, sqlite_where=_lasting, postgresql_where=_lasting)
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
    Column("bulk", String),  # given at once with the others of this name
    Column("mute_id", BigInteger),  # the outbox row of its mute of the author
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

_in_bulk = verdicts.c.bulk.is_not(None)
Index("ix_verdicts_bulk", verdicts.c.bulk, sqlite_where=_in_bulk, postgresql_where=_in_bulk)

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
    Index("ix_audit_who", "who", "at"),
    Index("ix_audit_what", "what", "at"),
    sqlite_autoincrement=True,
)
