"""What moderators do to whole threads and to members, and how they take things back."""

from __future__ import annotations

from datetime import timedelta

from modbot.demo.community import Community
from modbot.demo.state import MUTED, Board, Member, ModLogEntry, Post, PostState, Thread, group_for


def recycled_replies(community: Community, board: Board) -> list[Post]:
    """Those of threads that are there, newest first."""
    found = [
        post
        for post in community.content.posts.values()
        if post.state is PostState.RECYCLED
        and not post.first
        and community.content.threads[post.thread_id].board_id == board.id
        and community.thread(post.thread_id) is not None
    ]
    return sorted(found, key=lambda post: post.posted_at, reverse=True)


def recycled_threads(community: Community, board: Board) -> list[Thread]:
    return [
        community.content.threads[post.thread_id]
        for post in community.content.posts.values()
        if post.first
        and post.state is PostState.RECYCLED
        and community.content.threads[post.thread_id].board_id == board.id
    ]


def undelete(community: Community, post_id: int, *, by: Member) -> None:
    with community.lock:
        post = community.content.posts[post_id]
        post.state = PostState.VISIBLE
        community.log("UDP", post, by, "", notify=False)


def restore_thread(community: Community, thread_id: int, *, by: Member) -> None:
    """All its posts are shown: those that were deleted or waiting before, too."""
    with community.lock:
        posts = community.posts_of(thread_id, states=tuple(PostState))
        for post in posts:
            post.state = PostState.VISIBLE
        community.log("UDL", posts[0], by, "", notify=False)


def move_thread(
    community: Community, thread_id: int, board_id: int, *, by: Member, reason: str, notify: bool
) -> None:
    with community.lock:
        community.move(thread_id, board_id)
        first = community.posts_of(thread_id)[0]
        community.log("MOV", first, by, reason, notify=notify)


def mute(community: Community, member: Member, days: int, *, by: Member, reason: str) -> None:
    """For so many days, 0: for ever. A member who is muted already goes back to the muted
    group when it ends: so it is in X3.4."""
    with community.lock:
        now = community.clock()
        member.unmuted_group = member.group_id if days else None
        member.muted_until = now + timedelta(days=days) if days else None
        member.group_id = MUTED
        community.content.mod_log.append(ModLogEntry(now, by.id, "BAN", 0, 0, reason))
        community.content.violations[member.id] += 1


def unmute(community: Community, member: Member) -> None:
    with community.lock:
        group = member.unmuted_group
        member.group_id = group_for(member.credits) if group is None else group
        member.unmuted_group, member.muted_until = None, None
