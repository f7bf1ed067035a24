"""Text from a forum reaches a terminal harmless, and messages come in the reader's language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.cli.base import harmless, language_of


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("red \x1b[31malert\x1b[0m", "red \\u001b[31malert\\u001b[0m"),
        ("title\x07bell", "title\\u0007bell"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("微\u200b信", "微\\u200b信"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("\x9b31m", "\\u009b31m"),
        ("包头 👍", "包头 👍"),
    ],
)
def test_control_and_bidi_characters_are_shown_not_obeyed(hostile, shown):
    assert harmless(hostile) == shown


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert all(char.isprintable() or char == " " for char in harmless(text))


@pytest.mark.parametrize(
    ("choice", "environ", "language"),
    [
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"MODBOT_LANG": "zh", "LANG": "en_GB"}, "zh"),
        (None, {}, "en"),
        (None, {"LANG": "de_DE"}, "en"),
    ],
)
def test_the_language_is_the_wish_then_the_locale(choice, environ, language):
    assert language_of(choice, environ) == language
