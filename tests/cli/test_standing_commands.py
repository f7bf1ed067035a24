"""Standing decisions from the terminal, on the embedded forum."""

from __future__ import annotations

from datetime import timedelta

import pytest

SENTENCE = "这个楼盘的样板间我上周去看过，采光和层高都比宣传册上写的好很多，值得去一趟"


@pytest.fixture
def decided(city):
    """A campaign of four fresh accounts, upheld, and two more copies that were hidden by that."""
    copied(city, range(1, 5))
    hidden = city.shell.objects("queue", "list", "--state", "hidden", "--json")
    flag = next(flag for flag in hidden if flag["text"] == SENTENCE)
    city.shell.objects("queue", "uphold", str(flag["id"]), "--json", "--who", "郭")
    city.later = copied(city, (5, 6))
    return city


def copied(city, numbers):
    forum = city.scene.forum
    threads = sorted(city.scene.threads.values())
    written = [
        forum.post(
            threads[number],
            forum.join(f"过客{number}", posts=0, registered=forum.clock() - timedelta(days=1)),
            SENTENCE,
        )
        for number in numbers
    ]
    city.shell.objects("poll", "--once", "--json")
    return written


def test_one_verdict_hides_the_next_copies_and_revoking_puts_them_back(decided):
    shell = decided.shell
    assert all(post.hidden for post in decided.later)
    [listed] = shell.objects("queue", "standing", "list", "--json")
    assert (listed["kind"], listed["who"], listed["hits"]) == ("condemned", "郭", 2)
    number = str(listed["id"])
    assert "判为违规" in shell("queue", "standing", "list", "--lang", "zh").stdout
    assert "put into the queue" in shell("queue", "standing", "show", number, "--lang", "en").stdout
    [card] = shell.objects("queue", "standing", "show", number, "--json")
    assert {one["post_id"] for one in card["hidden_still"]} == {post.id for post in decided.later}

    [told] = shell.objects("queue", "standing", "revoke", number, "--dry-run", "--json")
    assert (told["hidden"], told["dry_run"]) == (2, True)
    assert len(shell.objects("queue", "standing", "list", "--json")) == 1

    assert "--restore" in shell("queue", "standing", "revoke", number, "--lang", "en").stdout
    assert all(post.hidden for post in decided.later), "what it did stays until that is asked for"
    assert shell.objects("queue", "standing", "list", "--json") == []
    [over] = shell.objects("queue", "standing", "list", "--all", "--json")
    assert over["revoked_at"] is not None

    *each, summary = shell.objects("queue", "standing", "revoke", number, "--restore", "--yes", "--json")
    assert [one["state"] for one in each] == ["done", "done"]
    assert (summary["restored"], summary["failed"]) == (2, 0)
    assert not any(post.hidden for post in decided.later)


def test_restoring_asks_first(decided):
    shell = decided.shell
    [listed] = shell.objects("queue", "standing", "list", "--json")
    refused = shell("queue", "standing", "revoke", str(listed["id"]), "--restore", stdin="n\n")
    assert refused.returncode == 1
    assert len(shell.objects("queue", "standing", "list", "--json")) == 1, "and nothing was changed"
    assert all(post.hidden for post in decided.later)


def test_whether_a_verdict_stands_can_be_said(city):
    shell = city.shell
    copied(city, range(1, 5))
    hidden = shell.objects("queue", "list", "--state", "hidden", "--json")
    flag = next(flag for flag in hidden if flag["text"] == SENTENCE)
    shell.objects("queue", "uphold", str(flag["id"]), "--no-stands", "--json")
    assert shell.objects("queue", "standing", "list", "--json") == []
    shell.objects("queue", "undo", str(flag["id"]), "--json")
    [upheld] = shell.objects("queue", "uphold", str(flag["id"]), "--stands", "--json")
    [listed] = shell.objects("queue", "standing", "list", "--json")
    assert upheld["standing"] == listed["id"]


def test_a_verdict_says_that_it_stands_how_its_mute_ended_and_undoing_says_that_both_are_over(city):
    shell = city.shell
    copied(city, range(1, 5))
    hidden = shell.objects("queue", "list", "--state", "hidden", "--json")
    flag = str(next(flag for flag in hidden if flag["text"] == SENTENCE)["id"])
    upheld = shell("queue", "uphold", flag, "--mute", "3", "--lang", "en")
    [standing] = shell.objects("queue", "standing", "list", "--json")
    assert f"Standing decision {standing['id']}: the next copies" in upheld.stdout
    assert "mute: done" in upheld.stdout
    undone = shell("queue", "undo", flag, "--lang", "zh").stdout
    assert f"同文自动处理 {standing['id']} 号已撤销" in undone
    assert "解除禁言" in undone


def test_there_is_none_of_that_number(shell):
    done = shell("queue", "standing", "show", "7", "--lang", "zh")
    assert (done.returncode, "没有编号为 7" in done.stderr) == (1, True)
