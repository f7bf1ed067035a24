"""Assessment → decision, per board. Pure: settings, counts and times are passed in.

Two thresholds per label, the rules of repetition and of the operator, who is protected,
the mode and the brake all meet here, and nowhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime

from modbot.domain import (
    Assessment,
    Author,
    Decision,
    DecisionKind,
    Label,
    Limit,
    Mode,
    Reason,
    Reply,
    Slip,
)
from modbot.policy import authors, edited, places, repeated, ruled
from modbot.policy import standing as precedents
from modbot.policy.authors import AuthorRule
from modbot.policy.autonomy import Autonomy
from modbot.policy.findings import CONTACT_SIGNALS, Finding, strength
from modbot.policy.nights import Night
from modbot.policy.repeated import RepeatedRule
from modbot.policy.standing import Precedent, StandingMatch

ALL_REASONS = frozenset(Reason)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one board allows. A threshold of None means never."""

    mode: Mode = Mode.SHADOW
    standing_posts: int = 50
    standing_groups: frozenset[int] = frozenset()
    exempt_groups: frozenset[int] = frozenset({1, 2, 3, 16, 17, 18, 19})
    spam_hide: float | None = None
    unproved: frozenset[Reason] = frozenset()
    """Reasons whose thresholds lack the evidence that is asked for: they hide where granted."""
    spam_queue: float | None = 0.5
    hide_needs_contact: bool = True
    low_effort_queue: float | None = 0.5
    pending_approve: float | None = None
    title_echo: bool = True
    repeated: RepeatedRule = field(default_factory=RepeatedRule)
    reasons: frozenset[Reason] = ALL_REASONS
    rules: str = ""
    """The digest of the operator's rules."""
    author: AuthorRule = field(default_factory=AuthorRule)
    night: Night[Policy] | None = None
    is_of_night: bool = False
    """Whether it holds at night only: other words for the same rules, so no part of the version."""
    version: str = field(init=False, repr=False, compare=False)
    """The same for the same rules, whatever the process: part of what was judged."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", _version(self))

    def at(self, moment: datetime | None) -> Policy:
        """What holds for a reply that was posted at ``moment``."""
        return self if self.night is None or not self.night.covers(moment) else self.night.policy

    @property
    def flagging(self) -> frozenset[Reason]:
        """The reasons that flag anything here."""
        never = {
            Reason.TITLE_ECHO: not self.title_echo,
            Reason.LOW_EFFORT: self.low_effort_queue is None,
            Reason.SPAM: self.spam_hide is None and self.spam_queue is None,
        }
        return self.reasons - {reason for reason, is_off in never.items() if is_off}


def _version(policy: Policy) -> str:
    facts = (
        policy.mode.value,
        policy.standing_posts,
        sorted(policy.standing_groups),
        sorted(policy.exempt_groups),
        policy.spam_hide,
        sorted(policy.unproved),
        policy.spam_queue,
        policy.hide_needs_contact,
        policy.low_effort_queue,
        policy.pending_approve,
        policy.title_echo,
        policy.repeated,
        sorted(policy.reasons),
        policy.rules,
        policy.author,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the store knows beside the reply itself.

    ``upheld`` counts verdicts upheld against the author; replies posted before
    ``flag_since`` (the first start) are recorded without a flag. ``excepted`` are the
    reasons that a moderator allowed where the reply stands, ``autonomy`` says which may
    hide this text unasked; ``precedents`` are the standing decisions that the reply meets.
    ``hidden_for``: modbot hides the reply for this, because of an earlier text.
    """

    brake_on: bool = False
    upheld: int = 0
    restored_by_human: bool = False
    flag_since: datetime | None = None
    excepted: frozenset[Reason] = frozenset()
    hidden_for: Reason | None = None
    autonomy: Autonomy = field(default_factory=Autonomy)
    precedents: tuple[StandingMatch, ...] = ()


def has_standing(author: Author, policy: Policy, *, upheld: int = 0) -> bool:
    """Whether the author's record protects them from being hidden unasked."""
    return standing_of(author, policy, upheld=upheld) is True


def standing_of(author: Author, policy: Policy, *, upheld: int = 0) -> bool | None:
    """Whether the author has standing; None where the page does not say enough to know."""
    if author.group_id is not None and author.group_id in policy.standing_groups:
        return True
    if upheld == 0 and author.posts is not None and author.posts >= policy.standing_posts:
        return True
    group_unknown = author.group_id is None and bool(policy.standing_groups)
    posts_unknown = author.posts is None and upheld == 0
    return None if group_unknown or posts_unknown else False


