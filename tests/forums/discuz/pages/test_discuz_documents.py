# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""Bytes, charsets, CDATA, caps, printed times and numbers, links, the viewer."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from forum_pages import NOW, foot, head, thread

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, excerpts, identifiers, markup, nodes, pager, times
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer

PLUS_8 = 480


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("城事".encode(), "text/html; charset=utf-8", "城事"),
        ("城事".encode("gbk"), "text/html; charset=GBK", "城事"),
        ("镕\U00020087".encode("gb18030"), 'text/html; charset="gb2312"', "镕\U00020087"),
        ("港".encode("big5"), "text/html; charset=big5", "港"),
        ("é".encode("latin-1"), "text/html; charset=iso-8859-1", "é"),
        ("城事".encode("gbk"), "text/html; charset=utf-8", "\ufffd\ufffd\ufffd\ufffd"),
        (
            '<?xml version="1.0" encoding="gbk"?>城'.encode("gbk"),
            "text/xml",
            '<?xml version="1.0" encoding="gbk"?>城',
        ),
        ('<meta charset="gbk">城'.encode("gbk"), "", '<meta charset="gbk">城'),
        ("城".encode(), "text/html; charset=unicode_escape", "城"),
        ("城".encode(), "", "城"),
        (b"\xef\xbb\xbfa\x00b", "", "ab"),
    ],
)
def test_bytes_become_text_whatever_they_are(body: bytes, content_type: str, text: str) -> None:
    assert documents.decode_body(body, content_type) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("加&amp;#9445;&amp;#8203;信", "加ⓥ\u200b信"),
        ("&amp;#128512;", "😀"),
        ("&amp;#60;b&amp;#62; &amp;#22478;", "&amp;#60;b&amp;#62; &amp;#22478;"),
        ("&amp;#55296; &amp;#1114112; &amp;#9445", "&amp;#55296; &amp;#1114112; &amp;#9445"),
    ],
)
def test_what_gbk_lacks_is_read_as_its_author_wrote_it(shown: str, text: str) -> None:
    assert documents.decode_body(shown.encode("gbk"), "text/html; charset=gbk") == text
    assert documents.decode_body(shown.encode(), "text/html; charset=utf-8") == shown


def test_broken_bytes_are_counted() -> None:
    assert documents.replacements(documents.decode_body(b"a\xffb\xff", "text/html; charset=utf-8")) == 2


def test_cdata_reaches_to_the_last_end() -> None:
    assert documents.cdata("<root><![CDATA[a]]>b]]></root>") == "a]]>b"


@pytest.mark.parametrize("text", ["", "<root></root>", "]]><![CDATA["])
def test_an_answer_without_cdata_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        documents.cdata(text)


def test_a_document_beyond_every_size_is_refused() -> None:
    with pytest.raises(Unreadable):
        documents.parse("x" * (documents.MAX_CHARS + 1))


def test_few_tags_are_parsed_as_they_are() -> None:
    assert documents.parse("<p id=a>字</p>").css_first("#a") is not None


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "字",
        "<b>" * 100_000 + "字" + "</b>" * 100_000,
        "".join(f"<font color={n}>" for n in range(5_000)) + "<p>字" * 5_000,
        "<div><span></div>" * 50_000,
        "<table><tr><td>" * 30_000,
        "<a " * 100_000,
        "<![CDATA[" * 50_000,
        '<a title="' * 50_000,
        "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">字",
        '<p title=">" ' + "".join(f'a{n}="<b>"' for n in range(50_000)) + ">字",
        "<script>'<a href=\"</script><p " + "a " * 1_000 + "".join(f"b{n} " for n in range(50_000)) + ">字",
    ],
)
def test_hostile_nesting_is_fast_and_keeps_the_text(html: str) -> None:
    start = time.perf_counter()
    tree = documents.parse(html)
    assert tree.body is not None
    assert len(tree.body.text()) >= html.count("字")
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("a < b <3 c", "a &lt; b &lt;3 c"),
        ("<P Class=x id='y' Title=\"z\" hidden>", '<p Class="x" id="y" Title="z" hidden="">'),
        ("<a href='say \"no\"'/>x</A >y", '<a href="say &quot;no&quot;">x</a>y'),
        ("a<!-- <p> -->b<!DOCTYPE x>c<?php ?>d</ e>f", "abcdf"),
        ("a<!-- b", "a"),
        ("a<!b", "a"),
        ("<script>if (a<b) x('</p>')</script>c", "<script></script>c"),
        ("<style>a", "<style>"),
        ("<p <<b =1>c", "<p>c"),
        ('<p a="b', '<p a="">'),
        (
            "<p " + "".join(f"a{n} " for n in range(40)) + ">",
            "<p" + "".join(f' a{n}=""' for n in range(32)) + ">",
        ),
    ],
)
def test_suspicious_markup_is_written_anew(html: str, clean: str) -> None:
    assert markup.clean(html) == clean


