"""Every action against a forum that lies about it, or whose answer is lost: sent once, proved."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from forum_support import Asked, Told
from wicked_support import BOARD, Twist, Wicked

from modbot.demo import discipline
from modbot.demo.state import Approval
from modbot.domain import ActionKind, ActionOutcome
from modbot.forums.discuz import DiscuzForum
from modbot.forums.protocol import ReplyRef

STAFF_BOARD = 37
XML = "text/xml; charset=utf-8"
SAYS_DONE = Told(
    '<?xml version="1.0" encoding="utf-8"?>\n<root><![CDATA[<script type="text/javascript" reload="1">'
    "if(typeof succeedhandle_mods=='function') "
    "{succeedhandle_mods('forum.php', '管理操作成功 ', {});}</script>]]></root>",
    content_type=XML,
)
BROKEN_OFF = Told('<?xml version="1.0" encoding="utf-8"?>\n<root><![CDATA[<scr', content_type=XML)


@dataclass
class Stage:
    """What an action needs on the forum before it, by the forum's own hands."""

    wicked: Wicked
    kind: ActionKind

    def prepare(self) -> ReplyRef:
        town, anna, kind = self.wicked.community, self.wicked.anna, self.kind
        thread = self.wicked.thread(replies=2)
        first, reply = sorted(post.id for post in town.posts_of(thread))[:2]
        if kind in {ActionKind.APPROVE, ActionKind.IGNORE}:
            town.require_approval(BOARD, Approval.REPLIES)
            return ReplyRef(town.post(thread, anna, "等着").id, None, BOARD)
        if kind is ActionKind.UNDELETE:
            town.delete(reply, by=self.wicked.bot)
        if kind is ActionKind.RESTORE_THREAD:
            town.delete(first, by=self.wicked.bot)
        if kind is ActionKind.UNMUTE:
            discipline.mute(town, anna, 9, by=self.wicked.bot, reason="x")
        by_reply = kind in {ActionKind.DELETE, ActionKind.UNDELETE}
        return ReplyRef(reply if by_reply else first, thread, BOARD, anna.id)

    def act(self, forum: DiscuzForum, ref: ReplyRef) -> ActionOutcome:
        details = {"board": STAFF_BOARD, "days": 2}
        return forum.act(self.kind, ref, "广告", notify=False, details=details).outcome


KINDS = [kind for kind in ActionKind if kind not in {ActionKind.HIDE, ActionKind.RESTORE}]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.value)
def stage(request: pytest.FixtureRequest, wicked: Wicked) -> Stage:
    return Stage(wicked, request.param)


def changing(asked: Asked) -> bool:
    """A POST that changes something: no sign-in, no panel's password."""
    form = dict(asked.form)
    marks = {"modsubmit", "dosubmit", "bansubmit"}
    return asked.method == "POST" and bool(marks & (form.keys() | asked.query.keys()))


def answering(told: Told) -> Twist:
    return lambda asked: told if changing(asked) else None


def test_what_the_forum_says_is_done_and_does_not_show_is_not_done(stage: Stage) -> None:
    ref = stage.prepare()
    stage.wicked.twists = [answering(SAYS_DONE)]
    with stage.wicked.opened() as forum:
        assert stage.act(forum, ref) is ActionOutcome.UNKNOWN


def test_what_was_done_although_the_answer_was_lost_is_found_done_and_sent_once(stage: Stage) -> None:
    ref = stage.prepare()
    sent: list[Asked] = []

    def forward_and_lose(asked: Asked) -> Told | None:
        if not changing(asked):
            return None
        sent.append(asked)
        twists, stage.wicked.twists = stage.wicked.twists, []
        stage.wicked.answer(asked)
        stage.wicked.twists = twists
        return BROKEN_OFF

    stage.wicked.twists = [forward_and_lose]
    with stage.wicked.opened() as forum:
        assert stage.act(forum, ref) is ActionOutcome.DONE
        assert len(sent) == 1
        assert stage.act(forum, ref) is ActionOutcome.ALREADY
        assert len(sent) == 1
