"""What the forum and the store hold at the end, against what must be."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from crash_clock import START
from crash_stories import End, Ends, Verdict
from crash_town import Ledger, Town

from modbot.demo.state import PostState

Flags = tuple[tuple[str, str], ...]
FIRST_READ_DAYS = 30
"""What was posted before is not read at the first start."""


def complaints(town: Town, ends: Ends) -> list[str]:
    """Every difference, in words; an empty list is a faultless end."""
    found = [f"integrity: {row}" for row in _integrity(town.ledger)]
    found += [f"post {post}: stored {times} times, not once" for post, times in _not_stored_once(town)]
    found += [f"reply {row['post_id']} is {row['what']}" for row in _left_over(town.ledger)]
    for post_id, end in ends.items():
        found += [f"post {post_id}: {problem}" for problem in _of_post(town, post_id, end)]
    found += [f"post {post}: {what}" for post, what in _untouched(town, ends)]
    return found


def _integrity(ledger: Ledger) -> Iterator[str]:
    with closing(sqlite3.connect(ledger.file)) as connection:
        yield from (row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok")
        yield from (f"foreign key {row}" for row in connection.execute("PRAGMA foreign_key_check"))


def _not_stored_once(town: Town) -> Iterator[tuple[int, int]]:
    stored = Counter(row["post_id"] for row in town.ledger.rows("SELECT post_id FROM replies"))
    first = START - timedelta(days=FIRST_READ_DAYS)
    for post in town.forum.posts.values():
        if post.posted_at > first and stored[post.id] != 1:
            yield post.id, stored[post.id]


def _left_over(ledger: Ledger) -> list[sqlite3.Row]:
    """Nobody else hides here: what was hidden ``already`` was ours, and that was forgotten."""
    return ledger.rows(
        "SELECT post_id, 'not judged' AS what FROM replies WHERE decision_id IS NULL"
        " UNION ALL SELECT post_id, 'parked' FROM replies WHERE parked IS NOT NULL"
        " UNION ALL SELECT post_id, 'left as ' || state FROM outbox JOIN replies ON replies.id = reply_id"
        " WHERE state NOT IN ('done', 'gone', 'cancelled')"
    )


def _untouched(town: Town, ends: Ends) -> Iterator[tuple[int, str]]:
    """What no story tells of is neither flagged nor hidden, and nothing is hidden idly."""
    for post in town.forum.posts.values():
        if post.id not in ends and (post.hidden or town.ledger.flag_states(post.id)):
            yield post.id, "flagged or hidden, though it was there before"
    for post_id, times in town.forum.idle_hides.items():
        yield post_id, f"asked {times} times more to hide what was hidden"
    log = Counter((entry.post_id, entry.action) for entry in town.forum.content.mod_log)
    for post_id, times in town.forum.hides.items():
        if log[post_id, "BNP"] != times:
            yield post_id, f"{log[post_id, 'BNP']} entries in the forum's log for {times} hides"


def _of_post(town: Town, post_id: int, end: End) -> Iterator[str]:
    post = town.forum.posts[post_id]
    gone = post.state is PostState.RECYCLED
    if post.hidden is not (end.hidden and not gone):
        yield f"hidden is {post.hidden}"
    hides, restores = town.forum.hides[post_id], town.forum.unhides[post_id]
    yield from _of_acts(end, hides, restores)
    ledger = town.ledger
    yield from _differ("decisions", _decisions(ledger, post_id), end.decisions)
    flags = _flags(ledger, post_id)
    if not _are_meant(flags, end.flags):
        yield f"flags {flags}, not {end.flags}"
    yield from _differ("verdicts", _verdicts(ledger, post_id), end.verdicts)
    yield from _differ("labels", _labels(ledger, post_id), _meant_labels(end))
    yield from _differ("audit", _audit(ledger, post_id), _meant_audit(end, hides, restores))


def _of_acts(end: End, hides: int, restores: int) -> Iterator[str]:
    if end.hides is None:
        if hides != restores or hides > 1:
            yield f"{hides} hides and {restores} restores in a race"
    elif (hides, restores) != (end.hides, end.restores):
        yield f"{hides} hides and {restores} restores, not {end.hides} and {end.restores}"


def _are_meant(found: Flags, meant: Flags) -> bool:
    return len(found) == len(meant) and all(
        state in states.split("|") and reason == meant_reason
        for (state, reason), (states, meant_reason) in zip(found, meant, strict=True)
    )


def _differ(what: str, found: object, meant: object) -> Iterator[str]:
    if found != meant:
        yield f"{what} {found}, not {meant}"


def _decisions(ledger: Ledger, post_id: int) -> tuple[str, ...]:
    rows = ledger.rows(
        "SELECT kind FROM decisions JOIN replies ON replies.id = reply_id WHERE post_id = ?"
        " ORDER BY decisions.id",
        post_id,
    )
    return tuple(row["kind"] for row in rows)


def _flags(ledger: Ledger, post_id: int) -> Flags:
    rows = ledger.rows(
        "SELECT state, reason FROM flags JOIN replies ON replies.id = reply_id WHERE post_id = ?"
        " ORDER BY flags.id",
        post_id,
    )
    return tuple((row["state"], row["reason"]) for row in rows)


def _verdicts(ledger: Ledger, post_id: int) -> tuple[Verdict, ...]:
    rows = ledger.rows(
        "SELECT kind, taught, undone_at FROM verdicts JOIN replies ON replies.id = reply_id WHERE post_id = ?"
        " ORDER BY verdicts.id",
        post_id,
    )
    return tuple(Verdict(row["kind"], row["taught"], row["undone_at"] is not None) for row in rows)


def _labels(ledger: Ledger, post_id: int) -> list[tuple[str, bool]]:
    rows = ledger.rows(
        "SELECT label, labels.forgotten_at FROM labels JOIN replies ON replies.id = reply_id"
        " WHERE post_id = ? ORDER BY labels.id",
        post_id,
    )
    return [(row["label"], row["forgotten_at"] is not None) for row in rows]


def _meant_labels(end: End) -> list[tuple[str, bool]]:
    return [(verdict.label, verdict.undone) for verdict in end.verdicts if verdict.label]


def _audit(ledger: Ledger, post_id: int) -> Counter[str]:
    """The entries that may stand once only: opened flags, verdicts, acts that took effect.
    Claims, retries and second looks may differ."""
    rows = ledger.rows(
        "SELECT what, json_extract(details, '$.kind') AS kind FROM audit"
        " JOIN replies ON replies.id = reply_id WHERE post_id = ?",
        post_id,
    )
    counted = Counter[str]()
    for row in rows:
        if row["what"] == "action.done":
            counted[f"{row['kind']} done"] += 1
        elif row["what"] == "flag.opened" or row["what"].startswith("verdict."):
            counted[row["what"]] += 1
    return counted


def _meant_audit(end: End, hides: int, restores: int) -> Counter[str]:
    counted = Counter({"flag.opened": len(end.flags), "hide done": hides, "restore done": restores})
    for verdict in end.verdicts:
        counted[f"verdict.{verdict.kind}"] += 1
        counted["verdict.undone"] += verdict.undone
    return +counted
