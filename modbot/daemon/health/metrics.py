"""What happened since this process began, counted where it happens.

Labels hold the names of forums and rules and words from closed lists, never text from a forum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from platform import python_version

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector

from modbot.domain import ActionKind, ActionOutcome, Decision, DecisionKind, OutboxState, Visibility
from modbot.errors import ModbotError
from modbot.store.actions import Action
from modbot.store.inbox import Receipt

WORK_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800)
WAIT_SECONDS = (10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)
PUT_OFF = "put_off"
"""The outcome of an attempt that failed and will be made again."""


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        build = Info("modbot_build", "The version of modbot and of its Python.", registry=registry)
        build.info({"version": version("modbot"), "python": python_version()})
        self.model = Info("modbot_model", "The model version that judges.", ["forum"], registry=registry)
        self.polls = Counter("modbot_polls", "Polls that ended.", ["forum", "result"], registry=registry)
        self.poll_seconds = Histogram(
            "modbot_poll_seconds",
            "How long a poll took, the judging of what it read included.",
            ["forum"],
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self.replies = Counter(
            "modbot_replies_read", "Replies read and stored.", ["forum", "found"], registry=registry
        )
        self.rereads = Counter(
            "modbot_rereads",
            "Known replies read again, by what was found.",
            ["forum", "found"],
            registry=registry,
        )
        self.unreadable = Counter(
            "modbot_blocks_unreadable", "Pieces of pages not understood.", ["forum"], registry=registry
        )
        self.judging_seconds = Histogram(
            "modbot_judging_seconds",
            "How long judging a batch of replies took.",
            ["forum"],
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self.decisions = Counter(
            "modbot_decisions", "Decisions made.", ["forum", "kind", "reason"], registry=registry
        )
        self.rule_hits = Counter(
            "modbot_rule_hits",
            "Replies that an operator's rule fired on.",
            ["forum", "rule"],
            registry=registry,
        )
        self.parked = Counter(
            "modbot_replies_parked", "Replies that could not be judged.", ["forum"], registry=registry
        )
        self.decision_latency = Histogram(
            "modbot_decision_latency_seconds",
            "From a reply's posting to its decision.",
            ["forum"],
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self.actions = Counter(
            "modbot_actions",
            "Attempts at actions on the forum, by what became of them.",
            ["forum", "kind", "outcome", "unasked"],
            registry=registry,
        )
        self.hide_latency = Histogram(
            "modbot_hide_latency_seconds",
            "From a reply's posting to the proof that modbot hid it unasked.",
            ["forum"],
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self.overturned = Counter(
            "modbot_overturned", "Unasked hides that a human took back.", ["forum"], registry=registry
        )

    def of(self, forum: str) -> ForumMetrics:
        """The counters of one forum, all of them at zero until something happens."""
        return ForumMetrics(self, forum)


class ForumMetrics:
    """Where one forum's poller, judge and executor tell what they did."""

    def __init__(self, house: Metrics, forum: str) -> None:
        self._house = house
        self._forum = forum
        self._begin_at_zero()

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Around one poll: its duration, and whether it failed and of what."""
        result = "defect"
        try:
            with self._house.poll_seconds.labels(self._forum).time():
                yield
            result = "ok"
        except ModbotError as problem:
            result = kind_of(problem)
            raise
        finally:
            self._house.polls.labels(self._forum, result).inc()

    def read(self, receipt: Receipt, *, unreadable: int) -> None:
        """A batch was stored."""
        for row in receipt.rows:
            found = "new" if row.is_new else "changed" if row.is_changed else "known"
            self._house.replies.labels(self._forum, found).inc()
        self._house.unreadable.labels(self._forum).inc(unreadable)

    def reread(self, found: str) -> None:
        """A known reply was read again: ``same``, ``changed`` (another text), a Visibility, or
        ``failed``."""
        self._house.rereads.labels(self._forum, found).inc()

    def judges_with(self, model: str) -> None:
        self._house.model.labels(self._forum).info({"version": model})

    def judges_by(self, rules: Sequence[str]) -> None:
        """The names of the operator's rules, each at zero until it fires."""
        for rule in rules:
            self._house.rule_hits.labels(self._forum, rule)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Around one batch."""
        with self._house.judging_seconds.labels(self._forum).time():
            yield

    def decided(self, decision: Decision, *, latency: timedelta | None = None) -> None:
        """``latency``: since the reply was posted; None where that tells nothing of us."""
        reason = decision.reason.value if decision.reason else "none"
        self._house.decisions.labels(self._forum, decision.kind.value, reason).inc()
        for signal in decision.signals:
            if signal.code == "rule":
                self._house.rule_hits.labels(self._forum, str(signal.details["name"])).inc()
        if latency is not None:
            self._house.decision_latency.labels(self._forum).observe(_seconds(latency))

    def parked(self) -> None:
        self._house.parked.labels(self._forum).inc()

    def attempted(self, action: Action, outcome: str, *, at: datetime) -> None:
        """``outcome``: an ActionOutcome, ``dead``, ``cancelled`` or PUT_OFF."""
        unasked = "true" if action.unasked else "false"
        self._house.actions.labels(self._forum, action.kind.value, outcome, unasked).inc()
        if action.overturns and outcome in (ActionOutcome.DONE, ActionOutcome.ALREADY):
            self._house.overturned.labels(self._forum).inc()
        unasked_hide = action.unasked and action.kind is ActionKind.HIDE
        if unasked_hide and outcome == ActionOutcome.DONE and action.posted_at is not None:
            self._house.hide_latency.labels(self._forum).observe(_seconds(at - action.posted_at))

    def _begin_at_zero(self) -> None:
        """A rate over a series that is not there yet would miss its first event."""
        house, forum = self._house, self._forum
        single = (
            house.poll_seconds,
            house.unreadable,
            house.judging_seconds,
            house.parked,
            house.decision_latency,
            house.hide_latency,
            house.overturned,
        )
        for metric in single:
            metric.labels(forum)
        house.polls.labels(forum, "ok")
        for found in ("new", "changed", "known"):
            house.replies.labels(forum, found)
        for found in ("same", "changed", Visibility.GONE.value, "failed"):
            house.rereads.labels(forum, found)
        house.decisions.labels(forum, DecisionKind.ALLOW.value, "none")
        for outcome in (ActionOutcome.DONE, ActionOutcome.REFUSED, OutboxState.DEAD):
            house.actions.labels(forum, ActionKind.HIDE.value, outcome.value, "true")


def kind_of(problem: ModbotError) -> str:
    """The kind of an error as one word of a closed list: the code, without its path, of the
    nearest class in :mod:`modbot.errors` (an engine may have finer ones of its own)."""
    family = [kind for kind in type(problem).__mro__ if issubclass(kind, ModbotError)]
    known = next(kind for kind in family if kind.__module__ == ModbotError.__module__)
    return known.code.rpartition(".")[2]


def _seconds(waited: timedelta) -> float:
    """Never below 0, although a forum's clock may be ahead of ours: a sum must not fall."""
    return max(0.0, waited.total_seconds())
