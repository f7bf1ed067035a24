"""What docs/console*.md say of keys, roles and limits is so."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from modbot import settings
from modbot.console.fences import LONGEST_BODY, LONGEST_HEAD
from modbot.console.throttle import ASKED_BY_ADDRESS, ASKED_BY_VISITOR
from modbot.domain import Role
from modbot.settings import schema

KEY = re.compile(r"'([a-z?])', '|<kbd>([a-z?])</kbd>")


@pytest.fixture(params=["", ".zh-CN"], ids=["en", "zh"])
def told(request: pytest.FixtureRequest) -> str:
    return (settings.project_root() / "docs" / f"console{request.param}.md").read_text("utf-8")


def test_the_keys_are_those_that_the_queue_shows(told: str) -> None:
    shown = resources.files("modbot.console").joinpath("templates/parts/queue_keys.html").read_text("utf-8")
    table = re.findall(r"^\| (`.*`) \|", told, re.MULTILINE)
    documented = set(re.findall(r"`(.)`", " ".join(table)))
    assert documented == {key or other for key, other in KEY.findall(shown)}


def test_every_role_is_explained(told: str) -> None:
    assert all(re.search(rf"^\| .*\b{role.value} \|", told, re.MULTILINE) for role in Role)


def test_limits_and_times_are_those_of_the_code(told: str) -> None:
    for number in (
        LONGEST_BODY // 1024,
        LONGEST_HEAD // 1024,
        ASKED_BY_VISITOR.amount,
        ASKED_BY_ADDRESS.amount,
        int(schema.ConsoleSettings().claim_seconds),
        int(schema.ActionSettings().undo_seconds),
    ):
        assert re.search(rf"\b{number}\b", told), number