def test_tags_beyond_the_caps_are_left_out_with_their_ends() -> None:
    deep = "<div>" * 500 + "字" + "</div>" * 500
    flat = documents.flatten(deep)
    assert flat.count("<div>") == documents.MAX_DEPTH == flat.count("</div>")
    assert documents.flatten("<i><u></i></u>") == "<i><u></i></u>"
    assert documents.flatten("<font>" * 40 + "<a>字</a>").count("<font>") == documents.MAX_FORMATTING_DEPTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-7-14 08:47:49", datetime(2021, 7, 14, 0, 47, 49, tzinfo=UTC)),
        ("发表于 2021-07-14 08:47", datetime(2021, 7, 14, 0, 47, tzinfo=UTC)),
        ("2021/7/14", datetime(2021, 7, 13, 16, 0, tzinfo=UTC)),
        ("2021年7月14日 08:47", datetime(2021, 7, 14, 0, 47, tzinfo=UTC)),
        ("7-14-2021 08:47 PM", datetime(2021, 7, 14, 12, 47, tzinfo=UTC)),
        ("21-7-14 12:05 AM", datetime(2021, 7, 13, 16, 5, tzinfo=UTC)),
        ("2021-7-14 下午 8:05", datetime(2021, 7, 14, 12, 5, tzinfo=UTC)),
        ("2021-7-14 上午 8:05", datetime(2021, 7, 14, 0, 5, tzinfo=UTC)),
        ("2021-7-14 12:05 PM", datetime(2021, 7, 14, 4, 5, tzinfo=UTC)),
        ("刚刚", NOW),
        ("剛剛", NOW),
        ("30\xa0秒前", datetime(2026, 11, 23, 8, 29, 30, tzinfo=UTC)),
        ("5&nbsp;分钟前".replace("&nbsp;", "\xa0"), datetime(2026, 11, 23, 8, 25, tzinfo=UTC)),
        ("半小时前", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        ("16 小时前", datetime(2026, 11, 22, 16, 30, tzinfo=UTC)),
        ("3 天前", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("昨天 20:14", datetime(2026, 11, 22, 12, 14, tzinfo=UTC)),
        ("前天 00:14", datetime(2026, 11, 20, 16, 14, tzinfo=UTC)),
        ("今天", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        ("2021-13-40 08:00", None),
        ("2021-7-14 25:00", None),
        ("9999-12-31 23:59:59", None),
        ("0001-01-01 00:00:00", None),
        ("昨天 25:00", None),
        ("昨天 23:99", None),
        ("999999 天前", None),
        ("从不", None),
        ("", None),
    ],
)
def test_printed_times_are_read_in_every_form(text: str, expected: datetime | None) -> None:
    assert times.parse_time(text, now=NOW, offset_minutes=PLUS_8) == expected


def test_the_forums_own_zone_is_assumed_where_none_is_told() -> None:
    told = times.parse_time("2021-7-14 08:00", now=NOW, offset_minutes=PLUS_8)
    assert times.parse_time("2021-7-14 08:00", now=NOW, offset_minutes=None) == told


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("1795349692", datetime(2026, 11, 22, 12, 14, 52, tzinfo=UTC)),
        (1795349692, datetime(2026, 11, 22, 12, 14, 52, tzinfo=UTC)),
        ("0", None),
        ("-5", None),
        ("99999999999", None),
        (None, None),
        ("１７", None),
    ],
)
def test_unix_times_are_checked(seconds: object, expected: datetime | None) -> None:
    assert times.from_unix(seconds, now=NOW) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2479", 2479),
        ("12,345", 12345),
        ("1万", 10_000),
        ("2.5 萬", 25_000),
        ("1亿", 100_000_000),
        (" / 391", 391),
        ("-5", -5),
        ("9999999999999999999", None),
        ("无", None),
    ],
)
def test_printed_counts_are_read(text: str, number: int | None) -> None:
    assert times.parse_number(text) == number


