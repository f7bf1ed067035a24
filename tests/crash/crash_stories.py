"""What happens in the town: short stories, each with the end that it must have.

A story is a generator. It acts, then yields a condition and goes on once that holds; what
it returns is the end of each of its posts. Whether the daemon lives, dies or was never
started meanwhile changes nothing of the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass

from crash_town import NURSERY, THREADS, Town

Ends = dict[int, "End"]
Telling = Generator[Callable[[], bool], None, Ends]
Story = Callable[[Town, random.Random], Telling]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``label``: what it taught; ``undone``: taken back, and the label forgotten with it."""

    kind: str
    label: str | None = None
    undone: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """What must be true of a post at the end.

    ``decisions``: every one, in their order; ``flags``: ``(state, reason)``, of
    which one of several states may be named where a race is free to end either way;
    ``hides`` and ``restores`` that changed the forum: exactly so many, or None for
    a race in which the hide may have been stopped in time (then as many of both, one at
    most).
    """

    decisions: tuple[str, ...]
    hidden: bool = False
    flags: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    hides: int | None = 0
    restores: int | None = 0


PASSED = End(("allow",))
BRIEF_UPHELD = End(
    ("queue",),
    hidden=True,
    flags=(("upheld", "low_effort"),),
    verdicts=(Verdict("uphold", "low_effort"),),
    hides=1,
)
HIDDEN = End(("hide",), hidden=True, flags=(("hidden", "spam"),), hides=1)


def thread_of(draw: random.Random) -> str:
    return draw.choice(THREADS)


def genuine(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.genuine(), thread_of(draw))
    yield town.judged(post)
    return {post.id: PASSED}


def advert(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.advert(), thread_of(draw))
    yield town.settled(post, "hidden")
    return {post.id: HIDDEN}


def adverts_in_one_thread(town: Town, draw: random.Random) -> Telling:
    """One request hides them all."""
    thread = thread_of(draw)
    posts = [town.writes(town.writer.advert(), thread) for _ in range(3)]
    for post in posts:
        yield town.settled(post, "hidden")
    return {post.id: HIDDEN for post in posts}


def upheld(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.advert(), thread_of(draw))
    yield town.settled(post, "hidden")
    town.moderates("uphold", post)
    return {
        post.id: End(
            ("hide",),
            hidden=True,
            flags=(("upheld", "spam"),),
            verdicts=(Verdict("uphold", "spam"),),
            hides=1,
        )
    }


def overturned(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.advert(), thread_of(draw))
    yield town.settled(post, "hidden")
    town.moderates("dismiss", post)
    yield town.settled(post, "overturned")
    return {
        post.id: End(
            ("hide",),
            flags=(("overturned", "spam"),),
            verdicts=(Verdict("dismiss", "ham"),),
            hides=1,
            restores=1,
        )
    }


def overturned_by_mistake(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.advert(), thread_of(draw))
    yield town.settled(post, "hidden")
    town.moderates("dismiss", post)
    yield town.settled(post, "overturned")
    town.moderates("undo", post)
    yield town.settled(post, "hidden")
    return {
        post.id: End(
            ("hide",),
            hidden=True,
            flags=(("hidden", "spam"),),
            verdicts=(Verdict("dismiss", "ham", undone=True),),
            hides=2,
            restores=1,
        )
    }


def overturned_in_haste(town: Town, draw: random.Random) -> Telling:
    """The moderator is as quick as the daemon: the hide waits, is under way, or is done."""
    post = town.writes(town.writer.advert(), thread_of(draw))
    yield town.flagged(post)
    town.moderates("dismiss", post)
    yield lambda: not town.ledger.unsettled(post.id)
    return {
        post.id: End(
            ("hide",),
            flags=(("dismissed|overturned", "spam"),),
            verdicts=(Verdict("dismiss", "ham"),),
            hides=None,
            restores=None,
        )
    }


def brief_upheld(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.brief(), thread_of(draw))
    yield town.settled(post, "pending")
    town.moderates("uphold", post)
    yield town.settled(post, "upheld")
    return {
        post.id: BRIEF_UPHELD,
    }


def brief_pending(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.brief(), thread_of(draw))
    yield town.settled(post, "pending")
    return {post.id: End(("queue",), flags=(("pending", "low_effort"),))}


def brief_dismissed(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.brief(), thread_of(draw))
    yield town.settled(post, "pending")
    town.moderates("dismiss", post)
    return {
        post.id: End(
            ("queue",),
            flags=(("dismissed", "low_effort"),),
            verdicts=(Verdict("dismiss", "ham"),),
        )
    }


