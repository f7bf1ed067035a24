"""From stored replies to recorded decisions: assess, decide, flag, enqueue.

The decision, the flag, the outbox row and the audit row are one transaction; the
duplicate index learns of a reply only after that commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from modbot.daemon.health.metrics import Metrics
from modbot.daemon.tally import BrakeWatch, Tally
from modbot.detection import Detector, DuplicateIndex, observation
from modbot.detection.rules import RuleBook
from modbot.domain import (
    ActionKind,
    Assessment,
    Decision,
    DecisionKind,
    FlagState,
    Reason,
    Repetition,
    Reply,
)
from modbot.errors import DEFECTS
from modbot.policy import (
    BrakeLimits,
    Circumstances,
    Policy,
    PolicyBook,
    QueueBudget,
    decide,
    free_places,
    has_standing,
    standing_of,
)
from modbot.store import audit, brake, budget, campaigns, decisions, flags, inbox, outbox, verdicts
from modbot.store.engine import Store

BATCH = 256
SMALL_CAMPAIGN = 16
FORGETS_EVERY = timedelta(hours=1)
WHO = "modbot"


@dataclass(frozen=True, slots=True)
class JudgingRules:
    """What the operator chose. ``reasons`` are the sentences sent to authors, by reason, ``own``
    are the operator's own rules."""

    book: PolicyBook
    brake: BrakeLimits
    budget: QueueBudget
    reasons: dict[Reason, str]
    notify: frozenset[Reason] = frozenset()
    flag_since: datetime | None = None
    own: RuleBook | None = None