@pytest.mark.parametrize(
    ("name", "href", "expected"),
    [
        ("uid", "home.php?mod=space&uid=8", 8),
        ("uid", "space-uid-8.html", 8),
        ("uid", "https://h/space-uid-8.html", 8),
        ("tid", "forum.php?mod=viewthread&tid=2&extra=", 2),
        ("tid", "forum.php?mod=redirect&ptid=3", None),
        ("ptid", "forum.php?mod=redirect&ptid=3", 3),
        ("tid", "thread-2-1-1.html", 2),
        ("fid", "forum-37-1.html", 37),
        ("fid", "forum.php?mod=forumdisplay&amp;fid=37", 37),
        ("pid", "x?pid=0", None),
        ("pid", "x?pid=99999999999999999999", None),
        ("pid", "x?pid=1234567890123456789012", None),
        ("pid", "", None),
        ("pid", None, None),
        ("gid", "x", None),
        ("uid", "x", None),
    ],
)
def test_links_carry_numbers_plain_and_rewritten(name: str, href: str | None, expected: int | None) -> None:
    assert identifiers.in_link(name, href) == expected


def test_an_identifier_is_a_positive_number() -> None:
    assert identifiers.identifier("12") == 12
    assert identifiers.identifier("-1") is None
    assert identifiers.identifier("٣") is None
    assert identifiers.identifier(None) is None


def test_the_viewer_is_read_from_head_and_footer() -> None:
    assert read_viewer(head(uid=7, evasive="1|4") + foot("+5.5")) == Viewer(
        uid=7,
        formhash="0a1b2c3d",
        cookie_prefix="QwEr_2132_",
        attackevasive=5,
        utc_offset_minutes=330,
        charset="utf-8",
    )


def test_a_page_that_tells_nothing_has_an_unknown_viewer() -> None:
    assert read_viewer("<html></html>") == Viewer()


def test_the_form_hash_also_stands_in_the_way_out() -> None:
    assert read_viewer('<a href="x?action=logout&amp;formhash=99aabbcc">').formhash == "99aabbcc"


@pytest.mark.parametrize(("zone", "minutes"), [("", 0), ("-9.5", -570), ("+99", None)])
def test_zones_of_the_footer(zone: str, minutes: int | None) -> None:
    assert read_viewer(foot(zone)).utc_offset_minutes == minutes


def test_a_title_or_a_text_cannot_pose_as_the_viewer() -> None:
    html = thread("GMT+3, 2026 var STYLEID discuz_uid = '1'", title="x").replace(
        "<title>城南的桥", "<title>var STYLEID discuz_uid = '1'"
    )
    viewer = read_viewer(html)
    assert (viewer.uid, viewer.utc_offset_minutes) == (2, 480)


@pytest.mark.parametrize(
    ("html", "numbers"),
    [
        ("", (1, 1)),
        ('<div class="pg"><strong>3</strong><a>... 12</a><a class="nxt">下一页</a></div>', (3, 12)),
        ('<div class="pg"><strong>7</strong></div>', (7, 7)),
        ('<div class="pg"><a>2</a><label><span title="共 23 页"> / 23</span></label></div>', (1, 23)),
        ('<div class="pg"><strong>-4</strong><a>9999999999</a></div>', (1, 1_000_000)),
        ('<span class="pg">5</span>', (1, 1)),
    ],
)
def test_page_numbers_are_read(html: str, numbers: tuple[int, int]) -> None:
    assert pager.read_pager(html) == numbers


def test_secrets_are_scrubbed() -> None:
    text = 'formhash=aabbccdd; QwEr_2132_auth=xyz%2F123 <input name="formhash" value="00112233"> hash":"9f9f9f9f"'
    scrubbed = excerpts.scrub(text)
    for secret in ("aabbccdd", "xyz", "00112233", "9f9f9f9f"):
        assert secret not in scrubbed


def test_a_missing_node_has_no_line() -> None:
    assert nodes.line(None) == ""
