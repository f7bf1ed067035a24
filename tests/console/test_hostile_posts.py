"""Members' texts that want to harm whoever reads them, on every page, in a real browser: nothing of
them runs, nothing is asked of another host, nothing reaches out of its place."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from browser_desk import Browsers
from console_desk import ConsoleDesk
from endpoint_walk import SAFE, STREAMS, Endpoint, Town, endpoints
from hostile_posts import MARK, READER, settle, texts
from page_watch import Trap, Watch, trap

from modbot.domain import Role

NOT_OF_MEMBERS = {
    "/account",
    "/link/{link}",
    "/models",
    "/models/{version}",
    "/models/{version}/promote",
    "/people",
    "/people/{user_id}",
    "/settings/edit",
    "/sign-in",
}
"""Pages that show nothing that members wrote. On each other the texts are looked for."""
ASKED = {"/search": {"q": MARK}, "/authors/{forum}/{who}/decide": {"kind": "uphold", "passed": "true"}}
"""What a page must be asked to show anything."""
LONGEST_PAGE = 1_000_000
"""Characters of a page, however long the texts are. A flag's own page shows all of its text."""
ODD = ("out of an attribute", "direction")
BROKEN = "%ff%fe%00%0d%0aset-cookie:%20x"
PAGES = [
    one
    for one in endpoints()
    if one.method == "GET" and one.path not in STREAMS and not re.search(r"^/api/|\.", one.path)
]


@pytest.fixture
def leak() -> Iterator[Trap]:
    with trap() as made:
        yield made


@pytest.fixture
def town(desk: ConsoleDesk, leak: Trap) -> Town:
    return settle(desk, leak.url)


def addresses(town: Town, endpoint: Endpoint) -> Iterator[str]:
    """The page; if it is a post's or an author's, that of each."""
    question = f"?{urlencode(ASKED[endpoint.path])}" if endpoint.path in ASKED else ""
    for number in range(1, len(texts("")) + 1):
        names = {**town.names, "flag_id": str(number), "who": str(100 + number)}
        path = replace(town, names=names).path(endpoint)
        if number == 1 or path != town.path(endpoint):
            yield path + question


def odd_questions(town: Town, endpoint: Endpoint) -> Iterator[str]:
    """What a link from elsewhere may ask of the page."""
    names = dict.fromkeys(("after", "author", "back", "forum", "page", "q", *endpoint.asks))
    for odd in (*(quote(texts("http://127.0.0.1:9")[name]) for name in ODD), BROKEN):
        yield f"{town.path(endpoint)}?" + "&".join(f"{name}={odd}" for name in names)


def test_nothing_that_a_member_writes_runs_or_leaks(town: Town, browsers: Browsers, leak: Trap) -> None:
    inside = Watch(browsers.new_page(town.desk.person(READER, Role.ADMIN)), browsers)
    outside = Watch(browsers.new_page(), browsers)
    wrong: dict[str, list[str]] = {}
    unseen = set()
    for endpoint in PAGES:
        marks, watch = 0, inside if endpoint.role else outside
        for path in addresses(town, endpoint):
            wrong[path] = look_at(watch, path)
            marks += watch.page.content().count(MARK)
        if not marks:
            unseen.add(endpoint.path)
        for path in odd_questions(town, endpoint):
            wrong[path] = look_at(watch, path)
    assert not told(wrong), told(wrong)
    assert leak.caught == []
    assert unseen == NOT_OF_MEMBERS & {endpoint.path for endpoint in PAGES}
    forget_refusals(browsers)


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{path[:100]}: {one}" for path, found in wrong.items() for one in found)


def look_at(watch: Watch, path: str) -> list[str]:
    status, wrong = watch.visit(path)
    length = len(watch.page.content())
    too_long = length > LONGEST_PAGE and not path.startswith("/flags/")
    return (
        wrong
        + ([f"answered {status}"] if status >= 500 else [])
        + ([f"{length} characters"] if too_long else [])
    )


def forget_complaints(browsers: Browsers) -> None:
    """Once no page is left that might complain."""
    browsers.close()
    browsers.complaints.clear()


