"""Settings as a page shows them, and what somebody filled in there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modbot import settings
from modbot.console.visitors import Forbidden, Visitor
from modbot.domain import Mode, Reply
from modbot.errors import SettingsError
from modbot.moderation import changing
from modbot.moderation.previewing import Difference, Preview
from modbot.settings import Loaded, changeable, inventory
from modbot.settings.inventory import Entry
from modbot.settings.mistakes import REFERENCE_FILE
from modbot.store import overlay
from modbot.store.engine import Store


@dataclass(frozen=True, slots=True)
class Chosen:
    """``present``: the settings as they are chosen now, which may not be in force yet;
    ``overlaid`` what the console changed of them, ``mark`` the last such change."""

    present: Loaded
    overlaid: Mapping[str, Any]
    mark: int

    @classmethod
    def read(cls, store: Store, loaded: Loaded) -> Chosen:
        with store.read() as rx:
            overlaid, mark = overlay.in_force(rx), overlay.mark(rx)
        return cls(settings.usable_over(loaded, overlaid), overlaid, mark)


@dataclass(frozen=True, slots=True)
class Field:
    """One key in a form. ``text`` is what its field shows, ``code`` that of what it is,
    ``changed`` whether the console changed it, ``below`` its value without that, ``error`` what
    is wrong with ``text``."""

    key: str
    name: str
    text: str
    choices: Sequence[str]
    source: str
    code: str
    changed: bool
    below: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a change makes of one key; ``unset``: it is as files and environment say again."""

    key: str
    before: str
    after: str
    unset: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a policy of its own may hold; ``name`` is empty for a board that is not known yet."""

    group: str
    forum: str | None
    board: int | None
    name: str
    mode: Mode
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    comment: str
    group: str
    entries: Sequence[Entry]


def sections(loaded: Loaded, visitor: Visitor) -> list[Section]:
    """Every setting that the visitor may see, by tables; ``group`` is the table to change, if
    any."""
    comments = inventory.reference_comments()
    groups = set(changeable.groups(loaded.settings))
    found: dict[str, list[Entry]] = {}
    for entry in inventory.entries(loaded, comments):
        if may_see(visitor, entry.key):
            found.setdefault(_table_of(entry.key), []).append(entry)
    return [
        Section(name, comments.get(name, ""), name if name in groups else "", entries)
        for name, entries in found.items()
    ]


def fields(chosen: Chosen, group: str, filled: Mapping[str, Any], errors: Mapping[str, str]) -> list[Field]:
    """The form of one table, with what was ``filled`` in before and what was wrong with it."""
    files = settings.over(chosen.present, {})
    shown = []
    for key in changeable.keys_of(group):
        present = inventory.text_of(inventory.value_of(chosen.present, key))
        shown.append(
            Field(
                key=key,
                name=key.removeprefix(f"{group}."),
                text=str(filled.get(key, present)),
                choices=changeable.choices(key),
                source=source_of(chosen.present, key),
                code=code_of(key),
                changed=key in chosen.overlaid,
                below=inventory.text_of(inventory.value_of(files, key)),
                error=errors.get(key, ""),
            )
        )
    return shown


def code_of(key: str) -> str:
    """The code of the sentence that says what a changeable key is."""
    return f"setting.{inventory.general(key)}"


def source_of(loaded: Loaded, key: str) -> str:
    """Where a value comes from: of a forum's or board's policy, the place that it is taken from."""
    found = (loaded.origin.found(tuple(one.split("."))) for one in inventory.inherited(key))
    return next((source for source in found if source is not None), REFERENCE_FILE)


def wishes(chosen: Chosen, group: str, filled: Mapping[str, str], unset: Sequence[str]) -> dict[str, Any]:
    """What of a form's fields is another value than now; None for what is to be as files and
    environment say."""
    found: dict[str, Any] = {}
    for key in changeable.keys_of(group):
        text = filled.get(key)
        if key in unset:
            found[key] = None
        elif text is not None and text.strip() != inventory.text_of(inventory.value_of(chosen.present, key)):
            found[key] = text.strip()
    return found


def problems(
    chosen: Chosen, wanted: Mapping[str, Any], problem: SettingsError, language: str
) -> dict[str, str]:
    """What is wrong with each field, or else (their sum is wrong) the ``problem`` at its key."""
    found: dict[str, str] = {}
    for key, value in wanted.items():
        try:
            changing.changed(chosen.present, chosen.overlaid, {key: value})
        except SettingsError as alone:
            found[key] = alone.message(language)
    return found or {str(problem.params.get("key", "")): problem.message(language)}


def require_place(visitor: Visitor, keys: Sequence[str]) -> None:
    """Raises Forbidden for settings that reach beyond the visitor's places."""
    for key in keys:
        forum, board = changeable.place_of(key)
        everywhere = visitor.scope.places is None
        if not (everywhere if forum is None else visitor.scope.covers(forum, board)):
            raise Forbidden(code="error.console.settings_beyond", key=key)


