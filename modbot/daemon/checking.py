"""Assess text without a forum: JSONL in, JSONL out, in input order, streaming."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from modbot.daemon.bylines import Bylines
from modbot.daemon.exchange import BrokenLine, Checked, Copy, Earlier, Line, read_lines
from modbot.daemon.surroundings import Placed
from modbot.detection import Detector, DuplicateIndex, observation
from modbot.detection.rules import RuleBook
from modbot.domain import Assessment, Duplicate, Mode, Reply
from modbot.policy import Circumstances, Policy, PolicyBook, decide, has_standing

BATCH = 512
READ_BYTES = 1 << 18
REMEMBERED = 10_000
"""Lines whose author and text can still be told when a later line repeats them."""
REMEMBERED_CHARACTERS = 300


class Checker:
    """Assesses lines as a stream in time order: later ones see the earlier.

    Decisions are those of ``enforce`` mode with an evidence-free forum: what this text
    deserves, not what some forum's mode would let modbot do. One that does not ``learn``
    leaves ``duplicates`` as they are.
    """

    def __init__(
        self,
        detector: Detector,
        book: PolicyBook,
        *,
        duplicates: DuplicateIndex | None,
        now: Callable[[], datetime],
        rules: RuleBook | None = None,
        learns: bool = True,
    ) -> None:
        self._learns = learns
        self._detector = detector
        self._book = book
        self._duplicates = duplicates
        self._now = now
        self._rules = rules
        self._earlier: dict[int, Earlier] = {}

    def check(self, lines: Sequence[Line]) -> list[Checked]:
        replies = [line.reply for line in lines]
        moment = _latest(replies) or self._now()
        assessments = self._with_authors(
            lines,
            self._detector.assess(replies, duplicates=self._duplicates, now=moment, rules=self._rules),
        )
        if self._duplicates is not None and self._learns:
            self._duplicates.insert(
                [
                    observation(reply, assessment, established=self._established(reply), at=moment)
                    for reply, assessment in zip(replies, assessments, strict=True)
                ]
            )
            self._remember(lines)
        return [
            Checked(
                line,
                assessment,
                decide(line.reply, assessment, self._policy(line), Circumstances()),
                self._copies(assessment.repetition.duplicates if assessment.repetition else ()),
            )
            for line, assessment in zip(lines, assessments, strict=True)
        ]

    def _with_authors(self, lines: Sequence[Line], assessments: Sequence[Assessment]) -> list[Assessment]:
        bylines = Bylines.of_pages([line.reply for line in lines])
        return [
            bylines.told(line.reply, assessment, self._placed(line))
            for line, assessment in zip(lines, assessments, strict=True)
        ]

    def _placed(self, line: Line) -> Placed:
        return Placed(self._policy(line), Circumstances(), self._established(line.reply))

    def _copies(self, duplicates: Sequence[Duplicate]) -> tuple[Copy, ...]:
        return tuple(Copy(one, self._earlier.get(one.key.post_id)) for one in duplicates)

    def _remember(self, lines: Sequence[Line]) -> None:
        for line in lines:
            reply = line.reply
            text = reply.text[:REMEMBERED_CHARACTERS]
            self._earlier[line.number] = Earlier(line.id, reply.author.name, reply.thread_title, text)
        for number in list(islice(self._earlier, max(0, len(self._earlier) - REMEMBERED))):
            del self._earlier[number]

    def _policy(self, line: Line) -> Policy:
        return self._book.for_reply(line.reply, board_kind=line.board_kind)

    def _established(self, reply: Reply) -> bool:
        return has_standing(reply.author, self._book.of_board(reply.forum, reply.board_id))


def enforcing(book: PolicyBook) -> PolicyBook:
    """The same rules with nothing held back by mode, at any hour."""
    return replace(book, default=replace(book.default, mode=Mode.ENFORCE, night=None))


def batches(descriptor: int) -> Iterator[list[Line | BrokenLine]]:
    """Lines of a file or pipe in batches of what is there to read: a program that
    writes one line and waits for its answer gets it."""
    number = 1
    for lines in _lines_at_hand(descriptor):
        for start in range(0, len(lines), BATCH):
            chunk = lines[start : start + BATCH]
            yield list(read_lines(chunk, first=number))
            number += len(chunk)


def _lines_at_hand(descriptor: int) -> Iterator[list[bytes]]:
    rest = b""
    while chunk := os.read(descriptor, READ_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        if whole:
            yield whole
    if rest:
        yield [rest]


def _latest(replies: Sequence[Reply]) -> datetime | None:
    return max((reply.posted_at for reply in replies if reply.posted_at is not None), default=None)
