"""Repetition within one forum: match a batch, insert what was stored, expire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rapidfuzz.distance import Levenshtein

from modbot.detection.duplicates.campaigns import Campaigns, campaign_id
from modbot.detection.duplicates.members import UNKNOWN, Member
from modbot.detection.duplicates.near import Match, NearTable, comparable, search
from modbot.detection.duplicates.observed import Observation, author_number, is_placeholder
from modbot.detection.duplicates.tally import Tally
from modbot.domain import Author, Repetition, Reply, ReplyKey, Slip


@dataclass(frozen=True, slots=True)
class Spans:
    """How far back repetition counts, and how far back an author's own burst does."""

    window: timedelta
    burst: timedelta


@dataclass(slots=True)
class _Seen:
    """One batch's own view: the index as it is, and what the batch adds to it.

    A campaign is meant by its number, or by a negative one when the batch itself begins
    it (``texts`` then holds its representative). ``added`` and ``repeated`` count, by
    author and campaign, the posts of the batch and of the index.
    """

    without: set[int]
    tallies: dict[int, Tally] = field(default_factory=dict)
    founded: dict[str, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    added: dict[int, dict[int, int]] = field(default_factory=dict)
    repeated: dict[int, dict[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kinship:
    """What a reply has to do with its campaign, apart from the counts."""

    campaign: str
    similarity: float
    length: int
    author_texts: int
    slip: Slip | None


class ForumIndex:
    """The campaigns of one forum. Not safe under threads by itself."""

    def __init__(
        self, forum: str, spans: Spans, capacity: int, is_established: Callable[[Author], bool]
    ) -> None:
        self._forum = forum
        self._spans = spans
        self._capacity = capacity
        self._is_established = is_established
        self._campaigns = Campaigns(capacity)

    @property
    def size(self) -> int:
        return len(self._campaigns.members)

    def match(
        self, replies: Sequence[Reply], canonical: Sequence[str], now: datetime
    ) -> list[Repetition | None]:
        """How each reply stands among those indexed and those before it in the batch."""
        seen = _Seen({reply.post_id for reply in replies})
        known, within = self._nearest(canonical)
        found = []
        for position, (reply, text) in enumerate(zip(replies, canonical, strict=True)):
            near = known.get(position) or self._near_in_batch(within.get(position, ()), canonical, seen)
            found.append(self._repetition(reply, text, near, seen, now))
        return found

    def insert(self, observations: Sequence[Observation]) -> None:
        """Count stored replies; one already counted is counted once, an edited one anew."""
        founded: list[int] = []
        for observation in observations:
            self._drop_changed(observation)
            if is_placeholder(observation.canonical) or not observation.canonical:
                continue
            if self._campaigns.members.slot(observation.key.post_id) is None:
                self._insert(observation, founded)
        self._campaigns.file(founded)
        surplus = self.size - self._capacity
        if surplus > 0:
            self._campaigns.remove(self._campaigns.members.oldest(surplus + self._capacity // 64))

    def forget(self, post_ids: Iterable[int]) -> None:
        slots = [self._campaigns.members.slot(post_id) for post_id in set(post_ids)]
        self._campaigns.remove([slot for slot in slots if slot is not None])

    def expire(self, now: datetime) -> None:
        old = self._campaigns.members.older_than((now - self._spans.window).timestamp())
        if old:
            self._campaigns.remove(old)

    def _nearest(self, canonical: Sequence[str]) -> tuple[dict[int, Match], dict[int, list[Match]]]:
        """Near matches by position: in the index, and among the batch's own new texts."""
        new: dict[str, int] = {}
        for position, text in enumerate(canonical):
            if comparable(text) and not is_placeholder(text) and self._campaigns.of_text(text) is None:
                new.setdefault(text, position)
        texts, places = list(new), list(new.values())
        if not texts:
            return {}, {}
        known = {places[at]: match for at, match in self._campaigns.near(texts).items()}
        if len(texts) == 1:
            return known, {}
        table = NearTable(len(texts))
        table.add(range(len(texts)), texts)
        within = search(table, texts, texts.__getitem__, earlier=True)
        return known, {
            places[at]: [Match(places[match.id], match.similarity) for match in matches]
            for at, matches in within.items()
        }

    def _near_in_batch(self, matches: Sequence[Match], canonical: Sequence[str], seen: _Seen) -> Match | None:
        """The nearest earlier text of the batch that began a campaign of its own."""
        for match in matches:
            number = seen.founded.get(canonical[match.id])
            if number is not None and seen.texts.get(number) == canonical[match.id]:
                return Match(number, match.similarity)
        return None

    def _repetition(
        self, reply: Reply, text: str, near: Match | None, seen: _Seen, now: datetime
    ) -> Repetition | None:
        if not text:
            return None
        number, similarity = self._campaign(text, near, seen)
        member = self._member(reply, now)
        tally = self._tally(number, seen, now)
        slip = _slip(text, tally, member)
        if not slip:
            tally.add(member)
            added = seen.added.setdefault(member.author, {})
            added[number] = added.get(number, 0) + 1
        if not slip and tally.size < 2:
            return None
        name = self._campaigns.id(number) if number >= 0 else campaign_id(seen.texts[number])
        texts = self._texts_repeated(member.author, seen, now)
        return self._described(member, tally, _Kinship(name, similarity, len(text), texts, slip))

    def _campaign(self, text: str, near: Match | None, seen: _Seen) -> tuple[int, float]:
        """The campaign number of a text and its similarity to the representative."""
        known = self._campaigns.of_text(text)
        if known is not None:
            representative = self._campaigns.representative(known)
            return known, 1.0 if representative == text else _similarity(text, representative)
        if text in seen.founded:
            number = seen.founded[text]
            representative = seen.texts.get(number) or self._campaigns.representative(number)
            return number, 1.0 if representative == text else _similarity(text, representative)
        if near is not None:
            seen.founded[text] = near.id
            return near.id, near.similarity
        number = -1 - len(seen.texts)
        seen.founded[text] = number
        seen.texts[number] = text
        return number, 1.0

    def _tally(self, number: int, seen: _Seen, now: datetime) -> Tally:
        tally = seen.tallies.get(number)
        if tally is None:
            since = (now - self._spans.window).timestamp()
            known = number >= 0
            members = self._campaigns.members_of(number, since=since, without=seen.without) if known else []
            tally = seen.tallies[number] = Tally.of(members)
        return tally

    def _texts_repeated(self, author: int, seen: _Seen, now: datetime) -> int:
        """How many different texts an author has posted twice or more within the burst."""
        if author == UNKNOWN:
            return 0
        known = seen.repeated.get(author)
        if known is None:
            since = (now - self._spans.burst).timestamp()
            known = self._campaigns.repeated_by(author, since=since, without=seen.without)
            seen.repeated[author] = known
        added = seen.added.get(author, {})
        return sum(1 for at in known.keys() | added.keys() if known.get(at, 0) + added.get(at, 0) >= 2)

    def _described(self, member: Member, tally: Tally, kinship: _Kinship) -> Repetition:
        posts, threads = tally.within(member.author, member.at - self._spans.burst.total_seconds())
        first = tally.first or (member.at, member.post_id, member.author)
        last = tally.last or (member.at, member.post_id)
        others = first[1] != member.post_id
        return Repetition(
            campaign=kinship.campaign,
            size=max(tally.size, 1),
            authors=max(tally.authors, 1),
            newcomers=tally.newcomers,
            threads=max(len(tally.threads), 1),
            similarity=kinship.similarity,
            canonical_length=kinship.length,
            is_first_author=first[2] == member.author and member.author != UNKNOWN,
            author_posts=posts,
            author_threads=threads,
            author_texts=kinship.author_texts,
            slip=kinship.slip,
            first_post=ReplyKey(self._forum, first[1]),
            first_seen=datetime.fromtimestamp(first[0], UTC),
            last_seen=datetime.fromtimestamp(last[0], UTC),
            nearest=ReplyKey(self._forum, first[1]) if others else None,
        )

    def _member(self, reply: Reply, now: datetime) -> Member:
        return Member(
            reply.post_id,
            author_number(reply.author.id, reply.author.name),
            UNKNOWN if reply.thread_id is None else reply.thread_id,
            (reply.posted_at or now).timestamp(),
            self._is_established(reply.author),
            True,
        )

    def _drop_changed(self, observation: Observation) -> None:
        """An edited reply leaves its earlier text; one already counted stays."""
        slot = self._campaigns.members.slot(observation.key.post_id)
        if slot is None:
            return
        number = self._campaigns.members.value("campaign", slot)
        if self._campaigns.of_text(observation.canonical) != number:
            self._campaigns.remove([slot])

    def _insert(self, observation: Observation, founded: list[int]) -> None:
        text, name = observation.canonical, observation.campaign
        number = self._campaigns.of_text(text)
        if number is None and name is not None:
            number = self._campaigns.of_name(name)
            if number is not None:
                self._campaigns.join(number, text)
        if number is None:
            number = self._campaigns.found(text, name)
            founded.append(number)
        self._campaigns.add(number, observation.member())


def _similarity(text: str, representative: str) -> float:
    return float(Levenshtein.normalized_similarity(text, representative))


def _slip(text: str, tally: Tally, member: Member) -> Slip | None:
    if is_placeholder(text):
        return Slip.BLANKED
    return Slip.DOUBLE_CLICK if tally.is_slip(member.author, member.thread, member.at) else None