def upheld_and_taken_back_at_once(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.brief(), thread_of(draw))
    yield town.settled(post, "pending")
    town.moderates("uphold", post)
    town.moderates("undo", post)
    yield town.settled(post, "pending")
    return {
        post.id: End(
            ("queue",),
            flags=(("pending", "low_effort"),),
            verdicts=(Verdict("uphold", "low_effort", undone=True),),
            hides=None,
            restores=None,
        )
    }


def campaign(town: Town, draw: random.Random) -> Telling:
    """The third copy makes it one: the second is hidden with it, the first is asked about."""
    text = town.writer.genuine()
    copies = []
    for thread in draw.sample(THREADS, 3):
        copies.append(town.writes(text, thread))
        yield town.judged(copies[-1])
    first, second, third = copies
    yield town.settled(first, "pending")
    yield town.settled(second, "hidden")
    yield town.settled(third, "hidden")
    hidden = (("hidden", "repeated"),)
    return {
        first.id: End(("allow", "queue"), flags=(("pending", "repeated"),)),
        second.id: End(("allow", "hide"), hidden=True, flags=hidden, hides=1),
        third.id: End(("hide",), hidden=True, flags=hidden, hides=1),
    }


def edited_into_an_advert(town: Town, draw: random.Random) -> Telling:
    """Seen when the page is read for the sake of a later reply."""
    thread = thread_of(draw)
    post = town.writes(town.writer.genuine(), thread)
    yield town.judged(post)
    town.forum.edit(post.id, town.writer.advert())
    later = town.writes(town.writer.genuine(), thread)
    yield town.judged(later)
    yield town.settled(post, "hidden")
    return {
        post.id: End(("allow", "hide"), hidden=True, flags=(("hidden", "spam"),), hides=1),
        later.id: PASSED,
    }


def deleted_before_the_verdict(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.brief(), thread_of(draw))
    yield town.settled(post, "pending")
    town.forum.delete(post.id, by=town.staff)
    town.moderates("uphold", post)
    yield town.settled(post, "upheld")
    return {
        post.id: End(
            ("queue",), flags=(("upheld", "low_effort"),), verdicts=(Verdict("uphold", "low_effort"),)
        )
    }


def approved_advert(town: Town, draw: random.Random) -> Telling:
    """What waits for the forum's own approval is asked about, and never hidden unasked."""
    post = town.writes(town.writer.advert(), NURSERY)
    yield town.settled(post, "pending")
    town.forum.approve(post.id, by=town.staff)
    yield town.visible(post)
    return {post.id: End(("queue",), flags=(("pending", "spam"),))}


def approved_genuine(town: Town, draw: random.Random) -> Telling:
    post = town.writes(town.writer.genuine(), NURSERY)
    yield town.judged(post)
    town.forum.approve(post.id, by=town.staff)
    yield town.visible(post)
    return {post.id: PASSED}


HIDING: tuple[Story, ...] = (
    advert,
    adverts_in_one_thread,
    upheld,
    overturned,
    overturned_by_mistake,
    overturned_in_haste,
    edited_into_an_advert,
    campaign,
)
OTHERS: tuple[Story, ...] = (
    genuine,
    genuine,
    brief_upheld,
    brief_pending,
    brief_dismissed,
    upheld_and_taken_back_at_once,
    deleted_before_the_verdict,
    approved_advert,
    approved_genuine,
    campaign,
)


class Chronicle:
    """Tells stories side by side and keeps the ends of those that are told."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._draw = random.Random(seed)  # noqa: S311 - a seeded scene, no secret
        self._open: list[tuple[str, Telling, Callable[[], bool]]] = []
        self.told = 0
        self.ends: Ends = {}

    def begin(self, life: int) -> None:
        """The stories that begin with one life of the daemon: there is always something to hide."""
        self.start(HIDING[life % len(HIDING)])
        self.start(self._draw.choice(OTHERS if life % 2 else HIDING))

    def advance(self) -> None:
        """Let every story go on that may."""
        waiting, self._open = self._open, []
        for name, telling, condition in waiting:
            if condition():
                self._go_on(name, telling)
            else:
                self._open.append((name, telling, condition))

    @property
    def unfinished(self) -> list[str]:
        return [name for name, _, _ in self._open]

    def start(self, story: Story) -> None:
        self._go_on(story.__name__, story(self._town, self._draw))

    def _go_on(self, name: str, telling: Telling) -> None:
        try:
            self._open.append((name, telling, next(telling)))
        except StopIteration as ended:
            self.told += 1
            self.ends.update(ended.value)
