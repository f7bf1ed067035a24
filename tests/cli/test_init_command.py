"""``init``: a few questions, a sign-in that is tried out, and settings that work afterwards."""

from __future__ import annotations

import httpx
import pytest
from captcha_support import captcha_before

from modbot import settings
from modbot.forums.config import EngineContext, ForumConfig
from modbot.forums.discuz import engine
from modbot.forums.protocol import SignsInByHand


@pytest.fixture
def bare(city):
    """The city's forum, and a folder without settings or secrets."""
    (city.shell.folder / "modbot.toml").unlink()
    city.shell.environ.clear()
    city.shell.environ["MODBOT_FORUMS__TOWN__REQUESTS_PER_SECOND"] = "20"
    return city


def answers(city, *more, name="", password=None):
    member = city.server.moderator
    return "\n".join([name, "n", "y", member.name, password or member.password, *more, ""])


def test_a_captcha_is_shown_to_a_human_and_the_session_is_kept_for_later_starts(bare):
    shell = bare.shell
    with captcha_before(bare.server.url) as door:
        said = answers(bare, "XXXX", " EMV6", "y", "n", "", name="town")
        done = shell("init", "--url", door.url, "--lang", "en", stdin=said)
        assert done.returncode == 0, done.stderr
        assert door.tried == ["XXXX", "EMV6"]
        assert "captcha.png" in done.stdout
        assert "captcha" in done.stderr, "the misread one is told"
        assert not list((shell.folder / "var").glob("captcha*")), "no picture is left behind"
        assert door.passwords == 1
        later = shell.objects("doctor", "--json", "--lang", "en")
        assert {check["check"]: check["status"] for check in later}["check.forum.can_hide"] == "ok"
        assert door.passwords == 1, "no second sign-in"


def test_a_captcha_misread_three_times_leaves_the_settings_for_later(bare):
    with captcha_before(bare.server.url) as door:
        said = answers(bare, "A", "B", "C")
        done = bare.shell("init", "--url", door.url, "--name", "town", "--lang", "en", stdin=said[1:])
    assert done.returncode == 1
    assert door.tried == ["A", "B", "C"]
    assert door.passwords == 0
    assert "modbot doctor" in done.stdout
    assert (bare.shell.folder / "modbot.toml").exists()


def test_a_refused_password_is_told_once_and_is_in_no_output(bare):
    said = answers(bare, password="not-the-word", name="town")
    done = bare.shell("init", "--url", bare.server.url, "--lang", "en", stdin=said)
    assert done.returncode == 1
    assert "password" in done.stderr
    assert "not-the-word" not in done.stdout + done.stderr
    again = bare.shell("doctor", "--lang", "en")
    assert again.returncode == 1
    assert bare.server.forum.content.members, "the forum is untouched"


def test_the_cookies_of_a_browser_do_as_well_as_a_password(bare):
    member = bare.server.moderator
    with httpx.Client(base_url=bare.server.url, follow_redirects=True) as browser:
        form = {"username": member.name, "password": member.password, "cookietime": "2592000"}
        browser.get("forum.php")
        browser.post("member.php?mod=logging&action=login&loginsubmit=yes&inajax=1", data=form)
        cookies = {name.rpartition("_")[2]: value for name, value in browser.cookies.items()}
    said = "\n".join(["y", cookies["auth"], cookies["saltkey"], "y", "y", "", ""])
    done = bare.shell("init", "--url", bare.server.url, "--name", "town", "--lang", "zh", stdin=said)
    assert done.returncode == 0, done.stderr
    loaded = settings.load(bare.shell.folder / "modbot.toml", environ={})
    town = loaded.settings.forums["town"]
    assert town.username == ""
    agreed = {(entry.forum, *entry.id): entry.kind for entry in loaded.settings.boards}
    assert agreed == {("town", 37): "chatter", ("town", 38): "trade"}
    assert loaded.secret(town, "auth_cookie", key="forums.town.auth_cookie") == cookies["auth"]
    assert cookies["auth"] not in done.stdout + done.stderr
    for kept in (bare.shell.folder / "var" / "secrets").iterdir():
        assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "url", ["bbs.example.com", "ftp://bbs.example.com/", "https://", "javascript:alert(1)"]
)
def test_what_is_no_web_address_is_refused_with_2(shell, url):
    done = shell("init", "--url", url, "--lang", "en")
    assert done.returncode == 2
    assert "https://bbs.example.com/" in done.stderr
    assert not (shell.folder / "modbot.toml").exists()


def test_init_does_not_overwrite_settings_unasked(shell):
    (shell.folder / "modbot.toml").write_text("# mine", "utf-8")
    done = shell("init", "--url", "https://bbs.example.com/", "--lang", "en")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (shell.folder / "modbot.toml").read_text("utf-8") == "# mine"


def test_discuz_is_an_engine_that_a_human_can_help_to_sign_in(tmp_path):
    context = EngineContext(tmp_path, ledger=None, clock=lambda: None, sleep=lambda seconds: False)
    forum = engine(ForumConfig("town", "https://bbs.example.com/"), context)
    assert isinstance(forum, SignsInByHand)
    forum.close()
