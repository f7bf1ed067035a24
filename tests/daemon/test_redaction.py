"""Secrets are taken out by their value, and by the names that a forum gives its own."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest

from modbot import settings
from modbot.daemon.redaction import Redactor, known

PASSWORD = "p@ss wörd/密码&=\"'\\"


@pytest.mark.parametrize(
    "spelled",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        quote_plus(PASSWORD),
        json.dumps(PASSWORD),
        json.dumps(PASSWORD, ensure_ascii=False),
        repr(PASSWORD),
        f"ValueError('{PASSWORD}')",
    ],
)
def test_a_secret_is_taken_out_however_it_is_spelled(spelled):
    cleaned = Redactor([PASSWORD])(f"before {spelled} after")
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert "wörd" not in cleaned
    assert "p%40ss" not in cleaned
    assert "ss" not in cleaned


def test_a_chinese_secret_is_taken_out_of_a_gbk_form():
    body = urlencode({"x": "密码很长"}, encoding="gb18030")
    assert Redactor(["密码很长"])(body) == "x=***"


def test_a_cookie_given_in_percent_signs_is_taken_out_in_clear_too():
    redact = Redactor(["ab%2Fcd%2Bef"])
    assert redact("ab/cd+ef and ab%2Fcd%2Bef") == "*** and ***"


def test_the_longer_secret_goes_first_and_very_short_ones_stay():
    assert Redactor(["secret", "secretword"])("secretword") == "***"
    assert Redactor(["abc", ""])("abcdef") == "abcdef"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("?mod=x&formhash=ab12cd34&y=1", "?mod=x&formhash=***&y=1"),
        ('<input name="formhash" value="ab12cd34">', '<input name="formhash" value="***">'),
        ('{"formhash": "ab12cd34"}', '{"formhash": "***"}'),
        ('{\\"formhash\\": \\"ab12cd34\\"}', '{\\"formhash\\": \\"***\\"}'),
        ("xYz_2132_auth=ab%2Fcd; path=/", "xYz_2132_auth=***; path=/"),
        ("Cookie: a=1; b=2", "Cookie: ***"),
        ("set-cookie: sid=abc123; path=/", "set-cookie: ***"),
        ("{'Cookie': 'a=1; b=2'}", "{'Cookie': '***'}"),
        ("https://h/?token=abcdefgh&x=1", "https://h/?token=***&x=1"),
        ("thread 123456 of board 37 was read", "thread 123456 of board 37 was read"),
        ("the password was refused", "the password was refused"),
    ],
)
def test_what_a_forum_hands_out_is_known_by_its_name(text, cleaned):
    assert Redactor()(text) == cleaned


def test_every_secret_of_the_settings_is_known(tmp_path):
    (tmp_path / "board").write_text("boardword\n", "utf-8")
    (tmp_path / "urls").write_text(
        "tgram://1234567:TelegramToken/42\njson://me:mailword@h.example/p", "utf-8"
    )
    (tmp_path / "modbot.toml").write_text(
        """
[store]
url = "postgresql://modbot:dbword@localhost/modbot"
[notifications]
urls_file = "urls"
heartbeat_url = "https://hc.example.com/ping/0b3d-4711-BEAT"
[forums.city]
url = "http://h/"
password = "forumword"
auth_cookie = "authword"
saltkey_cookie = "saltword"
security_answer = "motherword"
[forums.city.boards.7]
password_file = "board"
""",
        "utf-8",
    )
    found = known(settings.load(tmp_path / "modbot.toml", environ={}))
    assert {"boardword", "dbword", "forumword", "authword", "saltword", "motherword"} <= found
    assert {"TelegramToken", "mailword", "0b3d-4711-BEAT"} <= found
    assert "https://hc.example.com/ping/0b3d-4711-BEAT" in found
    assert not {"h.example", "hc.example.com", "ping", ""} & found