def decide(reply: Reply, assessment: Assessment, policy: Policy, circumstances: Circumstances) -> Decision:
    """The decision on one assessed reply."""
    if _is_silent(assessment, policy, circumstances):
        excuse = _excuse(reply, policy, circumstances)
        return _decision(assessment, policy, None, held_by=(excuse,) if excuse else ())
    return _weighed(reply, assessment, policy, circumstances)


def _is_silent(assessment: Assessment, policy: Policy, circumstances: Circumstances) -> bool:
    """Whether nothing speaks against the reply, as of most: then there is nothing to weigh."""
    if assessment.signals or assessment.repetition is not None:
        return False
    if circumstances.precedents or circumstances.hidden_for is not None:
        return False
    _, low_effort, spam = assessment.probabilities
    return not (
        _reaches(spam, policy.spam_queue)
        or _reaches(spam, policy.spam_hide)
        or _reaches(low_effort, policy.low_effort_queue)
    )


def _weighed(reply: Reply, assessment: Assessment, policy: Policy, circumstances: Circumstances) -> Decision:
    met = precedents.applying(
        circumstances.precedents, assessment, short_below=policy.repeated.hide_characters
    )
    assessment = precedents.noted(ruled.relabelled(assessment), met)
    known = precedents.precedent(reply, assessment, met, policy.flagging)
    excuse = _excuse(reply, policy, circumstances) or ruled.allowed_by(assessment)
    standing = has_standing(reply.author, policy, upheld=circumstances.upheld)
    findings = [] if excuse else _findings(reply, assessment, policy, known, standing=standing)
    if findings and all(finding.reason in circumstances.excepted for finding in findings):
        excuse = "excepted"
    findings = [finding for finding in findings if finding.reason not in circumstances.excepted]
    findings = findings or edited.asked(circumstances.hidden_for, assessment, excuse=bool(excuse))
    if not findings:
        excuse = excuse or _slip(assessment) or ""
        if known.customary is not None and not excuse:
            allowed = _decision(assessment, policy, None, held_by=("customary",))
            return replace(allowed, standing=known.customary.id)
        return _decision(assessment, policy, None, held_by=(str(excuse),) if excuse else ())
    softened = [_softened(finding, standing=standing) for finding in findings]
    held = [_held(finding, reply, policy, circumstances) for finding in softened]
    carrying = max(held, key=strength)
    return _decision(assessment, policy, carrying, held_by=carrying.held_by)


def _excuse(reply: Reply, policy: Policy, circumstances: Circumstances) -> str:
    """The code of why a reply is let alone whatever it says, or an empty string."""
    if reply.author.group_id in policy.exempt_groups:
        return "exempt_group"
    if reply.hidden and circumstances.hidden_for is None:
        return "hidden_by_others"
    if circumstances.restored_by_human:
        return "restored_by_human"
    since = circumstances.flag_since
    if since is not None and reply.posted_at is not None and reply.posted_at < since:
        return "before_first_start"
    return ""


def _slip(assessment: Assessment) -> Slip | None:
    return assessment.repetition.slip if assessment.repetition is not None else None


def _findings(
    reply: Reply, assessment: Assessment, policy: Policy, known: Precedent, *, standing: bool
) -> list[Finding]:
    slip = _slip(assessment)
    as_any_other = slip is None or slip is Slip.EDIT
    found = [_by_rule(assessment)]
    if as_any_other or _has_contact(assessment):
        # An advert sent twice is an advert both times.
        found.append(_spam(assessment, policy))
    if slip is None and not reply.is_thread_author:
        found.append(repeated.finding(assessment.repetition, policy.repeated))
    if as_any_other and not reply.is_thread_author:
        found.append(_title_echo(assessment, policy))
        if not standing:
            # A regular's brief thanks is no card: nobody keeps a bot that asks about those.
            found.append(_low_effort(assessment, policy))
    if slip is None and not standing:
        found += _by_author(reply, assessment, policy.author)
    flagging = [finding for finding in found if finding is not None and finding.reason in policy.reasons]
    return precedents.heeding(known, flagging)


def _by_author(reply: Reply, assessment: Assessment, rule: AuthorRule) -> list[Finding]:
    """What the author's pace and name say, whatever the text: questions for a human."""
    label = assessment.probabilities.label
    paced, named = authors.pace(reply, assessment, rule), authors.name(reply, assessment, rule)
    found = [Finding(Reason.REPEATED, DecisionKind.QUEUE, 1.0, paced, label=label)] if paced else []
    return [*found, Finding(Reason.SPAM, DecisionKind.QUEUE, 1.0, named, label=label)] if named else found


