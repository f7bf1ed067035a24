"""``modbot backup`` as a real process."""

from __future__ import annotations

from contextlib import closing

import pytest

import modbot.store
from modbot.domain import Assessment, Decision, DecisionKind, Label, Probabilities, Reply
from modbot.store import decisions, inbox
from modbot.store.types import EPOCH


@pytest.fixture
def club(shell):
    """A folder with settings and a database with one reply."""
    (shell.folder / "password").write_text("correct horse")
    (shell.folder / "modbot.toml").write_text(
        "[forums.club]\nurl='https://bbs.example.com/'\nusername='warden'\npassword_file='password'\n"
    )
    receive(shell, 1)
    return shell


def receive(shell, post):
    with closing(modbot.store.open(shell.folder / "var" / "modbot.db")) as store, store.write() as tx:
        inbox.record(tx, [Reply("club", post, "桥头的灯修好了")], at=EPOCH)


def test_there_and_back_again(club):
    [made] = club.objects("backup", "create", "--to", "one.tar.gz", "--json")
    assert made["path"] == str(club.folder / "one.tar.gz")
    assert made["secrets_left_out"] == [f"forums.club.password_file: {club.folder}/password"]
    receive(club, 2)
    [would] = club.objects("backup", "restore", "one.tar.gz", "--dry-run", "--json")
    assert (would["restored"], len(would["set_aside"])) == (False, 2)
    [done] = club.objects("backup", "restore", "one.tar.gz", "--yes", "--json")
    assert (done["restored"], done["replies"]) == (True, 1)
    [after] = club.objects("backup", "create", "--json")
    [found] = club.objects("backup", "verify", after["path"], "--json")
    assert (found["ok"], found["replies"]) == (True, 1)


@pytest.mark.parametrize(
    ("language", "made", "whole", "asked", "undo"),
    [
        ("en", "Not in it: forums.club", "1 replies", "Restore this?", "To undo this"),
        ("zh", "其中不含", "1 帖", "确定恢复吗", "如要撤销"),
    ],
)
def test_people_are_told_what_is_in_it_and_how_to_undo_and_no_means_no(
    club, language, made, whole, asked, undo
):
    assert made in club("backup", "create", "--to", "one.tar.gz", "--lang", language).stdout
    refused = club("backup", "restore", "one.tar.gz", "--lang", language, stdin="n\n")
    assert refused.returncode == 1
    assert whole in refused.stdout
    assert asked in refused.stderr
    assert not list(club.folder.glob("var/*before-restore*"))
    done = club("backup", "restore", "one.tar.gz", "--lang", language, stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert undo in done.stdout
    assert list(club.folder.glob("var/modbot.db.before-restore-*"))


def test_a_file_that_is_no_backup_ends_with_1_and_one_sentence(club):
    (club.folder / "letter").write_text("Dear reader")
    done = club("backup", "verify", "letter", "--lang", "en")
    assert done.returncode == 1
    assert "no backup of modbot" in done.stderr
    assert "Traceback" not in done.stderr


def test_daily_backups_are_pruned_in_their_folder_and_secrets_in_the_settings_are_warned_of(club):
    text = (club.folder / "modbot.toml").read_text().replace("password_file='password'", "password='hunter2'")
    (club.folder / "modbot.toml").write_text(text + "[backup]\nfolder = 'safe'\nkeep = 1\n")
    (club.folder / "safe").mkdir()
    for name in ("modbot-daily-20200101T000000Z.tar.gz", "modbot-20200101T000000Z.tar.gz"):
        (club.folder / "safe" / name).write_text("old")
    done = club("backup", "create", "--daily", "--lang", "en")
    assert "Warning: modbot.toml holds secrets itself (forums.club.password)" in done.stdout
    assert "hunter2" not in done.stdout
    names = sorted(path.name for path in (club.folder / "safe").iterdir())
    assert names[0] == "modbot-20200101T000000Z.tar.gz"
    assert len(names) == 2


def test_purge_tells_what_would_go_and_then_lets_it_go(club):
    [told] = club.objects("purge", "--dry-run", "--json")  # of 1970, but never judged
    assert (told["texts"], told["dry_run"]) == (0, True)
    with closing(modbot.store.open(club.folder / "var" / "modbot.db")) as store, store.write() as tx:
        [stored] = inbox.unassessed(tx, "club")
        entry = judgement_of_ham(stored)
        decisions.record(tx, [entry], at=EPOCH)
    assert "1 replies" in club("purge", "--dry-run", "--lang", "en").stdout
    [done] = club.objects("purge", "--json")
    assert (done["texts"], done["stopped"]) == (1, False)
    assert "0 篇回帖" in club("purge", "--lang", "zh").stdout


def judgement_of_ham(stored):
    probabilities = Probabilities(ham=1.0, low_effort=0.0, spam=0.0)
    assessment = Assessment(stored.reply.key, probabilities, (), None, "桥头", "m1")
    allow = DecisionKind.ALLOW
    decision = Decision(allow, allow, None, Label.HAM, 0.0, None, (), (), "p1", "m1")
    return decisions.Judgement(stored.reply_id, stored.revision_id, assessment, decision, False)
