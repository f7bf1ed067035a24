"""Every code that the engine raises or reports has its sentence, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import modbot.forums.discuz
from modbot import i18n
from modbot.forums.discuz.rights import IN_PANEL, IN_THREADS

SOURCES = Path(modbot.forums.discuz.__file__).parent


def codes() -> set[str]:
    text = "".join(file.read_text(encoding="utf-8") for file in SOURCES.parent.rglob("*.py"))
    errors = set(re.findall(r'"(error\.forum\.[a-z_]+)"', text))
    checks = set(re.findall(r'_line\(\s*"([a-z_]+)"', text)) | {"json_on", "json_off"}
    checks |= {f"{answer}_{right}" for right in (*IN_THREADS, *IN_PANEL) for answer in ("can", "cannot")}
    checks |= {f"no_panel_to_{right}" for right in IN_PANEL}
    return errors | {f"check.forum.{name}" for name in checks}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_code_has_a_sentence(language: str) -> None:
    assert codes() - set(i18n.catalogue(language).templates) == set()


def test_no_sentence_is_left_over() -> None:
    folder = Path(i18n.__file__).parent / "en" / "discuz.toml"
    written = set(re.findall(r'^"([a-z_.]+)" =', folder.read_text(encoding="utf-8"), re.MULTILINE))
    assert written - codes() == set()
