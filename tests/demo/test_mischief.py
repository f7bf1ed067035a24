"""The layer that spoils answers: each kind as a client meets it, and all by their seed."""

import re
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from html import unescape

import httpx
import pytest
from visitor import PASSWORD, Visitor

from modbot.demo.mischief import WEIGHTS, Kind, Mischief
from modbot.demo.server import DemoServer
from modbot.forums.discuz.pages.answers import AnswerKind, CcFlavour, classify

THREAD = "forum.php?mod=viewthread&tid=1&page=1"
POST = "forum.php?mod=viewthread&tid=1&viewpid=2&inajax=1"


@pytest.fixture
def played(forum):
    """Visit a forum where only some kinds are played, always or by a share."""
    opened = []

    def begin(*kinds, share=1.0, seed=1, charset="utf-8", name="modbot", drip=0.2):
        weights = {kind: WEIGHTS[kind] for kind in kinds}
        server = DemoServer(
            forum=forum, charset=charset, mischief=Mischief(seed, share, weights, drip_seconds=drip)
        )
        server.start()
        opened.append(server)
        server.layer.paused = True
        visitor = Visitor(server, name, PASSWORD if name else "")
        opened.append(visitor.http)
        server.layer.paused = False
        return visitor

    yield begin
    for one in reversed(opened):
        one.stop() if isinstance(one, DemoServer) else one.close()


def sorted_as(answer, url="http://127.0.0.1/"):
    return classify(answer.status_code, answer.headers, answer.text, url=url + THREAD)


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
@pytest.mark.parametrize("address", [THREAD, POST])
@pytest.mark.parametrize(
    ("kind", "flavour"), [(Kind.CC_RELOAD, CcFlavour.RELOAD), (Kind.CC_TOO_FAST, CcFlavour.TOO_FAST)]
)
def test_the_cc_defence_has_its_two_passing_flavours(played, kind, flavour, address, charset):
    visitor = played(kind, charset=charset)
    found = [sorted_as(visitor.get(address)) for _ in range(8)]
    assert {(answer.kind, answer.flavour) for answer in found} == {(AnswerKind.CC_DEFENCE, flavour)}


def test_the_forum_of_2020_writes_the_defence_in_entities(played):
    visitor = played(Kind.CC_RELOAD)
    titles = [re.search("<title>(.*)</title>", visitor.text(THREAD)).group(1) for _ in range(12)]
    assert any(title.startswith("&#x") for title in titles)
    assert any(title == "页面重载开启" for title in titles)
    assert {unescape(title) for title in titles} == {"页面重载开启"}


def test_the_antitheft_script_guards_first_pages_alone(played):
    visitor = played(Kind.ANTITHEFT)
    for address in (THREAD, POST):
        assert sorted_as(visitor.get(address)).kind is AnswerKind.DSIGN
        assert "_dsign=" in visitor.text(address).replace('"+"', "")
    assert sorted_as(visitor.get(THREAD.replace("page=1", "page=2"))).kind is AnswerKind.PAGE
    assert sorted_as(visitor.get("forum.php")).kind is AnswerKind.PAGE


@pytest.mark.parametrize("address", [THREAD, POST])
def test_a_closed_site_says_so_in_the_form_that_was_asked_for(played, address):
    assert sorted_as(played(Kind.CLOSED).get(address)).kind is AnswerKind.CLOSED_SITE


def test_a_closed_site_refuses_actions_and_the_api_too(played, forum):
    visitor = played(Kind.CLOSED)
    visitor.server.layer.paused = True
    formhash = visitor.formhash
    visitor.server.layer.paused = False
    answer = visitor.post(
        "forum.php?mod=topicadmin&action=banpost&inajax=1", {"formhash": formhash, "tid": 1}
    )
    assert sorted_as(answer).kind is AnswerKind.CLOSED_SITE
    assert "error" in visitor.get("api/mobile/index.php?version=4&module=forumindex").json()


def test_a_page_with_a_hole_leads_to_the_same_thread(played):
    visitor = played(Kind.HOLE)
    found = [visitor.get(THREAD.replace("page=1", "page=7")) for _ in range(8)]
    assert {answer.status_code for answer in found} == {302}
    assert {sorted_as(answer).kind for answer in found} == {AnswerKind.SAME_PAGE_REDIRECT}
    assert {"page=7" in answer.headers["location"] for answer in found} == {True, False}


def test_what_broke_comes_several_times_in_a_row(played):
    visitor = played(Kind.SERVER_ERRORS, share=0.2, seed=3)
    bad = "".join(str(int(visitor.get("forum.php").status_code >= 500)) for _ in range(60))
    assert "11" in bad
    assert "0" in bad


def test_a_busy_site_tells_when_to_come_back(played):
    visitor = played(Kind.COME_BACK_LATER)
    found = [visitor.get("forum.php") for _ in range(12)]
    assert {answer.status_code for answer in found} == {429, 503}
    told = [answer.headers["retry-after"] for answer in found]
    assert any(value.isdigit() for value in told)
    assert any(parsedate_to_datetime(value) for value in told if not value.isdigit())


