"""Every page of the console, filled, in a real browser: on a desk and on a phone, light and dark,
in both languages. Who adds a page adds it to the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_desk import DESKTOP, PHONE, Browsers
from console_gallery import EXHIBITS, NO_PAGES, Exhibit
from console_scene import Scene, on_stage
from playwright.sync_api import Browser, Page
from starlette.routing import Route

from modbot.console import pages

CHECKS = Path(__file__).with_name("page_checks.js")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
GRAVE = ("serious", "critical")
NARROWEST = 320
"""Pixels: the width of a desk at 400 %, at which WCAG 2.2 still wants no scrolling sideways."""
TALLEST = 16_000
ZONE = "GMT+8"
TABS = 14
THUMB, POINTER = 44, 24
LATIN = r"(?<![\p{L}\p{N}])\p{Script=Latin}[\p{Script=Latin}'’-]+(?![\p{L}\p{N}])"
CHINESE = r"\p{Script=Han}+"
"""What is no text of a page in that page's language."""
KNOWN = {
    "zh": ["modbot", "CSV", "JSON", "API", "QQ", "UTC", "village", "policy", "Clopper", "Pearson"],
    "en": [],
}


@dataclass(frozen=True, slots=True)
class View:
    """How somebody looks at the console."""

    language: str
    width: int
    height: int
    dark: bool

    @property
    def is_phone(self) -> bool:
        return self.width == PHONE[0]

    def __str__(self) -> str:
        return f"{self.language}-{'phone' if self.is_phone else 'desk'}-{'dark' if self.dark else 'light'}"


VIEWS = (
    View("zh", *DESKTOP, dark=False),
    View("zh", *PHONE, dark=True),
    View("en", *DESKTOP, dark=True),
    View("en", *PHONE, dark=False),
)
"""Each language, width and colour meets each other's."""


@dataclass
class Gallery:
    """One server and one browser for all of it; a page of its own for each view and visitor."""

    scene: Scene
    browsers: Browsers
    pages: dict[tuple[View, str], Page] = field(default_factory=dict)

    def show(self, exhibit: Exhibit, view: View) -> Page:
        page = self._page(exhibit.who, view)
        exhibit.show(page, self.scene)
        page.evaluate(CHECKS.read_text("utf-8"))
        return page

    def _page(self, who: str, view: View) -> Page:
        if (view, who) not in self.pages:
            person = self.scene.person(who) if who else None
            self.pages[view, who] = self.browsers.new_page(
                person,
                width=view.width,
                height=view.height,
                language="zh-CN" if view.language == "zh" else "en-GB",
                dark=view.dark,
                touch=view.is_phone,
            )
        return self.pages[view, who]


@pytest.fixture(scope="module")
def gallery(
    chromium: Browser, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gallery]:
    with on_stage(tmp_path_factory.mktemp("scene"), empty_database) as scene:
        browsers = Browsers(chromium, scene)
        yield Gallery(scene, browsers)
        browsers.close()


@dataclass(frozen=True, slots=True)
class Shown:
    """An exhibit as it is looked at just now."""

    page: Page
    view: View
    scene: Scene


@pytest.fixture(
    scope="module",
    params=[pytest.param((one, view), id=f"{one.name}-{view}") for one in EXHIBITS for view in VIEWS],
)
def shown(gallery: Gallery, request: pytest.FixtureRequest) -> Shown:
    """Opened once; all that is asked of it is asked while it is open."""
    exhibit, view = request.param
    return Shown(gallery.show(exhibit, view), view, gallery.scene)


def test_every_page_of_the_console_is_in_the_gallery() -> None:
    routes = [route for area in pages.AREAS for route in area.router.routes if isinstance(route, Route)]
    asked = {route.path for route in routes if "GET" in (route.methods or ())}
    shown = {path for path in asked if not path.startswith("/api/")} - NO_PAGES
    assert shown == {exhibit.route for exhibit in EXHIBITS} - {""}


def test_nobody_is_shut_out(shown: Shown) -> None:
    """By the rules of axe for WCAG 2.2 A and AA. All of the page is in the window: what lies
    under a bar that sticks to its edge can be scrolled from there."""
    height = shown.page.evaluate("document.documentElement.scrollHeight")
    shown.page.set_viewport_size({"width": shown.view.width, "height": min(height, TALLEST)})
    found = Axe().run(shown.page, options=RULES)
    shown.page.set_viewport_size({"width": shown.view.width, "height": shown.view.height})
    grave = [one for one in found.response["violations"] if one["impact"] in GRAVE]
    assert [_told(one) for one in grave] == []


def test_a_page_has_one_title_and_its_parts_in_their_order(shown: Shown) -> None:
    assert _checked(shown, "headings()") == []


def test_times_are_in_the_zone_of_the_viewer_with_the_absolute_at_hand(shown: Shown) -> None:
    assert _checked(shown, f"times('{ZONE}')") == []


def test_what_is_pressed_is_large_enough(shown: Shown) -> None:
    assert _checked(shown, f"targets({THUMB if shown.view.is_phone else POINTER}, {POINTER})") == []


def test_nothing_is_beside_the_window(shown: Shown) -> None:
    assert _checked(shown, "overflow()") == []
    if shown.view.is_phone:
        shown.page.set_viewport_size({"width": NARROWEST, "height": shown.view.height})
        narrow = _checked(shown, "overflow()")
        shown.page.set_viewport_size({"width": shown.view.width, "height": shown.view.height})
        assert narrow == []


def test_no_sentence_is_left_in_another_language(shown: Shown) -> None:
    pattern = LATIN if shown.view.language == "zh" else CHINESE
    names = [*KNOWN[shown.view.language], *shown.scene.names]
    found = shown.page.evaluate("asked => pageChecks.foreign(...asked)", [pattern, names])
    assert found == []


def test_the_keyboard_goes_through_a_page_in_its_order_and_is_seen(shown: Shown) -> None:
    shown.page.focus("#main")
    places, wrong = [], []
    for _ in range(TABS):
        shown.page.keyboard.press("Tab")
        here: dict[str, Any] | None = shown.page.evaluate("pageChecks.focused()")
        if here is None or (places and here["place"] < places[0]):
            break  # it has left the page's end
        places.append(here["place"])
        wrong += here["wrong"]
    assert wrong == []
    assert places == sorted(places)


def test_the_keyboard_can_pass_by_the_menu(gallery: Gallery) -> None:
    page = gallery.show(EXHIBITS[0], VIEWS[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_no_script_failed(gallery: Gallery) -> None:
    expected = [one for one in gallery.browsers.complaints if "404" not in one]
    assert expected == []


def _checked(shown: Shown, call: str) -> list[str]:
    found: list[str] = shown.page.evaluate(f"pageChecks.{call}")
    return found


def _told(violation: dict[str, Any]) -> str:
    nodes = [
        f"{node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for node in violation["nodes"]
    ]
    return f"{violation['id']}: " + " | ".join(nodes[:4])
