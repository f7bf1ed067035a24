"""The parsers against recordings of real installs, where those are at hand.

The expectations hold numbers, times and digests of texts, none of the sentences. They
were drawn once with :func:`digest` and compared by eye with the pages; what each test
asserts besides (counts of markers in the raw page, agreement of the JSON API with the
HTML pages) does not come from the parsers.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modbot.domain import Reply
from modbot.forums.discuz.pages import (
    answers,
    documents,
    lists,
    login,
    memberform,
    mobile_api,
    panel,
    recyclebin,
    rights,
    viewer,
)
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.pages.banform import parse_ban_form
from modbot.forums.discuz.pages.thread import ThreadPage, parse_single_post, parse_thread
from modbot.forums.protocol import Capability

HERE = Path(__file__).parent
ROOT = HERE.parents[4] / "shared" / "recordings" / "discuz"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INSTALLS = ("x3.4-2020", "x3.4", "x3.4-gbk", "x3.5")
EXPECTED: dict[str, Any] = json.loads((HERE / "expectations.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the recordings are not at hand")


def recorded(name: str) -> str:
    charset = "gbk" if name.startswith("x3.4-gbk/") else "utf-8"
    return documents.decode_body((ROOT / name).read_bytes(), f"text/html; charset={charset}")


def short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""


def row(reply: Reply) -> list[Any]:
    author = reply.author
    assert reply.posted_at is not None
    return [
        reply.post_id,
        reply.floor,
        author.id,
        short(author.name),
        author.group_id,
        author.posts,
        author.credits,
        int(reply.posted_at.timestamp()),
        len(reply.text),
        short(reply.text),
        short(reply.quoted),
        len(reply.links),
        reply.images,
        short(reply.region),
        short(reply.client),
        reply.hidden,
        reply.is_thread_author,
        short(reply.opening),
    ]


def digest(found: ThreadPage) -> dict[str, Any]:
    return {
        "thread": [found.thread_id, found.board_id, short(found.title), found.kind.value],
        "page": [found.page, found.pages, found.reply_count, found.first_post_id, found.closed],
        "withheld": sorted(found.withheld),
        "unreadable": len(found.unreadable),
        "posts": [row(reply) for reply in found.replies],
    }


def read(name: str) -> ThreadPage:
    text = recorded(name)
    if name.endswith(".json"):
        return mobile_api.parse_viewthread(text, forum="f", now=NOW, url="http://127.0.0.1/")
    if name.endswith(".xml"):
        return parse_single_post(text, forum="f", now=NOW, url="http://127.0.0.1/", thread_id=None)
    return parse_thread(text, forum="f", now=NOW, url="http://127.0.0.1/")


def names(*patterns: str) -> list[str]:
    found = (path for install in INSTALLS for pattern in patterns for path in (ROOT / install).glob(pattern))
    return sorted(str(path.relative_to(ROOT)) for path in found)


def holds_posts(name: str) -> bool:
    text = recorded(name)
    if name.endswith(".json"):
        return '"postlist":[{' in text
    return 'id="authorposton' in text


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_page_is_read_completely(name: str) -> None:
    assert digest(read(name)) == EXPECTED[name]


@pytest.mark.parametrize("install", INSTALLS)
def test_no_recorded_page_is_taken_for_one_in_another_charset(install: str) -> None:
    kind = f"text/html; charset={'gbk' if install == 'x3.4-gbk' else 'utf-8'}"
    pages = [file for ending in ("html", "xml") for file in (ROOT / install).glob(f"*.{ending}")]
    bodies = {file.name: file.read_bytes() for file in pages}
    assert bodies
    assert [
        name
        for name, body in bodies.items()
        if documents.is_misread(body, kind, documents.decode_body(body, kind))
    ] == []


def test_a_single_post_tells_moderators_from_guests() -> None:
    posts = [name for name in names("*viewpid*.xml") if holds_posts(name)]
    for_guests = {name for name in posts if not viewer.shows_moderation(recorded(name))}
    assert for_guests == {name for name in posts if name.endswith("_guest.xml")}


def test_no_recorded_page_with_posts_is_left_out() -> None:
    pages = names(
        "*viewthread*.html", "antitheft*.html", "attackevasive*.html", "*viewpid*.xml", "api_view*.json"
    )
    assert {name for name in pages if holds_posts(name)} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_post_that_a_page_marks_is_found_and_none_is_unreadable(name: str) -> None:
    found, text = read(name), recorded(name)
    assert found.unreadable == ()
    assert found.deleted_floors == text.count("无效楼层")
    numbers = [str(reply.post_id) for reply in found.replies]
    if name.endswith(".json"):
        assert numbers == [post["pid"] for post in json.loads(text)["Variables"]["postlist"]]
        return
    assert numbers == re.findall(r'id="authorposton([0-9]+)"', text)
    hidden = {reply.post_id for reply in found.replies if reply.hidden}
    assert len(hidden) == len(re.findall(r'<div class="pcb">\s*<div class="locked">提示: <em>该帖被', text))


@pytest.mark.parametrize(
    ("page", "api"),
    [
        ("x3.4/viewthread_variants_p1_modbot.html", "x3.4/api_viewthread_variants_modbot.json"),
        ("x3.4/viewthread_variants_p2_modbot.html", "x3.4/api_viewthread_variants_modbot.json"),
        ("x3.5/viewthread_variants_p1_modbot.html", "x3.5/api_viewthread_variants_modbot.json"),
        ("x3.5/viewthread_variants_p2_modbot.html", "x3.5/api_viewthread_variants_modbot.json"),
        ("x3.4/viewthread_long_desc_modbot.html", "x3.4/api_viewthread_desc_modbot.json"),
        ("x3.5/viewthread_long_desc_modbot.html", "x3.5/api_viewthread_desc_modbot.json"),
    ],
)
def test_page_and_json_api_tell_the_same_of_a_post(page: str, api: str) -> None:
    by_number = {reply.post_id: reply for reply in read(api).replies}
    for reply in read(page).replies:
        other = by_number[reply.post_id]
        assert (reply.posted_at, reply.author.id, reply.hidden) == (
            other.posted_at,
            other.author.id,
            other.hidden,
        )
        assert (reply.floor, reply.thread_id, reply.quoted) == (other.floor, other.thread_id, other.quoted)
        if "@" not in reply.text:  # The API drops what follows a video's address in one of them.
            assert reply.text == other.text


@pytest.mark.parametrize("name", names("*.html", "*.xml", "*.json") if ROOT.is_dir() else [])
def test_every_recorded_answer_has_its_kind(name: str) -> None:
    stem = Path(name).name
    answer = answers.classify(200, {"content-type": "text/html"}, recorded(name), url="http://127.0.0.1/")
    for pattern, kinds in KINDS:
        if re.match(pattern, stem):
            assert answer.kind in kinds, answer
            return
    assert answer.kind not in (AnswerKind.TRUNCATED, AnswerKind.TAINTED, AnswerKind.PANEL_LOGIN)


OK, ERROR = {AnswerKind.MESSAGE_OK}, {AnswerKind.MESSAGE_ERROR}
KINDS: tuple[tuple[str, set[AnswerKind]], ...] = (
    (r".*(bad_formhash|session_lost|parens|tainting)", {AnswerKind.TAINTED}),
    (r"(banpost|unban)_.*(error)", ERROR),
    (r"banpost_form", {AnswerKind.FRAGMENT}),
    (
        r"banpost_(no_(right|pids|formhash)|tid_missing|plain_user|guest|via_get|foreign|reason_required)",
        ERROR,
    ),
    (r"banpost_banzhu_other", ERROR),
    (r"(banpost|unban|delpost)_(ok|again|json|multi|pid|sendpm|no_fid)", OK),
    (r"delpost_no_right", ERROR),
    (r"modcp_(login_(form|bad)|notlogged|validate_panel_not_logged)", {AnswerKind.PANEL_LOGIN}),
    (r"modcp_validate_.*\.(xml|json)|boardpw_ok|login_(ok|quick_ok|already)", OK),
    (r"login_(bad|no_user|strike|captcha|question)|boardpw_wrong|modcp_(guest|plain_user)", ERROR),
    (r"forumdisplay_pwboard", {AnswerKind.BOARD_PASSWORD}),
    (r"antitheft_(challenge|viewpid_modbot|api)", {AnswerKind.DSIGN}),
    (
        r"attackevasive[0-9]_(ajax|req1)|attackevasive1_req2",
        {AnswerKind.CC_DEFENCE, AnswerKind.PAGE, AnswerKind.SYSTEM_ERROR},
    ),
    (r"closed_", {AnswerKind.CLOSED_SITE}),
    (r"touch_", {AnswerKind.TOUCH_TEMPLATE}),
    (r".*robot", {AnswerKind.ROBOT_TEMPLATE}),
    (r"viewthread_(pending|recycled|missing)|viewthread_staff_guest|user_banned", ERROR),
    (r"viewpid_after_delete|viewthread_viewpid_(missing|pending|recycled)", ERROR),
    (
        r"viewthread_.*redirect|viewthread_(pwboard|variants_p1_guest)|novisit_(guest|rss)|redirect_",
        {AnswerKind.EMPTY},
    ),
    (r"viewthread_[a-z0-9_]*\.html", {AnswerKind.PAGE}),
    (r"viewthread_viewpid|viewpid|ajax_forumchecknew|antitheft_viewpid_page2", {AnswerKind.FRAGMENT}),
    (r"api_view(thread|pid)_(missing|staff)", ERROR),
)


@pytest.mark.parametrize("name", names("forum_index*.html") if ROOT.is_dir() else [])
def test_recorded_indexes_list_every_board_with_counts(name: str) -> None:
    boards = lists.parse_index(recorded(name), NOW)
    assert len(boards) == recorded(name).count('class="fl_by"')
    assert all(board.posts and board.last_thread_id and board.last_post_at for board in boards)


def with_a_list(*patterns: str) -> list[str]:
    """Without the messages and password forms that stand where a list was asked for."""
    marks = ("threadlisttableid", 'id="threadlist"')
    return [name for name in names(*patterns) if any(mark in recorded(name) for mark in marks)]


@pytest.mark.parametrize(
    "name", with_a_list("forumdisplay_*.html", "guide_new*.html") if ROOT.is_dir() else []
)
def test_recorded_lists_give_every_thread(name: str) -> None:
    text = recorded(name)
    found = lists.parse_board(text, NOW)
    assert found.unreadable == ()
    assert [row.id for row in found.threads] == [
        int(tid) for tid in re.findall(r'id="normalthread_([0-9]+)"', text)
    ]
    assert all(row.last_post_at and row.author.id for row in found.threads)


@pytest.mark.parametrize("name", names("modcp_post_search*.html") if ROOT.is_dir() else [])
def test_recorded_searches_give_every_row(name: str) -> None:
    text = recorded(name)
    found = panel.parse_search(text, NOW)
    assert found.unreadable == ()
    assert [str(row.post_id) for row in found.rows] == re.findall(
        r'name="delete\[\]" class="pc" value="([0-9]+)"', text
    )
    assert bool(found.problem) is not bool(found.rows)


@pytest.mark.parametrize(
    "name",
    names("modcp_moderate_replies*.html", "modcp_moderate_threads.html") if ROOT.is_dir() else [],
)
def test_recorded_queues_give_every_note(name: str) -> None:
    text = recorded(name)
    found = panel.parse_queue(text, NOW)
    assert found.unreadable == ()
    numbers = [str(row.post_id or row.thread_id) for row in found.rows]
    assert numbers == re.findall(r'id="pidcheck_([0-9]+)"', text)
    assert all(row.text and row.author and row.board_id for row in found.rows)
    if name == "x3.5/modcp_moderate_replies.html":
        assert all(row.thread_id for row in found.rows)


@pytest.mark.parametrize("install", ["x3.4", "x3.5"])
def test_recorded_dialogs_tell_the_present_state(install: str) -> None:
    visible, hidden = (
        parse_ban_form(recorded(f"{install}/banpost_form{end}.xml")) for end in ("", "_already")
    )
    assert (visible.allowed, visible.currently_hidden, visible.violations) == (True, False, 0)
    assert (hidden.allowed, hidden.currently_hidden) == (True, True)
    assert hidden.violations > 0
    assert len(visible.preset_reasons) == 8


@pytest.mark.parametrize("install", ["x3.4", "x3.5"])
def test_recorded_bins_tell_the_boards_that_have_one(install: str) -> None:
    bins = {
        recyclebin.parse_bin(recorded(f"{install}/modcp_{name}_list.html")).boards
        for name in ("recyclebin", "recyclebinpost")
    }
    (having,) = bins
    everywhere = recyclebin.parse_boards(recorded(f"{install}/modcp_post_search_allips.html"))
    assert len(everywhere - having) == 1
    assert having < everywhere


@pytest.mark.parametrize("install", ["x3.4", "x3.5"])
def test_recorded_forms_for_muting_tell_whom_and_how(install: str) -> None:
    form = memberform.parse_member_form(recorded(f"{install}/modcp_ban_form.html"))
    assert (form.author_id, form.state, form.may_mute) == (8, memberform.MemberState.NORMAL, True)


@pytest.mark.parametrize("install", ["x3.4-2020", "x3.4", "x3.5"])
def test_recorded_pages_tell_what_the_account_may(install: str) -> None:
    in_threads = {Capability.DELETE, Capability.RECYCLE_THREAD, Capability.MOVE_THREAD}
    assert rights.thread_rights(recorded(f"{install}/viewthread_seed_modbot.html")) == in_threads
    assert rights.thread_rights(recorded(f"{install}/viewthread_seed_guest.html")) == set()
    menu = rights.panel_rights(recorded(f"{install}/modcp_moderate_replies.html"))
    assert menu >= {Capability.APPROVE, Capability.MUTE, Capability.UNDELETE}


@pytest.mark.parametrize("install", ["x3.4", "x3.5"])
def test_recorded_login_forms_name_their_captcha(install: str) -> None:
    for name in ("login_form.html", "login_form_ajax.xml"):
        found = login.parse_login_form(recorded(f"{install}/{name}"))
        assert found.captcha is not None
        assert found.login_hash is not None
        assert found.formhash is not None
    assert login.parse_captcha_update(recorded(f"{install}/seccode_update.html")).update.isdecimal()
