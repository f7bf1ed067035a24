# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""How a thread page is read: each variant of a post, and what stands around it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from forum_pages import (
    NOW,
    URL,
    called,
    column,
    deleted_floor,
    first_post,
    foot,
    head,
    pager,
    post,
    standing,
    thread,
    viewpid,
)

from modbot.domain import Author, Link, Reply, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages.posts import Notice
from modbot.forums.discuz.pages.thread import ThreadPage, parse_single_post, parse_thread


def read(html: str, now: datetime = NOW) -> ThreadPage:
    return parse_thread(html, forum="city", now=now, url=URL)


def only(*posts: str) -> Reply:
    found = read(thread(*posts))
    assert found.unreadable == ()
    return found.replies[-1]


def problems(*posts: str) -> list[str]:
    return [block.problem for block in read(thread(*posts)).unreadable]


def test_a_post_is_read_whole() -> None:
    reply = only(first_post(), post(501))
    assert reply == Reply(
        forum="city",
        post_id=501,
        text="桥修好以后上班近多了",
        thread_id=77,
        thread_title="城南的桥",
        board_id=6,
        author=Author(id=31, name="河边的老陈", group_id=10, posts=43, credits=120),
        posted_at=datetime(2026, 11, 23, 1, 15, 30, tzinfo=UTC),
        floor=5,
        opening="今天路过城南，桥终于通车了，大家走过没有？",
    )


def test_the_page_around_the_posts_is_read() -> None:
    found = read(thread(first_post(), post(501), numbers=pager(2, 9)))
    assert (found.thread_id, found.board_id, found.title) == (77, 6, "城南的桥")
    assert (found.page, found.pages, found.reply_count) == (2, 9, 12)
    assert (found.first_post_id, found.first_post_hidden, found.closed) == (500, False, False)
    assert found.viewer.uid == 2
    assert found.viewer.formhash == "0a1b2c3d"
    assert found.kind is ThreadKind.NORMAL
    assert not found.robot_template


def test_without_the_first_post_neither_opening_nor_kind_is_claimed() -> None:
    found = read(thread(post(501), marks=""))
    assert found.first_post_id is None
    assert found.replies[0].opening == ""
    assert found.kind is ThreadKind.NORMAL


@pytest.mark.parametrize(
    ("label", "floor"),
    [
        ("楼主", 1),
        ("沙发", 2),
        ("板凳", 3),
        ("地板", 4),
        ("<em>118</em><sup>#</sup>", 118),
        ("推荐", None),
        ("自定义", None),
        ("<em>0</em>", None),
    ],
)
def test_floors_are_names_or_numbers(label: str, floor: int | None) -> None:
    assert only(post(501, label=label)).floor == floor


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2021-7-14 08:47:49", datetime(2021, 7, 14, 0, 47, 49, tzinfo=UTC)),
        (
            '<span title="2026-11-22 20:14:52">昨天&nbsp;20:14</span>',
            datetime(2026, 11, 22, 12, 14, 52, tzinfo=UTC),
        ),
        ("半小时前", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
    ],
)
def test_times_are_of_the_zone_in_the_footer(when: str, expected: datetime) -> None:
    assert only(post(501, when=when)).posted_at == expected


