"""Deleting, approving, moving and muting on the embedded forum: done once, proved by looking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from forum_support import World

from modbot.demo import discipline
from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import MUTED, Approval, PostState, Right
from modbot.domain import ActionKind, ActionOutcome, Visibility
from modbot.errors import Refused
from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz import DiscuzForum
from modbot.forums.protocol import ActionResult, Capability, CheckStatus, ReplyRef

BOARD, STAFF_BOARD, AUDITED = 36, 2, 38
DONE, ALREADY, GONE, REFUSED = (
    ActionOutcome.DONE,
    ActionOutcome.ALREADY,
    ActionOutcome.GONE,
    ActionOutcome.REFUSED,
)
PASSWORD = Credentials(username="modbot", password="secret", password_over_http=True)


@pytest.fixture(scope="module", params=["utf-8", "gbk"])
def running(request: pytest.FixtureRequest) -> Iterator[DemoServer]:
    with DemoServer(charset=request.param) as server:
        yield server


@dataclass
class Square:
    """A forum with an open thread, an approving board and a board of the staff's."""

    server: DemoServer
    world: World
    town: Community = field(init=False)
    forum: DiscuzForum = field(init=False)

    def __post_init__(self) -> None:
        self.town = Community(name="小城", clock=self.world.clock)
        self.bot = self.town.join("modbot", group_id=2, password="secret")
        self.chief = self.town.join("站长", group_id=1)
        self.author = self.town.join("居民", posts=5)
        for number, name in ((BOARD, "城事"), (STAFF_BOARD, "管理组"), (AUDITED, "先审后发")):
            self.town.open_board(name, board_id=number)
        self.town.require_approval(AUDITED, Approval.REPLIES)
        self.first = self.town.start_thread(BOARD, self.author, "周末去哪里", "大家说说")
        self.audited = self.town.start_thread(AUDITED, self.author, "出租", "有房出租")
        self.server.restage(self.town)
        self.forum = self.opened()

    def opened(self, credentials: Credentials = PASSWORD) -> DiscuzForum:
        polite = Politeness(requests_per_second=1000, requests_per_day=10**9, attempts=1)
        config = ForumConfig("town", self.server.url, credentials=credentials, politeness=polite)
        return DiscuzForum(config, self.world.context)

    def reply(self, text: str = "加微信领红包") -> ReplyRef:
        post = self.town.post(self.first.thread_id, self.author, text)
        return ReplyRef(post.id, post.thread_id, BOARD, self.author.id)

    def waiting(self, text: str = "等着通过") -> ReplyRef:
        """As X3.4 tells of it: without its thread."""
        post = self.town.post(self.audited.thread_id, self.author, text)
        return ReplyRef(post.id, None, AUDITED, self.author.id)

    @property
    def opening(self) -> ReplyRef:
        return ReplyRef(self.first.id, self.first.thread_id, BOARD, self.author.id)

    def do(self, kind: ActionKind, ref: ReplyRef, *, notify: bool = False, **details: object) -> ActionResult:
        return self.forum.act(kind, ref, "广告", notify=notify, details=details)

    def told(self, kind: ActionKind, ref: ReplyRef, **details: object) -> tuple[ActionOutcome, Visibility]:
        result = self.do(kind, ref, **details)
        return result.outcome, result.visibility

    def log(self, action: str) -> int:
        return sum(entry.action == action for entry in self.town.content.mod_log)


@pytest.fixture
def square(running: DemoServer, world: World) -> Iterator[Square]:
    there = Square(running, world)
    yield there
    there.forum.close()


# --- delete and undelete ------------------------------------------------------------------------


def test_a_reply_goes_to_the_recycle_bin_once_and_comes_back_once(square: Square) -> None:
    ref = square.reply()
    assert square.told(ActionKind.DELETE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.DELETE, ref) == (ALREADY, Visibility.GONE)
    assert (square.log("DLP"), square.forum.read_back(ref)) == (1, Visibility.GONE)
    assert square.told(ActionKind.UNDELETE, ref) == (DONE, Visibility.VISIBLE)
    assert square.told(ActionKind.UNDELETE, ref) == (ALREADY, Visibility.VISIBLE)
    assert (square.log("UDP"), square.forum.read_back(ref)) == (1, Visibility.VISIBLE)


