"""``bench`` measures detection beside scikit-learn in one run, for people and for programs."""

from __future__ import annotations

import pytest

from modbot.detection import fast

SMALL = ("--posts", "3000", "--indexed", "2000")


def test_programs_get_one_line_with_every_figure(shell):
    (found,) = shell.objects("bench", *SMALL, "--json")
    for name in ("sklearn_posts_per_s", "text_posts_per_s", "detector_posts_per_s", "stored_posts_per_s"):
        assert found[name] > 0, name
    assert 0 < found["one_post_p50_ms"] <= found["one_post_p99_ms"]
    assert found["load_s"] > 0
    duplicates = found["duplicates"]
    assert duplicates["n"] > 1_000
    assert duplicates["lookups_per_s"] > 0
    assert duplicates["inserts_per_s"] > 0
    assert duplicates["recall"] > 0.9
    assert duplicates["precision"] > 0.99
    assert duplicates["bytes_per_reply"] > 0
    assert set(found["sides"]) == ({"numpy", "numba"} if fast.is_installed() else {"numpy"})


def test_people_get_a_table_in_their_language(shell):
    shown = shell("bench", *SMALL, "--numpy-only", "--lang", "zh")
    assert "近似重复查找" in shown.stdout
    assert "numba" not in shown.stdout
    assert "scikit-learn" in shown.stdout


@pytest.mark.parametrize("wrong", [("--posts", "1"), ("--corpus", "no-such.jsonl")])
def test_what_cannot_be_measured_is_refused(shell, wrong):
    assert shell("bench", *wrong).returncode == 2
