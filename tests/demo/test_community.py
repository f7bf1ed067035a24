"""The forum's life behind the wire: what members and moderators do to each other's posts."""

import threading

import pytest

from modbot.demo.state import PostState


@pytest.fixture
def author(forum):
    return forum.member_named("阿木")


@pytest.fixture
def staff(forum):
    return forum.member_named("modbot")


def test_a_merged_thread_gives_its_posts_away_in_order_of_time(forum, author, clock):
    clock.turn(minutes=1)
    other = forum.start_thread(2, author, "重复的主题", "又问一遍")
    forum.merge(other.thread_id, into=1)
    assert [post.id for post in forum.posts_of(1)] == [1, 2, 3, 4, other.id]
    assert [post.id for post in forum.posts_of(1) if post.first] == [1]
    assert forum.thread(2) is None


def test_an_older_thread_merged_into_a_younger_one_opens_it(forum, author, clock):
    younger = forum.start_thread(2, author, "年轻的主题", "正文")
    forum.merge(1, into=younger.thread_id)
    posts = forum.posts_of(younger.thread_id)
    assert [post.first for post in posts].count(True) == 1


def test_a_split_thread_begins_with_its_earliest_reply(forum):
    thread = forum.split([4, 3], "另开一楼")
    assert [(post.id, post.first) for post in forum.posts_of(thread.id)] == [(3, True), (4, False)]
    assert [post.id for post in forum.posts_of(1)] == [1, 2]
    assert forum.thread(thread.id).title == "另开一楼"


def test_a_restored_backup_forgets_and_gives_numbers_again(forum, author):
    backup = forum.backup()
    lost = forum.post(1, author, "备份之后")
    forum.edit(2, "备份之后改的")
    forum.restore_backup(backup)
    assert forum.content.posts[2].text == "回复 0"
    again = forum.post(1, author, "另一句话")
    assert (again.id, again.text) == (lost.id, "另一句话")
    forum.restore_backup(backup)
    assert again.id not in forum.content.posts


def test_deleting_the_first_post_takes_the_thread_along(forum, staff):
    forum.delete(1, by=staff)
    assert forum.thread(1) is None
    assert all(post.state is PostState.RECYCLED for post in forum.content.posts.values())


def test_writing_earns_standing(forum, clock):
    newcomer = forum.join("新来的")
    assert (newcomer.group_id, newcomer.posts, newcomer.credits) == (10, 0, 0)
    for _ in range(25):
        forum.post(1, newcomer, "一句话")
    assert (newcomer.group_id, newcomer.posts, newcomer.credits) == (11, 25, 50)


def test_a_post_that_waits_earns_nothing_until_it_is_approved(forum, author, staff):
    forum.require_approval(2)
    before = author.posts
    post = forum.post(1, author, "等着")
    assert author.posts == before
    forum.approve(post.id, by=staff)
    forum.approve(post.id, by=staff)
    assert author.posts == before + 1


def test_an_edit_by_a_moderator_bears_their_name(forum, staff):
    forum.edit(2, "[已编辑]", by=staff)
    assert forum.content.posts[2].edited_by == "modbot"


def test_many_may_write_at_once(forum, author):
    def write():
        for _ in range(200):
            forum.post(1, author, "同时")

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(forum.posts_of(1)) == 804
    assert forum.content.last_post_id == 804
