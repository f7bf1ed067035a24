"""The suite for authors of engines: our engines pass it, and engines that lie do not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Right
from modbot.domain import ActionKind, ActionOutcome, Visibility
from modbot.forums.config import Credentials, EngineContext, ForumConfig, Politeness
from modbot.forums.discuz import engine
from modbot.forums.protocol import ActionResult, Batch, Forum, ReplyRef
from modbot.testing import ScriptedForum, conformance
from modbot.testing.conformance import NotConforming


@dataclass
class ScriptedStage:
    forum: ScriptedForum = field(default_factory=lambda: ScriptedForum("city"))
    human: dict[int, int] = field(default_factory=dict)

    def engine(self) -> Forum:
        return self.forum

    def now(self) -> datetime:
        return datetime.now(UTC)

    def write(self, text: str) -> ReplyRef:
        reply = self.forum.write(len(self.forum.posts) + 1, text)
        return ReplyRef(reply.post_id, reply.thread_id, reply.board_id)

    def edit(self, ref: ReplyRef, text: str) -> None:
        self.forum.edit(ref.post_id, text)

    def delete(self, ref: ReplyRef) -> None:
        self.forum.delete(ref.post_id)

    def hide(self, ref: ReplyRef) -> None:
        self.human[ref.post_id] = 1
        self.forum.conceal(ref.post_id)

    def forbid_hiding(self) -> None:
        self.forum.refuses = True

    def hides_made(self, ref: ReplyRef) -> int:
        return self.human.get(ref.post_id, 0) + self.forum.changes[ref.post_id, True]

    def open_thread(self, title: str) -> ReplyRef:
        number = len(self.forum.posts) + 1
        self.forum.write(number, title, thread_id=100 + number, floor=1)
        return ReplyRef(number, 100 + number, 1)

    def write_waiting(self, text: str) -> ReplyRef:
        reply = self.forum.write(len(self.forum.posts) + 1, text, pending=True)
        return ReplyRef(reply.post_id, None, reply.board_id)

    def other_board(self) -> int:
        return 2


class DiscuzStage:
    """The Discuz! engine beside the embedded forum, over HTTP."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.ahead = timedelta(0)
        self.folder = folder
        self.town = Community(name="小城", clock=self.now)
        self.town.join("modbot", group_id=2, password="secret")
        self.staff = self.town.join("版主", group_id=2, password="other")
        self.member = self.town.join("安娜", posts=5)
        self.town.open_board("城事", board_id=36)
        self.thread = self.town.start_thread(36, self.member, "周末去哪里", "大家说说").thread_id
        self.server = stack.enter_context(DemoServer(forum=self.town, clock=self.now))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def spend(self, forum: str, *, at: datetime) -> int:
        return 1

    def engine(self) -> Forum:
        self.ahead += timedelta(minutes=2)  # lists tell whole minutes
        config = ForumConfig(
            "city",
            self.server.url,
            credentials=Credentials(username="modbot", password="secret", password_over_http=True),
            politeness=Politeness(requests_per_second=1000),
        )
        return engine(config, EngineContext(self.folder, self, self.now, threading.Event().wait))

    def write(self, text: str) -> ReplyRef:
        self.ahead += timedelta(minutes=2)
        post = self.town.post(self.thread, self.member, text)
        return ReplyRef(post.id, post.thread_id, 36)

    def edit(self, ref: ReplyRef, text: str) -> None:
        self.town.edit(ref.post_id, text)

    def delete(self, ref: ReplyRef) -> None:
        self.town.delete(ref.post_id, by=self.staff)

    def hide(self, ref: ReplyRef) -> None:
        self.town.hide(ref.post_id, by=self.staff)

    def forbid_hiding(self) -> None:
        self.town.withdraw(2, Right.HIDE)

    def hides_made(self, ref: ReplyRef) -> int:
        return self.town.hides[ref.post_id] + self.town.idle_hides[ref.post_id]

    def open_thread(self, title: str) -> ReplyRef:
        post = self.town.start_thread(36, self.member, title, "正文")
        return ReplyRef(post.id, post.thread_id, 36)

    def write_waiting(self, text: str) -> ReplyRef:
        self.town.require_approval(36)
        post = self.town.post(self.thread, self.member, text)
        return ReplyRef(post.id, None, 36)

    def other_board(self) -> int:
        return self.town.open_board("管理组").id