def _by_rule(assessment: Assessment) -> Finding | None:
    rule = ruled.deciding(assessment)
    if rule is None:
        return None
    return Finding(Reason.RULE, DecisionKind(rule.then.value), 1.0, (), label=rule.label)


def _has_contact(assessment: Assessment) -> bool:
    return any(signal.code in CONTACT_SIGNALS for signal in assessment.signals)


def _spam(assessment: Assessment, policy: Policy) -> Finding | None:
    score = assessment.probabilities.spam
    if hides := _passed("spam.hide", score, policy.spam_hide):
        if _has_contact(assessment) or not policy.hide_needs_contact:
            return Finding(Reason.SPAM, DecisionKind.HIDE, score, hides)
        return Finding(Reason.SPAM, DecisionKind.QUEUE, score, hides, ("no_contact",))
    if queues := _passed("spam.queue", score, policy.spam_queue):
        return Finding(Reason.SPAM, DecisionKind.QUEUE, score, queues)
    return None


def _low_effort(assessment: Assessment, policy: Policy) -> Finding | None:
    score = assessment.probabilities.low_effort
    queues = _passed("low_effort.queue", score, policy.low_effort_queue)
    return Finding(Reason.LOW_EFFORT, DecisionKind.QUEUE, score, queues) if queues else None


def _passed(name: str, score: float, limit: float | None) -> tuple[Limit, ...]:
    return (Limit(name, score, limit),) if limit is not None and _reaches(score, limit) else ()


def _reaches(score: float, limit: float | None) -> bool:
    return limit is not None and score >= limit


def _title_echo(assessment: Assessment, policy: Policy) -> Finding | None:
    echo = next((signal for signal in assessment.signals if signal.code == "title_echo"), None)
    if not policy.title_echo or echo is None:
        return None
    limit = echo.details.get("limit")
    limits = _passed("title_echo", echo.score, limit if isinstance(limit, float) else None)
    return Finding(Reason.TITLE_ECHO, DecisionKind.QUEUE, echo.score, limits)


def _softened(finding: Finding, *, standing: bool) -> Finding:
    """A hide that an author with standing must not meet unasked becomes a card for a human."""
    if standing and finding.kind is DecisionKind.HIDE:
        return replace(finding, kind=DecisionKind.QUEUE, held_by=("standing",))
    return finding


def _held(finding: Finding, reply: Reply, policy: Policy, circumstances: Circumstances) -> Finding:
    """With what keeps a hide from being carried out unasked."""
    if finding.kind is not DecisionKind.HIDE:
        return finding
    if place := places.held_by(reply):
        return replace(finding, held_by=place)
    decided = finding.standing is not None
    holds = circumstances.autonomy.holds(finding.reason, policy.mode, policy.unproved, standing=decided)
    if not holds and circumstances.brake_on and not decided:
        holds = ("brake",)
    return replace(finding, held_by=holds)


def _decision(
    assessment: Assessment, policy: Policy, carrying: Finding | None, *, held_by: tuple[str, ...]
) -> Decision:
    would_be = carrying.kind if carrying else DecisionKind.ALLOW
    held = would_be is DecisionKind.HIDE and bool(held_by)
    return Decision(
        kind=DecisionKind.QUEUE if held else would_be,
        would_be=would_be,
        reason=carrying.reason if carrying else None,
        label=_label(assessment, carrying),
        score=carrying.score if carrying else 1.0 - assessment.probabilities.ham,
        threshold=carrying.threshold if carrying else None,
        signals=assessment.signals,
        held_by=held_by,
        policy=policy.version,
        model=assessment.model,
        limits=carrying.limits if carrying else (),
        standing=carrying.standing if carrying else None,
    )


def _label(assessment: Assessment, carrying: Finding | None) -> Label:
    """The label of the reason that carried; repetition leaves the text its own, and so does a
    rule that names none."""
    if carrying is not None and carrying.label is not None:
        return carrying.label
    if carrying is not None and carrying.reason is Reason.SPAM:
        return Label.SPAM
    if carrying is not None and carrying.reason in (Reason.LOW_EFFORT, Reason.TITLE_ECHO):
        return Label.LOW_EFFORT
    return assessment.probabilities.label