def test_another_zone_in_the_footer_moves_the_times() -> None:
    found = read(thread(post(501, when="2021-7-14 08:47:49"), tail=foot("-3.5")))
    assert found.replies[0].posted_at == datetime(2021, 7, 14, 12, 17, 49, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "before", "header", "author"),
    [
        (column(501, href="space-uid-8.html"), "", "", Author(id=8, name="河边的老陈")),
        # Authors on the right (authoronleft=0); the avatar's link has no name.
        (
            '<td class="pls"><div id="favatar501"></div></td>',
            '<a href="home.php?mod=space&amp;uid=8"><img></a><a href="home.php?mod=space&amp;uid=8">晚风</a>',
            "",
            Author(id=8, name="晚风"),
        ),
        # No left column at all.
        ("", '<a href="home.php?mod=space&amp;uid=8">晚风</a>', "", Author(id=8, name="晚风")),
        # Anonymous: members see no link, moderators the true account.
        (
            '<td class="pls"><div id="favatar501"><div class="pi">匿名</div></div></td>',
            "",
            "",
            Author(name="匿名"),
        ),
        (
            '<td class="pls"><div id="favatar501"><div class="pi"><a href="home.php?mod=space&amp;uid=6">匿名</a>'
            "</div></div></td>",
            "",
            "",
            Author(id=6, name="匿名"),
        ),
        ("", "匿名&nbsp;", "", Author(name="匿名")),
        ("", '<em id="authicon501" title="组"></em>\n匿名&nbsp;', "", Author(name="匿名")),
        # A deleted account: its number is only in the link that shows its posts.
        (
            '<td class="pls"><div id="favatar501"><div class="pi">旧友 <em>该用户已被删除</em></div></div></td>',
            "",
            '<a href="forum.php?mod=viewthread&amp;tid=77&amp;authorid=9">只看该作者</a>'
            '<a href="forum.php?mod=misc&amp;action=viewwarning&amp;uid=9">警告</a>',
            Author(id=9, name="旧友"),
        ),
    ],
)
def test_every_way_to_show_an_author_is_read(left: str, before: str, header: str, author: Author) -> None:
    assert only(post(501, left=left, before=before, header=header)).author == author


def test_the_warning_of_a_member_is_not_an_author() -> None:
    warning = '<a href="forum.php?mod=misc&amp;action=viewwarning&amp;tid=77&amp;uid=31">受到警告</a>'
    left = f'<td class="pls"><div id="favatar501"><div class="pi">{warning}旧友</div></div></td>'
    assert only(post(501, left=left, header="")).author.id is None


@pytest.mark.parametrize(
    ("extra", "posts", "credits"),
    [
        (standing(1, threads="3", replies="40"), 43, 120),
        (standing(1, threads="3", replies="40", label="帖子"), 40, 120),
        (standing(1, replies='<span title="23456">2万</span>', threads="1", credits="1.5万"), 23457, 15000),
        ('<dl class="pil"><dt>回帖</dt>\n<dd>7</dd><dt>积分:</dt><dd>9</dd></dl>', 7, 9),
        ('<dl class="pil"><dt>帖子</dt><dt>空</dt></dl>', None, None),
        ('<div class="tns"><table><th>空</th></table></div>', None, None),
        ("", None, None),
    ],
)
def test_standing_is_read_as_each_release_prints_it(
    extra: str, posts: int | None, credits: int | None
) -> None:
    author = only(post(501, left=column(501, extra=extra))).author
    assert (author.posts, author.credits) == (posts, credits)


def test_the_day_of_registration_is_read_where_it_is_shown() -> None:
    extra = '<dl class="pil"><dt>注册时间</dt><dd>2019-3-2</dd></dl><a href="x.php?gid=0">组</a>'
    author = only(post(501, left=column(501, extra=extra))).author
    assert author.registered == datetime(2019, 3, 1, 16, 0, tzinfo=UTC)
    assert author.group_id is None


@pytest.mark.parametrize(
    ("notice", "kind", "hidden"),
    [
        ("提示: <em>该帖被管理员或版主屏蔽</em>", Notice.HIDDEN, True),
        ("提示: <em>该帖被管理员或版主屏蔽，只有管理员或有管理权限的成员可见</em>", Notice.HIDDEN, True),
        ("提示: <em>作者被禁止或删除 内容自动屏蔽</em>", Notice.AUTHOR_MUTED, False),
        ("本帖为密码帖 ，请输入密码<input>", Notice.PASSWORD, False),
        ("此帖仅作者可见", Notice.AUTHOR_ONLY, False),
        ("付费主题, 价格: 5 金钱", Notice.PAID, False),
        ("别的提示", Notice.OTHER, False),
    ],
)
def test_notices_tell_hidden_posts_from_others(notice: str, kind: Notice, hidden: bool) -> None:
    found = read(thread(post(501, text=None, notice=f'\n<div class="locked">{notice}</div>')))
    assert found.notices == ((501, frozenset((kind,))),)
    assert found.withheld == frozenset((501,))
    assert found.replies[0].hidden is hidden
    assert found.replies[0].text == ""


