"""The frame around every page: menu, modes, notices, the choice of language and colours."""

from __future__ import annotations

import base64
import json

import pytest
from browser_desk import Browsers
from console_desk import ConsoleDesk

from modbot.console import flash
from modbot.store import brake


def test_the_head_says_in_which_mode_each_forum_is(desk: ConsoleDesk) -> None:
    desk.mode = "queue"
    page = desk.person().get("/").text
    assert "city" in page
    assert "queue (people decide)" in page


def test_a_paused_forum_is_told_on_every_page(desk: ConsoleDesk) -> None:
    ann = desk.person()
    assert 'role="alert"' not in ann.get("/").text
    with desk.store.write() as tx:
        brake.pull(tx, "city", "texts", at=desk.now)
    assert "unasked hiding is paused" in ann.get("/").text


def test_language_and_colours_are_kept_in_the_browser(desk: ConsoleDesk) -> None:
    ann = desk.person()
    answer = ann.post("/looks", language="zh", theme="dark", back="/?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?page=2")
    page = ann.get("/").text
    assert '<html lang="zh-CN">' in page
    assert 'content="dark"' in page
    ann.post("/looks", theme="auto")
    assert 'content="light dark"' in ann.get("/").text


def test_a_choice_needs_a_form_of_ours(desk: ConsoleDesk) -> None:
    assert desk.person().http.post("/looks", data={"language": "zh"}).status_code == 403


def test_a_choice_leads_nowhere_else(desk: ConsoleDesk) -> None:
    answer = desk.person().post("/looks", theme="dark", back="//evil.example")
    assert answer.headers["location"] == "/"


def test_a_notice_is_shown_once(desk: ConsoleDesk) -> None:
    ann = desk.person()
    told = {"code": "console.looks.page", "tone": "good", "facts": {"number": "<7>"}}
    ann.http.cookies.set(flash.COOKIE, base64.urlsafe_b64encode(json.dumps(told).encode()).decode())
    assert "Page &lt;7&gt;" in ann.get("/").text
    ann.http.cookies.delete(flash.COOKIE)
    assert "Page &lt;7&gt;" not in ann.get("/").text


@pytest.mark.parametrize("kept", ["", "%%%", "e30=", base64.b64encode(b"\xff\xfe").decode(), "W10="])
def test_a_notice_that_is_not_ours_is_not_shown(desk: ConsoleDesk, kept: str) -> None:
    ann = desk.person()
    ann.http.cookies.set(flash.COOKIE, kept)
    assert ann.get("/").status_code == 200


def test_the_page_works_in_a_browser_without_a_complaint(browsers: Browsers) -> None:
    page = browsers.new_page(browsers.desk.person())
    page.goto("/")
    assert page.title() == "队列 · modbot"
    assert browsers.breaches(page) == []


def test_what_belongs_into_a_terminal_is_set_apart(desk: ConsoleDesk) -> None:
    page = desk.visitor().get("/sign-in").text
    assert "<code>modbot users link NAME</code>" in page
