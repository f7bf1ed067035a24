"""What an author's signals mean for policy, whatever the text says: limits that were passed."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import Assessment, Limit, Reply, Signal


@dataclass(frozen=True, slots=True)
class AuthorRule:
    """When authors without standing are a human's question: how many replies within an hour, in
    how many threads within ten minutes; a contact in the name of who has fewer posts than that."""

    replies_per_hour: int = 60
    threads_per_ten_minutes: int = 10
    contact_in_name_posts: int = 20


def pace(reply: Reply, assessment: Assessment, rule: AuthorRule) -> tuple[Limit, ...]:
    """The limits that the author's pace passed. In their own thread an author may answer
    everybody; opening thread after thread is another matter."""
    signal = _signal(assessment, "author_pace")
    if signal is None:
        return ()
    threads = Limit("author.threads_per_ten_minutes", _count(signal, "threads"), rule.threads_per_ten_minutes)
    replies = 0 if reply.is_thread_author else _count(signal, "replies")
    limits = (threads, Limit("author.replies_per_hour", replies, rule.replies_per_hour))
    return tuple(limit for limit in limits if limit.value >= limit.limit)


def name(reply: Reply, assessment: Assessment, rule: AuthorRule) -> tuple[Limit, ...]:
    """The limit that a contact in the author's name passed, while the author has few posts: a
    member whom nobody minded so far is not asked about for ever."""
    signal = _signal(assessment, "author_name")
    is_new = (reply.author.posts or 0) < rule.contact_in_name_posts
    return (Limit("author.contact_in_name", 1, 1),) if signal is not None and is_new else ()


def _signal(assessment: Assessment, code: str) -> Signal | None:
    return next((signal for signal in assessment.signals if signal.code == code), None)


def _count(signal: Signal, name: str) -> int:
    value = signal.details.get(name)
    return value if isinstance(value, int) else 0