class Judge:
    """Judges what is stored and not judged yet, for one forum."""

    def __init__(
        self,
        *,
        forum: str,
        store: Store,
        detector: Detector,
        duplicates: DuplicateIndex,
        rules: JudgingRules,
        clock: Callable[[], datetime],
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = (metrics or Metrics()).of(forum)
        self._metrics.judges_with(detector.model)
        if rules.own is not None:
            self._metrics.judges_by([rule.name for rule in rules.own.rules])
        self._forum = forum
        self._store = store
        self._detector = detector
        self._duplicates = duplicates
        self._rules = rules
        self._clock = clock
        self._steps: dict[str, int] = {}
        self._forgot_at: datetime | None = None
        self._owed: set[str] | None = None
        self._log = structlog.get_logger("judge").bind(forum=forum)

    def judge_waiting(self) -> Tally:
        """Judge every stored reply that has no decision yet, oldest first."""
        tally = Tally()
        self._forget_old()
        self._judge_earlier_members(tally)
        while True:
            with self._store.read() as rx:
                waiting = inbox.unassessed(rx, self._forum, limit=BATCH)
            if not waiting:
                break
            self._judge_or_park(sorted(waiting, key=_posted), tally)
        self._show_best()
        return tally

    def _forget_old(self) -> None:
        """Let go of what no reply can be compared with any more: memory is bounded by the
        window, too."""
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= FORGETS_EVERY:
            self._forgot_at = now
            self._duplicates.expire(now)
            self._steps.clear()

    def _judge_or_park(self, batch: Sequence[inbox.Stored], tally: Tally) -> None:
        try:
            with self._metrics.judging():
                judgements = self._judge(batch)
        except DEFECTS as problem:
            if len(batch) > 1:
                for stored in batch:
                    self._judge_or_park([stored], tally)
                return
            self._park(batch[0], problem)
            tally.parked += 1
        else:
            self._learn(batch, judgements, tally)
            self._judge_earlier_members(tally)

    def _park(self, stored: inbox.Stored, problem: Exception) -> None:
        sentence = f"{type(problem).__name__}: {problem}"[:500]
        with self._store.write() as tx:
            inbox.park(tx, stored.reply_id, stored.revision_id, sentence)
            details = {"post": stored.reply.post_id, "problem": type(problem).__name__}
            audit.add(
                tx,
                audit.Entry(self._clock(), WHO, "reply.parked", self._forum, None, stored.reply_id, details),
            )
        self._metrics.parked()
        self._log.error("reply_parked", post=stored.reply.post_id, problem=type(problem).__name__)
        self._log.debug("reply_parked", post=stored.reply.post_id, problem=sentence)

    def _judge(self, batch: Sequence[inbox.Stored]) -> list[decisions.Judgement]:
        now = self._clock()
        replies = [stored.reply for stored in batch]
        assessments = self._assess(replies, now)
        with self._store.write() as tx:
            return self._decide_all(tx, batch, assessments, now)

    def _assess(self, replies: Sequence[Reply], now: datetime) -> list[Assessment]:
        own = self._knowing_standing(self._rules.own, replies)
        return self._detector.assess(replies, duplicates=self._duplicates, now=now, rules=own)

    def _knowing_standing(self, own: RuleBook | None, replies: Sequence[Reply]) -> RuleBook | None:
        """The rules with what is known of the authors' standing, verdicts on them included."""
        if own is None or not own.asks_standing:
            return own
        ids = [reply.author.id for reply in replies if reply.author.id is not None]
        with self._store.read() as rx:
            upheld = verdicts.upheld_authors(rx, self._forum, ids)

        def standing(reply: Reply) -> bool | None:
            policy = self._rules.book.of_board(reply.forum, reply.board_id)
            return standing_of(reply.author, policy, upheld=int(reply.author.id in upheld))

        return own.knowing(standing)

    def _learn(
        self, batch: Sequence[inbox.Stored], judgements: Sequence[decisions.Judgement], tally: Tally
    ) -> None:
        """What is committed is indexed, counted and told of; campaigns that it let cross a
        threshold are owed a look at their earlier members."""
        crossed = [name for name, size in _crossed(judgements).items() if self._is_new_step(name, size)]
        self._campaigns_owed().update(crossed)
        self._duplicates.insert(
            [
                observation(
                    stored.reply,
                    judgement.assessment,
                    established=judgement.established,
                    at=stored.first_seen,
                )
                for stored, judgement in zip(batch, judgements, strict=True)
            ]
        )
        for stored, judgement in zip(batch, judgements, strict=True):
            tally.count(judgement.decision)
            self._metrics.decided(judgement.decision, latency=self._latency(stored))
            self._log_decision(stored.reply, judgement.decision, judgement.assessment.repetition)

    def _judge_earlier_members(self, tally: Tally) -> None:
        """A campaign that crosses a threshold brings the copies that passed before.

        It is a transaction of its own, for it needs the index with the new copies in it; so
        what is owed is kept until it is done, and found again after a crash between the two.
        """
        owed = self._campaigns_owed()
        if not owed:
            return
        with self._store.read() as rx:
            passed = campaigns.passed_members(rx, self._forum, list(owed))
            members = sorted(inbox.load(rx, passed).values(), key=_posted)
        again = self._judge_each(members)
        owed.clear()
        for member, judgement in again:
            self._metrics.decided(judgement.decision)
            self._log_decision(member.reply, judgement.decision, judgement.assessment.repetition)
            if judgement.decision.kind is DecisionKind.HIDE:
                tally.count(judgement.decision)

    def _campaigns_owed(self) -> set[str]:
        if self._owed is None:
            with self._store.read() as rx:
                self._owed = campaigns.interrupted(rx, self._forum)
        return self._owed

    def _judge_each(self, members: Sequence[inbox.Stored]) -> list[tuple[inbox.Stored, decisions.Judgement]]:
        """One by one: in one call, the later ones would not be counted for the earlier."""
        now = self._clock()
        found = [(member, self._assessed_again(member, now)) for member in members]
        assessed = {member.reply_id: one for member, one in found if one is not None}
        sound = [member for member in members if member.reply_id in assessed]
        with self._store.write() as tx:
            judgements = self._decide_all(tx, sound, list(assessed.values()), now)
        return list(zip(sound, judgements, strict=True))

    def _assessed_again(self, member: inbox.Stored, now: datetime) -> Assessment | None:
        try:
            return self._assess([member.reply], now)[0]
        except DEFECTS:
            self._log.exception("judging_failed", post=member.reply.post_id)
            return None

    def _is_new_step(self, campaign: str, size: int) -> bool:
        """Whether a campaign has grown enough to look at its earlier members again: each
        time while it is small, at every doubling after."""
        if SMALL_CAMPAIGN < size < 2 * self._steps.get(campaign, 0):
            return False
        self._steps[campaign] = size
        return True

    def _decide_all(
        self, tx: Connection, batch: Sequence[inbox.Stored], assessments: Sequence[Assessment], now: datetime
    ) -> list[decisions.Judgement]:
        ids = [stored.reply.author.id for stored in batch if stored.reply.author.id is not None]
        upheld = verdicts.upheld_authors(tx, self._forum, ids)
        watch = self._brake_watch(tx, now)
        judgements = []
        for stored, assessment in zip(batch, assessments, strict=True):
            policy = self._rules.book.for_reply(stored.reply)
            circumstances = Circumstances(
                upheld=int(stored.reply.author.id in upheld),
                restored_by_human=stored.is_kept,
                flag_since=self._rules.flag_since,
            )
            decision = self._decide(stored, assessment, policy, circumstances, watch)
            standing = has_standing(stored.reply.author, policy, upheld=circumstances.upheld)
            judgements.append(
                decisions.Judgement(stored.reply_id, stored.revision_id, assessment, decision, standing)
            )
        recorded = decisions.record(tx, judgements, at=now)
        open_flags = flags.open_of(tx, [stored.reply_id for stored in batch])
        for stored, judgement, decision_id in zip(batch, judgements, recorded, strict=True):
            self._flag(tx, judgement, decision_id, open_flags.get(stored.reply_id), now)
        if watch.cause is not None:
            brake.pull(tx, self._forum, watch.cause, at=now)
            self._log.error("brake_on", cause=watch.cause)
        return judgements

    def _decide(
        self,
        stored: inbox.Stored,
        assessment: Assessment,
        policy: Policy,
        circumstances: Circumstances,
        watch: BrakeWatch,
    ) -> Decision:
        decision = decide(stored.reply, assessment, policy, circumstances)
        if decision.kind is not DecisionKind.HIDE:
            return decision
        if not watch.allows_hide():
            held = Circumstances(brake_on=True, upheld=circumstances.upheld)
            return decide(stored.reply, assessment, policy, held)
        watch.texts.add(_text_of(assessment))
        return decision

    def _flag(
        self,
        tx: Connection,
        judgement: decisions.Judgement,
        decision_id: int,
        open_flag: int | None,
        now: datetime,
    ) -> None:
        decision, repetition = judgement.decision, judgement.assessment.repetition
        if decision.kind is DecisionKind.ALLOW or decision.reason is None:
            self._withdraw(tx, open_flag, now)
            return
        flag_id = flags.open(
            tx,
            forum=self._forum,
            reply_id=judgement.reply_id,
            revision_id=judgement.revision_id,
            decision_id=decision_id,
            decision=decision,
            campaign=repetition.campaign if repetition else None,
            at=now,
            shown=False,
        )
        if flag_id is not None and decision.kind is DecisionKind.HIDE:
            outbox.enqueue(
                tx,
                forum=self._forum,
                kind=ActionKind.HIDE,
                reply_id=judgement.reply_id,
                revision_id=judgement.revision_id,
                at=now,
                reason=self._rules.reasons[decision.reason],
                notify=decision.reason in self._rules.notify,
                unasked=True,
                flag_id=flag_id,
            )

    def _withdraw(self, tx: Connection, open_flag: int | None, now: datetime) -> None:
        """The text was edited into a decent one: nobody need look at the old card."""
        if open_flag is None:
            return
        flag = flags.get(tx, open_flag)
        if flag.state is FlagState.PENDING:
            flags.transition(
                tx,
                open_flag,
                from_version=flag.version,
                to=FlagState.WITHDRAWN,
                at=now,
                who=WHO,
                why="edited",
            )

    def _brake_watch(self, tx: Connection, now: datetime) -> BrakeWatch:
        recent = brake.recent(tx, self._forum, now=now, overturned_of=self._rules.brake.overturned_of)
        return BrakeWatch(
            on=brake.state(tx, self._forum).pulled,
            limits=self._rules.brake,
            texts=set(recent.texts),
            with_standing=set(recent.established),
            overturned=recent.overturned,
        )

    def _show_best(self) -> None:
        """Let the best of what is kept back into the queue, as far as the budget goes."""
        now = self._clock()
        with self._store.write() as tx:
            today = budget.today(tx, self._forum, now=now)
            places = free_places(self._rules.budget, replies_today=today.replies, shown_today=today.shown)
            budget.show_best(tx, self._forum, places=places, at=now)

    def _latency(self, stored: inbox.Stored) -> timedelta | None:
        """From posting to decision. None for an edit, whose time no page tells, and for the
        history that is read at the first start."""
        posted, since = stored.reply.posted_at, self._rules.flag_since
        if posted is None or stored.is_edited or (since is not None and posted < since):
            return None
        return self._clock() - posted

    def _log_decision(self, reply: Reply, decision: Decision, repetition: Repetition | None) -> None:
        """One line for each decision, an allow too; only of the history that is read at the
        first start, what passes is told at DEBUG."""
        since = self._rules.flag_since
        is_history = since is not None and reply.posted_at is not None and reply.posted_at < since
        self._log.log(
            logging.DEBUG if is_history and decision.kind is DecisionKind.ALLOW else logging.INFO,
            "decision",
            post=reply.post_id,
            board=reply.board_id,
            thread=reply.thread_id,
            kind=decision.kind.value,
            would_be=decision.would_be.value,
            reason=decision.reason.value if decision.reason else None,
            score=round(float(decision.score), 4),
            threshold=decision.threshold,
            campaign=repetition.campaign if repetition else None,
            held_by=list(decision.held_by),
            model=decision.model,
            policy=decision.policy,
        )


def _crossed(judgements: Sequence[decisions.Judgement]) -> dict[str, int]:
    """The campaigns that carried a decision, with their sizes now."""
    sizes: dict[str, int] = {}
    for judgement in judgements:
        repetition = judgement.assessment.repetition
        if judgement.decision.reason is Reason.REPEATED and repetition is not None:
            sizes[repetition.campaign] = max(sizes.get(repetition.campaign, 0), repetition.size)
    return sizes


def _posted(stored: inbox.Stored) -> tuple[datetime, int]:
    return (stored.reply.posted_at or stored.first_seen, stored.reply.post_id)


def _text_of(assessment: Assessment) -> str:
    """What the brake counts as one text: a campaign's copies are one."""
    if assessment.repetition is not None:
        return assessment.repetition.campaign
    return assessment.canonical_text
