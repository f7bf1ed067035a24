"""Short ways to put judged replies into a store and to work on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    Assessment,
    Author,
    Decision,
    DecisionKind,
    Label,
    Probabilities,
    Reason,
    Repetition,
    Reply,
    ReplyKey,
    Signal,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.store import Store, decisions, flags, inbox, outbox, verdicts

FORUM = "city"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=3)


def reply(post_id: int = 1, text: str = "这家店的面很好吃", **fields: object) -> Reply:
    plain = Reply(
        forum=FORUM,
        post_id=post_id,
        text=text,
        thread_id=7,
        thread_title="周末去哪里吃",
        board_id=2,
        author=Author(id=100 + post_id, name=f"member{post_id}"),
        posted_at=START - timedelta(hours=1),
        floor=post_id + 1,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def decision(
    kind: DecisionKind = DecisionKind.HIDE,
    reason: Reason | None = Reason.SPAM,
    label: Label = Label.SPAM,
    score: float = 0.9,
) -> Decision:
    return Decision(
        kind=kind,
        would_be=DecisionKind.HIDE,
        reason=reason,
        label=label,
        score=score,
        threshold=0.8,
        signals=(Signal("contact", 0.7, {"kind": "wechat", "pieces": ("wx1",), "near": None}),),
        held_by=("standing",),
        policy="p1",
        model="m1",
    )


def repetition(campaign: str, first: ReplyKey) -> Repetition:
    return Repetition(
        campaign=campaign,
        size=3,
        authors=3,
        newcomers=3,
        threads=2,
        similarity=0.97,
        canonical_length=12,
        is_first_author=False,
        author_posts=1,
        author_threads=1,
        author_texts=1,
        slip=None,
        first_post=first,
        first_seen=START - timedelta(days=2),
        last_seen=START,
        nearest=None,
    )


def judgement(
    recorded: inbox.Recorded,
    decided: Decision,
    *,
    canonical: str = "同一句话",
    established: bool = False,
    repeated: Repetition | None = None,
) -> decisions.Judgement:
    assessment = Assessment(
        key=recorded.key,
        probabilities=Probabilities(ham=0.05, low_effort=0.05, spam=0.9),
        signals=decided.signals,
        repetition=repeated,
        canonical_text=canonical,
        model=decided.model,
    )
    return decisions.Judgement(recorded.reply_id, recorded.revision_id, assessment, decided, established)


@dataclass
class Desk:
    """One forum's store with a clock: each method is one transaction."""

    store: Store
    now: datetime = START

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def record(self, *replies: Reply) -> list[inbox.Recorded]:
        """Replies as the forum shows them: what we hide is hidden."""
        with self.store.write() as tx:
            shown = [replace(one, hidden=one.hidden or self._hides(tx, one)) for one in replies]
            return list(inbox.record(tx, shown, at=self.now).rows)

    def _hides(self, tx: Connection, post: Reply) -> bool:
        known = inbox.find(tx, post.key)
        return known is not None and known.hidden_by_us

    def judge(self, recorded: inbox.Recorded, decided: Decision, **how: object) -> int:
        with self.store.write() as tx:
            entry = judgement(recorded, decided, **how)  # type: ignore[arg-type]
            return decisions.record(tx, [entry], at=self.now)[0]

    def flag(
        self,
        post: Reply,
        decided: Decision | None = None,
        *,
        hide: bool = False,
        shown: bool = True,
        **how: object,
    ) -> int:
        """Record, judge and flag; with ``hide`` the unasked hide is queued too."""
        decided = decided or decision()
        [recorded] = self.record(post)
        judged = self.judge(recorded, decided, **how)
        with self.store.write() as tx:
            flag_id = self.open(tx, recorded, judged, decided, shown=shown, **how)
            assert flag_id is not None
            if hide:
                self.enqueue(tx, recorded, flag_id)
        return flag_id

    def open(
        self,
        tx: Connection,
        recorded: inbox.Recorded,
        judged: int,
        decided: Decision,
        *,
        shown: bool = True,
        **how: object,
    ) -> int | None:
        repeated = how.get("repeated")
        return flags.open(
            tx,
            forum=FORUM,
            reply_id=recorded.reply_id,
            revision_id=recorded.revision_id,
            decision_id=judged,
            decision=decided,
            campaign=repeated.campaign if isinstance(repeated, Repetition) else None,
            at=self.now,
            shown=shown,
        )

    def enqueue(self, tx: Connection, recorded: inbox.Recorded, flag_id: int | None) -> int | None:
        return outbox.enqueue(
            tx,
            forum=FORUM,
            kind=ActionKind.HIDE,
            reply_id=recorded.reply_id,
            revision_id=recorded.revision_id,
            at=self.now,
            reason="疑似含广告",
            unasked=True,
            flag_id=flag_id,
        )

    def claim(self, owner: str = "worker", **how: object) -> list[outbox.Action]:
        with self.store.write() as tx:
            return outbox.claim(tx, FORUM, owner, now=self.now, lease=LEASE, **how)  # type: ignore[arg-type]

    def settle(
        self,
        action: outbox.Action,
        outcome: ActionOutcome = ActionOutcome.DONE,
        owner: str = "worker",
        **how: object,
    ) -> None:
        shown = {ActionKind.HIDE: Visibility.HIDDEN, ActionKind.RESTORE: Visibility.VISIBLE}
        seen = shown.get(action.kind, Visibility.UNKNOWN)
        if outcome is ActionOutcome.REFUSED:
            seen = Visibility.UNKNOWN
        if outcome is ActionOutcome.GONE:
            seen = Visibility.GONE
        with self.store.write() as tx:
            outbox.settle(
                tx,
                action.id,
                owner,
                outcome=outcome,
                visibility=seen,
                at=self.now,
                **how,  # type: ignore[arg-type]
            )

    def carry_out(self, outcome: ActionOutcome = ActionOutcome.DONE) -> list[outbox.Action]:
        """Claim what is due and settle all of it in one way."""
        claimed = self.claim()
        for action in claimed:
            self.settle(action, outcome)
        return claimed

    def hidden_flag(self, post_id: int = 1, **fields: object) -> int:
        """A flag whose unasked hide was carried out."""
        flag_id = self.flag(reply(post_id, **fields), hide=True)
        self.carry_out()
        return flag_id

    def give(
        self,
        flag_id: int,
        kind: VerdictKind = VerdictKind.UPHOLD,
        who: str = "ann",
        source: VerdictSource = VerdictSource.TERMINAL,
        **how: object,
    ) -> verdicts.Verdict:
        with self.store.write() as tx:
            return verdicts.give(
                tx,
                flag_id,
                kind,
                source=source,
                who=who,
                now=self.now,
                **how,  # type: ignore[arg-type]
            )

    def undo(self, flag_id: int, who: str = "ben", **how: object) -> verdicts.Undone:
        with self.store.write() as tx:
            return verdicts.undo(tx, flag_id, who=who, now=self.now, **how)  # type: ignore[arg-type]

    def get(self, flag_id: int) -> flags.Flag:
        with self.store.read() as rx:
            return flags.get(rx, flag_id)

    def actions(self, **which: object) -> list[outbox.Action]:
        with self.store.read() as rx:
            return outbox.listing(rx, forum=FORUM, **which)  # type: ignore[arg-type]

    def states(self) -> list[str]:
        return [f"{action.kind} {action.state}" for action in self.actions()]
