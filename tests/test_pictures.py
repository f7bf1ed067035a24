"""The pictures that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGES = sorted([*PROJECT.glob("README*.md"), *(PROJECT / "docs").glob("*.md")])
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
WEIGHT = 2_500_000
"""Bytes that all pictures of the console may have: whoever clones the project fetches them."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_picture_is_there_and_says_what_it_shows(page: Path) -> None:
    shown = PICTURE.findall(page.read_text("utf-8"))
    assert [path for _, path in shown if not (page.parent / path).is_file()] == []
    assert [path for told, path in shown if not told.strip()] == []


def test_no_picture_of_the_console_is_left_that_nothing_shows() -> None:
    shown = {
        (page.parent / path).resolve()
        for page in PAGES
        for _, path in PICTURE.findall(page.read_text("utf-8"))
    }
    taken = {path.resolve() for path in (PROJECT / "docs" / "screenshots").rglob("*.png")}
    assert taken - shown == set()
    assert sum(path.stat().st_size for path in taken) <= WEIGHT
