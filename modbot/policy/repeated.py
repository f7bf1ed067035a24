"""What the counts of a repetition come to: hide, queue, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import DecisionKind, Limit, Reason, Repetition
from modbot.policy.findings import Finding

Asked = tuple[str, float, float]
"""What may become a ``Limit``: its name, the value, and what that must reach."""


@dataclass(frozen=True, slots=True)
class RepeatedRule:
    """When repetition hides or queues. Lengths in canonical characters.

    ``surprise`` is what a repetition must reach beside its counts (decades, as in
    ``Repetition.surprise``); where nobody asked for it, counts alone decide.
    """

    hide_characters: int = 10
    hide_authors: int = 3
    hide_newcomers: float = 0.66
    hide_threads: int = 2
    burst_posts: int = 3
    burst_threads: int = 3
    queue_characters: int = 6
    queue_authors: int = 3
    queue_threads: int = 3
    one_thread_newcomers: int = 3
    author_texts: int = 3
    surprise: float = 2.5


def finding(repetition: Repetition | None, rule: RepeatedRule) -> Finding | None:
    """The finding that a repetition makes by these limits, if any."""
    if repetition is None:
        return None
    similarity = repetition.similarity
    if burst := _own_burst(repetition, rule):
        return Finding(Reason.REPEATED, DecisionKind.HIDE, similarity, burst)
    if crowd := _crowd(repetition, rule):
        # Five accounts that copy a member's post must not get that post hidden.
        held = ("first_author",) if repetition.is_first_author else ()
        return Finding(
            Reason.REPEATED, DecisionKind.QUEUE if held else DecisionKind.HIDE, similarity, crowd, held
        )
    if queues := _repeated_queues(repetition, rule):
        return Finding(Reason.REPEATED, DecisionKind.QUEUE, similarity, queues)
    return None


def _crowd(found: Repetition, rule: RepeatedRule) -> tuple[Limit, ...]:
    return _all_passed(
        ("repeated.hide_authors", found.authors, rule.hide_authors),
        ("repeated.hide_newcomers", found.newcomers / max(found.authors, 1), rule.hide_newcomers),
        ("repeated.hide_threads", found.threads, rule.hide_threads),
        ("repeated.hide_characters", found.canonical_length, rule.hide_characters),
        *_surprise(found.surprise, rule),
    )


def _own_burst(found: Repetition, rule: RepeatedRule) -> tuple[Limit, ...]:
    return _all_passed(
        ("repeated.burst_posts", found.author_posts, rule.burst_posts),
        ("repeated.burst_threads", found.author_threads, rule.burst_threads),
        ("repeated.hide_characters", found.canonical_length, rule.hide_characters),
        *_surprise(found.author_surprise, rule),
    )


def _surprise(decades: float | None, rule: RepeatedRule) -> tuple[Asked, ...]:
    """The limit of surprise, where it was measured."""
    return (("repeated.surprise", decades, rule.surprise),) if decades is not None else ()


def _repeated_queues(found: Repetition, rule: RepeatedRule) -> tuple[Limit, ...]:
    """The limits of the first rule that queues: many texts, many threads, or one thread.

    Many texts are those of accounts that live on repeating (``texts``), or of one author
    who repeats this one beyond habit: a regular's "haha" and "nice" are no campaign.
    """
    telling = (
        ("repeated.queue_characters", found.canonical_length, rule.queue_characters),
        *_surprise(found.surprise, rule),
    )
    newcomers = found.newcomers if found.threads == 1 else 0
    return (
        _all_passed(("repeated.author_texts", found.texts, rule.author_texts))
        or _all_passed(
            ("repeated.author_texts", found.author_texts, rule.author_texts),
            *_surprise(found.author_surprise, rule),
        )
        or _all_passed(
            ("repeated.queue_authors", found.authors, rule.queue_authors),
            ("repeated.queue_threads", found.threads, rule.queue_threads),
            *telling,
        )
        or _all_passed(("repeated.one_thread_newcomers", newcomers, rule.one_thread_newcomers), *telling)
    )


def _all_passed(*asked: Asked) -> tuple[Limit, ...]:
    """The limits when every one of them is reached, else none."""
    if not all(value >= limit for _, value, limit in asked):
        return ()
    return tuple(Limit(*one) for one in asked)