def test_a_moderator_reads_the_text_of_a_hidden_post() -> None:
    notice = '<div class="locked">提示: <em>该帖被管理员或版主屏蔽，只有管理员可见</em></div>'
    found = read(thread(first_post(notice=notice)))
    assert found.first_post_hidden
    assert found.withheld == frozenset()
    assert found.replies[0].hidden
    assert found.replies[0].text


def test_the_words_of_a_notice_inside_a_text_hide_nothing() -> None:
    reply = only(post(501, text='他说<div class="locked">该帖被管理员或版主屏蔽</div>该帖被管理员或版主屏蔽'))
    assert not reply.hidden


def test_a_page_without_the_frame_of_texts_has_no_notice() -> None:
    assert not only(post(501, text=None).replace('class="pcb"', 'class="x"')).hidden


@pytest.mark.parametrize(
    ("header", "region"),
    [
        ('<a href="#">只看该作者</a>&nbsp;来自 中国福建厦门', "中国福建厦门"),
        ('<a href="#">只看该作者</a>\n<span>IP属地：德国</span>', "德国"),
        ('<span class="xg1">来自手机</span><span class="pipe">|</span><a href="#">只看该作者</a>', ""),
        ('<a href="#">只看该作者</a>', ""),
    ],
)
def test_the_region_stands_at_the_end_of_the_header(header: str, region: str) -> None:
    assert only(post(501, header=header)).region == region


def test_the_client_mark_follows_the_time() -> None:
    assert only(post(501, header='\n<span class="xg1">城事APP发布</span>')).client == "城事APP发布"
    assert only(post(501, header='<span class="pipe">|</span>')).client == ""
    assert only(post(501, header="")).client == ""


@pytest.mark.parametrize(
    ("icon", "expected"),
    [
        ('<img id="authicon501" src="static/image/common/ico_lz.png">', True),
        ('<em id="authicon501" class="fico-person" title="楼主"></em>', True),
        ('<img id="authicon501" src="static/image/common/online_member.gif">', False),
        ("", False),
    ],
)
def test_the_thread_author_has_an_icon(icon: str, expected: bool) -> None:
    assert only(post(501, icon=icon)).is_thread_author is expected


def test_who_wrote_the_first_post_is_the_thread_author_without_an_icon() -> None:
    found = read(thread(first_post(left=column(500)), post(501)))
    assert [reply.is_thread_author for reply in found.replies] == [True, True]


def test_robots_get_no_floors_and_are_told() -> None:
    found = read(thread(first_post(label=""), post(501, label="")))
    assert found.robot_template
    assert found.first_post_id == 500
    assert [reply.floor for reply in found.replies] == [1, None]


def test_deleted_floors_are_counted_and_passed_by() -> None:
    found = read(thread(first_post(), deleted_floor(), deleted_floor("77", "78"), post(501)))
    assert found.deleted_floors == 2
    assert found.unreadable == ()
    assert [reply.post_id for reply in found.replies] == [500, 501]


@pytest.mark.parametrize("label", ["推荐", '<img title="置顶"> 来自 9<sup>#</sup>'])
def test_a_copy_on_top_is_not_doubled(label: str) -> None:
    copy, original = post(509, label=label), post(509, label="<em>9</em><sup>#</sup>")
    for order in ((copy, first_post(), original), (first_post(), original, copy)):
        found = read(thread(*order))
        assert found.unreadable == ()
        assert sorted((reply.post_id, reply.floor) for reply in found.replies) == [(500, 1), (509, 9)]


