"""What happens among a forum's people, by a seed."""

import pytest

from modbot.demo.scene import stage
from modbot.demo.state import Approval, Fate, PostState
from modbot.demo.unrest import Stir, Unrest


@pytest.fixture
def town(clock):
    return stage(clock=clock).forum


def unrest(town, *kinds, seed=1):
    weights = dict.fromkeys(kinds, 1.0)
    return Unrest(town, town.member_named("modbot"), seed=seed, weights=weights or dict.fromkeys(Stir, 1.0))


def snapshot(town):
    return {post.id: (post.text, post.thread_id, post.state) for post in town.posts.values()}


@pytest.mark.parametrize("kind", [kind for kind in Stir if kind is not Stir.LATE_APPROVAL])
def test_each_kind_changes_the_forum(town, kind):
    boards = {thread.id: thread.board_id for thread in town.threads.values()}
    before = snapshot(town)
    stirred = unrest(town, kind)
    assert stirred.stir() is kind
    assert stirred.done == {kind: 1}
    after = snapshot(town), {thread.id: thread.board_id for thread in town.threads.values()}
    assert after != (before, boards)


def test_a_late_approval_lets_a_waiting_reply_appear_with_its_old_time(town, clock):
    thread = next(iter(town.threads.values()))
    town.require_approval(thread.board_id, Approval.REPLIES)
    waiting = town.post(thread.id, town.member_named("青山老李"), "等一等")
    written = clock.now
    clock.turn(hours=5)
    stirred = unrest(town, Stir.LATE_APPROVAL)
    assert stirred.stir() is Stir.LATE_APPROVAL
    assert (waiting.state, waiting.posted_at) == (PostState.VISIBLE, written)
    assert stirred.stir() is None
    assert stirred.done == {Stir.LATE_APPROVAL: 1}


def test_what_deserves_hiding_keeps_its_text(town):
    thread = next(iter(town.threads.values()))
    advert = town.post(thread.id, town.member_named("青山老李"), "加我微信", fate=Fate.SPAM)
    stirred = unrest(town, Stir.EDIT)
    for _ in range(100):
        stirred.stir()
    assert advert.text == "加我微信"


def test_the_same_seed_stirs_the_same(clock):
    def history(seed):
        town = stage(clock=clock).forum
        stirred = unrest(town, seed=seed)
        return [stirred.stir() for _ in range(40)], snapshot(town)

    assert history(5) == history(5)
    assert history(5) != history(6)


def test_in_an_empty_forum_nothing_happens(forum):
    forum.content.posts.clear()
    forum.content.threads.clear()
    forum.content.thread_posts.clear()
    stirred = Unrest(forum, forum.member_named("modbot"), seed=1)
    assert {stirred.stir() for _ in range(30)} == {None}
