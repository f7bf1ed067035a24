"""Which standing decisions the replies of a batch meet, and what that makes of the decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from modbot.detection.precedents import PrecedentTexts
from modbot.domain import Assessment, Repetition, is_of_few_authors
from modbot.policy import StandingMatch
from modbot.policy.standing import decided_by
from modbot.store import aliases, inbox, precedents, standing
from modbot.store.decisions import Judgement
from modbot.store.precedents import InForce, Precedent

Matches = Mapping[int, tuple[StandingMatch, ...]]


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A reply and a decision: ``text`` is the nearest of the decision's texts (empty: none
    is near), ``in_campaign`` that the reply's repetition is, or was, of its campaign."""

    text: str
    similarity: float
    in_campaign: bool


_Meetings = Mapping[int, _Meeting]


class Precedents:
    """The standing decisions of one forum, kept in memory and read again when they have changed.

    ``lasting`` after its last copy a decision is no more in force. Not safe under threads.
    """

    def __init__(self, forum: str, *, lasting: timedelta, accelerate: bool = False) -> None:
        self._forum = forum
        self._lasting = lasting
        self._accelerate = accelerate
        self._version: int | None = None
        self._known = InForce({}, {})
        self._texts = PrecedentTexts(())

    def met_by(
        self,
        rx: Connection,
        batch: Sequence[inbox.Stored],
        assessments: Sequence[Assessment],
        *,
        now: datetime,
        judged_before: bool = False,
    ) -> Matches:
        """The decisions in force that each reply meets, by reply id; a reply that meets none
        is left out. ``judged_before``: these replies are judged again."""
        self._refresh(rx, now)
        meetings = self._meetings(rx, assessments)
        ids = {standing_id for one in meetings for standing_id in one}
        known = precedents.load(rx, ids, since=now - self._lasting) if ids else {}
        if not known:
            return {}
        rows = [
            (stored, known[standing_id], meeting)
            for stored, one in zip(batch, meetings, strict=True)
            for standing_id, meeting in sorted(one.items())
            if standing_id in known
        ]
        firsts = self._own_firsts(rx, rows)
        found: dict[int, tuple[StandingMatch, ...]] = {}
        for row in rows:
            match = _match(*row, firsts, judged_before=judged_before)
            found[row[0].reply_id] = (*found.get(row[0].reply_id, ()), match)
        return found

    def _refresh(self, rx: Connection, now: datetime) -> None:
        version = precedents.version(rx, self._forum)
        if version != self._version:
            self._known = precedents.in_force(rx, self._forum, since=now - self._lasting)
            self._texts = PrecedentTexts(list(self._known.texts), accelerate=self._accelerate)
            self._version = version

    def _meetings(self, rx: Connection, assessments: Sequence[Assessment]) -> list[_Meetings]:
        texts = self._texts.match([assessment.canonical_text for assessment in assessments])
        campaigns = self._campaigns(rx, [assessment.repetition for assessment in assessments])
        return [
            self._meetings_of(near, in_campaigns) for near, in_campaigns in zip(texts, campaigns, strict=True)
        ]

    def _meetings_of(self, near: Mapping[str, float], campaigns: Mapping[int, bool]) -> _Meetings:
        met = {one: _Meeting("", 0.0, True) for one, is_member in campaigns.items() if is_member}
        for text, similarity in sorted(near.items(), key=lambda found: found[1]):
            for standing_id in self._known.texts[text]:
                met[standing_id] = _Meeting(text, similarity, standing_id in campaigns)
        return met

    def _campaigns(
        self, rx: Connection, repetitions: Sequence[Repetition | None]
    ) -> list[Mapping[int, bool]]:
        """Of each repetition the decisions about its campaign, by the names that it bears and
        bore; True where that says enough.

        What was decided of one text is not decided of all that its authors repeat.
        """
        if not self._known.campaigns:
            return [{} for _ in repetitions]
        present = {name for repetition in repetitions if repetition for name in _names(repetition)}
        former: dict[str, list[str]] = {}
        for name, now in aliases.names(rx, self._forum, present).items():
            former.setdefault(now, []).append(name)
        return [self._of_campaign(repetition, former) for repetition in repetitions]

    def _of_campaign(
        self, repetition: Repetition | None, former: Mapping[str, Sequence[str]]
    ) -> dict[int, bool]:
        found: dict[int, bool] = {}
        if repetition is None:
            return found
        of_few = is_of_few_authors(repetition.campaign)
        for name in (name for present in _names(repetition) for name in former[present]):
            for standing_id in self._known.campaigns.get(name, ()):
                found[standing_id] = found.get(standing_id, False) or is_of_few_authors(name) is of_few
        return found

    def _own_firsts(
        self, rx: Connection, rows: Sequence[tuple[inbox.Stored, Precedent, _Meeting]]
    ) -> Mapping[tuple[int, str], datetime]:
        """Since when authors have been writing what is condemned, where that may be for longer
        than the decision knows."""
        asked = [
            (author, meeting.text, first.at)
            for stored, precedent, meeting in rows
            if (author := stored.reply.author.id) is not None
            and (first := precedent.first_of(meeting.text)).at is not None
            and not precedent.is_about(author)
        ]
        if not asked:
            return {}
        authors, texts, times = zip(*asked, strict=True)
        return precedents.own_firsts(rx, self._forum, set(authors), set(texts), before=max(times))


def remember(
    tx: Connection,
    batch: Sequence[inbox.Stored],
    judgements: Sequence[Judgement],
    *,
    now: datetime,
    are_new: bool,
) -> None:
    """Let decisions know of the copies that were judged by them; ``are_new``: they are hits."""
    written = {stored.reply_id: _written(stored) for stored in batch}
    last: dict[int, datetime] = {}
    hits: Counter[int] = Counter()
    for judgement in judgements:
        at = min(written[judgement.reply_id], now)
        for standing_id in decided_by(judgement.decision.signals):
            last[standing_id] = max(last.get(standing_id, at), at)
            hits[standing_id] += are_new
    standing.touch(tx, last, hits=hits)


def _match(
    stored: inbox.Stored,
    precedent: Precedent,
    meeting: _Meeting,
    firsts: Mapping[tuple[int, str], datetime],
    *,
    judged_before: bool,
) -> StandingMatch:
    decision, author = precedent.decision, stored.reply.author.id
    return StandingMatch(
        id=decision.id,
        kind=decision.kind,
        reason=decision.reason,
        label=decision.label,
        who=decision.who,
        made_at=decision.made_at,
        similarity=meeting.similarity,
        in_campaign=meeting.in_campaign,
        of_few_authors=decision.campaign is not None and is_of_few_authors(decision.campaign),
        by_own_author=author in precedent.authors,
        by_first_poster=_is_first_poster(stored, precedent, meeting, firsts),
        judged_before=judged_before,
    )


def _is_first_poster(
    stored: inbox.Stored,
    precedent: Precedent,
    meeting: _Meeting,
    firsts: Mapping[tuple[int, str], datetime],
) -> bool:
    """Whether the author wrote the text before everybody else, with this reply or another."""
    first, author = precedent.first_of(meeting.text), stored.reply.author.id
    if first.at is None or precedent.is_about(author):
        return False
    if author is not None and author == first.author_id:
        return True
    own = firsts.get((author, meeting.text), _written(stored)) if author is not None else _written(stored)
    return min(own, _written(stored)) < first.at


def _names(repetition: Repetition) -> Iterator[str]:
    yield repetition.campaign
    yield from repetition.aliases


def _written(stored: inbox.Stored) -> datetime:
    return stored.reply.posted_at or stored.first_seen