def test_a_copy_alone_is_kept() -> None:
    assert only(first_post(), post(509, label="来自 9#")).floor == 9


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ('<div id="post_501" ><p>模板坏了</p></div>', "no_table"),
        ('<div id="post_501" ><table id="x"></table></div>', "no_table"),
        ('<div id="post_501" ><table id="pid501"><tr><td>半截</td></tr></table></div>', "no_time"),
        (post(0), "post_id"),
        (post(-5), "post_id"),
        (post(99999999999999999999), "post_id"),
        (post(501, frame="502"), "post_id"),
        (post(501, when="0000-0-0 00:00:00"), "time"),
        (post(501, when="1970-1-1 08:00:00"), "time"),
        (post(501, when="2036-1-1 08:00:00"), "time"),
        (post(501, when="不知何时"), "time"),
        (post(501, left="", header=""), "author"),
    ],
)
def test_what_is_no_post_is_kept_and_passed_by(block: str, problem: str) -> None:
    found = read(thread(first_post(), block, post(510)))
    assert [bad.problem for bad in found.unreadable] == [problem]
    assert [reply.post_id for reply in found.replies] == [500, 510]


def test_the_second_of_two_posts_with_one_number_is_kept_as_unreadable() -> None:
    found = read(thread(post(501, text="先到的话"), post(501, text="后到的话")))
    assert [reply.text for reply in found.replies] == ["先到的话"]
    assert [bad.problem for bad in found.unreadable] == ["duplicate"]


def test_an_excerpt_is_short_and_holds_no_secret() -> None:
    secret = (
        '<a href="x?formhash=0a1b2c3d&amp;auth=abcd%2Fef"><input name="formhash" value="0a1b2c3d">'
        + "长" * 9000
    )
    (bad,) = read(thread(f'<div id="post_501" >{secret}</div>')).unreadable
    assert len(bad.excerpt) <= 2000
    assert "0a1b2c3d" not in bad.excerpt
    assert "abcd" not in bad.excerpt
    assert bad.url == URL


def test_a_page_without_posts_is_refused() -> None:
    with pytest.raises(Unreadable) as error:
        read(head() + foot())
    assert "no_posts" in str(error.value)
    assert "no_posts" in error.value.message("zh")


def test_a_template_without_frames_is_read_by_its_tables() -> None:
    bare = post(501)[len('<div id="post_501" >') : -len("</div>")]
    assert [reply.post_id for reply in read(thread(bare, bare.replace("501", "502"))).replies] == [501, 502]


def test_thread_and_board_come_from_elsewhere_when_the_script_is_missing() -> None:
    html = thread(post(501)).replace("var fid", "var no")
    assert (read(html).thread_id, read(html).board_id) == (77, None)
    report = "<a onclick=\"showWindow(1, 'misc.php?mod=report&rtype=post&rid=501&tid=78&fid=9')\">举报</a>"
    found = read(html.replace('<div id="postlistreply"', report + '<div id="postlistreply"'))
    assert (found.thread_id, found.board_id) == (78, 9)


