"""Settings become policies, engines and limits; what is missing is told before anything runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from modbot import settings
from modbot.daemon import installing, wiring
from modbot.daemon.kinds import Proposal
from modbot.detection import Threshold
from modbot.domain import Reason, Reply, ThreadKind
from modbot.errors import SettingsError, UsageError
from modbot.forums.protocol import Board


def a_threshold(value: float, precision: float = 0.999) -> Threshold:
    return Threshold(
        value=value,
        negatives=10_000,
        false_positives=0,
        false_positive_bound=0.0003,
        positives=1000,
        recall=0.5,
        precision=precision,
        measured_on="a test",
    )


THRESHOLDS = {
    "spam.hide": a_threshold(0.97),
    "spam.queue": a_threshold(0.8, precision=0.7),
    "low_effort.queue": a_threshold(0.75, precision=0.6),
}
CITY = '[forums.city]\nurl = "https://bbs.example.com/"\nusername = "mod"\n'


class Ledger:
    def spend(self, forum: str, *, at: datetime) -> int:
        return 1


@pytest.fixture
def loaded(tmp_path):
    def load(text: str, **environ: str) -> settings.Loaded:
        file = tmp_path / "modbot.toml"
        file.write_text(text, encoding="utf-8")
        return settings.load(file, environ=environ)

    return load


def opened(found: settings.Loaded, name: str = "city"):
    return wiring.open_forum(
        found,
        name,
        ledger=Ledger(),
        clock=lambda: datetime.now(UTC),
        sleep=threading.Event().wait,
    )


@pytest.mark.parametrize(
    ("allow", "precision", "found"),
    [("leave", 0.999, None), ("approve", 0.999, 0.97), ("approve", 0.9, None), ("approve", None, None)],
)
def test_what_waits_is_approved_only_where_that_is_wanted_and_proved(allow, precision, found):
    proved = Threshold(0.97, 1000, 0, 0.003, 500, 0.8, precision or 0.0, "rows")
    thresholds = {"ham.approve": proved} if precision is not None else {}
    policy = wiring.board_policy(settings.PolicySettings(pending_allow=allow), thresholds)
    assert policy.pending_approve == found


def test_thresholds_come_from_the_model_unless_the_operator_names_one(loaded):
    book = wiring.policy_book(
        loaded(
            "[policy.spam]\nqueue = 0.5\n"
            + CITY
            + '[forums.city.boards.7.policy.spam]\nhide = "never"\n[forums.city.boards.8]\nkind = "trade"'
        ),
        THRESHOLDS,
    )
    city, board = book.of_board("city", 3), book.of_board("city", 7)
    assert (city.spam_hide, city.spam_queue, city.low_effort_queue) == (0.97, 0.5, 0.75)
    assert board.spam_hide is None
    trade = book.for_reply(Reply("city", 1, "顶", board_id=8))
    assert trade.reasons == {Reason.SPAM, Reason.REPEATED, Reason.RULE}


def test_a_hide_threshold_that_proves_less_than_the_target_waits_for_a_grant(loaded):
    weak = THRESHOLDS | {"spam.hide": a_threshold(0.97, precision=0.98)}
    found = loaded(CITY + "[forums.city.boards.7.policy]\nprecision_target = 0.97")
    book = wiring.policy_book(found, weak)
    unproved = {board: book.of_board("city", board).unproved for board in (3, 7)}
    assert book.of_board("city", 3).spam_hide == book.of_board("city", 7).spam_hide == 0.97
    assert unproved == {3: {Reason.SPAM}, 7: frozenset()}
    named = wiring.policy_book(loaded(CITY + "[policy.spam]\nhide = 0.9"), weak).of_board("city", 3)
    assert (named.spam_hide, named.unproved) == (0.9, frozenset())


def test_hiding_spam_without_a_contact_goes_by_its_own_threshold(loaded):
    both = THRESHOLDS | {"spam.hide_any": a_threshold(0.99)}
    found = loaded(CITY + "[forums.city.boards.7.policy.spam]\nhide_needs_contact = false")
    book = wiring.policy_book(found, both)
    assert (book.of_board("city", 3).spam_hide, book.of_board("city", 7).spam_hide) == (0.97, 0.99)


def test_the_evidence_that_is_missing_is_counted_in_genuine_replies():
    # recall .5 at 1 % spam: no error among n proves 99.5 % from n = 3 / 2.54e-5 on
    assert wiring.missing_evidence(a_threshold(0.97), 0.995) == pytest.approx(118_206 - 10_000, rel=0.01)
    assert wiring.missing_evidence(a_threshold(0.97), 0.5) == 0


def test_the_words_of_a_title_make_a_thread_of_its_kind(loaded):
    book = wiring.policy_book(loaded(CITY), THRESHOLDS)
    reply = Reply("city", 1, "节哀", thread_title="沉痛悼念老馆长")
    assert book.for_reply(reply).reasons == {Reason.SPAM, Reason.RULE}


@pytest.mark.parametrize(
    ("text", "environ", "missing"),
    [
        (CITY, {}, "password"),
        ('[forums.city]\nurl = "https://x.example/"', {}, "username"),
        (CITY, {"MODBOT_FORUMS__CITY__AUTH_COOKIE": "a"}, "saltkey_cookie"),
        (CITY, {"MODBOT_FORUMS__CITY__SALTKEY_COOKIE": "a"}, "auth_cookie"),
    ],
)
def test_a_missing_secret_is_told_with_the_ways_to_give_it(loaded, text, environ, missing):
    with pytest.raises(SettingsError) as caught:
        opened(loaded(text, **environ))
    message = str(caught.value)
    assert f"no {missing}" in message
    assert "MODBOT_FORUMS__CITY__PASSWORD" in message
    assert caught.value.exit_code == 2


def test_an_engine_is_found_by_its_name(loaded):
    found = loaded(CITY, MODBOT_FORUMS__CITY__PASSWORD="x")
    forum = opened(found)
    assert forum.name == "city"
    forum.close()
    with pytest.raises(SettingsError, match="phpwind"):
        opened(loaded(CITY + 'engine = "phpwind"', MODBOT_FORUMS__CITY__PASSWORD="x"))


def test_an_unknown_forum_and_none_at_all_are_told(loaded):
    with pytest.raises(SettingsError, match="city"):
        wiring.forum_names(loaded(CITY), "village")
    with pytest.raises(SettingsError, match="No forum is configured"):
        wiring.forum_names(loaded(""))
    assert wiring.forum_names(loaded(CITY)) == ("city",)
    with pytest.raises(SettingsError, match="village"):
        opened(loaded(CITY), "village")


def test_board_passwords_reach_the_engine_and_nothing_prints_them(loaded):
    found = loaded(
        CITY + "[forums.city.boards.5]\nkind = 'chatter'",
        MODBOT_FORUMS__CITY__PASSWORD="word-one",
        MODBOT_FORUMS__CITY__BOARDS__5__PASSWORD="word-two",
    )
    config = wiring.forum_config(found, "city")
    assert config.board_passwords == {5: "word-two"}
    assert "word-" not in repr(config)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://bbs.baotou.example/", "baotou"),
        ("http://www.my-city.example/forum.php", "my_city"),
        ("http://127.0.0.1:8034/", "forum"),
        ("https://bbs./", "forum"),
    ],
)
def test_a_forum_is_named_after_its_host(url, name):
    assert installing.suggested_name(url) == name


def test_the_settings_that_init_writes_load_again_and_keep_secrets_apart(tmp_path):
    file = tmp_path / "modbot.toml"
    answers = installing.Answers(
        name="city",
        url="http://bbs.example.com/",
        username='we"ird',
        password="s3cret",
        password_over_http=True,
    )
    chatter = Proposal(Board(7, "闲聊\nkind = 'ads'"), ThreadKind.CHATTER)
    installing.write(file, answers, [chatter], replace=False)
    found = settings.load(file, environ={})
    forum = found.settings.forums["city"]
    assert (forum.username, forum.password_over_http) == ('we"ird', True)
    (entry,) = found.settings.boards
    assert (entry.forum, entry.id, entry.kind) == ("city", {7}, "chatter")
    assert found.settings.policy.mode == "shadow"
    assert "s3cret" not in file.read_text(encoding="utf-8")
    assert found.secret(forum, "password", key="forums.city.password") == "s3cret"
    secret = tmp_path / "var" / "secrets" / "city.password"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_an_existing_settings_file_is_kept_unless_asked_and_then_kept_aside(tmp_path):
    file = tmp_path / "modbot.toml"
    file.write_text("# mine", encoding="utf-8")
    answers = installing.Answers(name="city", url="http://bbs.example.com/")
    with pytest.raises(UsageError, match="--force"):
        installing.write(file, answers, (), replace=False)
    installing.write(file, answers, (), replace=True)
    assert (tmp_path / "modbot.toml.before").read_text(encoding="utf-8") == "# mine"


def test_a_captcha_picture_is_kept_where_a_human_can_open_it(tmp_path):
    path = installing.keep_picture(tmp_path / "var", b"png", "image/png")
    assert (path.name, path.read_bytes()) == ("captcha.png", b"png")
