"""The state of the daemon and its work."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table

from modbot.store.schema.base import metadata
from modbot.store.types import BigId, Code, UtcTime, Words

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

# One row per forum: the reasons that its own dialog offers for hiding.
presets = Table(
    "presets",
    metadata,
    Column("forum", String, primary_key=True),
    Column("reasons", JSON, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
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
