"""Several forums in one process: each its own policy, queue, brake and memory of texts."""

from __future__ import annotations

from modbot import settings
from modbot.daemon.house import open_house
from modbot.demo.members import write
from modbot.demo.scene import stage
from modbot.demo.server import DemoServer
from modbot.demo.state import Fate
from modbot.store import flags

FORUM = """
[forums.{name}]
url = "{url}"
username = "{username}"
password_over_http = true
polling = "sweep"
requests_per_second = 20
requests_per_day = 100000
[forums.{name}.policy]
mode = "{mode}"
[forums.{name}.policy.spam]
hide = 0.97
[forums.{name}.boards.37]
kind = "chatter"
[forums.{name}.boards.36.policy.repeated]
hide_authors = {hide_authors}
"""


def test_one_hides_what_the_other_only_records_and_neither_sees_the_others_texts(tmp_path):
    north, south = stage(), stage()
    with DemoServer(forum=north.forum) as first, DemoServer(forum=south.forum, charset="gbk") as second:
        file = tmp_path / "modbot.toml"
        parts = [("north", first, "enforce", 3), ("south", second, "shadow", 2)]
        file.write_text(
            "".join(
                FORUM.format(
                    name=name, url=server.url, username=server.moderator.name, mode=mode, hide_authors=authors
                )
                for name, server, mode, authors in parts
            ),
            "utf-8",
        )
        environ = {
            f"MODBOT_FORUMS__{name.upper()}__PASSWORD": server.moderator.password
            for name, server, _, _ in parts
        }
        for arrival in north.arrivals:
            write(north, arrival)
        one_copy = next(arrival for arrival in south.arrivals if arrival.fate is Fate.CAMPAIGN)
        write(south, one_copy)
        with open_house(settings.load(file, environ=environ), ["north", "south"]) as house:
            for desk in house.desks.values():
                desk.poll()
                desk.executor.work()
            with house.store.read() as rx:
                of_south = flags.find(rx, flags.Filter(forum="south"))
                of_north = flags.find(rx, flags.Filter(forum="north"))
    assert sum(post.hidden for post in north.forum.fated(Fate.CAMPAIGN)) == 6
    assert not any(post.hidden for post in south.forum.content.posts.values())
    assert of_south == []
    assert {flag.forum for flag in of_north} == {"north"}
