"""What a rule asks of a reply, as plain values: a tree of conditions.

``All``, ``Any`` and ``Not`` join conditions; every other class is one question about one
reply. How they are answered is in ``facts.py``, ``keywords.py`` and ``patterns.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import Label, RuleOutcome, ThreadKind


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; true of nothing at all."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True when some part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Contains:
    """One of ``keywords`` is in the canonical text; with ``whole``, not inside a longer
    Latin word or number; with ``title``, in the thread's title instead."""

    keywords: tuple[str, ...]
    whole: bool = False
    title: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """``pattern`` (RE2) is somewhere in the folded text; with ``raw``, in the text as written."""

    pattern: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """A link leads to one of ``domains`` or below it; with ``other``, one leads elsewhere."""

    domains: tuple[str, ...]
    other: bool = False


@dataclass(frozen=True, slots=True)
class HasLink:
    pass


@dataclass(frozen=True, slots=True)
class HasContact:
    """A contact of one of these kinds (``contacts.KINDS``) is in the text."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both ends belong to it; None is open."""

    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The model's probability of ``label`` lies within ``bounds``."""

    label: Label
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class AuthorStanding:
    """The author has standing as policy defines it."""


@dataclass(frozen=True, slots=True)
class AuthorPosts:
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class AuthorDays:
    """Days from the author's registration to the post."""

    bounds: Bounds


@dataclass(frozen=True, slots=True)
class AuthorGroup:
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class OnBoard:
    boards: frozenset[int]


@dataclass(frozen=True, slots=True)
class OnForum:
    forums: frozenset[str]


@dataclass(frozen=True, slots=True)
class InThread:
    """The thread's own mark is one of ``kinds``."""

    kinds: frozenset[ThreadKind]


@dataclass(frozen=True, slots=True)
class FirstPost:
    """The reply opens its thread."""


Question = (
    Contains
    | Regex
    | Domain
    | HasLink
    | HasContact
    | LabelScore
    | AuthorStanding
    | AuthorPosts
    | AuthorDays
    | AuthorGroup
    | OnBoard
    | OnForum
    | InThread
    | FirstPost
)
Condition = All | Any | Not | Question


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an operator. ``label`` and ``score`` are what a ``label`` rule sets;
    ``match`` and ``leave`` are texts that it must fire on, and must not."""

    name: str
    when: Condition
    then: RuleOutcome
    reason: str = ""
    label: Label | None = None
    score: float = 1.0
    match: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
