"""A change by POST: sent once, and believed when a second look shows it."""

from __future__ import annotations

from collections.abc import Callable

from modbot.domain import ActionOutcome, Visibility
from modbot.errors import ForumError, Gone, Refused, Retryable, Unreadable
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.reader import error_of
from modbot.forums.discuz.transport import Page
from modbot.forums.protocol import ActionResult

LONGEST_REASON = 200
USUAL_REASON = "违规内容"
MAY_HAVE_ARRIVED = frozenset(
    {"error.forum.connection", "error.forum.retryable", "error.forum.charset", "error.forum.not_html"}
)

Proof = Callable[[str], ActionResult]
"""Looks again; given the forum's sentence, which goes into the result."""


def attempt(send: Callable[[], Page], proof: Proof, forum: str) -> ActionResult:
    """Send, and let ``proof`` say what became of it. Nothing is sent twice.

    Raises ForumError only where the change surely did not arrive.
    """
    try:
        page = send()
    except (Retryable, Unreadable) as error:
        if error.code not in MAY_HAVE_ARRIVED:
            raise
        return proved(proof, str(error))
    sentence = refusal(page, forum)
    if sentence is not None:
        return ActionResult(ActionOutcome.REFUSED, Visibility.UNKNOWN, sentence)
    return proved(proof, page.answer.message)


def proved(proof: Proof, detail: str) -> ActionResult:
    try:
        return proof(detail)
    except ForumError as error:
        return ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN, str(error))


def refusal(page: Page, forum: str) -> str | None:
    """The forum's own words when the account may not; None when it claims success, or shows
    a page (the recycle bin does, whatever it did).

    Raises Retryable for anything else that it may say (a closed site, a plugin).
    """
    answer = page.answer
    if answer.kind in {AnswerKind.MESSAGE_OK, AnswerKind.PAGE, AnswerKind.FRAGMENT}:
        return None
    error = error_of(answer.key, answer.message, forum)
    if isinstance(error, Refused | Gone):
        return answer.message
    raise error


def one_line(reason: str) -> str:
    """Never empty (some groups must give a reason), short enough for a notice."""
    return " ".join(reason.split())[:LONGEST_REASON] or USUAL_REASON
