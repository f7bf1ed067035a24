"""What a real forum answers on bad days, and what becomes of an action then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from forum_support import Asked, Site, Told, World, error_call, page, success_call

from modbot.domain import ActionOutcome, Visibility
from modbot.errors import Retryable, Unreadable
from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz import DiscuzForum
from modbot.forums.protocol import CheckStatus, ReplyRef

POLITE = Politeness(requests_per_second=1000, requests_per_day=10**9, attempts=1)


def outcome(forum: DiscuzForum, ref: ReplyRef) -> ActionOutcome:
    return forum.hide([ref], "理由", notify=False)[ref.post_id].outcome


POST = (
    '<table id="pid{pid}" class="plhin"><tr><td class="pls"><div id="favatar{pid}">'
    '<div class="pi"><div class="authi">'
    '<a href="home.php?mod=space&amp;uid=8">路人</a></div></div></div></td><td class="plc"><div class="pi">'
    '<strong><a id="postnum{pid}">2<sup>#</sup></a></strong>'
    '<em id="authorposton{pid}">发表于 2026-11-23 16:00:00</em></div>'
    '<div class="pct"><div class="pcb">{notice}<div class="t_fsz"><table><tr>'
    '<td class="t_f" id="postmessage_{pid}">'
    "好</td></tr></table></div></div></div></td></tr></table>"
)
HIDDEN = '<div class="locked">提示: <em>该帖被管理员或版主屏蔽，只有管理员或有管理权限的成员可见</em></div>'
REF = ReplyRef(7, 5)


class BadDay:
    """One visible post; each answer can be overruled."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.act: list[Told] = [success_call("管理操作成功 ")]
        self.look: list[Told] = [self.shown()]

    @staticmethod
    def shown(*, hidden: bool = False, thread: int = 5) -> Told:
        post = POST.format(notice=HIDDEN if hidden else "", pid=thread + 2)
        return Told(f"<?xml?>\n<root><![CDATA[{post}]]></root>", content_type="text/xml; charset=utf-8")

    def answer(self, asked: Asked) -> Told:
        if asked.method == "POST":
            return self.act.pop(0) if len(self.act) > 1 else self.act[0]
        if "viewpid" in asked.query:
            return self.look.pop(0) if len(self.look) > 1 else self.look[0]
        if asked.query.get("goto") == "findpost":
            return Told("", 301, (("Location", "forum.php?mod=viewthread&tid=5"),))
        return Told(page())


@pytest.fixture
def day(site: Site) -> BadDay:
    there = BadDay(site)
    site.answer = there.answer
    return there


@pytest.fixture
def bad_forum(day: BadDay, world: World) -> Iterator[DiscuzForum]:
    config = ForumConfig(
        "f", day.site.url, credentials=Credentials(auth_cookie="A", saltkey_cookie="S"), politeness=POLITE
    )
    with ExitStack() as after:
        forum = DiscuzForum(config, world.context)
        after.callback(forum.close)
        yield forum


def test_a_success_that_changed_nothing_is_unknown(bad_forum: DiscuzForum, day: BadDay) -> None:
    result = bad_forum.hide([REF], "x", notify=False)[7]
    assert (result.outcome, result.visibility) == (ActionOutcome.UNKNOWN, Visibility.VISIBLE)


@pytest.mark.parametrize(
    "answer",
    [
        Told(""),
        Told("<?xml version"),
        Told("busy"),
        Told(success_call("管理操作成功 ").body, content_type="text/xml; charset=gbk"),
    ],
    ids=["empty", "cut", "no page", "wrong charset"],
)
def test_an_answer_that_is_none_is_checked_not_repeated(
    bad_forum: DiscuzForum, day: BadDay, answer: Told
) -> None:
    day.act = [answer]
    day.look = [day.shown(), day.shown(hidden=True)]
    assert outcome(bad_forum, REF) is ActionOutcome.DONE
    assert day.site.count("topicadmin") == 1


def test_a_reply_deleted_meanwhile_is_gone(bad_forum: DiscuzForum, day: BadDay) -> None:
    day.look = [day.shown(), error_call("没有找到帖子")]
    assert outcome(bad_forum, REF) is ActionOutcome.GONE


