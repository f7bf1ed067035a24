"""The tables. A change here needs a migration beside it (a test compares the two)."""

from __future__ import annotations

from modbot.store.schema.base import FORGOTTEN, REVISION, metadata
from modbot.store.schema.deciding import audit, flags, labels, outbox, verdicts
from modbot.store.schema.judging import campaign_aliases, campaigns, decisions
from modbot.store.schema.lasting import (
    autonomy,
    misses,
    modes,
    policy_exceptions,
    spot_checks,
    standing_authors,
    standing_changes,
    standing_decisions,
    standing_texts,
)
from modbot.store.schema.people import (
    api_tokens,
    claims,
    flag_notes,
    sessions,
    settings_changes,
    signin_links,
    skips,
    users,
)
from modbot.store.schema.reading import boards, cursors, openings, replies, requests, revisions, unreadable
from modbot.store.schema.running import brakes, breakers, chores, leases, notices, polls, presets
from modbot.store.schema.searching import search_progress

__all__ = [
    "FORGOTTEN",
    "REVISION",
    "api_tokens",
    "audit",
    "autonomy",
    "boards",
    "brakes",
    "breakers",
    "campaign_aliases",
    "campaigns",
    "chores",
    "claims",
    "cursors",
    "decisions",
    "flag_notes",
    "flags",
    "labels",
    "leases",
    "metadata",
    "misses",
    "modes",
    "notices",
    "openings",
    "outbox",
    "policy_exceptions",
    "polls",
    "presets",
    "replies",
    "requests",
    "revisions",
    "search_progress",
    "sessions",
    "settings_changes",
    "signin_links",
    "skips",
    "spot_checks",
    "standing_authors",
    "standing_changes",
    "standing_decisions",
    "standing_texts",
    "unreadable",
    "users",
    "verdicts",
]
