"""Two accounts that live on 33 short texts: one card, one verdict, and nobody else is touched."""

from __future__ import annotations

from itertools import islice

import pytest
from executor_support import Bench
from filler_town import BOTS, STOCK, Post, stream
from precedent_support import Bar, newcomer, on, shipped_detector

from modbot.domain import DecisionKind, Mode, is_of_few_authors
from modbot.policy import Policy
from modbot.store import standing

BEFORE, AFTER = 2_400, 900
QUEUE = Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None)
ENFORCE = Policy(mode=Mode.ENFORCE, spam_queue=None, low_effort_queue=None)


def told(bar: Bar, posts: list[Post]) -> None:
    for post in posts:
        bar.write(post.id, post.text, post.author, thread_id=post.thread_id, posted_at=post.at)
    bar.at(posts[-1].at)
    bar.read()


@pytest.fixture
def town(bench: Bench) -> Bar:
    bar = Bar(bench, shipped_detector(), policy=QUEUE)
    bar.at(on(12, 1))
    return bar


def test_thirty_three_texts_are_one_card_and_one_verdict_handles_all_that_follow(town: Bar) -> None:
    posts = stream(BEFORE + AFTER, start=on(12, 1))
    before = list(islice(posts, BEFORE))
    for first in range(0, BEFORE, 200):
        told(town, before[first : first + 200])
    fillers = {post.id for post in before if post.is_filler}
    cards = town.flags()
    assert len(fillers & set(cards)) > 0.9 * len(fillers)
    [campaign] = {cards[post].campaign for post in fillers & set(cards)}
    assert is_of_few_authors(campaign or "")
    assert campaign not in {flag.campaign for post, flag in cards.items() if post not in fillers}

    town.decide(max(fillers & set(cards)))
    [made] = town.standing()
    with town.bench.store.read() as rx:
        assert set(standing.texts(rx, made.id)) >= {text for text in STOCK if len(text) > 3}
        assert standing.authors(rx, made.id) == {bot.id for bot in BOTS}

    town.under(ENFORCE)
    after = list(posts)
    told(town, after)
    hidden = {post.id for post in after if post.id in town.hidden()}
    assert hidden == {post.id for post in after if post.is_filler}, "every further one, at once"
    assert town.standing()[0].hits == len(hidden)


def test_long_after_the_index_forgot_them_their_words_are_theirs_alone(town: Bar) -> None:
    posts = list(stream(1_200, start=on(12, 1)))
    for first in range(0, len(posts), 200):
        told(town, posts[first : first + 200])
    town.decide(max(town.flags()))
    town.under(ENFORCE)
    town.at(on(2, 20, year=2026))
    town.restart()
    said = {post.text for post in posts if post.is_filler}
    for number, text in enumerate(sorted(said)):
        town.write(5_000 + number, text, BOTS[number % 2])
        town.write(6_000 + number, text, newcomer(number))
    town.read()
    hidden = town.hidden() - {post.id for post in posts}
    assert hidden == {5_000 + number for number in range(len(said))}
    assert town.decision(6_000).kind is DecisionKind.ALLOW
