"""From counts to what a repetition says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rapidfuzz.distance import Levenshtein

from modbot.detection.duplicates.campaigns import Campaigns
from modbot.detection.duplicates.flat import CLIP
from modbot.detection.duplicates.members import UNKNOWN, Member
from modbot.detection.duplicates.repeaters import Component, ComponentTotals, Repeaters
from modbot.detection.duplicates.tally import LATEST, Sight, Stamp, Tally
from modbot.domain import Duplicate, Repetition, ReplyKey, Slip


@dataclass(frozen=True, slots=True)
class Spans:
    """How far back repetition counts, and how far back an author's own burst does."""

    window: timedelta
    burst: timedelta


@dataclass(frozen=True, slots=True)
class Described:
    """One reply that repeats something. ``number`` is that of the equal text in the index, or
    ``NONE``; ``similarity`` that to the representative."""

    member: Member
    text: str
    number: int
    similarity: float
    slip: Slip | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply belongs by its text: the home, and the campaign's name."""

    home: int
    name: str


class Habits:
    """Which texts each author repeats, as one batch sees it. ``replaced`` are the slots of the
    batch's own replies; ``anew``: the batch's replies are still to be counted."""

    def __init__(self, repeaters: Repeaters, replaced: frozenset[int], since: float, *, anew: bool) -> None:
        self._anew = anew
        self.repeaters = repeaters
        self._replaced = replaced
        self._since = since
        self._repeated: dict[int, set[int]] = {}
        self._read: dict[int, str] = {}
        self._shown: dict[int, Duplicate] = {}
        self._times: dict[float, datetime] = {}
        self._totals: dict[str, ComponentTotals] = {}

    def note(self, author: int, home: int, tally: Tally) -> None:
        """An author wrote once more in a campaign."""
        if author == UNKNOWN or tally.own(author).count < 2:
            return
        if tally.within(author, self._since)[0] >= 2:
            self._of(author).add(home)

    def texts(self, author: int) -> int:
        """How many campaigns an author repeated within the burst."""
        return 0 if author == UNKNOWN else len(self._of(author))

    def component(self, author: int, home: int, tally: Tally) -> Component | None:
        """The campaign of few authors that a reply belongs to: by an author of it, in a text
        that one of them repeats."""
        component = self.repeaters.component(author)
        if component is None or (home not in component.groups and tally.own(author).count < 2):
            return None
        return component

    def counted(self, component: Component, member: Member) -> ComponentTotals:
        """What a component adds up to, this reply counted."""
        known = self._totals.get(component.name)
        if known is None:
            known = self._totals[component.name] = self.repeaters.totals(component, self._replaced)
        if self._anew and member.counted:
            totals, stamp = known.totals, Stamp(member.at, member.post_id, member.author)
            known.threads.add(member.thread)
            totals.size += 1
            totals.threads = len(known.threads)
            totals.first = min(totals.first or stamp, stamp)
            totals.last = max(totals.last or stamp, stamp)
        return known

    def read(self, text: int | str) -> str:
        """A text, or that of a number: reading one out of the index costs as much as ten replies."""
        if isinstance(text, str):
            return text
        found = self._read.get(text)
        if found is None:
            found = self._read[text] = self.repeaters.text(text)
        return found

    def shown(self, forum: str, sight: Sight) -> Duplicate:
        """A member as it is shown beside one that says exactly the same."""
        found = self._shown.get(sight.post_id)
        if found is None:
            found = self._shown[sight.post_id] = Duplicate(
                ReplyKey(forum, sight.post_id),
                1.0,
                None if sight.author < 0 else sight.author,
                None if sight.thread == UNKNOWN else sight.thread,
                self.time(sight.at),
            )
        return found

    def time(self, at: float) -> datetime:
        found = self._times.get(at)
        if found is None:
            found = self._times[at] = _time(at)
        return found

    def _of(self, author: int) -> set[int]:
        found = self._repeated.get(author)
        if found is None:
            found = self._repeated[author] = self.repeaters.repeated_since(
                author, self._since, self._replaced
            )
        return found