def forget_refusals(browsers: Browsers) -> None:
    """The browser, too, tells of an odd question's status."""
    browsers.complaints[:] = [one for one in browsers.complaints if "the server responded with" not in one]


def test_what_is_tried_and_what_a_change_of_settings_would_do_is_shown_as_safely(
    town: Town, browsers: Browsers, leak: Trap
) -> None:
    """Pages that only forms lead to."""
    watch = Watch(browsers.new_page(town.desk.person(READER, Role.ADMIN)), browsers)
    wrong: dict[str, list[str]] = {}
    for name, text in texts(leak.url).items():
        watch.visit("/try")
        watch.page.fill("[name=text]", storable(text)[:20_000])
        watch.page.fill("[name=title]", storable(text)[:200])
        watch.page.fill("[name=author]", storable(text)[:90])
        watch.page.click("form[action='/try'] button.primary")
        watch.page.wait_for_selector("article, [role=alert]")
        wrong[f"try {name}"] = watch.wrong()
    watch.visit("/settings/edit?group=policy")
    watch.page.select_option("[name='policy.mode']", "enforce")
    watch.page.click("button[name=days]")
    watch.page.wait_for_selector("form[action='/settings']")
    wrong["preview"] = watch.wrong()
    assert not told(wrong), told(wrong)
    assert leak.caught == []
    forget_refusals(browsers)


def storable(text: str) -> str:
    """As a browser can type it."""
    return text.encode("utf-8", "replace").decode()


def test_the_watch_sees_what_runs_and_what_leaks_where_nothing_keeps_it(
    browsers: Browsers, leak: Trap
) -> None:
    """On a careless site the same texts do harm: so the tests above can fail."""
    leak.page = "<!doctype html><body>" + "".join(
        text for name, text in texts(leak.url).items() if name not in {"links", "huge", "broken charset"}
    )
    watch = Watch(browsers.new_page(), browsers)
    _, found = watch.visit(f"{leak.url}/careless")
    seen = "\n".join(found)
    for sign in ("a script ran", "direction in", "not isolated", "<style", "<iframe", "<img src"):
        assert sign in seen
    watch.page.wait_for_function("window.hackedOnce")
    assert {"/x.js", "/q", "/s", "/f", "/ran"} <= set(leak.caught)
    forget_complaints(browsers)


def test_a_script_that_got_into_a_page_would_be_kept_from_running(
    desk: ConsoleDesk, browsers: Browsers, leak: Trap
) -> None:
    """The policy is the second wall: it holds where a template had forgotten to escape."""
    watch = Watch(browsers.new_page(desk.person()), browsers)
    watch.visit("/account")
    watch.page.evaluate(
        "(html) => document.body.append(document.createRange().createContextualFragment(html))",
        "".join(texts(leak.url)[name] for name in ("script", "events", "svg", "pictures", "frames")),
    )
    watch.page.wait_for_function("window.breaches.length >= 5")
    assert "a script ran" not in watch.wrong()
    assert leak.caught == []
    forget_complaints(browsers)


def test_no_cell_of_an_export_is_a_formula(town: Town) -> None:
    root = town.desk.person(READER, Role.ADMIN)
    for endpoint in endpoints():
        if endpoint.method in SAFE and endpoint.path.endswith(".csv"):
            answer = root.get(town.path(endpoint))
            assert answer.headers["content-type"].startswith("text/csv")
            assert "attachment" in answer.headers["content-disposition"]
            cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
            assert any(MARK in cell for cell in cells), endpoint
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))], endpoint


def test_what_programs_read_is_never_taken_for_a_page(town: Town) -> None:
    root = town.desk.person(READER, Role.ADMIN)
    for endpoint in endpoints():
        if endpoint.method == "GET" and endpoint.path.startswith("/api/"):
            with root.http.stream("GET", town.path(endpoint)) as answer:
                kind = answer.headers.get("content-type", "")
                assert kind.startswith(("application/json", "text/event-stream")), endpoint
                assert answer.headers["x-content-type-options"] == "nosniff"
