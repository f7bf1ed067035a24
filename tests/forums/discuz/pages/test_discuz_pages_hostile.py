# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""Whatever a forum sends: no error but our own, no hang, bounded values."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from forum_pages import HEADERS, NOW, URL, first_post, page, pager, post, thread, viewpid, xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modbot.errors import ForumError
from modbot.forums.discuz.pages import (
    answers,
    banform,
    documents,
    lists,
    login,
    mobile_api,
    panel,
    viewer,
)
from modbot.forums.discuz.pages import (
    thread as threads,
)

READERS: dict[str, Callable[[str], object]] = {
    "thread": lambda text: threads.parse_thread(text, forum="f", now=NOW, url=URL),
    "single": lambda text: threads.parse_single_post(text, forum="f", now=NOW, url=URL, thread_id=None),
    "index": lambda text: lists.parse_index(text, NOW),
    "board": lambda text: lists.parse_board(text, NOW),
    "check": lists.read_new_posts_answer,
    "search": lambda text: panel.parse_search(text, NOW),
    "queue": lambda text: panel.parse_queue(text, NOW),
    "password": panel.asks_password,
    "answer": lambda text: answers.classify(200, HEADERS, text, url=URL),
    "form": login.parse_login_form,
    "captcha": login.parse_captcha_update,
    "login": login.read_login_answer,
    "ban": banform.parse_ban_form,
    "viewer": viewer.read_viewer,
    "api index": mobile_api.parse_forumindex,
    "api board": lambda text: mobile_api.parse_forumdisplay(text, NOW),
    "api thread": lambda text: mobile_api.parse_viewthread(text, forum="f", now=NOW, url=URL),
}

PAGE = thread(
    first_post(),
    post(
        501,
        text='<div class="quote"><a href="x?goto=findpost">a</a></div>b<img zoomfile="c"><br>来自 安卓客户端',
    ),
    post(502, notice='<div class="locked">提示: <em>该帖被管理员或版主屏蔽</em></div>', text=None),
    numbers=pager(1, 3),
)
LISTS = page(
    '<table class="fl_tb"><tr><td><h2><a href="forum-6-1.html">a</a></h2></td><td class="fl_i"><span class="xi2">1</span>'
    '<span class="xg1">/ 2</span></td></tr></table><table id="threadlisttableid"><tbody id="normalthread_7"><tr>'
    '<td class="icn"></td><th><a class="s xst" href="thread-7-1-1.html">t</a></th><td class="by"><cite>x</cite></td>'
    '<td class="num"><a>3</a></td><td class="by"><em>2026-11-1 10:00</em></td></tr></tbody></table>'
    '<form id="moderate" action="x?action=moderate"><select name="threadoption"></select><div class="um" id="pid_4">'
    '<span class="xg1">2026-11-1 10:00</span></div></form>'
)
SEEDS = (
    PAGE,
    LISTS,
    viewpid(post(501)),
    xml('<form name="login"><input name="formhash" value="00112233"></form>'),
)
MARKUP = st.sampled_from(
    [
        "<",
        ">",
        "/",
        '"',
        "'",
        "=",
        "&",
        ";",
        "<div>",
        "</div>",
        "<table>",
        "</table>",
        "<td>",
        "<p>",
        "<a",
        'href="',
        'id="post_1"',
        'id="pid1"',
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<script>",
        "</script>",
        "<style>",
        'class="quote"',
        'style="display:none"',
        "&#0;",
        "&#x10FFFF;",
        "\x00",
        "\u202e",
        "�",
        "来自",
        "屏蔽",
        "2026-13-99",
        "<svg>",
        "<math>",
        "<template>",
        "<b>",
        "</b>",
        "昨天",
        "99999999999999999999",
        "-1",
        "{}",
        "[]",
        "\\u0000",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A page with pieces cut out, doubled, and markup put in between."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 400)))
        piece = draw(st.one_of(MARKUP, st.text(max_size=12), st.just(text[start:end] * 2), st.just("")))
        text = text[:start] + piece + text[end:]
    return text


def check(reader: Callable[[str], object], text: str) -> object:
    try:
        return reader(text)
    except ForumError as error:
        return str(error)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.one_of(mutated(), st.lists(MARKUP, max_size=60).map("".join), st.text(max_size=200)))
def test_no_text_makes_a_reader_raise_anything_but_a_forum_error(text: str) -> None:
    for reader in READERS.values():
        check(reader, text)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=300), content_type=st.text(max_size=60))
