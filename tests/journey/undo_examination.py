"""What of a town at rest is not as the model and the rules of undo demand, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from undo_model import Model
from undo_town import FORUM, Town

from modbot.domain import ActionKind, FlagState, OutboxState, VerdictKind
from modbot.store import flags, outbox, schema
from modbot.store.flags import Flag

LETS_STAND = (VerdictKind.DISMISS, VerdictKind.ALLOW_HERE)


def complaints(town: Town, model: Model) -> list[str]:
    found = [*_of_posts(town, model), *_of_flags(town), *_of_verdicts(town, model)]
    return [*found, *_of_labels(town), *_of_what_lasts(town), *_of_mutes(town), *_of_acts(town)]


def leftovers(town: Town) -> list[str]:
    """What is left of verdicts once every one of them is undone. How the posts are shown then
    is among the complaints: one that was published by a mistake is hidden."""
    standing = _rows(town, schema.verdicts, schema.verdicts.c.undone_at.is_(None))
    left = [f"verdict {row.id} stands" for row in standing if row.source != "forum"]
    kept = _rows(town, schema.labels, schema.labels.c.forgotten_at.is_(None))
    mine = {row.id for row in _rows(town, schema.verdicts) if row.source != "forum"}
    left += [f"label {row.id} is kept" for row in kept if row.verdict_id in mine]
    for table in (schema.policy_exceptions, schema.standing_decisions):
        in_force = _rows(town, table, table.c.revoked_at.is_(None))
        left += [f"{table.name} {row.id} is in force" for row in in_force if row.verdict_id in mine]
    return left


def _of_posts(town: Town, model: Model) -> Iterator[str]:
    for number, post in model.posts.items():
        shown = town.shows(number)
        if not post.contested and shown != post.expected:
            yield f"post {number} is {shown}, not {post.expected}"
    # What was hidden or taken away long ago is read again once a day only.
    for row in [row for row in _rows(town, schema.replies) if town.has_seen(row.post_id)]:
        shown, ours = town.shows(row.post_id), (row.our_hide, row.our_delete)
        if row.our_hide is not None and shown not in ("hidden", "deleted", "moved"):
            yield f"post {row.post_id} counts as hidden by us and is {shown}"
        away = shown in ("deleted", "ignored", "moved")
        if row.our_delete is not None and not away:
            yield f"post {row.post_id} counts as taken away by us and is {shown}"
        if ours == (None, None) and shown == "moved":
            yield f"post {row.post_id} was moved and counts as nobody's doing"


def _of_flags(town: Town) -> Iterator[str]:
    with town.store.read() as rx:
        found = flags.find(rx, flags.Filter(states=tuple(FlagState)), limit=1000)
    for flag in found:
        yield from _of_flag(town, flag)


def _of_flag(town: Town, flag: Flag) -> Iterator[str]:
    shown, about = town.shows(flag.post_id), f"flag {flag.id} of post {flag.post_id}"
    if flag.state is FlagState.HIDDEN and (not flag.hidden_by_us or shown == "shown"):
        yield f"{about} is hidden, the post {shown}"
    if flag.state is FlagState.PENDING and flag.hidden_by_us:
        yield f"{about} is pending, and we hide it"
    verdict = _rows(town, schema.verdicts, schema.verdicts.c.flag_id == flag.id)[-1:]
    stands = [row for row in verdict if row.undone_at is None]
    if flag.is_open is not (not stands and flag.state is not FlagState.WITHDRAWN):
        yield f"{about} is {flag.state} with {len(stands)} verdicts"
    lets_stand = any(row.kind in LETS_STAND for row in stands) and not flag.is_edited
    if lets_stand and flag.hidden_by_us and flag.action_state not in ("refused", "dead"):
        yield f"{about} was let stand, and we hide it"


def _of_verdicts(town: Town, model: Model) -> Iterator[str]:
    """Every verdict is in the audit once, and so is its end."""
    rows = _rows(town, schema.verdicts)
    told = Counter(row.what for row in _rows(town, schema.audit))
    given = Counter(f"verdict.{row.kind}" for row in rows)
    given["verdict.undone"] = sum(row.undone_at is not None for row in rows)
    for what in {*given, *(one for one in told if one.startswith("verdict."))}:
        if told[what] != given[what]:
            yield f"{told[what]} entries of {what} for {given[what]}"
    people = Counter(f"verdict.{row.kind}" for row in rows if row.source != "forum")
    for what in {f"verdict.{kind.value}" for kind in VerdictKind}:
        if people[what] != model.said.get(what, 0):
            yield f"{people[what]} of {what}, given {model.said.get(what, 0)} times"


def _of_labels(town: Town) -> Iterator[str]:
    standing = {
        row.id: row.taught for row in _rows(town, schema.verdicts, schema.verdicts.c.undone_at.is_(None))
    }
    kept = _rows(town, schema.labels, schema.labels.c.forgotten_at.is_(None))
    taught = {row.verdict_id: row.label for row in kept}
    if len(taught) != len(kept):
        yield "a verdict taught more than once"
    for verdict in standing.keys() | taught.keys():
        if standing.get(verdict) != taught.get(verdict):
            yield f"verdict {verdict} taught {taught.get(verdict)}, not {standing.get(verdict)}"


def _of_what_lasts(town: Town) -> Iterator[str]:
    verdicts = {row.id: row for row in _rows(town, schema.verdicts)}
    for table in (schema.policy_exceptions, schema.standing_decisions):
        for row in _rows(town, table, table.c.revoked_at.is_(None)):
            if verdicts[row.verdict_id].undone_at is not None:
                yield f"{table.name} {row.id} outlives its verdict"
    allowing = [row for row in verdicts.values() if row.kind == VerdictKind.ALLOW_HERE]
    made = {row.verdict_id for row in _rows(town, schema.policy_exceptions)}
    for row in allowing:
        if row.id not in made:
            yield f"verdict {row.id} allows, and made no exception"


def _of_mutes(town: Town) -> Iterator[str]:
    authors = {row.id: row.author_id for row in _rows(town, schema.replies)}
    standing = _rows(town, schema.verdicts, schema.verdicts.c.undone_at.is_(None))
    wanted = {authors[row.reply_id] for row in standing if row.mute_id is not None}
    kept = town.forum.kept
    muted = {author for author in kept.mutes if kept.is_muted(author)}
    if not muted <= wanted <= set(kept.mutes):  # a mute also ends by itself
        yield f"muted are {sorted(muted)}, not {sorted(wanted)}"


def _of_acts(town: Town) -> Iterator[str]:
    """Every act is in the audit once; what changed the forum was ours once, unless a human
    had a hand in it."""
    with town.store.read() as rx:
        actions = outbox.listing(rx, forum=FORUM, limit=10_000)
    told = Counter(
        (row.details["action"], row.what)
        for row in _rows(town, schema.audit)
        if "action" in (row.details or {})
    )
    for action in actions:
        if action.state is OutboxState.DONE and told[action.id, "action.done"] != 1:
            yield f"action {action.id} is done and told {told[action.id, 'action.done']} times"
    for post in {action.post_id for action in actions} - town.touched:
        hides = [one for one in actions if one.post_id == post and one.kind is ActionKind.HIDE]
        done = sum(one.state is OutboxState.DONE for one in hides)
        unproved = sum(one.uncertain and one.state is not OutboxState.DONE for one in hides)
        if not done <= town.effects(ActionKind.HIDE, post) <= done + unproved:
            yield f"post {post} was hidden {town.effects(ActionKind.HIDE, post)} times for {done} hides"


def _rows(town: Town, table: Any, *conditions: Any) -> list[Any]:
    with town.store.read() as rx:
        return list(rx.execute(select(table).where(*conditions).order_by(table.c.id)))
