"""What the detectors and the policy said."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, String, Table

from modbot.store.schema.base import metadata
from modbot.store.types import BigId, Code, UtcTime, Words

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
    Column("standing_id", BigInteger),  # the standing decision that decided
    Index("ix_decisions_reply", "reply_id", "revision_id"),
    Index("ix_decisions_decided_at", "forum", "decided_at"),
)
_by_standing = decisions.c.standing_id.is_not(None)
Index(
    "ix_decisions_standing_id",
    decisions.c.standing_id,
    sqlite_where=_by_standing,
    postgresql_where=_by_standing,
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
