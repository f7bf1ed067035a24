"""A forum that was restored from a backup: an alarm, and a new beginning when a human says so."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from modbot.store import engine, inbox


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def test_a_restored_forum_raises_an_alarm_until_a_human_accepts_the_other_history(city):
    shell, forum = city.shell, city.server.forum
    anna, newcomer = forum.join("安娜", posts=80), forum.join("后来人", posts=5)
    thread = city.scene.threads["dinner"]
    before = forum.backup()
    lost = forum.post(thread, anna, "周末那家店排队太久了，建议早点去占座", at=hours_ago(5))
    assert shell("poll", "--once").returncode == 0

    forum.restore_backup(before)
    other = forum.post(thread, newcomer, "请问现在还能订到周六晚上的位子吗？")
    assert other.id == lost.id
    for _ in range(2):
        alarm = shell("poll", "--once", "--lang", "en")
        assert alarm.returncode == 1
        assert "--accept-rollback" in alarm.stderr
    assert known(shell, "city", other.id).author.name == "安娜", "nothing of the other history is kept"

    which = shell("poll", "--accept-rollback", "--lang", "en")
    assert which.returncode == 2
    assert "--forum" in which.stderr
    no = shell("poll", "--forum", "city", "--accept-rollback", "--lang", "en", stdin="n\n")
    assert no.returncode == 1
    assert shell("poll", "--once").returncode == 1, "a no changes nothing"

    yes = shell("poll", "--forum", "city", "--accept-rollback", "--lang", "zh", stdin="y\n")
    assert yes.returncode == 0, yes.stderr
    assert "city@" in yes.stdout
    (polled,) = shell.objects("poll", "--once", "--json")
    assert polled["new"] == polled["read"] > 0
    assert known(shell, "city", other.id).author.name == "后来人"


def known(shell, forum, post_id):
    with closing(engine.open(shell.folder / "var" / "modbot.db")) as store, store.read() as rx:
        ids = inbox.known_ids(rx, forum, [post_id])
        return inbox.load(rx, ids.values())[ids[post_id]].reply