class Descriptions:
    """Makes repetitions for one forum."""

    def __init__(self, forum: str, spans: Spans, campaigns: Campaigns) -> None:
        self._forum = forum
        self._spans = spans
        self._campaigns = campaigns

    def habits(
        self, repeaters: Repeaters, replaced: frozenset[int], now: datetime, *, anew: bool = True
    ) -> Habits:
        since = (now - self._spans.burst).timestamp()
        return Habits(repeaters, replaced, since, anew=anew)

    def blanked(self, member: Member, campaign: str, length: int) -> Repetition:
        """A post that its author emptied: it is in no campaign, and counts as itself."""
        return Repetition(
            campaign=campaign,
            size=1,
            authors=1,
            newcomers=0,
            threads=1,
            similarity=1.0,
            canonical_length=length,
            is_first_author=member.author != UNKNOWN,
            author_posts=0,
            author_threads=0,
            author_texts=0,
            slip=Slip.BLANKED,
            first_post=self._key(member.post_id),
            first_seen=_time(member.at),
            last_seen=_time(member.at),
        )

    def repetition(
        self, described: Described, place: Place, tally: Tally, habits: Habits, *, population: int
    ) -> Repetition:
        """One reply in its text's campaign, or in the one of few authors that it belongs to."""
        member, totals = described.member, tally.totals
        posts, threads = tally.within(member.author, member.at - self._spans.burst.total_seconds())
        stamp = Stamp(member.at, member.post_id, member.author)
        first, last = totals.first or stamp, totals.last or stamp
        of_text = Repetition(
            campaign=place.name,
            size=max(totals.size, 1),
            authors=max(totals.authors, 1),
            newcomers=totals.newcomers,
            threads=max(totals.threads, 1),
            similarity=described.similarity,
            canonical_length=len(described.text),
            is_first_author=first.author == member.author and member.author != UNKNOWN,
            author_posts=posts,
            author_threads=threads,
            author_texts=habits.texts(member.author),
            slip=described.slip,
            first_post=self._key(first.post_id),
            first_seen=habits.time(first.at),
            last_seen=habits.time(last.at),
            nearest=self._key(first.post_id) if first.post_id != member.post_id else None,
            aliases=self._campaigns.names.untold(place.home),
            population=population,
            duplicates=self._duplicates(described, totals.latest, habits),
        )
        component = habits.component(member.author, place.home, tally)
        return self._of_authors(of_text, component, member, habits) if component else of_text

    def _of_authors(
        self, of_text: Repetition, component: Component, member: Member, habits: Habits
    ) -> Repetition:
        """The same reply in the campaign of few authors. What is said of the text itself and
        of this author's copies of it stays."""
        counted = habits.counted(component, member)
        totals = counted.totals
        first = totals.first or Stamp(member.at, member.post_id, member.author)
        return replace(
            of_text,
            campaign=component.name,
            size=max(totals.size, of_text.author_posts),
            authors=totals.authors,
            newcomers=totals.newcomers,
            threads=max(totals.threads, 1),
            texts=max(counted.texts, 1),
            first_post=self._key(first.post_id),
            first_seen=_time(first.at),
            last_seen=_time(totals.last.at) if totals.last else of_text.last_seen,
            aliases=habits.repeaters.aliases(member.author, component, of_text.campaign),
        )

    def _duplicates(
        self, described: Described, latest: Sequence[Sight], habits: Habits
    ) -> tuple[Duplicate, ...]:
        """The newest other members, the most similar first."""
        others = [sight for sight in latest if sight.post_id != described.member.post_id][-LATEST:]
        found = [self._duplicate(described, sight, habits) for sight in reversed(others)]
        return tuple(sorted(found, key=lambda one: -one.similarity))

    def _duplicate(self, described: Described, sight: Sight, habits: Habits) -> Duplicate:
        same = habits.shown(self._forum, sight)
        if sight.text in (described.number, described.text):
            return same
        return replace(same, similarity=similarity(described.text, habits.read(sight.text)))

    def _key(self, post_id: int) -> ReplyKey:
        return ReplyKey(self._forum, post_id)


def similarity(one: str, other: str) -> float:
    """1 − edits / the longer length, of what is kept of both texts."""
    return float(Levenshtein.normalized_similarity(one[:CLIP], other[:CLIP]))


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