def steps(chosen: Chosen, after: Loaded, wanted: Mapping[str, Any]) -> list[Step]:
    return [
        Step(
            key,
            inventory.text_of(inventory.value_of(chosen.present, key)),
            inventory.text_of(inventory.value_of(after, key)),
            value is None,
        )
        for key, value in wanted.items()
    ]


def turns_hiding_on(before: Loaded, after: Loaded) -> bool:
    """Whether any policy hides unasked that did not."""
    return any(
        _mode(after, group) is Mode.ENFORCE is not _mode(before, group)
        for group in changeable.groups(after.settings)
        if group.endswith("policy")
    )


def places(loaded: Loaded, visitor: Visitor, names: Mapping[str, Mapping[int, str]]) -> list[Place]:
    """Everywhere, every forum, every board: those with a policy of their own, and the others
    that are known."""
    groups = dict.fromkeys(group for group in changeable.groups(loaded.settings) if "policy" in group)
    for forum, boards in names.items():
        groups |= dict.fromkeys(f"forums.{forum}.boards.{board}.policy" for board in boards)
    found = []
    for group in groups:
        forum_of, board = changeable.place_of(f"{group}.mode")
        if may_see(visitor, f"{group}.mode"):
            name = names.get(forum_of or "", {}).get(board or 0, "")
            source = source_of(loaded, f"{group}.mode")
            found.append(Place(group, forum_of, board, name, _mode(loaded, group), source))
    return sorted(found, key=lambda one: (one.forum or "", one.board or 0))


def preview_object(found: Preview) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "since": found.since,
        "looked_at": found.looked_at,
        "number": found.number,
        "before": asdict(found.before),
        "after": asdict(found.after),
        "differing": found.differing,
        "right": found.right,
        "wrong": found.wrong,
        "examples": [_example(one) for one in found.examples],
    }


def _example(one: Difference) -> dict[str, Any]:
    reply: Reply = one.reply
    return {
        "forum": reply.forum,
        "post_id": reply.post_id,
        "board_id": reply.board_id,
        "author": reply.author.name,
        "text": reply.text,
        "before": one.before.kind,
        "after": one.after.kind,
        "reason": one.after.reason or one.before.reason,
        "verdict": one.verdict,
    }


def _mode(loaded: Loaded, group: str) -> Mode:
    return Mode(str(inventory.value_of(loaded, f"{group}.mode")))


def may_see(visitor: Visitor, key: str) -> bool:
    first, *rest = key.split(".")
    if first != "forums" or visitor.scope.places is None:
        return True
    forum, *rest = rest
    if rest[:1] == ["boards"]:
        return visitor.scope.covers(forum, int(rest[1]))
    return visitor.scope.reaches(forum)


def _table_of(key: str) -> str:
    """The table that a key is shown in: a section, a forum, a forum's or board's policy."""
    parts = key.split(".")
    if parts[0] != "forums":
        return parts[0] if len(parts) > 1 else ""
    if "policy" in parts:
        return ".".join(parts[: parts.index("policy") + 1])
    return ".".join(parts[:4] if parts[2:3] == ["boards"] else parts[:2])
