"""What is known of the authors of a batch, added to its assessments as signals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from modbot.daemon.surroundings import Placed
from modbot.detection import authors
from modbot.detection.authors import AuthorFacts, Pace
from modbot.detection.contacts import Contact
from modbot.domain import Assessment, Reply
from modbot.store import authors as kept_authors
from modbot.store.authors import Step

NOTED_STEPS = min(authors.REPLIES_AN_HOUR, authors.THREADS_IN_TEN_MINUTES)


@dataclass(frozen=True, slots=True)
class Bylines:
    """``contacts`` are those in the authors' names; by author id, ``steps`` are what the busy
    wrote just now, ``regions`` from where authors wrote before. ``strangers`` were never seen."""

    contacts: Mapping[str, Sequence[Contact]]
    steps: Mapping[int, Sequence[Step]] = field(default_factory=dict)
    regions: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    strangers: frozenset[int] = frozenset()

    @classmethod
    def read(
        cls,
        rx: Connection,
        forum: str,
        batch: Sequence[tuple[Reply, Assessment, Placed]],
        *,
        since: datetime | None = None,
    ) -> Bylines:
        """What policy or a reader can make use of, and no more: the pace of who has no
        ``standing``, the past of whom something else is told; nothing of replies posted before
        ``since``, which nobody flags."""
        paced, noted = [], []
        for reply, assessment, place in batch:
            if since is not None and (reply.posted_at is None or reply.posted_at < since):
                continue
            if not place.standing:
                paced.append(reply)
            if assessment.signals:
                noted.append(reply)
        return cls(
            contacts=_contacts([reply for reply, _, _ in batch]),
            steps=kept_authors.steps(rx, forum, paced, at_least=NOTED_STEPS),
            regions=kept_authors.regions(rx, forum, noted),
            strangers=kept_authors.strangers(rx, forum, noted),
        )

    @classmethod
    def of_pages(cls, batch: Sequence[Reply]) -> Bylines:
        """Where nothing is kept: what the pages themselves tell."""
        return cls(_contacts(batch))

    def told(self, reply: Reply, assessment: Assessment, place: Placed) -> Assessment:
        """The assessment with the signals of the reply's author."""
        author = reply.author
        steps, contacts = self.steps.get(author.id or 0, ()), self.contacts.get(author.name, ())
        if not (assessment.signals or steps or contacts):
            return assessment
        facts = AuthorFacts(
            pace=_pace(reply, steps),
            regions=self.regions.get(author.id or 0, {}),
            is_first_seen=author.id in self.strangers,
            contacts=contacts,
            has_standing=place.standing,
            at_night=place.policy.is_of_night,
        )
        return authors.with_signals(reply, assessment, facts)


def _contacts(batch: Sequence[Reply]) -> dict[str, tuple[Contact, ...]]:
    return authors.contacts_in_names([reply.author.name for reply in batch])


def _pace(reply: Reply, steps: Sequence[Step]) -> Pace:
    """Counted up to the reply itself, in the order of posting."""
    if reply.posted_at is None or not steps:
        return Pace()
    times = [step.at for step in steps]
    upto = bisect_right(times, reply.posted_at)
    within_hour = bisect_right(times, reply.posted_at - authors.HOUR)
    within_minutes = bisect_right(times, reply.posted_at - authors.TEN_MINUTES)
    threads = {step.thread_id for step in steps[within_minutes:upto]}
    return Pace(max(1, upto - within_hour), max(1, len(threads)))
