"""Requests to a Discuz! site: politeness, and every obstacle by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from forum_support import Asked, Site, Told, World, error_call, fragment, page

from modbot.errors import Blocked, BudgetSpent, Retryable, Unreadable
from modbot.forums.config import ForumConfig, Politeness
from modbot.forums.discuz.cookies import Cookies
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.transport import Request, Transport, encode_form
from modbot.forums.protocol import Priority

CC = "<html><head><title>{}</title></head><body>…</body></html>"
THREAD = Request("forum.php", (("mod", "viewthread"), ("tid", "7")))


Opener = Callable[..., Transport]


@pytest.fixture
def transport_to(site: Site, world: World) -> Iterator[Opener]:
    with ExitStack() as open_ones:

        def connect(**polite: float) -> Transport:
            politeness = replace(Politeness(requests_per_second=1000), **polite)  # type: ignore[arg-type]
            transport = Transport(ForumConfig("f", site.url, politeness=politeness), world.context)
            open_ones.callback(transport.close)
            return transport

        yield connect


def in_turn(*told: Told) -> Callable[[Asked], Told]:
    """Answers one after the other; the last for ever."""
    rest = list(told)
    return lambda asked: rest.pop(0) if len(rest) > 1 else rest[0]


def test_a_page_is_decoded_by_its_header_and_recognised(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told(page("包头").encode("gbk"), content_type="text/html; charset=gbk"))
    got = transport_to().request(THREAD)
    assert "包头" in got.text
    assert got.answer.kind is AnswerKind.PAGE
    assert site.asked[0].headers["user-agent"].startswith("Mozilla/5.0")


def test_cookies_come_back_and_deleted_ones_do_not(site: Site, world: World, transport_to: Opener) -> None:
    cookies = (("Set-Cookie", "a=1; path=/"), ("Set-Cookie", "b=deleted; Max-Age=0"))
    site.answer = in_turn(Told(page(), headers=cookies))
    transport = transport_to()
    assert transport.request(THREAD).cookies_set == {"a"}
    transport.request(THREAD)
    assert site.asked[1].headers["cookie"] == "a=1"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("a=1; domain=.example.com", {"a"}),
        ("a=1; Domain=forum.example.com", {"a"}),
        ("a=1; domain=evil.org", set()),
        ("a=1; domain=ample.com", set()),
        ("nonsense", set()),
        ("=1", set()),
        ("a=1; max-age=-5", set()),
    ],
)
def test_cookies_belong_to_the_forums_own_host(line: str, kept: set[str]) -> None:
    assert Cookies().take([line], host="forum.example.com") == kept


def test_no_site_fills_the_memory_with_cookies() -> None:
    cookies = Cookies()
    cookies.take([f"c{number}={'x' * 9000}" for number in range(500)], host="h")
    assert len(cookies.values) == 100
    assert max(map(len, cookies.values.values())) == 4096


def test_server_errors_are_tried_again_with_growing_pauses_then_given_up(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told("<html>busy</html>", 502))
    with pytest.raises(Retryable, match="status 502"):
        transport_to(attempts=4).request(THREAD)
    assert len(site.asked) == 4
    pauses = [seconds for seconds in world.slept if seconds > 0.002]
    assert len(pauses) <= 3
    assert all(seconds <= 8 for seconds in pauses)


@pytest.mark.parametrize("status", [429, 500, 503, 520, 524])
def test_a_server_in_trouble_is_left_until_it_said_and_needs_no_human(
    site: Site, transport_to: Opener, status: int
) -> None:
    site.answer = in_turn(Told("<html>busy</html>", status, (("Retry-After", "90"),)))
    with pytest.raises(Retryable) as failure:
        transport_to(attempts=2).request(THREAD)
    assert failure.value.retry_after == 90


@pytest.mark.parametrize("title", ["代理服务器访问限制", "14 + 5 - 2 = ?"])
def test_a_defence_that_no_client_passes_needs_a_human(site: Site, transport_to: Opener, title: str) -> None:
    site.answer = in_turn(Told(CC.format(title)))
    with pytest.raises(Blocked):
        transport_to().request(THREAD)
    assert len(site.asked) == 1


def test_a_failure_that_passes_is_not_noticed(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told("", 200), Told("<html>cut off"), Told(page()))
    assert transport_to().request(THREAD).answer.kind is AnswerKind.PAGE


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("7", 7.0),
        ("100000", 300.0),
        ("Mon, 23 Nov 2026 09:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2020 09:00:30 GMT", 0.0),
    ],
)
def test_retry_after_is_obeyed_up_to_a_cap(
    site: Site, world: World, transport_to: Opener, header: str, waited: float
) -> None:
    site.answer = in_turn(Told("<html>busy</html>", 503, (("Retry-After", header),)), Told(page()))
    transport_to().request(THREAD)
    assert max(world.slept) == pytest.approx(waited, abs=0.01)


def test_a_post_that_may_have_arrived_is_not_sent_again(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told("<html>busy</html>", 502))
    with pytest.raises(Retryable):
        transport_to().request(replace(THREAD, form=(("a", "1"),), repeatable=False))
    assert len(site.asked) == 1


def test_a_tainted_request_does_not_wait_an_hour_for_its_retry_after(
    site: Site, world: World, transport_to: Opener
) -> None:
    body = "<html><h1>Discuz! System Error</h1>您当前的访问请求当中含有非法字符，已经被系统拒绝</html>"
    site.answer = in_turn(Told(body, 503, (("Retry-After", "3600"),)))
    assert transport_to().request(THREAD).answer.kind is AnswerKind.TAINTED
    assert len(site.asked) == 1


def test_cc_defence_too_fast_slows_down_and_asks_again(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told(CC.format("频繁刷新限制")), Told(page()))
    transport = transport_to()
    assert transport.request(THREAD).answer.kind is AnswerKind.PAGE
    assert transport.pace.spacing_seconds == 2.1


def test_cc_defence_reload_asks_again_with_the_cookie(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(
        Told(CC.format("页面重载开启"), headers=(("Set-Cookie", "lastrequest=1"),)), Told(page())
    )
    transport_to().request(THREAD)
    assert site.asked[1].headers["cookie"] == "lastrequest=1"


@pytest.mark.parametrize("title", ["代理服务器访问限制", "14 + 5 = ?"])
def test_cc_defence_that_wants_a_human_blocks(
    site: Site, world: World, transport_to: Opener, title: str
) -> None:
    site.answer = in_turn(Told(CC.format(title)))
    with pytest.raises(Blocked, match="CC defence"):
        transport_to().request(THREAD)
    assert len(site.asked) == 1


def test_cc_defence_without_end_does_not_loop(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told(CC.format("页面重载开启")))
    with pytest.raises(Retryable) as refusal:
        transport_to().request(THREAD)
    assert (len(site.asked), refusal.value.retry_after) == (3, 60)


def test_the_first_view_after_a_deletion_is_asked_again_not_followed(
    site: Site, world: World, transport_to: Opener
) -> None:
    away = Told("", 302, (("Location", "forum.php?mod=viewthread&tid=7"),))
    site.answer = in_turn(away, Told(page()))
    transport_to().request(THREAD.with_query("page", "2"))
    assert [asked.query["page"] for asked in site.asked] == ["2", "2"]


def test_a_redirect_that_leads_nowhere_is_asked_again(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told("", 302), Told(page()))
    assert transport_to().request(THREAD).answer.kind is AnswerKind.PAGE
    site.answer = in_turn(Told("", 302))
    with pytest.raises(Blocked, match="302"):
        transport_to().request(THREAD)


def test_a_page_that_leads_to_itself_for_ever_does_not_loop(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told("", 302, (("Location", "forum.php?mod=viewthread&tid=7"),)))
    with pytest.raises(Unreadable, match="leading to itself"):
        transport_to().request(THREAD)
    assert len(site.asked) == 3


def test_a_redirect_to_a_foreign_host_gets_no_cookie_and_no_visit(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told("", 302, (("Location", "https://evil.example/forum.php"),)))
    with pytest.raises(Blocked, match=r"evil\.example"):
        transport_to().request(THREAD)
    assert len(site.asked) == 1


def test_a_phone_template_is_asked_for_again_as_a_desktop_once(
    site: Site, world: World, transport_to: Opener
) -> None:
    touch = '<html><head><script src="static/js/mobile/common.js"></script></head><body></body></html>'
    site.answer = lambda asked: Told(page() if asked.query.get("mobile") == "no" else touch)
    assert transport_to().request(THREAD).answer.kind is AnswerKind.PAGE
    site.answer = in_turn(Told(touch))
    with pytest.raises(Blocked, match="User-Agent"):
        transport_to().request(THREAD)


def test_a_crawlers_template_says_that_the_user_agent_must_change(
    site: Site, world: World, transport_to: Opener
) -> None:
    robot = page('<div id="postlist"><em id="authorposton1">x</em></div>')
    site.answer = in_turn(Told(robot))
    with pytest.raises(Blocked, match="User-Agent"):
        transport_to().request(THREAD)


def test_a_closed_site_is_left_in_peace(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(error_call("抱歉，本站点暂时关闭，升级中"))
    with pytest.raises(Retryable, match="closed") as caught:
        transport_to().request(THREAD)
    assert caught.value.retry_after == 600
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 418])
def test_a_firewall_blocks(site: Site, world: World, transport_to: Opener, status: int) -> None:
    site.answer = in_turn(Told("<html>no</html>", status))
    with pytest.raises(Blocked, match=str(status)):
        transport_to().request(THREAD)


def test_what_is_no_page_is_passed_by(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told(b"%PDF-1.4 ...", content_type="application/pdf"))
    with pytest.raises(Unreadable, match="did not answer with a page"):
        transport_to().request(THREAD)


def test_a_picture_comes_as_bytes(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told(b"\x89PNG", content_type="image/png"))
    assert transport_to().request(THREAD).body == b"\x89PNG"


def test_an_answer_beyond_all_bounds_is_not_tried_again(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told("x" * 5000))
    with pytest.raises(Unreadable, match="larger than 1000"):
        transport_to(max_raw_bytes=1000).request(THREAD)
    assert len(site.asked) == 1


def test_a_site_that_is_down_is_retryable(site: Site, world: World) -> None:
    config = ForumConfig(
        "f", "http://127.0.0.1:9/", politeness=Politeness(requests_per_second=1000, attempts=2)
    )
    with pytest.raises(Retryable, match="no connection"):
        Transport(config, world.context).request(replace(THREAD, repeatable=False))


def test_the_days_budget_stops_polls_and_leaves_room_for_restores(
    site: Site, world: World, transport_to: Opener
) -> None:
    site.answer = in_turn(Told(page()))
    transport = transport_to(requests_per_day=10)
    for _ in range(10):
        transport.request(THREAD)
    for _ in range(20):
        with pytest.raises(BudgetSpent) as caught:
            transport.request(THREAD)
    assert 0 < (caught.value.retry_after or 0) <= 15 * 3600
    assert world.requests == 11
    with pytest.raises(BudgetSpent):
        transport.request(replace(THREAD, priority=Priority.RESTORE))
    world.requests = 10
    transport.request(replace(THREAD, priority=Priority.RESTORE))


def test_a_stopping_owner_does_not_wait_out_a_backoff(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(Told("<html>busy</html>", 503, (("Retry-After", "200"),)))
    world.stopping = True
    with pytest.raises(Retryable, match="stopped"):
        transport_to().request(THREAD)


def test_the_servers_clock_is_noted_for_the_doctor(site: Site, world: World, transport_to: Opener) -> None:
    site.answer = in_turn(fragment("x"))
    transport = transport_to()
    transport.request(THREAD)
    assert transport.last_date is not None


@pytest.mark.parametrize(
    ("charset", "value", "body"),
    [
        ("utf-8", "广告", b"r=%E5%B9%BF%E5%91%8A"),
        ("gbk", "广告", b"r=%B9%E3%B8%E6"),
        ("GB2312", "广告", b"r=%B9%E3%B8%E6"),
        ("gbk", "😀", b"r=%26%23128512%3B"),
        ("utf-8", "a b&c", b"r=a+b%26c"),
    ],
)
def test_forms_are_sent_in_the_forums_charset(charset: str, value: str, body: bytes) -> None:
    assert encode_form((("r", value),), charset) == body
