"""The demo as somebody sees it who tries modbot: in by a link, a card decided, the forum changed,
and taken back."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from modbot import settings

PATIENCE = 90.0


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, str(settings.project_root() / "run.py"), "demo", "--lang", "en"]
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def told(process: subprocess.Popen[str], *, lines: int = 4) -> str:
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(lines))


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` answers as soon as that is anything."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
    return answer


def address(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def mark_of(page: httpx.Response) -> str:
    """What the page's forms carry to show that they are its own."""
    found = re.search(r'name="csrf" (?:content|value)="([^"]+)"', page.text)
    assert found, page.text[:2000]
    return unescape(found[1])


def test_the_first_visitor_clears_a_card_and_takes_it_back(demo: subprocess.Popen[str]) -> None:
    lines = told(demo)
    forum, link = address(r"demo forum is at (\S+)", lines), address(r"minutes: (\S+)", lines)
    console = address(r"console is at (\S+)", lines)
    assert link.startswith(console)
    with httpx.Client(base_url=console, trust_env=False, headers={"accept-language": "en"}) as http:
        asked = http.get(link)
        assert http.get("/").status_code == 303, "to look at the link is not to use it"
        assert http.post(link, data={"csrf": mark_of(asked), "password": ""}).status_code == 303
        used = http.post(link, data={"csrf": mark_of(asked), "password": ""})
        assert used.status_code >= 400, "a link is spent"

        card = until(lambda: _single(http))
        [member] = card["members"]
        page = http.get("/")
        assert (page.status_code, member["text"][:10] in unescape(page.text)) == (200, True)
        mark = {"x-csrf-token": mark_of(page)}
        decision = {
            "flags": [{"id": member["flag"], "version": member["version"]}],
            "kind": "uphold",
            "how": "hide",
            "stands": False,
        }
        given = http.post("/api/decisions", json=decision, headers=mark)
        assert (given.status_code, given.json()["done"]) == (200, 1), given.text
        until(lambda: not _shown(forum, member))

        undone = http.post("/api/undo", json=given.json()["undo"], headers=mark)
        assert undone.status_code == 200, undone.text
        until(lambda: _shown(forum, member))

    demo.send_signal(signal.SIGINT)
    _, err = demo.communicate(timeout=PATIENCE)
    assert (demo.returncode, err) == (0, "")
    with pytest.raises(httpx.TransportError):
        httpx.get(console, trust_env=False)


def _single(http: httpx.Client) -> dict[str, Any] | None:
    """A card of one reply that guests can see."""
    cards = http.get("/api/queue").json()["cards"]
    alone = (card for card in cards if len(card["members"]) == 1)
    return next((card for card in alone if len(card["members"][0]["text"]) > 3), None)


def _shown(forum: str, member: dict[str, Any]) -> bool:
    """Whether a guest reads the reply in its thread."""
    query = {"mod": "viewthread", "tid": member["thread_id"]}
    page = httpx.get(f"{forum}forum.php", params=query, trust_env=False, follow_redirects=True)
    assert page.status_code == 200
    post = page.text.partition(f'id="post_{member["post_id"]}"')[2].partition('id="post_')[0]
    return member["text"][:10] in unescape(post)
