"""What is known of the authors of a batch, added to its assessments as signals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from modbot.detection import authors
from modbot.detection.authors import AuthorFacts, Pace
from modbot.detection.contacts import Contact
from modbot.domain import Assessment, Reply
from modbot.policy import Policy, has_standing
from modbot.store import authors as kept_authors
from modbot.store.authors import Past, Step

NOTED_STEPS = min(authors.REPLIES_AN_HOUR, authors.THREADS_IN_TEN_MINUTES)


@dataclass(frozen=True, slots=True)
class Bylines:
    """``past`` is what the store keeps of the authors; ``contacts`` are those in their names."""

    contacts: Mapping[str, Sequence[Contact]]
    past: Past = field(default_factory=Past)

    @classmethod
    def read(
        cls, rx: Connection, forum: str, batch: Sequence[Reply], *, since: datetime | None = None
    ) -> Bylines:
        """Of replies posted before ``since``, which nobody flags, the past is not asked for."""
        recent = [
            reply
            for reply in batch
            if since is None or (reply.posted_at is not None and reply.posted_at >= since)
        ]
        return cls(_contacts(batch), kept_authors.past(rx, forum, recent, at_least=NOTED_STEPS))

    @classmethod
    def of_pages(cls, batch: Sequence[Reply]) -> Bylines:
        """Where nothing is kept: what the pages themselves tell."""
        return cls(_contacts(batch))

    def told(self, reply: Reply, assessment: Assessment, policy: Policy, *, upheld: int = 0) -> Assessment:
        """The assessment with the signals of the reply's author; ``upheld`` as in policy."""
        author, past = reply.author, self.past
        steps, regions = past.steps.get(author.id or 0, ()), past.regions.get(author.id or 0, {})
        contacts = self.contacts.get(author.name, ())
        if not (assessment.signals or steps or regions or contacts):
            return assessment
        facts = AuthorFacts(
            pace=_pace(reply, steps),
            regions=regions,
            is_first_seen=author.id in past.strangers,
            contacts=contacts,
            has_standing=has_standing(author, policy, upheld=upheld),
            at_night=policy.is_of_night,
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
