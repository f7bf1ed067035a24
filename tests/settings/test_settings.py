"""Each mistake in the settings is one message with the file, the key and the way out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from modbot import settings
from modbot.errors import SettingsError

FORUM = '[forums.city]\nurl = "https://bbs.example.com/"\n'


@pytest.fixture
def loaded(tmp_path):
    def load(text: str = "", **environ: str) -> settings.Loaded:
        file = tmp_path / "modbot.toml"
        file.write_text(text, encoding="utf-8")
        return settings.load(file, environ=environ)

    return load


def keys_of(table: dict, prefix: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        found |= keys_of(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
    return found


def test_the_reference_file_holds_every_setting_at_its_default():
    reference = tomllib.loads((settings.project_root() / "settings.toml").read_text(encoding="utf-8"))
    defaults = settings.Settings.model_construct()
    assert settings.Settings.model_validate(reference).model_dump() == defaults.model_dump()
    assert keys_of(reference) == keys_of(
        defaults.model_dump(mode="json", exclude={"forums", "boards", "threads", "rules"})
    )


def test_the_reference_file_names_every_key_of_a_forum():
    text = (settings.project_root() / "settings.toml").read_text(encoding="utf-8")
    for key in settings.ForumSettings.model_fields:
        secret = f"{key}_file" in settings.ForumSettings.model_fields
        assert f"# {key}_file" in text or f"# {key}" in text or f".{key}" in text, (key, secret)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ('[forums.city]\nurl="http://a/"\n[forums.city]\nurl="http://b/"', ("forums.city", "two forums")),
        ('[forums.city]\nurl="http://a/"\n[forums.City]\nurl="http://b/"', ("forums.City", "two forums")),
        ('[forums."my-city"]\nurl="http://a/"', ("forums.my-city", "lower-case")),
        ('[forums.city]\nurll="http://a/"', ("forums.city.urll", "Did you mean url")),
        ("[forums.city]\nusername='x'", ("forums.city.url", "missing")),
        ("[polcy]\nmode='queue'", ("polcy", "Did you mean policy")),
        ("[policy]\nmode='queu'", ("policy.mode", "'shadow', 'queue' or 'enforce'")),
        ("[policy.spam]\nhide=1.5", ("policy.spam.hide", "more than 1")),
        ("[brake]\noverturned='many'", ("brake.overturned", "whole number")),
        (FORUM + "[forums.city.policy]\nmod='queue'", ("forums.city.policy.mod", "Did you mean mode")),
        (
            FORUM + "[forums.city.boards.7.policy]\nmode=3",
            ("forums.city.boards.7.policy.mode", "one of 'shadow'"),
        ),
        (FORUM + "[forums.city.boards.7]\nkinds='x'", ("forums.city.boards.7.kinds", "Did you mean kind")),
        ("xylophone = 1", ("xylophone", "lists every key")),
        ("[policy", ("not valid TOML", "Correct that line")),
    ],
)
def test_a_mistake_is_told_with_file_key_and_way_out(loaded, tmp_path, mistake, told):
    with pytest.raises(SettingsError) as caught:
        loaded(mistake)
    message = str(caught.value)
    assert str(tmp_path / "modbot.toml") in message
    assert all(part in message for part in told), message
    assert caught.value.exit_code == 2
    assert "{" not in caught.value.message("zh")
    assert not set(caught.value.message("zh")) <= set(map(chr, range(128)))


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("MODBOT_POLCY__MODE", "queue", "Did you mean MODBOT_POLICY__MODE"),
        ("MODBOT_POLICY__MOD", "queue", "Did you mean mode"),
        ("MODBOT_POLICY__MODE", "loud", "'shadow', 'queue' or 'enforce'"),
        ("MODBOT_POLICY", "loud", "table"),
    ],
)
def test_a_mistyped_variable_is_refused_by_name(loaded, variable, value, told):
    with pytest.raises(SettingsError) as caught:
        loaded(**{variable: value})
    assert variable in str(caught.value)
    assert told in str(caught.value)


def test_the_environment_lies_over_the_file_and_the_file_over_the_reference(loaded):
    found = loaded('[policy]\nmode = "queue"\nstanding_posts = 20', MODBOT_POLICY__STANDING_POSTS="30")
    assert found.settings.policy.mode == "queue"
    assert found.settings.policy.standing_posts == 30
    assert found.settings.policy.repeated.hide_authors == 3


def test_a_forum_may_be_told_by_the_environment(loaded):
    found = loaded(
        FORUM,
        MODBOT_FORUMS__CITY__PASSWORD="secret",
        MODBOT_FORUMS__CITY__SKIP_BOARDS="4,5",
        MODBOT_FORUMS__CITY__REQUESTS_PER_DAY="700",
    ).settings.forums["city"]
    assert found.password is not None
    assert found.password.get_secret_value() == "secret"
    assert found.skip_boards == (4, 5)
    assert found.requests_per_day == 700


def test_secrets_are_never_in_what_is_printed(loaded):
    found = loaded(FORUM, MODBOT_FORUMS__CITY__PASSWORD="very-secret")
    assert "very-secret" not in repr(found) + str(found.settings.model_dump())


def test_a_secret_may_be_a_file_beside_the_settings(loaded, tmp_path):
    (tmp_path / "word").write_text("from-file\n", encoding="utf-8")
    found = loaded(FORUM + 'password_file = "word"')
    section = found.settings.forums["city"]
    assert found.secret(section, "password", key="forums.city.password") == "from-file"
    assert found.secret(section, "auth_cookie", key="forums.city.auth_cookie") == ""


def test_a_missing_secret_file_is_told_with_its_path(loaded, tmp_path):
    found = loaded(FORUM + 'password_file = "nowhere"')
    with pytest.raises(SettingsError, match="nowhere"):
        found.secret(found.settings.forums["city"], "password", key="forums.city.password")


def test_board_policy_lies_over_forum_policy_over_the_global_one(loaded):
    found = loaded(
        "[policy]\nstanding_posts = 20\n"
        + FORUM
        + "[forums.city.policy]\nmode = 'enforce'\n[forums.city.boards.7.policy.spam]\nhide = 'never'"
    )
    board, forum = found.policy_for("city", 7), found.policy_for("city", None)
    assert (board.mode, board.spam.hide, board.standing_posts) == ("enforce", "never", 20)
    assert (forum.mode, forum.spam.hide) == ("enforce", "model")


def test_relative_paths_start_at_the_operators_file(loaded, tmp_path):
    found = loaded('[paths]\nstate = "state"\n[store]\nurl = "sqlite:///my.db"')
    assert found.state_dir == tmp_path / "state"
    assert found.store_url == f"sqlite:///{tmp_path}/my.db"
    assert loaded('[store]\nurl = "postgresql://db/x"').store_url == "postgresql://db/x"


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        settings.load(tmp_path / "nowhere.toml", environ={})
    (tmp_path / "gbk.toml").write_bytes("# 设置".encode("gbk"))
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load(Path(tmp_path / "gbk.toml"), environ={})