@pytest.fixture(params=["scripted", "discuz"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[conformance.Stage]:
    with ExitStack() as stack:
        yield ScriptedStage() if request.param == "scripted" else DiscuzStage(tmp_path, stack)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_our_engines_keep_the_contract(check, stage) -> None:
    check(stage)


# --- engines that lie ---------------------------------------------------------------------------------


class Believing(ScriptedForum):
    """Takes the forum's word: every hide is done, whatever the forum shows."""

    def hide(self, refs, reason, *, notify):
        super().hide(refs, reason, notify=notify)
        return {ref.post_id: ActionResult(ActionOutcome.DONE, Visibility.HIDDEN) for ref in refs}


class OneNumber(ScriptedForum):
    """Keeps the greatest id as its cursor at once, so that a broken-off poll loses the rest."""

    def poll(self, cursor, *, now):
        for batch in super().poll(cursor, now=now):
            yield replace(batch, cursor=f'{{"end": {len(self._journal)}, "gaps": []}}')


class Forgetful(ScriptedForum):
    """Does not look at replies again."""

    def read(self, refs, **how):
        return {ref.post_id: self._first.setdefault(ref.post_id, self.posts.get(ref.post_id)) for ref in refs}

    def poll(self, cursor, *, now):
        self._first = dict(self.posts)
        yield from super().poll(cursor, now=now)


class Timeless(ScriptedForum):
    def poll(self, cursor, *, now):
        for batch in super().poll(cursor, now=now):
            naive = (replace(reply, posted_at=datetime(2026, 3, 1)) for reply in batch.replies)  # noqa: DTZ001
            yield Batch(tuple(naive), batch.cursor)


class Silent(ScriptedForum):
    def hide(self, refs, reason, *, notify):
        return {}

    def poll(self, cursor, *, now):
        return iter(())


class Powerless(ScriptedForum):
    """Offers nothing but hiding, and refuses the rest: an honest engine all the same."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.lacks = set(ActionKind) - {ActionKind.HIDE, ActionKind.RESTORE}


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_an_engine_that_cannot_do_everything_may_say_so(check) -> None:
    check(ScriptedStage(Powerless("city")))


class Boastful(Powerless):
    """Says that it is done, and does nothing."""

    def act(self, kind, ref, reason, *, notify, details=None):
        return ActionResult(ActionOutcome.DONE, Visibility.GONE)


class Twice(ScriptedForum):
    """Does it again when it is asked again."""

    def act(self, kind, ref, reason, *, notify, details=None):
        result = super().act(kind, ref, reason, notify=notify, details=details)
        return replace(result, outcome=ActionOutcome.DONE)


class Careless(ScriptedForum):
    """Takes any post for the whole thread."""

    def act(self, kind, ref, reason, *, notify, details=None):
        if ref.post_id in self.posts:
            self.posts[ref.post_id] = replace(self.posts[ref.post_id], floor=1)
        return super().act(kind, ref, reason, notify=notify, details=details)


LIES = (
    (Boastful, conformance.a_deletion_is_done_once_and_taken_back),
    (Boastful, conformance.a_member_is_muted_once_and_let_speak),
    (Twice, conformance.a_deletion_is_done_once_and_taken_back),
    (Twice, conformance.what_waits_is_approved_or_ignored_once),
    (Twice, conformance.a_thread_is_moved_once_and_back),
    (Twice, conformance.a_member_is_muted_once_and_let_speak),
    (Careless, conformance.a_thread_is_recycled_and_comes_back_by_its_first_post_alone),
    (Believing, conformance.a_hide_is_done_once_and_a_restore_takes_it_back),
    (Believing, conformance.what_a_human_hid_is_left_alone),
    (Believing, conformance.a_reply_that_is_gone_stalls_no_other),
    (Believing, conformance.a_missing_right_is_refused_and_told_beforehand),
    (OneNumber, conformance.a_poll_broken_off_after_any_batch_loses_nothing),
    (Forgetful, conformance.an_edit_a_hide_and_a_deletion_are_seen_when_read_again),
    (Timeless, conformance.a_reply_tells_who_wrote_what_when_and_where),
    (Silent, conformance.a_hide_is_done_once_and_a_restore_takes_it_back),
    (Silent, conformance.a_poll_finds_what_was_written_and_the_next_only_what_is_new),
)


@pytest.mark.parametrize(("liar", "check"), LIES, ids=lambda value: value.__name__)
def test_an_engine_that_lies_is_found_out(liar, check) -> None:
    with pytest.raises(NotConforming):
        check(ScriptedStage(liar("city")))