@pytest.mark.parametrize(
    ("marks", "options", "kind"),
    [
        ('<div id="pl_top"><strong>抢楼</strong></div>', {}, ThreadKind.LOTTERY),
        ("", {"text": '<div class="showhide"><h4>本帖隐藏的内容</h4>暗号</div>'}, ThreadKind.REPLY_TO_SEE),
        (
            "",
            {"text": '正文<div class="locked">游客，如果您要查看本帖隐藏内容请<a href="#">回复</a></div>'},
            ThreadKind.REPLY_TO_SEE,
        ),
        ("", {"text": '<div class="locked">以下内容需要积分高于 9 才可浏览</div>'}, ThreadKind.NORMAL),
        (
            "",
            {"text": '<div class="locked">河边人，本帖隐藏的内容需要积分高于 9 才可浏览</div>'},
            ThreadKind.NORMAL,
        ),
        ("", {"after": '<form id="poll" name="poll"></form>'}, ThreadKind.POLL),
        ("", {"after": '<div class="rwd cl"></div>'}, ThreadKind.REWARD),
        ("", {"after": '<div class="trad" id="trade12"></div>'}, ThreadKind.TRADE),
        ("", {"above": '<div id="threadstamp"><img src="a.gif" title="置顶" /></div>'}, ThreadKind.PINNED),
        ("", {"after": '<div class="modact"><a>本主题由 某版主 于 昨天 置顶</a></div>'}, ThreadKind.PINNED),
        (
            "",
            {"after": '<div class="modact"><a>本主题由 某版主 于 昨天 解除置顶</a></div>'},
            ThreadKind.NORMAL,
        ),
        ("", {"above": '<div id="threadstamp"><img src="a.gif" title="精华" /></div>'}, ThreadKind.NORMAL),
    ],
)
def test_the_kind_comes_from_the_marks_of_the_page(
    marks: str, options: dict[str, str], kind: ThreadKind
) -> None:
    found = read(thread(first_post(**options), post(501), marks=marks))
    assert found.kind is kind
    assert {reply.thread_kind for reply in found.replies} == {kind}


CATEGORY = '<h1 class="ts"><a href="forum.php?mod=forumdisplay&amp;fid=6&amp;filter={0}&amp;{0}=3">{1}</a> '


@pytest.mark.parametrize(
    ("filter_", "category", "kind"),
    [
        ("typeid", "[转让]", ThreadKind.TRADE),
        ("typeid", "[求购帖]", ThreadKind.TRADE),
        ("sortid", "[房屋出租]", ThreadKind.TRADE),
        ("sortid", "[二手信息]", ThreadKind.TRADE),
        ("typeid", '[<font color="red">每日签到</font>]', ThreadKind.SIGNIN),
        ("typeid", "[灌水区]", ThreadKind.CHATTER),
        ("typeid", "[抽奖]", ThreadKind.LOTTERY),
        ("typeid", "[悼念]", ThreadKind.MEMORIAL),
        ("typeid", "[交易经验]", ThreadKind.NORMAL),
        ("typeid", "[求助]", ThreadKind.NORMAL),
        ("typeid", "", ThreadKind.NORMAL),
    ],
)
def test_the_boards_own_category_of_a_thread_tells_its_kind(
    filter_: str, category: str, kind: ThreadKind
) -> None:
    heading = CATEGORY.format(filter_, category)
    found = read(thread(first_post(), post(501)).replace('<h1 class="ts">', heading))
    assert (found.kind, found.title) == (kind, "城南的桥")


def test_a_mark_of_the_forum_tells_more_than_the_category() -> None:
    heading = CATEGORY.format("typeid", "[转让]")
    page = thread(first_post(after='<form id="poll" name="poll"></form>'), post(501))
    assert read(page.replace('<h1 class="ts">', heading)).kind is ThreadKind.POLL


def test_a_hidden_part_in_a_reply_does_not_make_the_thread_one_of_its_kind() -> None:
    hidden = '<div class="showhide"><h4>本帖隐藏的内容</h4>暗号</div>'
    assert read(thread(first_post(), post(501, text=hidden))).kind is ThreadKind.NORMAL


