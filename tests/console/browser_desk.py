"""A real browser at a console: pages that tell of every script error and every breach of the
content security policy. The fixtures are those of this folder (conftest)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from console_desk import ConsoleDesk, Person
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright
from playwright.sync_api import Error as BrowserError

CHROMIUM = Path("/usr/bin/chromium")
MISSING = f"{CHROMIUM} is missing: install the package chromium"
PATIENCE_MS = 30_000
PHONE = (390, 844)
DESKTOP = (1280, 900)
_NOTE_BREACHES = """
window.breaches = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.breaches.push(event.violatedDirective + " " + event.blockedURI));
"""


@dataclass
class Browsers:
    """Opens pages; ``complaints`` are what scripts and the browser said was wrong in any."""

    browser: Browser
    desk: ConsoleDesk
    contexts: list[BrowserContext] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def new_page(
        self,
        person: Person | None = None,
        *,
        width: int = DESKTOP[0],
        height: int = DESKTOP[1],
        language: str = "zh-CN",
        touch: bool = False,
        dark: bool = False,
        scripts: bool = True,
    ) -> Page:
        """A page of a browser of its own, signed in as ``person``. Addresses may be paths."""
        context = self.browser.new_context(
            base_url=self.desk.url,
            viewport={"width": width, "height": height},
            locale=language,
            timezone_id="Asia/Shanghai",
            has_touch=touch,
            is_mobile=touch,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        if person is not None:
            host = urlsplit(self.desk.url).hostname or ""
            context.add_cookies(
                [
                    {"name": cookie.name, "value": cookie.value or "", "domain": host, "path": "/"}
                    for cookie in person.http.cookies.jar
                ]
            )
        context.add_init_script(_NOTE_BREACHES)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._note(page, message))
        self.pages.append(page)
        return page

    def breaches(self, page: Page) -> list[str]:
        """What the content security policy kept the present document from."""
        found: list[str] = page.evaluate("window.breaches || []")
        return found

    def _note(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{page.url}: {message.text}")

    def close(self) -> None:
        for context in self.contexts:
            with suppress(BrowserError):  # a test may have closed it
                context.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One for all tests of this process."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    browser = playwright.chromium.launch(
        executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    yield browser
    browser.close()


@pytest.fixture
def browsers(chromium: Browser, desk: ConsoleDesk) -> Iterator[Browsers]:
    """Fails a test in whose pages a script failed or the console showed an error; what a test
    provokes itself, it takes out of ``complaints``."""
    made = Browsers(chromium, desk)
    yield made
    made.close()
    assert made.complaints == []
