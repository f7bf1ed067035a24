"""What the settings say of notices is checked when the daemon starts, and kept secret."""

from __future__ import annotations

import pytest
from notice_support import NOON, Receiver

from modbot import settings
from modbot.daemon.notices import addresses, assembly
from modbot.daemon.notices.courier import Courier
from modbot.errors import SettingsError

SECRET = "Se-cr3t-of-an-address"


def load(tmp_path, text="", **environ):
    file = tmp_path / "modbot.toml"
    file.write_text(text + '\n[forums.city]\nurl = "http://127.0.0.1/"\nrequests_per_day = 7\n', "utf-8")
    return settings.load(file, environ=environ)


def test_addresses_stand_one_per_line_or_side_by_side_once_each(tmp_path):
    (tmp_path / "addresses").write_text("# ours\njson://a/x json://b/y\n\n  # theirs\njson://a/x\n", "utf-8")
    found = addresses.read(load(tmp_path, '[notifications]\nurls_file = "addresses"'))
    assert [(each.number, each.url) for each in found] == [(1, "json://a/x"), (2, "json://b/y")]
    assert "json" not in repr(found)
    assert len({each.mark for each in found}) == 2


def test_there_need_be_none(tmp_path):
    assert addresses.read(load(tmp_path)) == ()
    assert Courier().not_understood(()) == []


@pytest.mark.parametrize("wrong", [f"nosuch://{SECRET}", SECRET, f"tgram://{SECRET}", f"https:/{SECRET}"])
@pytest.mark.parametrize("key", ["urls", "urls_file"])
def test_a_wrong_address_is_told_by_key_and_number_and_never_shown(tmp_path, tower, wrong, key):
    (tmp_path / "addresses").write_text(f"json://a/x\n{wrong}", "utf-8")
    given = "addresses" if key == "urls_file" else f"json://a/x {wrong}"
    loaded = load(tmp_path, f'[notifications]\n{key} = "{given}"')
    with pytest.raises(SettingsError) as caught:
        assembly.notifier(loaded, tower().store)
    for language in ("en", "zh"):
        message = caught.value.message(language)
        assert f"notifications.{key}:" in message.replace("：", ":")
        assert "2" in message
        assert SECRET not in message
    assert SECRET not in repr(caught.value.__context__)


def test_the_notifier_of_the_settings_tells_their_forums_in_their_language(
    tmp_path, tower, receiver: Receiver
):
    text = f"""
language = "en"
[notifications]
urls = "{receiver.address}"
timezone = "Asia/Shanghai"
quiet_from = ""
digest_at = ""
"""
    house = tower()
    house.pull_brake()
    made = assembly.notifier(load(tmp_path, text), house.store)
    assert made.tick(NOON)["told"] == 1
    assert receiver.titles == ["city: hiding is paused"]
    assert "12:00" in receiver.bodies


def test_members_language_is_chinese_unless_told_otherwise(tmp_path, tower, receiver: Receiver):
    text = f'[notifications]\nurls = "{receiver.address}"\ntimezone = "Asia/Shanghai"\ndigest_at = ""'
    house = tower()
    house.pull_brake()
    assembly.notifier(load(tmp_path, text), house.store).tick(NOON)
    assert receiver.titles == ["city：自动屏蔽已暂停"]


def test_a_wrong_time_zone_is_told_at_the_start(tmp_path, tower):
    with pytest.raises(SettingsError, match="Asia/Shanghai"):
        assembly.notifier(load(tmp_path, '[notifications]\ntimezone = "Asia/Beijing"'), tower().store)
