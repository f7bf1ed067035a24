"""What an operator is told by the doctor, and what people see of the queue and the demo."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest
from rich.console import Console

from modbot import i18n, settings
from modbot.cli import demo, queue
from modbot.daemon import demonstration, doctoring
from modbot.demo.state import Fate, Right
from modbot.domain import FlagState
from modbot.errors import SettingsError
from modbot.forums.protocol import CheckStatus
from modbot.store import brake, engine, flags, overview

# --- the doctor -------------------------------------------------------------------------------------


def examined(loaded, only=None):
    return {check.code: check for _, check in doctoring.examine(loaded, only)}


def failed(found):
    return {code for code, check in found.items() if check.status is CheckStatus.FAILED}


def test_a_sound_installation_has_no_failure_and_every_line_is_a_sentence(town, start):
    running = start()
    town.everybody_writes()
    running.round()
    found = examined(town.loaded())
    assert failed(found) == set()
    assert found["check.forum.can_hide"].status is CheckStatus.OK
    assert found["doctor.last_poll"].facts["waiting"] == 0
    for language in ("en", "zh"):
        words = i18n.catalogue(language)
        for code, check in found.items():
            assert words.text(code, **check.facts) != code
    assert not any(post.hidden for post in town.posts(Fate.GENUINE))


def test_a_right_that_is_missing_is_found_before_it_is_needed(town):
    town.scene.forum.withdraw(town.server.moderator.group_id, Right.HIDE)
    assert failed(examined(town.loaded())) == {"check.forum.cannot_hide"}


def test_a_wrong_password_is_told_and_never_in_clear(town):
    loaded = settings.load(town.settings_file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "wrong-word"})
    found = examined(loaded)
    assert "check.forum.sign_in_failed" in failed(found)
    assert "wrong-word" not in str(found)


def test_a_closed_site_is_told_in_its_own_words(town):
    town.server.options.closed = "论坛维护中，明早恢复"
    found = examined(town.loaded())
    assert failed(found)
    assert any("明早恢复" in str(check.facts) for check in found.values())


def test_a_pulled_brake_is_a_warning(town):
    with closing(engine.open(town.loaded().store_url)) as store, store.write() as tx:
        brake.pull(tx, "city", "overturned", at=town.clock())
    assert examined(town.loaded())["doctor.brake_on"].status is CheckStatus.WARNING


def test_a_missing_secret_of_one_forum_is_told_with_the_ways_to_give_it(town):
    found = examined(settings.load(town.settings_file, environ={}))
    assert failed(found) == {"error.settings.missing_secret"}
    with pytest.raises(SettingsError):
        examined(town.loaded(), "village")


def test_a_database_that_is_none_and_a_model_that_is_damaged_are_told(town, tmp_path):
    text = town.settings_file.read_text("utf-8")
    models = tmp_path / "own"
    shutil.copytree(settings.project_root() / "models" / "baseline", models / "baseline")
    (models / "baseline" / "stage.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "modbot.toml").write_text(
        text.replace(str(settings.project_root() / "models"), str(models)), "utf-8"
    )
    (tmp_path / "var").mkdir(exist_ok=True)
    (tmp_path / "var" / "modbot.db").write_bytes(b"this is no database" * 100)
    loaded = settings.load(tmp_path / "modbot.toml", environ=town.environ)
    codes = failed(examined(loaded))
    assert len(codes) == 2
    assert all(code.startswith(("model.", "error.store")) for code in codes)


# --- what people see ----------------------------------------------------------------------------------

URL = "http://127.0.0.1:8000/"
NASTY = "[red]坏\x1b[31m蛋\u202e"


def printed(renderable, width=110):
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as caught:
        console.print(renderable)
    return caught.get()


def test_people_see_the_demo_and_the_queue_in_their_language_and_harmless(town, start):
    """One author has a name made to do harm to a terminal."""
    spammer = next(arrival.author for arrival in town.scene.arrivals if arrival.fate is Fate.SPAM)
    town.everybody_writes()
    town.scene.forum.member_named(spammer).name = NASTY
    running = start()
    running.round()
    with running.house.store.read() as rx:
        both = flags.Filter(forum="city", states=(FlagState.PENDING, FlagState.HIDDEN))
        found = flags.find(rx, both, order=flags.Order.NEWEST, limit=50)
        counts = overview.counts(rx, "city")
    for language in ("en", "zh"):
        words = i18n.catalogue(language)
        views = (
            printed(demo.picture(demonstration.Glance(counts, found, done=True), URL, words)),
            "\n".join(queue.list_lines(found, words)),
        )
        for shown in views:
            assert words.text("reason.repeated") in shown
            assert words.text("reason.low_effort") in shown
            assert "[red]" in shown, "a name is no markup"
            assert not {"\x1b", "\u202e"} & set(shown)
        live, listed = views
        assert URL in live
        assert str(counts.replies) in live
        assert words.text("state.hidden") in live
        assert words.text("demo.quiet")[:12] in live
        assert " ×" in listed, "a campaign tells its size"
        assert all(str(flag.id) in listed for flag in found)
        writing = printed(demo.picture(demonstration.Glance(counts, [], done=False), URL, words))
        assert words.text("demo.watching") in writing