def test_a_slow_answer_comes_whole_in_its_time(played):
    visitor = played(Kind.SLOW_DRIP, drip=0.3)
    started = time.monotonic()
    assert "回复 2" in visitor.text(THREAD)
    assert time.monotonic() - started >= 0.3
    assert visitor.server.layer.played[Kind.SLOW_DRIP] == 1


def test_a_truncated_page_looks_whole_on_the_wire(played):
    visitor = played(Kind.TRUNCATED)
    found = [visitor.get(THREAD) for _ in range(5)]
    assert {sorted_as(answer).kind for answer in found} <= {AnswerKind.TRUNCATED, AnswerKind.NOT_HTML}


def test_a_connection_ends_in_the_middle(played):
    visitor = played(Kind.CUT)
    for _ in range(5):
        with pytest.raises(httpx.RemoteProtocolError):
            visitor.get(THREAD)


def test_an_empty_answer_is_empty(played):
    answer = played(Kind.EMPTY).get(THREAD)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_bytes_of_another_charset_come_under_the_right_name(played, charset):
    answer = played(Kind.WRONG_BYTES, charset=charset).get(THREAD)
    other = "gbk" if charset == "utf-8" else "utf-8"
    assert answer.headers["content-type"].endswith(charset)
    assert f"charset={charset}".encode() in answer.content
    assert "回复 1" in answer.content.decode(other)


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_header_names_another_charset_than_the_page_is_in(played, charset):
    answer = played(Kind.WRONG_CHARSET, charset=charset).get(THREAD)
    assert not answer.headers["content-type"].endswith(charset)
    assert "回复 1" in answer.content.decode(charset)


def test_blind_success_changes_nothing(played, forum):
    visitor = played(Kind.BLIND_SUCCESS)
    assert "succeedhandle_mods('" in visitor.hide(1, 2)
    assert "管理操作成功" in visitor.hide(1, 2, ajaxdata="json")
    assert not forum.posts[2].hidden
    assert sorted_as(visitor.get(THREAD)).kind is AnswerKind.PAGE


def test_a_lost_session_makes_a_guest_until_the_next_sign_in(played):
    visitor = played(Kind.SESSION_LOST)
    visitor.get("forum.php")
    visitor.server.layer.paused = True
    assert visitor.uid == 0
    visitor.http.cookies.clear()
    visitor.sign_in("modbot", PASSWORD)
    assert visitor.uid == 1


def test_a_form_hash_that_rolled_over_is_worth_nothing(played, forum):
    visitor = played(Kind.FORMHASH_ROLLED)
    known = visitor.formhash
    fields = {"formhash": known, "tid": 1, "topiclist[]": 2, "banned": 1, "reason": "x"}
    address = "forum.php?mod=topicadmin&action=banpost&modsubmit=yes&inajax=1"
    assert "非法字符" in visitor.post(address, fields).text
    visitor.server.layer.paused = True
    assert visitor.formhash != known
    assert "succeedhandle_mods('" in visitor.hide(1, 2)
    assert forum.posts[2].hidden


def test_an_earlier_page_is_served_again(played, forum):
    visitor = played(Kind.EARLIER_PAGE)
    before = visitor.text(THREAD)
    forum.post(1, forum.member_named("阿木"), "后来的回复")
    assert visitor.text(THREAD) == before
    assert visitor.text(THREAD.replace("page=1", "page=2")) == before


def test_posts_come_out_of_order_and_twice(played):
    visitor = played(Kind.DISORDER)
    orders = [re.findall('<div id="post_([0-9]+)"', visitor.text(THREAD)) for _ in range(6)]
    assert {frozenset(order) for order in orders} == {frozenset({"1", "2", "3", "4"})}
    assert {len(order) for order in orders} == {5}
    assert len({tuple(order) for order in orders}) > 1


def test_a_clock_that_is_wrong_shows_in_the_header_and_on_the_page(played, clock):
    visitor = played(Kind.CLOCK_SKEW)
    answer = visitor.get(THREAD)
    by = parsedate_to_datetime(answer.headers["date"]) - clock.now.replace(microsecond=0)
    assert timedelta(minutes=2) <= abs(by) <= timedelta(minutes=12)
    shown = (clock.now + by + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")
    assert f"GMT+8, {shown}" in answer.text


def test_the_same_seed_plays_the_same(played):
    def history(seed):
        visitor = played(*Kind, share=0.5, seed=seed, name="", drip=0)
        seen = []
        for _ in range(30):
            try:
                seen.append(visitor.get(THREAD).status_code)
            except httpx.RemoteProtocolError:
                seen.append(0)
        return seen, visitor.server.layer.played

    assert history(7) == history(7)
    assert history(7)[0] != history(8)[0]


def test_about_the_wanted_share_goes_wrong(played):
    visitor = played(Kind.EMPTY, share=0.3)
    for _ in range(200):
        visitor.get("forum.php")
    assert 40 <= visitor.server.layer.played.total() <= 80
    assert (
        visitor.server.layer.requests
        == visitor.server.layer.played.total() + 200 - sum(visitor.server.layer.played.values()) + 1
    )