def test_a_reply_that_was_hidden_comes_back_hidden(square: Square) -> None:
    ref = square.reply()
    square.town.hide(ref.post_id, by=square.chief)
    assert square.told(ActionKind.DELETE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.UNDELETE, ref) == (DONE, Visibility.HIDDEN)


def test_without_a_recycle_bin_nothing_comes_back_and_one_is_told_before(square: Square) -> None:
    square.town.boards[BOARD].recycle_bin = False
    ref = square.reply()
    assert (square.forum.recycles(BOARD), square.forum.recycles(AUDITED)) == (False, True)
    assert square.forum.recycles(4711) is None
    assert square.told(ActionKind.DELETE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.UNDELETE, ref) == (GONE, Visibility.GONE)


def test_a_first_post_is_not_deleted_without_its_thread(square: Square) -> None:
    result = square.do(ActionKind.DELETE, square.opening)
    assert result.outcome is REFUSED
    assert "recycle bin" in result.detail
    assert square.town.thread(square.first.thread_id) is not None


@pytest.mark.parametrize("notify", [True, False])
def test_the_author_is_told_of_a_deletion_only_when_wanted(square: Square, notify: bool) -> None:
    ref = square.reply()
    square.do(ActionKind.DELETE, ref, notify=notify)
    assert len(square.town.content.notices) == notify
    if notify:
        assert square.town.content.notices[0].reason == "广告"


# --- the approval queue ---------------------------------------------------------------------------


def test_a_waiting_reply_is_approved_once(square: Square) -> None:
    ref = square.waiting()
    assert square.told(ActionKind.APPROVE, ref) == (DONE, Visibility.VISIBLE)
    assert square.told(ActionKind.APPROVE, ref) == (ALREADY, Visibility.VISIBLE)
    assert (square.log("MOD"), square.town.posts[ref.post_id].state) == (1, PostState.VISIBLE)


def test_a_waiting_reply_is_ignored_once_and_may_be_approved_later(square: Square) -> None:
    ref = square.waiting()
    assert square.told(ActionKind.IGNORE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.IGNORE, ref) == (ALREADY, Visibility.GONE)
    assert square.log("IGN") == 1
    assert square.told(ActionKind.APPROVE, ref) == (DONE, Visibility.VISIBLE)


def test_a_waiting_reply_is_deleted_and_comes_back_approved(square: Square) -> None:
    ref = square.waiting()
    assert square.told(ActionKind.DELETE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.DELETE, ref) == (ALREADY, Visibility.GONE)
    assert square.log("DLP") == 1
    assert square.told(ActionKind.UNDELETE, ref) == (DONE, Visibility.VISIBLE)


def test_what_another_moderator_judged_is_left_as_it_is(square: Square) -> None:
    approved, deleted = square.waiting("一"), square.waiting("二")
    square.town.approve(approved.post_id, by=square.chief)
    square.town.delete(deleted.post_id, by=square.chief)
    assert square.told(ActionKind.IGNORE, approved) == (GONE, Visibility.VISIBLE)
    assert square.told(ActionKind.APPROVE, deleted) == (GONE, Visibility.GONE)
    assert square.town.posts[approved.post_id].state is PostState.VISIBLE


def test_what_waits_on_a_later_page_of_the_queue_is_found(square: Square) -> None:
    oldest = square.waiting("最早的一条")
    for number in range(23):
        square.world.pass_minutes(1)
        square.waiting(f"第 {number} 条")
    assert square.told(ActionKind.APPROVE, oldest) == (DONE, Visibility.VISIBLE)
    assert len(square.town.waiting(first=False)) == 23


def test_a_waiting_thread_is_named_by_its_number(square: Square) -> None:
    square.town.require_approval(AUDITED, Approval.ALL)
    first = square.town.start_thread(AUDITED, square.author, "新主题", "等着通过")
    ref = ReplyRef(0, first.thread_id, AUDITED)
    assert square.told(ActionKind.IGNORE, ref) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.APPROVE, ref) == (DONE, Visibility.VISIBLE)
    assert square.told(ActionKind.APPROVE, ref) == (ALREADY, Visibility.VISIBLE)