@pytest.mark.parametrize(
    "lock", ['<img src="static/image/common/locked.gif">', '<i class="fico-lock fc-s"></i>']
)
def test_a_closed_thread_has_a_lock(lock: str) -> None:
    assert read(thread(first_post(), marks=lock)).closed


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("一行<br />\r\n两行", "一行\n两行"),
        ('<i class="pstatus"> 本帖最后由 老陈 于 2026-11-22 21:30 编辑 </i><br /><br />改过', "改过"),
        ('前<font class="jammer">乱码</font>后<span style="display: none">暗</span>', "前后"),
        (
            '代码<div class="blockcode"><ol><li>a = 1</ol><em onclick="copycode(1);">复制代码</em></div>',
            "代码\na = 1",
        ),
        ("<script>x()</script><style>y</style><!-- 注 --><em>强调</em>", "强调"),
        ('<div class="attach_nopermission"><h3>本帖子中包含更多资源</h3></div>有图', "有图"),
        ("<table><tr><td>甲</td><td>乙</td></tr></table>", "甲 乙"),
        ("<strong>重点</strong>和<b>粗体</b>", "重点和粗体"),
        ("a&nbsp;&nbsp; \t b", "a b"),
        ("<h4>小标题</h4>内容", "小标题\n内容"),
    ],
)
def test_only_the_authors_words_are_the_text(html: str, text: str) -> None:
    assert only(post(501, text=html)).text == text


def test_quotes_stand_apart() -> None:
    quote = (
        '<div class="quote"><blockquote><font><a href="https://bbs.example.org/forum.php?mod=redirect&amp;goto=findpost'
        '&amp;pid=500&amp;ptid=77"><font>桥下茶馆 发表于 2026-11-22</font></a></font><br />通车了吗'
        '<a href="https://else.example/p">别处</a></blockquote></div>我同意'
    )
    reply = only(post(501, text=quote))
    assert (reply.text, reply.quoted, reply.links) == ("我同意", "通车了吗别处", ())


def test_a_quote_without_the_forums_own_head_is_the_authors_and_its_links_count() -> None:
    free = '<div class="quote"><blockquote>看<a href="http://shop.example/?goto=findpost">这里</a></blockquote></div>'
    reply = only(post(501, text=free))
    assert (reply.text, reply.quoted) == ("", "看这里")
    assert reply.links == (Link("http://shop.example/?goto=findpost", "这里"),)


def test_the_head_of_an_old_style_answer_goes_with_the_quotes() -> None:
    text = '<strong>回复 <a href="forum.php?mod=redirect&amp;goto=findpost&amp;pid=1">3#</a> 老陈 的帖子</strong><br>对的'
    reply = only(post(501, text=text))
    assert (reply.text, reply.quoted) == ("对的", "回复 3# 老陈 的帖子")


@pytest.mark.parametrize(
    "text",
    [
        "<b>回复 3# 老陈 的帖子</b>",
        '<div class="quote"><b>回复 <a href="forum.php?goto=findpost">3#</a> 老陈 的帖子</b></div>',
    ],
)
def test_what_only_looks_like_such_a_head_is_text(text: str) -> None:
    reply = only(post(501, text=text))
    assert "的帖子" in reply.text + reply.quoted


def test_links_are_absolute_and_mentions_are_none() -> None:
    text = (
        '<a href="https://shop.example/a?x=1&amp;y=2">店铺</a><a href="thread-9-1-1.html">旧帖</a>'
        '<a href="home.php?mod=space&amp;uid=4">@小明</a><a href="https://evil.example/?mod=space">@点我</a>'
        '<a href="javascript:;">无</a><a>空</a><a href="http://[x">坏</a>'
    )
    reply = only(post(501, text=text))
    assert [link.url for link in reply.links] == [
        "https://shop.example/a?x=1&y=2",
        "https://bbs.example.org/thread-9-1-1.html",
        "https://evil.example/?mod=space",
        "http://[x",
    ]
    assert reply.text == "店铺旧帖@小明@点我无空坏"


def test_links_are_bounded() -> None:
    reply = only(post(501, text="".join(f'<a href="http://a.example/{n}">x</a>' for n in range(300))))
    assert len(reply.links) == 200


def test_a_quote_with_a_broken_address_is_still_a_quote() -> None:
    reply = only(post(501, text='<div class="quote"><a href="http://[goto=findpost">x</a>话</div>'))
    assert reply.quoted == "x话"


