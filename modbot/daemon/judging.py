"""From stored replies to recorded decisions: assess, decide, flag, enqueue.

The decision, the flag, the outbox row and the audit row are one transaction; the
duplicate index learns of a reply only after that commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from modbot.daemon import approving, flagging, precedents, turning
from modbot.daemon.bylines import Bylines
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.surroundings import Surroundings
from modbot.daemon.tally import BrakeWatch, Tally
from modbot.detection import Detector, DuplicateIndex, Reviewed, observation
from modbot.detection.duplicates import Repeats
from modbot.detection.rules import RuleBook
from modbot.domain import (
    Assessment,
    Decision,
    DecisionKind,
    Reason,
    Repetition,
    Reply,
)
from modbot.errors import DEFECTS
from modbot.policy import (
    Circumstances,
    Policy,
    approves,
    decide,
    free_places,
    standing_of,
    urgent_places,
)
from modbot.store import audit, boards, brake, budget, campaigns, decisions, inbox, rereads, verdicts
from modbot.store.engine import Store

BATCH = 256
SMALL_CAMPAIGN = 16
FORGETS_EVERY = timedelta(hours=1)


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
        self._precedents = precedents.Precedents(forum, lasting=rules.standing)
        self._follows = False
        self._log = structlog.get_logger("judge").bind(forum=forum)

    def judge_waiting(self) -> Tally:
        """Judge every stored reply that has no decision yet, oldest first."""
        tally = Tally()
        self._know_boards()
        self._forget_old()
        self._follow_modes()
        self._judge_earlier_members(tally)
        while True:
            with self._store.read() as rx:
                waiting = inbox.unassessed(rx, self._forum, limit=BATCH)
            if not waiting:
                break
            self._judge_or_park(sorted(waiting, key=_posted), tally)
        self._show_best()
        return tally

    def _follow_modes(self) -> None:
        """Once, before anything is judged under these settings."""
        if not self._follows:
            with self._store.write() as tx:
                called_back = turning.follow_modes(tx, self._forum, self._rules, at=self._clock())
            self._follows = True
            if called_back:
                self._log.warning("hides_called_back", number=called_back)

    def _know_boards(self) -> None:
        """Boards are renamed and opened while the daemon runs."""
        if self._rules.book.asks_names:
            with self._store.read() as rx:
                names = boards.names(rx, self._forum)
            self._rules = replace(self._rules, book=self._rules.book.knowing(self._forum, names))

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
                audit.Entry(
                    self._clock(), flagging.WHO, "reply.parked", self._forum, None, stored.reply_id, details
                ),
            )
        self._metrics.parked()
        self._log.error("reply_parked", post=stored.reply.post_id, problem=type(problem).__name__)
        self._log.debug("reply_parked", post=stored.reply.post_id, problem=sentence)

    def _judge(self, batch: Sequence[inbox.Stored]) -> list[decisions.Judgement]:
        now = self._clock()
        replies = [stored.reply for stored in batch]
        assessments = self._assess(replies, self._duplicates, now)
        with self._store.write() as tx:
            return self._decide_all(tx, batch, assessments, now)

    def _assess(self, replies: Sequence[Reply], duplicates: Repeats, now: datetime) -> list[Assessment]:
        own = self._knowing_standing(self._rules.own, replies)
        return self._detector.assess(replies, duplicates=duplicates, now=now, rules=own)

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
        again = self._judge_again(members)
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

    def _judge_again(self, members: Sequence[inbox.Stored]) -> list[tuple[inbox.Stored, decisions.Judgement]]:
        """Judge members by what their campaigns are now; those whose judgement that changes."""
        now = self._clock()
        assessed = self._assessed_again(members, now)
        sound = [member for member in members if member.reply_id in assessed]
        with self._store.write() as tx:
            before = decisions.outcomes(tx, [member.reply_id for member in sound])
            judgements = self._decide_all(tx, sound, [assessed[one.reply_id] for one in sound], now, before)
        by_reply = {member.reply_id: member for member in sound}
        return [(by_reply[judgement.reply_id], judgement) for judgement in judgements]

    def _assessed_again(self, members: Sequence[inbox.Stored], now: datetime) -> dict[int, Assessment]:
        """Assessments by reply id. One that breaks the detector keeps no other back."""
        if not members:
            return {}
        replies = [member.reply for member in members]
        try:
            found = self._assess(replies, Reviewed(self._duplicates), now)
        except DEFECTS:
            if len(members) == 1:
                self._log.exception("judging_failed", post=replies[0].post_id)
                return {}
            alone = [self._assessed_again([member], now) for member in members]
            return {reply_id: one for each in alone for reply_id, one in each.items()}
        return {member.reply_id: one for member, one in zip(members, found, strict=True)}

    def _is_new_step(self, campaign: str, size: int) -> bool:
        """Whether a campaign has grown enough to look at its earlier members again: each
        time while it is small, at every doubling after."""
        if SMALL_CAMPAIGN < size < 2 * self._steps.get(campaign, 0):
            return False
        self._steps[campaign] = size
        return True

    def _decide_all(
        self,
        tx: Connection,
        batch: Sequence[inbox.Stored],
        assessments: Sequence[Assessment],
        now: datetime,
        before: Mapping[int, decisions.Outcome] | None = None,
    ) -> list[decisions.Judgement]:
        """Decide and record; with ``before``, the outcomes so far by reply id, only what
        differs from them."""
        again = before is not None
        met = self._precedents.met_by(tx, batch, assessments, now=now, judged_before=again)
        surroundings = Surroundings.read(tx, self._forum, batch, self._rules, met)
        placed = [surroundings.placed(stored) for stored in batch]
        known = zip([stored.reply for stored in batch], assessments, placed, strict=True)
        bylines = Bylines.read(tx, self._forum, list(known), since=self._rules.flag_since)
        watch = self._brake_watch(tx, now)
        judgements, approved = [], []
        for stored, assessment, place in zip(batch, assessments, placed, strict=True):
            policy, circumstances, standing = place
            told = bylines.told(stored.reply, assessment, place)
            decision = self._decide(stored, told, policy, circumstances, watch)
            if before is not None and before.get(stored.reply_id) == decisions.outcome(decision):
                continue
            judgements.append(
                decisions.Judgement(stored.reply_id, stored.revision_id, told, decision, standing)
            )
            if approves(stored.reply, told, decision, policy, circumstances):
                approved.append(judgements[-1])
        precedents.remember(tx, batch, judgements, now=now, are_new=not again)
        recorded = decisions.record(tx, judgements, at=now)
        flagging.flag(tx, self._forum, dict(zip(recorded, judgements, strict=True)), self._rules, at=now)
        approving.approve(tx, self._forum, approved, at=now)
        rereads.plan(tx, [judgement.reply_id for judgement in judgements], self._rules.rhythm)
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
        if decision.kind is not DecisionKind.HIDE or decision.standing is not None:
            return decision
        if not watch.allows_hide():
            return decide(stored.reply, assessment, policy, replace(circumstances, brake_on=True))
        watch.texts.add(_text_of(assessment))
        return decision

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
            must = urgent_places(self._rules.budget, urgent_today=today.must)
            budget.show_best(tx, self._forum, places=places, must=must, at=now)

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
