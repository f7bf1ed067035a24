"""What the console changed lies over files and environment, and is checked as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from modbot import i18n, settings
from modbot.domain import Mode
from modbot.errors import SettingsError
from modbot.settings import Loaded, changeable, inventory
from modbot.settings.schema import PolicySettings

FILE = """
[policy.spam]
queue = 0.7
[forums.city]
url = "https://ann:word@bbs.example.com/"
password = "secret-word"
[forums.city.boards.37]
kind = "chatter"
"""

Under = Callable[..., Loaded]


@pytest.fixture
def under(tmp_path: Path) -> Under:
    """The settings of FILE and an environment under an overlay."""

    def read(overlay: Mapping[str, Any], **environ: str) -> Loaded:
        (tmp_path / "modbot.toml").write_text(FILE, "utf-8")
        return settings.load(tmp_path / "modbot.toml", environ=environ, overlay=overlay)

    return read


def test_it_lies_over_the_file_and_over_the_environment(under: Under) -> None:
    variables = {"MODBOT_QUEUE__PER_DAY": "7", "MODBOT_QUEUE__AT_LEAST": "3"}
    loaded = under({"queue.per_day": 9, "policy.spam.queue": 0.9}, **variables)
    assert (loaded.settings.queue.per_day, loaded.settings.queue.at_least) == (9, 3)
    assert loaded.settings.policy.spam.queue == 0.9
    sources = [loaded.origin.of(("queue", key)) for key in ("per_day", "at_least", "share")]
    assert sources[:2] == ["console", "MODBOT_QUEUE__AT_LEAST"]
    assert sources[2].endswith("settings.toml")


def test_a_forum_and_a_board_may_have_their_own(under: Under) -> None:
    loaded = under(
        {
            "policy.mode": "queue",
            "forums.city.policy.spam.queue": 0.8,
            "forums.city.boards.37.policy.mode": "enforce",
            "forums.city.boards.40.policy.mode": "shadow",
        }
    )
    found = {board: loaded.policy_for("city", board) for board in (2, 37, 40)}
    assert [one.mode for one in found.values()] == [Mode.QUEUE, Mode.ENFORCE, Mode.SHADOW]
    assert {one.spam.queue for one in found.values()} == {0.8}
    assert loaded.settings.forums["city"].boards[37].kind == "chatter", "the file's own stays"


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ({"policy.spam.queue": 3}, ("console", "policy.spam.queue", "more than 1")),
        ({"forums.city.policy.mode": "quue"}, ("console", "forums.city.policy.mode", "mean queue")),
        ({"policy.night.from": "22:00"}, ("policy.night.until", "missing")),
        ({"forums.gone.policy.mode": "queue"}, ("gone", "city")),
        ({"forums.city.url": "https://evil.example.com/"}, ("forums.city.url", "cannot be changed")),
        ({"forums.city.password": "x"}, ("forums.city.password", "cannot be changed")),
        ({"console.listen": "0.0.0.0:80"}, ("console.listen", "cannot be changed")),
        ({"store.url": "sqlite:////tmp/x"}, ("store.url", "cannot be changed")),
        ({"notifications.urls": "json://evil"}, ("notifications.urls", "cannot be changed")),
        ({"policy.mod": "queue"}, ("policy.mod",)),
    ],
)
def test_what_may_not_be_is_told_with_its_key(
    under: Under, overlay: dict[str, Any], told: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        under(overlay)
    assert all(word in str(caught.value) for word in told), str(caught.value)


@pytest.mark.parametrize("key", list(changeable.everywhere()))
def test_no_secret_address_or_path_can_be_changed(key: str) -> None:
    assert not any(word in key for word in ("url", "password", "secret", "cookie", "file", "listen", "path"))


def test_what_cannot_be_used_any_more_is_left_out_and_the_rest_holds(under: Under) -> None:
    overlay = {
        "policy.night.from": "22:00",
        "queue.per_day": 0,
        "forums.renamed.policy.mode": "enforce",
        "policy.night.until": "06:00",
        "policy.removed_in_a_newer_modbot": 1,
        "policy.mode": "queue",
    }
    loaded = settings.usable_over(under({}), overlay)
    unusable = {"queue.per_day", "forums.renamed.policy.mode", "policy.removed_in_a_newer_modbot"}
    assert set(loaded.left_out) == unusable
    assert set(loaded.overlay) == set(overlay) - unusable
    assert loaded.settings.policy.mode is Mode.QUEUE
    assert loaded.settings.policy.night["until"] == "06:00"


def test_another_overlay_needs_no_file_any_more(under: Under, tmp_path: Path) -> None:
    loaded = under({"queue.per_day": 9})
    (tmp_path / "modbot.toml").write_text("half a line that somebody is typ", "utf-8")
    assert settings.over(loaded, {"queue.share": 0.5}).settings.queue.per_day == 60


# --- the inventory --------------------------------------------------------------------------------


def test_the_inventory_tells_every_value_and_no_secret(under: Under) -> None:
    loaded = under({"policy.mode": "queue"}, MODBOT_NOTIFICATIONS__URLS="json://word@host")
    found = {entry.key: entry for entry in inventory.entries(loaded)}
    assert found["policy.mode"].value == "queue"
    assert (found["policy.mode"].source, found["policy.mode"].changeable) == ("console", True)
    assert found["policy.exempt_groups"].value == [1, 2, 3, 16, 17, 18, 19]
    assert found["forums.city.boards.37.kind"].value == "chatter"
    told = repr([entry.value for entry in found.values()])
    assert not [word for word in ("secret-word", "ann:word", "json://") if word in told]
    assert "secret-word" not in repr(loaded)
    assert found["notifications.urls"].value == found["forums.city.password"].value == inventory.HIDDEN


def test_each_changeable_key_is_in_the_inventory_with_a_value(under: Under) -> None:
    loaded = under({})
    found = {entry.key: entry.value for entry in inventory.entries(loaded) if entry.changeable}
    assert set(changeable.everywhere()) <= set(found)
    assert all(inventory.value_of(loaded, key) == found[key] for key in changeable.everywhere())


def test_a_places_value_is_the_one_that_holds_there(under: Under) -> None:
    loaded = under({"policy.mode": "queue", "forums.city.policy.standing_posts": 20})
    keys = ("forums.city.policy.mode", "forums.city.boards.9.policy.standing_posts")
    assert [inventory.value_of(loaded, key) for key in keys] == ["queue", 20]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("policy.mode", "record only"),
        ("forums.city.policy.mode", "record only"),
        ("policy.exempt_groups", "never flagged"),
        ("policy.pending_allow", "above the threshold that the model proved"),
        ("policy.night", "while nobody watches"),
        ("language", "from the environment"),
        ("forums.city.panel_search", "one request for all boards"),
        ("forums.city.boards.37.kind", "chatter"),
    ],
)
def test_the_reference_file_says_what_a_key_is(key: str, said: str) -> None:
    assert said in inventory.comment_of(key, inventory.reference_comments())


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("key", list(changeable.everywhere()))
def test_what_can_be_changed_is_explained_in_either_language(key: str, language: str) -> None:
    assert i18n.catalogue(language).templates[f"setting.{key}"]


def test_where_few_words_are_allowed_they_are_known() -> None:
    assert changeable.choices("policy.mode") == tuple(Mode)
    assert changeable.choices("forums.city.boards.37.policy.mode") == tuple(Mode)
    assert changeable.choices("policy.night.mode") == tuple(Mode)
    assert changeable.choices("policy.pending_allow") == ("leave", "approve")
    assert changeable.choices("actions.notify_restores") == ("true", "false")
    assert changeable.choices("policy.spam.hide") == changeable.choices("queue.per_day") == ()


def test_every_key_of_a_policy_can_be_changed_for_a_board() -> None:
    keys = {key.rpartition("policy.")[2] for key in changeable.keys_of("forums.city.boards.37.policy")}
    assert {key.partition(".")[0] for key in keys} == set(PolicySettings.model_fields)
    assert changeable.keys_of("store") == changeable.keys_of("forums.city") == []
