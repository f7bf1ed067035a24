"""What other policies would have made of the last days: stored judgements decided again.

Probabilities, signals and repetitions are as they were measured then; what the moderators
said meanwhile (exceptions, rulings, authors upheld) counts as it is now. The brake, the
queue's budget and the backlog of a mode are left out: they are of one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import EVERYWHERE, Decision, DecisionKind, Reason, Reply, Scope, VerdictKind
from modbot.moderation.autonomy import ruled
from modbot.policy import Circumstances, PolicyBook, decide
from modbot.store import autonomy, boards, decisions, exceptions, inbox, replay, verdicts
from modbot.store.autonomy import Ruling
from modbot.store.decisions import Judged
from modbot.store.exceptions import PolicyException

NEWEST = 20_000
EXAMPLES = 20
_BATCH = 1000
_SETTLED = "before_first_start"


@dataclass(frozen=True, slots=True)
class Counts:
    """``would_hide``: queued replies that the mode alone, or missing evidence, keeps from
    being hidden."""

    hidden: int = 0
    queued: int = 0
    passed: int = 0
    would_hide: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One reply that is decided otherwise. ``verdict``: what people said of it, if anything."""

    reply: Reply
    before: Decision
    after: Decision
    verdict: VerdictKind | None


@dataclass(frozen=True, slots=True)
class Preview:
    """``looked_at`` of the ``number`` replies of the time, the newest. ``right`` and ``wrong``
    count what people upheld, and let stand, among what would be hidden or queued newly."""

    since: datetime
    looked_at: int
    number: int
    before: Counts
    after: Counts
    differing: int
    right: int
    wrong: int
    examples: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What moderators said that is heeded beside the policy."""

    exceptions: Sequence[PolicyException]
    rulings: Mapping[str, Sequence[Ruling]]
    upheld: Mapping[str, set[int]] = field(default_factory=dict)

    @classmethod
    def read(cls, rx: Connection, forums: Sequence[str]) -> Surroundings:
        rulings = {forum: autonomy.in_force(rx, forum) for forum in forums}
        return cls(exceptions.listing(rx), rulings)

    def knowing(self, rx: Connection, batch: Sequence[Reply]) -> Surroundings:
        """With the authors of the batch who had a reply upheld."""
        authors: dict[str, list[int]] = {}
        for reply in batch:
            if reply.author.id is not None:
                authors.setdefault(reply.forum, []).append(reply.author.id)
        upheld = {forum: verdicts.upheld_authors(rx, forum, ids) for forum, ids in authors.items()}
        return replace(self, upheld=upheld)

    def of(self, reply: Reply, judged: Judged, book: PolicyBook) -> Circumstances:
        return Circumstances(
            upheld=int(reply.author.id in self.upheld.get(reply.forum, ())),
            restored_by_human="restored_by_human" in judged.decision.held_by,
            excepted=self._excepted(reply, book),
            autonomy=ruled(self.rulings.get(reply.forum, ()), reply.board_id),
        )

    def _excepted(self, reply: Reply, book: PolicyBook) -> frozenset[Reason]:
        here = [one for one in self.exceptions if one.forum == reply.forum]
        if not here:
            return frozenset()
        kinds = tuple(book.kinds_of(reply))
        place = {"board_id": reply.board_id, "thread_id": reply.thread_id}
        return frozenset(one.reason for one in here if one.covers(**place, kinds=kinds))


def preview(
    rx: Connection,
    before: PolicyBook,
    after: PolicyBook,
    *,
    since: datetime,
    forums: Sequence[str],
    within: Scope = EVERYWHERE,
    newest: int = NEWEST,
) -> Preview:
    """Decide the ``newest`` judgements since ``since`` again, by either book."""
    found, number = replay.decided(rx, since=since, within=within, limit=newest)
    before, after = (_knowing_names(rx, book, forums) for book in (before, after))
    known = Surroundings.read(rx, forums)
    pairs = list(_decided_again(rx, found, before, after, known))
    differing = [pair for pair in pairs if _differs(pair.before, pair.after)]
    told = replay.verdicts_on(rx, [pair.reply_id for pair in differing])
    newly = [told[pair.reply_id] for pair in differing if pair.is_stricter and pair.reply_id in told]
    return Preview(
        since=since,
        looked_at=len(found),
        number=number,
        before=_counts([pair.before for pair in pairs]),
        after=_counts([pair.after for pair in pairs]),
        differing=len(differing),
        right=sum(verdict in _REMOVING for verdict in newly),
        wrong=sum(verdict not in _REMOVING for verdict in newly),
        examples=_examples(rx, differing, told),
    )


_REMOVING = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
_RANKS = {DecisionKind.ALLOW: 0, DecisionKind.QUEUE: 1, DecisionKind.HIDE: 2}


@dataclass(frozen=True, slots=True)
class _Pair:
    reply_id: int
    before: Decision
    after: Decision

    @property
    def is_stricter(self) -> bool:
        return _RANKS[self.after.kind] > _RANKS[self.before.kind]


def _knowing_names(rx: Connection, book: PolicyBook, forums: Sequence[str]) -> PolicyBook:
    if book.asks_names:
        for forum in forums:
            book = book.knowing(forum, boards.names(rx, forum))
    return book


def _decided_again(
    rx: Connection,
    found: Sequence[tuple[int, int]],
    before: PolicyBook,
    after: PolicyBook,
    known: Surroundings,
) -> Iterator[_Pair]:
    for start in range(0, len(found), _BATCH):
        chunk = found[start : start + _BATCH]
        judged = decisions.load(rx, [decision_id for _, decision_id in chunk])
        stored = inbox.load(rx, [reply_id for reply_id, _ in chunk])
        known = known.knowing(rx, [one.reply for one in stored.values()])
        for reply_id, decision_id in chunk:
            if reply_id in stored and decision_id in judged:
                again = _again(stored[reply_id].reply, judged[decision_id], known)
                yield _Pair(reply_id, again(before), again(after))


def _again(reply: Reply, judged: Judged, known: Surroundings) -> Callable[[PolicyBook], Decision]:
    held = judged.decision.held_by
    if judged.decision.standing is not None or _SETTLED in held:
        return lambda _book: judged.decision
    # That the forum hides it now may be our own doing.
    seen = replace(reply, hidden="hidden_by_others" in held)

    def decided(book: PolicyBook) -> Decision:
        return decide(seen, judged.assessment, book.for_reply(seen), known.of(seen, judged, book))

    return decided


def _differs(one: Decision, other: Decision) -> bool:
    return (one.kind, one.reason) != (other.kind, other.reason)


def _counts(decided: Sequence[Decision]) -> Counts:
    kinds = [decision.kind for decision in decided]
    return Counts(
        hidden=kinds.count(DecisionKind.HIDE),
        queued=kinds.count(DecisionKind.QUEUE),
        passed=kinds.count(DecisionKind.ALLOW),
        would_hide=sum(
            one.kind is DecisionKind.QUEUE and one.would_be is DecisionKind.HIDE for one in decided
        ),
    )


def _examples(
    rx: Connection, differing: Sequence[_Pair], told: Mapping[int, VerdictKind]
) -> tuple[Difference, ...]:
    """The gravest first: what people judged, then what is hidden by one of the two."""
    gravest = sorted(differing, key=lambda pair: (pair.reply_id not in told, -_distance(pair)))[:EXAMPLES]
    stored = inbox.load(rx, [pair.reply_id for pair in gravest])
    return tuple(
        Difference(stored[pair.reply_id].reply, pair.before, pair.after, told.get(pair.reply_id))
        for pair in gravest
    )


def _distance(pair: _Pair) -> int:
    return abs(_RANKS[pair.after.kind] - _RANKS[pair.before.kind]) * 2 + (
        DecisionKind.HIDE in (pair.after.kind, pair.before.kind)
    )