def test_a_second_look_that_fails_leaves_the_outcome_unknown(bad_forum: DiscuzForum, day: BadDay) -> None:
    day.look = [day.shown(), Told("<html>busy</html>", 502)]
    assert outcome(bad_forum, REF) is ActionOutcome.UNKNOWN


def test_a_first_look_that_is_not_understood_leaves_the_reply_alone(
    bad_forum: DiscuzForum, day: BadDay
) -> None:
    day.look = [Told("<?xml?>\n<root><![CDATA[<p>?</p>]]></root>", content_type="text/xml")]
    assert outcome(bad_forum, REF) is ActionOutcome.UNKNOWN
    assert bad_forum.read_back(REF) is Visibility.UNKNOWN
    assert day.site.count("topicadmin") == 0


def test_a_first_look_that_is_refused_is_refused(bad_forum: DiscuzForum, day: BadDay) -> None:
    day.look = [error_call("抱歉，您没有权限访问该版块")]
    assert outcome(bad_forum, REF) is ActionOutcome.REFUSED


def test_an_unknown_sentence_means_later(bad_forum: DiscuzForum, day: BadDay) -> None:
    day.act = [error_call("插件说现在不行")]
    with pytest.raises(Retryable, match="插件说现在不行"):
        bad_forum.hide([REF], "x", notify=False)


def test_what_was_done_before_an_error_is_told(bad_forum: DiscuzForum, day: BadDay) -> None:
    first, second = (day.shown(thread=thread) for thread in (5, 6))
    day.look = [first, second, first]
    day.act = [success_call("管理操作成功 "), error_call("插件说现在不行")]
    results = bad_forum.hide([REF, ReplyRef(8, 6)], "x", notify=False)
    assert "插件" in results[8].detail
    assert {result.outcome for result in results.values()} == {ActionOutcome.UNKNOWN}


def test_a_profile_that_is_none_is_unreadable(bad_forum: DiscuzForum, day: BadDay) -> None:
    with pytest.raises(Unreadable):
        bad_forum.author(8)


def test_a_profile_is_read_as_an_author(bad_forum: DiscuzForum, day: BadDay) -> None:
    profile = (
        '<div class="bm_c u_profile"><h2 class="mbn">路人甲 <span class="xw0">(UID: 8)</span></h2>'
        "<ul><li><a>回帖数 40</a><a>主题数 2</a></li></ul>"
        '<ul><li><em class="xg1">用户组&nbsp;&nbsp;</em>'
        '<a href="home.php?mod=spacecp&amp;ac=usergroup&amp;gid=12">中级</a>'
        '</li></ul><ul id="pbbs" class="pf_l"><li><em>注册时间</em>2020-1-2 03:04</li></ul></div>'
        '<div id="psts"><ul class="pf_l"><li><em>积分</em>99</li><li>没有标签</li></ul></div>'
    )
    day.site.answer = lambda asked: Told(page(profile))
    author = bad_forum.author(8)
    assert (author.id, author.name, author.group_id, author.posts, author.credits) == (
        8,
        "路人甲",
        12,
        42,
        99,
    )
    assert author.registered is not None
    assert author.registered.isoformat() == "2020-01-01T19:04:00+00:00"
    day.site.answer = lambda asked: Told(page(profile.replace("gid=12", "x").replace(">99<", ">?<")))
    assert bad_forum.author(8).group_id is None


def test_a_site_with_strange_pages_still_gets_a_line_for_each_question(
    bad_forum: DiscuzForum, day: BadDay
) -> None:
    day.site.answer = lambda asked: Told(page(attackevasive="8", formhash="", title="x"))
    found = {check.code.removeprefix("check.forum."): check.status for check in bad_forum.check_access()}
    assert found["no_formhash"] is CheckStatus.FAILED
    assert found["cc_defence"] is CheckStatus.WARNING
    assert found["boards"] is CheckStatus.FAILED
    assert found["json_off"] is CheckStatus.OK
