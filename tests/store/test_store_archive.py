"""After a roll-back of the forum the same post ids may mean other posts."""

from __future__ import annotations

from datetime import UTC, datetime

from modbot.domain import Author, Reply
from modbot.store import archive, audit, cursors, engine, inbox

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_new_history_begins_and_the_old_one_is_kept(tmp_path):
    store = engine.open(tmp_path / "modbot.db")
    before = Reply("city", 7, "老帖子", author=Author(id=1, name="甲"), posted_at=NOW)
    after = Reply("city", 7, "新帖子", author=Author(id=2, name="乙"), posted_at=NOW.replace(hour=20))
    with store.write() as tx:
        inbox.record(tx, [before], at=NOW)
        cursors.save(tx, "city", "{}", at=NOW)
        assert inbox.record(tx, [after], at=NOW).contradictions
        kept_as = archive.set_aside(tx, "city", who="站长", at=NOW)
        assert inbox.record(tx, [after], at=NOW).contradictions == ()
    with store.read() as rx:
        assert cursors.load(rx, "city") is None
        assert inbox.find(rx, after.key).reply.text == "新帖子"
        assert inbox.find(rx, before.key._replace(forum=kept_as)).reply.text == "老帖子"
        assert [entry.what for entry in audit.listing(rx)][-1] == "forum.history_set_aside"
    store.close()