def test_no_bytes_make_decoding_fail(body: bytes, content_type: str) -> None:
    text = documents.decode_body(body, content_type)
    assert "\x00" not in text
    text.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Variables",
                    "Message",
                    "error",
                    "message",
                    "data",
                    "postlist",
                    "thread",
                    "pid",
                    "dbdateline",
                    "status",
                    "forumlist",
                    "forum_threadlist",
                    "fid",
                    "tid",
                    "replies",
                    "attachments",
                    "messageval",
                    "special",
                    "ppp",
                ]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=120, deadline=None)
@given(data=JSON, posts=st.lists(JSON, max_size=3))
def test_no_json_makes_a_reader_raise_anything_but_a_forum_error(data: object, posts: list[object]) -> None:
    for value in (data, {"Variables": data}, {"Variables": {"postlist": posts, "thread": data}}):
        for name in ("answer", "login", "api index", "api board", "api thread"):
            check(READERS[name], json.dumps(value))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mutated())
def test_what_is_read_is_bounded_and_each_post_once(text: str) -> None:
    found = check(READERS["thread"], text)
    if not isinstance(found, threads.ThreadPage):
        return
    numbers = [reply.post_id for reply in found.replies]
    assert len(numbers) == len(set(numbers))
    for reply in found.replies:
        assert reply.post_id > 0
        assert reply.posted_at is not None
        assert len(reply.author.name) <= 200
        assert len(reply.links) <= 200
    for block in found.unreadable:
        assert len(block.excerpt) <= 2000


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "filler",
    [
        "<div>",
        "<b>",
        "<p><font color=1>",
        '<div id="post_1" ><table id="pid1">',
        "<a href='",
        " ",
        "来自",
        '"',
        "<tr><td>",
        "<script>if(typeof errorhandle_=='function') {errorhandle_('",
        "<![CDATA[",
        "<title>",
        "GMT+8, 1",
        "name=cppwd ",
    ],
)
def test_a_long_repetition_hangs_no_reader(reader: str, filler: str) -> None:
    long = filler * (80_000 // len(filler))
    start = time.perf_counter()
    for text in (
        long,
        xml(long),
        PAGE.replace("桥修好以后上班近多了", long),
        LISTS.replace(">t<", f">{long}<"),
    ):
        check(READERS[reader], text)
    assert time.perf_counter() - start < 10


def test_a_post_of_a_megabyte_is_read_and_so_are_its_neighbours() -> None:
    long = "长文<br /><b>段落</b><a href='http://a.example/'>链</a>" * 20_000
    start = time.perf_counter()
    found = threads.parse_thread(
        thread(first_post(), post(501, text=long), post(502)), forum="f", now=NOW, url=URL
    )
    assert [reply.post_id for reply in found.replies] == [500, 501, 502]
    assert len(found.replies[1].text) <= 100_000
    assert time.perf_counter() - start < 5


def test_a_hundred_thousand_nested_tags_cost_their_neighbours_nothing() -> None:
    deep = "<div><b><font color=red>" * 33_000 + "底" + "</font></b></div>" * 33_000
    start = time.perf_counter()
    found = threads.parse_thread(thread(post(501, text=deep), post(502)), forum="f", now=NOW, url=URL)
    assert [(reply.post_id, reply.text) for reply in found.replies] == [
        (501, "底"),
        (502, "桥修好以后上班近多了"),
    ]
    assert time.perf_counter() - start < 3


def test_a_page_of_thousands_of_blocks_is_bounded() -> None:
    blocks = "".join(f'<div id="post_{n}" ></div>' for n in range(3_000))
    found = threads.parse_thread(thread(blocks), forum="f", now=NOW, url=URL)
    assert len(found.unreadable) == threads.MAX_BLOCKS
