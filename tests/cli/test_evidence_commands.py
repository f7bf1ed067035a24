"""``spotcheck``, ``evidence`` and ``autonomy`` as real processes."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime

from modbot.moderation import spot_checks
from modbot.store import engine


def draw(city) -> None:
    with closing(engine.open(city.shell.folder / "var" / "modbot.db")) as store:
        spot_checks.draw_for(store, ["city"], per_day=5, now=datetime.now(UTC))


def test_a_moderator_judges_what_passed_and_hides_one_of_it(city):
    shell = city.shell
    city.everybody_writes()
    shell.objects("poll", "--once", "--json")
    assert "no such spot check" in shell("spotcheck", "list", "--lang", "en").stdout
    draw(city)
    checks = shell.objects("spotcheck", "list", "--json")
    assert len(checks) == 5
    first, second, third = checks[:3]
    assert first["text"] in shell("spotcheck", "list").stdout.replace("\n", "")

    shell.objects("spotcheck", "judge", str(first["id"]), "ham", "--json")
    shell.objects("spotcheck", "judge", str(second["id"]), "skip", "--json")
    judged = shell("spotcheck", "judge", str(third["id"]), "spam", "--uphold", "--lang", "en")
    assert judged.returncode == 0, judged.stderr
    assert city.scene.forum.content.posts[third["post_id"]].hidden
    again = shell("spotcheck", "judge", str(first["id"]), "spam", "--lang", "en")
    assert (again.returncode, "was judged by" in again.stderr) == (1, True)

    [told] = shell.objects("evidence", "--json")
    assert told["spot_checks"]["judged"] == 2
    assert told["among_passed"]["bad"]["value"] == 0.5

    undone = shell("spotcheck", "undo", str(third["id"]), "--lang", "en")
    assert undone.returncode == 0, undone.stderr
    assert not city.scene.forum.content.posts[third["post_id"]].hidden
    assert len(shell.objects("spotcheck", "list", "--json")) == 3


def test_autonomy_is_listed_granted_against_advice_and_withdrawn(city):
    shell = city.shell
    shell.objects("poll", "--once", "--json")
    [repeated] = [one for one in shell.objects("autonomy", "list", "--json") if one["reason"] == "repeated"]
    assert (repeated["board"], repeated["acts"], repeated["offered"]) == (None, True, False)
    assert "仍要允许，请加 --yes" in shell("autonomy", "grant", "spam", "--board", "2", "--lang", "zh").stderr
    granted = shell("autonomy", "grant", "spam", "--board", "2", "--yes", "--lang", "en")
    assert "does not suffice" in granted.stdout
    assert "granted by" in granted.stdout
    withdrawn = shell("autonomy", "withdraw", "repeated", "--lang", "zh")
    assert "收回" in withdrawn.stdout
    found = {(one["board"], one["reason"]): one for one in shell.objects("autonomy", "list", "--json")}
    assert found[None, "repeated"]["acts"] is found[2, "repeated"]["acts"] is False
    assert found[2, "spam"]["granted"] is True
    never = shell("autonomy", "grant", "low_effort", "--yes", "--lang", "en")
    assert (never.returncode, "never hides unasked" in never.stderr) == (2, True)


def test_evidence_says_honestly_that_nothing_is_known_yet(city):
    city.shell.objects("poll", "--once", "--json")
    said = city.shell("evidence", "--lang", "en").stdout
    assert "nothing was spot-checked yet" in said
    assert "not known, for want of data" in said
    assert "还没有抽查过" in city.shell("evidence", "--lang", "zh").stdout


def test_what_does_not_fit_the_queue_is_listed_and_counted(city):
    city.shell.environ.update(
        MODBOT_QUEUE__AT_LEAST="0", MODBOT_QUEUE__SHARE="0", MODBOT_POLICY__MODE="queue"
    )
    city.everybody_writes()
    city.shell.objects("poll", "--once", "--json")
    waiting = city.shell.objects("queue", "list", "--not-shown", "--json")
    assert waiting
    assert not any(flag["shown"] for flag in waiting)
    assert "not shown yet" in city.shell("queue", "list", "--not-shown", "--lang", "en").stdout
    status = json.loads(city.shell("status", "--json").stdout)
    counted = status["forums"]["city"]["queue"]["not_shown"]
    assert sum(one["number"] for one in counted) >= len(waiting)