def test_without_the_password_the_panel_stays_closed_and_says_what_to_do(square: Square) -> None:
    ref = square.waiting()
    square.forum.check_access()  # leaves the session to the next engine
    square.forum.close()
    square.forum = square.opened(Credentials(username="modbot", password="secret"))
    assert Capability.APPROVE not in square.forum.capabilities()
    result = square.do(ActionKind.APPROVE, ref)
    assert (result.outcome, "credentials.password" in result.detail) == (REFUSED, True)
    assert square.forum.recycles(BOARD) is None
    assert square.do(ActionKind.DELETE, square.reply()).outcome is DONE


# --- threads ---------------------------------------------------------------------------------------


def test_a_thread_goes_to_the_recycle_bin_and_comes_back(square: Square) -> None:
    assert square.told(ActionKind.RECYCLE_THREAD, square.opening) == (DONE, Visibility.GONE)
    assert square.told(ActionKind.RECYCLE_THREAD, square.opening) == (ALREADY, Visibility.GONE)
    assert square.told(ActionKind.RESTORE_THREAD, square.opening) == (DONE, Visibility.VISIBLE)
    assert square.told(ActionKind.RESTORE_THREAD, square.opening) == (ALREADY, Visibility.VISIBLE)
    assert (square.log("DLP"), square.log("UDL")) == (1, 1)


def test_a_thread_out_of_the_bin_brings_the_replies_that_were_deleted_before(square: Square) -> None:
    ref = square.reply()
    square.do(ActionKind.DELETE, ref)
    square.do(ActionKind.RECYCLE_THREAD, square.opening)
    square.do(ActionKind.RESTORE_THREAD, square.opening)
    assert square.forum.read_back(ref) is Visibility.VISIBLE


def test_a_thread_is_moved_to_another_board_and_back(square: Square) -> None:
    for board in (STAFF_BOARD, BOARD):
        move = {"board": board}
        assert square.told(ActionKind.MOVE_THREAD, square.opening, **move) == (DONE, Visibility.VISIBLE)
        assert square.told(ActionKind.MOVE_THREAD, square.opening, **move) == (ALREADY, Visibility.VISIBLE)
        assert square.town.threads[square.first.thread_id].board_id == board
    assert square.log("MOV") == 2


def test_a_thread_is_not_moved_to_a_board_that_is_not_there(square: Square) -> None:
    result = square.do(ActionKind.MOVE_THREAD, square.opening, board=4711)
    assert (result.outcome, result.detail) == (REFUSED, "抱歉，目标版块不存在")


@pytest.mark.parametrize("kind", [ActionKind.RECYCLE_THREAD, ActionKind.MOVE_THREAD])
def test_what_is_meant_for_a_reply_never_hits_its_thread(square: Square, kind: ActionKind) -> None:
    assert square.do(kind, square.reply(), board=STAFF_BOARD).outcome is REFUSED
    thread = square.town.thread(square.first.thread_id)
    assert thread is not None
    assert thread.board_id == BOARD


def test_a_thread_that_is_gone_for_good_cannot_come_back_or_move(square: Square) -> None:
    square.town.boards[BOARD].recycle_bin = False
    square.do(ActionKind.RECYCLE_THREAD, square.opening)
    assert square.told(ActionKind.RESTORE_THREAD, square.opening) == (GONE, Visibility.GONE)
    assert square.told(ActionKind.MOVE_THREAD, square.opening, board=2) == (GONE, Visibility.GONE)


# --- members ---------------------------------------------------------------------------------------


def test_a_member_is_muted_for_some_days_and_let_speak_again(square: Square) -> None:
    muted = square.do(ActionKind.MUTE, square.reply(), days=3)
    assert (muted.outcome, muted.visibility) == (DONE, Visibility.UNKNOWN)
    assert "2026-11-26" in muted.detail
    assert square.author.group_id == MUTED
    assert square.do(ActionKind.UNMUTE, square.opening).outcome is DONE
    assert square.do(ActionKind.UNMUTE, square.opening).outcome is ALREADY
    assert square.author.group_id != MUTED


def test_a_member_who_is_muted_is_never_muted_over_it(square: Square) -> None:
    square.do(ActionKind.MUTE, square.opening)
    assert square.do(ActionKind.MUTE, square.opening, days=1).outcome is ALREADY
    assert (square.author.muted_until, square.log("BAN")) == (None, 1)