def test_pictures_are_counted_and_smileys_are_not() -> None:
    text = (
        '<img smilieid="1" src="static/image/smiley/a.gif"><img src="https://pic.example/a.png">'
        '<img src="static/image/common/none.gif" zoomfile="data/a.png"><img src="static/image/filetype/text.gif">'
        '<img class="zoom" src="http://h/static/image/common/logo.png">'
        '<ignore_js_op><img src="static/image/common/none.gif" aid="7"><div class="tip">640.png (3 KB)</div></ignore_js_op>'
    )
    after = '<div class="pattl"><img zoomfile="data/b.png"></div>'
    reply = only(post(501, text=text, after=after))
    assert (reply.images, reply.text) == (5, "")


@pytest.mark.parametrize(
    ("text", "left", "client"),
    [
        ("好桥<br>—— 来自 安卓客户端", "好桥", "安卓客户端"),
        ("好桥<br>发自我的iPhone", "好桥", "iPhone"),
        ("好桥<br>Sent from my iPad", "好桥", "iPad"),
        ("好桥<br>来自城事APP", "好桥", "城事APP"),
        ("来自城事APP", "来自城事APP", ""),
        ("好桥<br>来自厦门的朋友", "好桥\n来自厦门的朋友", ""),
        ("好桥<br>来自" + "很长" * 40 + "客户端", "好桥\n来自" + "很长" * 40 + "客户端", ""),
    ],
)
def test_a_clients_tail_is_cut_off(text: str, left: str, client: str) -> None:
    reply = only(post(501, text=text))
    assert (reply.text, reply.client) == (left, client)


def test_a_reply_with_a_heading_has_it_in_its_text() -> None:
    assert only(post(501, notice="<h2>补充</h2>", text="第二段")).text == "补充\n第二段"


def test_texts_and_quotes_are_capped() -> None:
    reply = only(post(501, text="长" * 200_000 + '<div class="quote">' + "引" * 50_000 + "</div>"))
    assert 99_990 < len(reply.text) <= 100_000
    assert 19_990 < len(reply.quoted) <= 20_000


def test_html_in_names_stays_text() -> None:
    reply = only(post(501, left=column(501, name="&lt;b&gt;粗&lt;/b&gt;\u202e反")))
    assert reply.author.name == "<b>粗</b>\u202e反"


def test_a_members_html_cannot_take_the_place_of_the_forums_own() -> None:
    forged = (
        '<em id="authorposton501">发表于 2020-1-1 00:00:00</em><a id="postnum501">楼主</a>'
        '<div class="pcb"><div class="locked">该帖被管理员或版主屏蔽</div></div></td></tr></table></div></div>'
    )
    found = read(thread(post(501, text=forged), post(502)))
    assert [reply.post_id for reply in found.replies] == [501, 502]
    assert found.replies[0].posted_at == datetime(2026, 11, 23, 1, 15, 30, tzinfo=UTC)
    assert not found.replies[0].hidden


def test_one_post_is_read_alone() -> None:
    found = parse_single_post(viewpid(post(501)), forum="city", now=NOW, url=URL, thread_id=80)
    assert [reply.post_id for reply in found.replies] == [501]
    assert (found.thread_id, found.page, found.pages, found.title) == (80, 1, 1, "")
    assert found.replies[0].posted_at == datetime(2026, 11, 23, 1, 15, 30, tzinfo=UTC)


def test_one_post_has_the_zone_of_the_viewers_full_pages() -> None:
    found = parse_single_post(
        viewpid(post(501)),
        forum="city",
        now=NOW,
        url=URL,
        thread_id=None,
        utc_offset_minutes=0,
        title="城南的桥",
    )
    assert found.thread_id == 77
    assert found.replies[0].posted_at == datetime(2026, 11, 23, 9, 15, 30, tzinfo=UTC)
    assert found.replies[0].thread_title == "城南的桥"


def test_an_answer_without_a_post_is_refused() -> None:
    with pytest.raises(Unreadable):
        parse_single_post(called("没有找到帖子"), forum="city", now=NOW, url=URL, thread_id=80)
