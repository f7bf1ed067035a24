"""What is known of a batch of replies, and the answers to every question but the text's.

A fact that the page did not tell is unknown: neither yes nor no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from modbot.detection import context, links
from modbot.detection.canonical import Folded, Letters
from modbot.detection.contacts import Contact
from modbot.detection.reading import NumpyReader
from modbot.detection.rules import conditions
from modbot.detection.rules.logic import FALSE, TRUE, UNKNOWN, Truth
from modbot.domain import Label, Reply, ThreadKind

T = TypeVar("T")
Standing = Callable[[Reply], bool | None]
Floats = NDArray[np.float64]

_COLUMNS = {Label.HAM: 0, Label.LOW_EFFORT: 1, Label.SPAM: 2}


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A value per reply, kept as the different ``values`` and which of them each reply has: a
    question is answered once a value."""

    values: tuple[T, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, values: Iterable[T]) -> Column[T]:
        numbers: dict[T, int] = {}
        codes = [numbers.setdefault(value, len(numbers)) for value in values]
        return cls(tuple(numbers), np.array(codes, dtype=np.int64))

    @classmethod
    def of_few(cls, found: Mapping[int, T], usual: T, size: int) -> Column[T]:
        """The values of the rows in ``found``; all others have the ``usual`` one."""
        few = cls.of(found.values())
        codes = np.zeros(size, dtype=np.int64)
        codes[list(found)] = few.codes + 1
        return cls((usual, *few.values), codes)

    def truth(self, is_true: Callable[[T], bool | None]) -> NDArray[np.int8]:
        return truths(is_true(value) for value in self.values)[self.codes]


@dataclass(frozen=True)
class Facts:
    """One batch. All sequences describe the same replies in order; ``contacts`` and ``addresses``
    are those found in each, ``probabilities`` is ``[reply, (ham, low_effort, spam)]`` or None where
    no model was asked. A reply without the name of a forum may be of any; ``tells_threads`` is
    False where no page told the kinds of the threads."""

    replies: Sequence[Reply]
    folded: Folded
    letters: Letters
    texts: Sequence[str]
    contacts: Sequence[Sequence[Contact]]
    addresses: Sequence[Sequence[str]]
    probabilities: Floats | None = None
    tells_threads: bool = True

    def __len__(self) -> int:
        return len(self.replies)

    @cached_property
    def hosts(self) -> Column[tuple[str, ...]]:
        """The hosts that each reply's links lead to."""
        found = {row: links.hosts(written) for row, written in enumerate(self.addresses) if written}
        return Column.of_few(found, (), len(self))

    @cached_property
    def kinds_of_contact(self) -> Column[tuple[str, ...]]:
        given = {row: tuple(one.kind for one in some) for row, some in enumerate(self.contacts) if some}
        return Column.of_few(given, (), len(self))

    @cached_property
    def titles(self) -> Column[str]:
        return Column.of(reply.thread_title for reply in self.replies)

    @cached_property
    def groups(self) -> Column[int | None]:
        return Column.of(reply.author.group_id for reply in self.replies)

    @cached_property
    def boards(self) -> Column[int | None]:
        return Column.of(reply.board_id for reply in self.replies)

    @cached_property
    def forums(self) -> Column[str | None]:
        return Column.of(reply.forum or None for reply in self.replies)

    @cached_property
    def thread_kinds(self) -> Column[ThreadKind | None]:
        return Column.of(reply.thread_kind if self.tells_threads else None for reply in self.replies)

    @cached_property
    def posts(self) -> Floats:
        """Of the author; NaN where unknown, as in every column of numbers."""
        return _numbers(reply.author.posts for reply in self.replies)

    @cached_property
    def days(self) -> Floats:
        return _numbers(_days(reply) for reply in self.replies)

    @cached_property
    def floors(self) -> Floats:
        return _numbers(reply.floor for reply in self.replies)


def of_texts(texts: Sequence[str]) -> Facts:
    """What a text alone tells: of its author, place and score nothing is known."""
    replies = [Reply("", number, text) for number, text in enumerate(texts)]
    return of_replies(replies, tells_threads=False)


def of_replies(
    replies: Sequence[Reply], *, probabilities: Floats | None = None, tells_threads: bool = True
) -> Facts:
    """The facts of replies that no detector has looked at."""
    reading = NumpyReader().read([reply.text for reply in replies])
    texts = reading.letters.texts()
    found = context.measure(replies, reading, texts)
    return Facts(
        replies,
        reading.folded,
        reading.letters,
        texts,
        found.contacts,
        found.links,
        probabilities,
        tells_threads,
    )


def answer(question: conditions.Question, facts: Facts, standing: Standing | None) -> Truth:
    """The truth of a question that is not put to a text, over a batch. Raises TypeError for others."""
    match question:
        case conditions.Domain(domains, other):
            below = links.Below(domains)
            truth = facts.hosts.truth(below.some_other if other else below.some)
        case conditions.HasLink():
            truth = facts.hosts.truth(bool)
        case conditions.HasContact(kinds):
            truth = facts.kinds_of_contact.truth(lambda found: not kinds.isdisjoint(found))
        case conditions.AuthorStanding():
            truth = truths(standing(reply) if standing else None for reply in facts.replies)
        case conditions.AuthorGroup(groups):
            truth = facts.groups.truth(_among(groups))
        case conditions.OnBoard(boards):
            truth = facts.boards.truth(_among(boards))
        case conditions.OnForum(forums):
            truth = facts.forums.truth(_among(forums))
        case conditions.InThread(thread_kinds):
            truth = facts.thread_kinds.truth(_among(thread_kinds))
        case _:
            return _measured(question, facts)
    return truth


def truths(values: Iterable[bool | None]) -> NDArray[np.int8]:
    return np.array([UNKNOWN if value is None else TRUE if value else FALSE for value in values], np.int8)


def _measured(question: conditions.Question, facts: Facts) -> Truth:
    match question:
        case conditions.LabelScore(label, bounds):
            known = facts.probabilities
            return UNKNOWN if known is None else _within(known[:, _COLUMNS[label]], bounds)
        case conditions.AuthorPosts(bounds):
            return _within(facts.posts, bounds)
        case conditions.AuthorDays(bounds):
            return _within(facts.days, bounds)
        case conditions.FirstPost():
            return _within(facts.floors, conditions.Bounds(at_most=1))
    raise TypeError(f"a question to the text: {type(question).__name__}")


def _among(wanted: frozenset[T]) -> Callable[[T | None], bool | None]:
    return lambda value: None if value is None else value in wanted


def _within(values: Floats, bounds: conditions.Bounds) -> Truth:
    least = -np.inf if bounds.at_least is None else bounds.at_least
    most = np.inf if bounds.at_most is None else bounds.at_most
    truth = np.where((values >= least) & (values <= most), TRUE, FALSE)
    return np.where(np.isnan(values), UNKNOWN, truth)


def _numbers(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _days(reply: Reply) -> float | None:
    registered, posted = reply.author.registered, reply.posted_at
    if registered is None or posted is None:
        return None
    return max((posted - registered).total_seconds() / 86_400, 0.0)