def test_a_mute_that_is_over_makes_room_for_a_new_one(square: Square) -> None:
    square.do(ActionKind.MUTE, square.opening, days=1)
    square.world.now += timedelta(days=5)
    assert square.do(ActionKind.MUTE, square.opening, days=1).outcome is DONE
    assert square.do(ActionKind.UNMUTE, square.opening).outcome is DONE
    assert square.author.group_id != MUTED


def test_two_mutes_over_each_other_are_both_lifted(square: Square) -> None:
    for _ in range(2):
        discipline.mute(square.town, square.author, 7, by=square.chief, reason="x")
    assert square.do(ActionKind.UNMUTE, square.opening).outcome is DONE
    assert square.author.group_id != MUTED


def test_staff_is_never_muted_and_a_guest_cannot_be(square: Square) -> None:
    with pytest.raises(Refused, match="您不能直接禁止该用户"):
        square.do(ActionKind.MUTE, ReplyRef(1, 1, BOARD, square.chief.id), days=1)
    with pytest.raises(Refused, match="该用户不存在"):
        square.do(ActionKind.MUTE, ReplyRef(1, 1, BOARD, 4711), days=1)
    assert square.do(ActionKind.MUTE, ReplyRef(1, 1, BOARD, None), days=1).outcome is REFUSED


# --- rights ----------------------------------------------------------------------------------------

RIGHTS = {
    Right.DELETE: {Capability.DELETE, Capability.RECYCLE_THREAD},
    Right.MOVE: {Capability.MOVE_THREAD},
    Right.APPROVE: {Capability.APPROVE},
    Right.MUTE: {Capability.MUTE},
}
EVERYTHING = {
    *(right for rights in RIGHTS.values() for right in rights),
    Capability.UNDELETE,
    Capability.RESTORE_THREAD,
}


def said(square: Square) -> dict[str, CheckStatus]:
    return {check.code.removeprefix("check.forum."): check.status for check in square.forum.check_access()}


def test_an_account_with_every_right_is_told_so_and_nothing_is_changed(square: Square) -> None:
    before = square.town.backup()
    square.reply()
    assert square.forum.capabilities() >= EVERYTHING
    checks = said(square)
    assert all(checks[f"can_{right.value}"] is CheckStatus.OK for right in EVERYTHING)
    assert square.town.content.mod_log == before.mod_log


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_that_is_missing_is_found_without_trying_it(square: Square, right: Right) -> None:
    square.town.withdraw(2, right)
    square.reply()
    assert square.forum.capabilities() & EVERYTHING == EVERYTHING - RIGHTS[right]
    checks = said(square)
    for missing in RIGHTS[right]:
        assert checks[f"cannot_{missing.value}"] is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("right", "kind", "details"),
    [
        (Right.MOVE, ActionKind.MOVE_THREAD, {"board": STAFF_BOARD}),
        (Right.DELETE, ActionKind.RECYCLE_THREAD, {}),
    ],
)
def test_a_right_that_was_taken_away_since_is_refused(
    square: Square, right: Right, kind: ActionKind, details: dict[str, object]
) -> None:
    square.forum.capabilities()
    square.town.withdraw(2, right)
    assert square.do(kind, square.opening, **details).outcome is REFUSED


@pytest.mark.parametrize(
    ("right", "kind"), [(Right.APPROVE, ActionKind.APPROVE), (Right.MUTE, ActionKind.MUTE)]
)
def test_a_part_of_the_panel_that_is_closed_is_a_refusal(
    square: Square, right: Right, kind: ActionKind
) -> None:
    square.town.withdraw(2, right)
    with pytest.raises(Refused):
        square.do(kind, square.waiting())


def test_rights_and_presets_are_asked_for_once_a_day(square: Square) -> None:
    square.reply()
    square.forum.capabilities(), square.forum.preset_reasons(), square.forum.recycles(BOARD)
    before = square.world.requests
    square.forum.capabilities()
    assert "广告/SPAM" in square.forum.preset_reasons()
    assert square.forum.recycles(BOARD) is True
    assert square.world.requests == before
    square.world.now += timedelta(days=1)
    square.forum.preset_reasons()
    assert square.world.requests > before
