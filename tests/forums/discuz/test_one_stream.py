"""Several threads of the daemon share one forum: one request at a time, the urgent first."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

from forum_support import Asked, Site, Told, World, page, success_call

from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz import DiscuzForum
from modbot.forums.protocol import ReplyRef


def test_requests_of_several_callers_never_overlap(site: Site, tmp_path: Path) -> None:
    world = World(tmp_path, now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    inside = threading.Semaphore(1)
    overlapped: list[str] = []

    def answer(asked: Asked) -> Told:
        if not inside.acquire(blocking=False):
            overlapped.append(asked.target)
            return Told(page())
        try:
            return success_call("管理操作成功 ") if asked.method == "POST" else Told(page())
        finally:
            inside.release()

    site.answer = answer
    config = ForumConfig(
        "f",
        site.url,
        credentials=Credentials(auth_cookie="A", saltkey_cookie="S"),
        politeness=Politeness(requests_per_second=100_000, requests_per_day=10**6),
    )
    forum = DiscuzForum(config, world.context)
    callers = [
        threading.Thread(target=forum.read_back, args=(ReplyRef(number, 1),)) for number in range(1, 9)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    forum.close()
    assert not overlapped
    sign_ins = [asked for asked in site.asked if asked.query == {"mobile": "no"}]
    assert len(sign_ins) == 2
