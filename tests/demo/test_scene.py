"""The scene: what there is, what comes, and what each post deserves."""

import threading
import time
import unicodedata
from collections import Counter

import pytest

from modbot.demo import members, scene
from modbot.demo.state import Fate

ESTABLISHED = 50


@pytest.fixture(scope="module")
def staged():
    return scene.stage()


@pytest.fixture(scope="module")
def played():
    """The scene after everybody has written."""
    staged = scene.stage()
    return staged, [(arrival, members.write(staged, arrival)) for arrival in staged.arrivals]


def author_of(staged, post):
    return staged.forum.content.members[post.author_id]


def plain(text: str) -> str:
    """Letters and digits alone: what is left for the eye."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in folded if sign.isalnum())


def of(played, fate):
    return [(arrival, post) for arrival, post in played[1] if arrival.fate is fate]


def test_there_are_three_boards_and_a_living_forum(staged):
    content = staged.forum.content
    assert [board.name for board in content.boards.values()] == ["城市论坛", "灌水闲聊", "二手交易"]
    assert len(content.posts) >= 75
    lengths = [len(post.text) for post in content.posts.values()]
    assert min(lengths) <= 2
    assert max(lengths) >= 60
    assert len(staged.forum.posts_of(staged.threads["traffic"])) > 10


def test_nothing_happens_in_the_future_or_out_of_order(staged):
    now = staged.forum.clock()
    for thread in staged.forum.content.threads:
        posts = staged.forum.posts_of(thread)
        assert [post.id for post in posts] == sorted(post.id for post in posts)
        assert all(post.posted_at < now for post in posts)


def test_everything_there_is_genuine_and_nobody_says_the_same_thing_twice_in_a_thread(staged):
    assert {post.fate for post in staged.forum.content.posts.values()} == {Fate.GENUINE}
    for thread in staged.forum.content.threads:
        said = Counter((post.author_id, post.text) for post in staged.forum.posts_of(thread))
        assert max(said.values()) == 1


def test_all_that_comes_is_written_within_twenty_five_seconds(staged):
    moments = [arrival.at for arrival in staged.arrivals]
    assert moments == sorted(moments)
    assert moments[-1] <= 25
    assert [arrival.at for arrival in staged.arrivals if arrival.fate is Fate.CAMPAIGN][4] <= 12


def test_the_campaign_is_one_sentence_by_newcomers_from_afar(played):
    staged, _ = played
    copies = of(played, Fate.CAMPAIGN)
    authors = [author_of(staged, post) for _, post in copies]
    assert len(copies) >= 5
    assert len({author.id for author in authors}) >= 3
    assert all(author.posts < ESTABLISHED for author in authors)
    assert {author.region[:2] for author in authors} == {"福建", "德国", "美国"}
    assert len({post.thread_id for _, post in copies}) >= 3
    assert min(len(plain(post.text)) for _, post in copies) >= 10
    assert len({post.text for _, post in copies}) == len(copies)


def test_the_single_offences_are_there(played):
    staged, _ = played
    texts = [post.text for _, post in of(played, Fate.LOW_EFFORT)]
    assert "赞" * 22 in texts
    titles = {thread.title for thread in staged.forum.content.threads.values()}
    assert titles & set(texts)
    (advert,) = [post.text for _, post in of(played, Fate.SPAM)]
    assert "ⓥ❤" in advert
    assert "\u200b" in advert


@pytest.mark.parametrize(
    ("thread", "text"),
    [("words", "文明城,绿化城"), ("years", "10年"), ("memorial", "节哀"), ("bump", "顶")],
)
def test_short_answers_in_their_place_are_genuine(played, thread, text):
    found = [arrival for arrival, _ in of(played, Fate.GENUINE) if arrival.text == text]
    assert found
    assert {arrival.thread for arrival in found} == {thread}


def test_a_trader_bumps_their_own_thread_and_helpers_are_thanked(played):
    staged, _ = played
    genuine = [post for _, post in of(played, Fate.GENUINE)]
    bumps = [post for post in genuine if "顶" in post.text and post.thread_id == staged.threads["bike"]]
    assert [post.author_id for post in bumps] == [
        staged.forum.content.threads[staged.threads["bike"]].author_id
    ]
    thanks = [post for post in genuine if "谢" in post.text]
    assert len(thanks) >= 2
    assert all(author_of(staged, post).posts > ESTABLISHED for post in thanks)


def test_hidden_genuine_posts_are_counted(staged):
    forum = staged.forum
    moderator = forum.member_named(scene.MODERATOR)
    chosen = forum.fated(Fate.GENUINE)[5]
    assert forum.genuine_hidden() == 0
    forum.hide(chosen.id, by=moderator)
    assert forum.genuine_hidden() == 1
    forum.unhide(chosen.id, by=moderator)
    assert forum.genuine_hidden() == 0


def test_only_staff_can_sign_in_and_passwords_are_drawn_anew(staged):
    with_password = [m.name for m in staged.forum.content.members.values() if m.password]
    assert with_password == ["站长老包", "modbot", "巡楼的小郭"]
    again = scene.build().member_named(scene.MODERATOR).password
    assert again != staged.forum.member_named(scene.MODERATOR).password


def test_members_write_in_their_order_and_tell(staged):
    heard = []
    staged = scene.stage()
    crowd = members.Members(staged, speed=1000, told=lambda arrival, post: heard.append((arrival, post.id)))
    assert not crowd.done
    crowd.start()
    deadline = time.monotonic() + 5
    while not crowd.done and time.monotonic() < deadline:
        time.sleep(0.01)
    crowd.stop()
    assert [arrival for arrival, _ in heard] == list(staged.arrivals)
    assert len(staged.forum.fated(*Fate)) == len(staged.forum.content.posts)


def test_members_stop_when_told_to():
    staged = scene.stage()
    crowd = members.Members(staged, speed=0.001)
    before = len(staged.forum.content.posts)
    crowd.start()
    crowd.stop()
    assert crowd.done
    assert len(staged.forum.content.posts) == before
    assert "demo-members" not in [thread.name for thread in threading.enumerate()]


def test_members_who_never_began_can_be_stopped():
    members.Members(scene.stage()).stop()


def test_an_arrival_by_a_stranger_is_an_error(staged):
    with pytest.raises(LookupError):
        members.write(staged, scene.Arrival(1, "words", "没有这个人", "话", Fate.GENUINE))
