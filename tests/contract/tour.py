"""A walk through the embedded forum that sees every kind of answer of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
from wire_contract import Exchange

from modbot.demo.server import DemoServer
from modbot.demo.state import Approval

HIDE = "forum.php?mod=topicadmin&action=banpost&modsubmit=yes&infloat=yes&modclick=yes&inajax=1"
LOGIN = "member.php?mod=logging&action=login&loginsubmit=yes&inajax=1"
SEARCH = "forum.php?mod=modcp&action=thread&op=post&do=search&searchsubmit=1&useip=*"
QUEUE = "forum.php?mod=modcp&action=moderate&op="
API = "api/mobile/index.php?version=4&module="
PASSWORD = "words & 字"

Seen = tuple[str, Exchange]


def exchange(response: httpx.Response) -> Exchange:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.multi_items():
        headers.setdefault(name.lower(), []).append(value)
    request = response.request
    name = f"{request.method} {request.url.raw_path.decode()}"
    return Exchange(name, response.status_code, headers, response.text)


class Tour:
    """Prepares a forum that holds one of everything, then visits it as guest, member and
    moderator. ``charset`` is the forum's."""

    def __init__(self, server: DemoServer) -> None:
        self.server = server
        self.forum = server.forum
        self.moderator = server.moderator
        self.member = self.forum.join("普通会员", posts=3, password=PASSWORD)
        self.board = self.forum.open_board("样本版")
        self.attic = self.forum.open_board("仓库")
        self._furnish()

    def _furnish(self) -> None:
        forum, now = self.forum, self.forum.clock()
        author = forum.join("样本作者", posts=70, region="德国")
        old = now - timedelta(days=30)
        first = forum.start_thread(
            self.board.id, author, "样本主题", "正文 https://example.org/", at=old, veiled="暗号"
        )
        self.first, self.thread_id = first, first.thread_id
        self.spare = forum.start_thread(self.board.id, author, "要移走的主题", "正文", at=old)
        self.posts = [
            forum.post(first.thread_id, author, f"第 {number} 条", at=now - timedelta(minutes=40 - number))
            for number in range(24)
        ]
        forum.post(first.thread_id, author, "引用", quotes=self.posts[0].id, images=1, client="来自手机")
        forum.edit(self.posts[-1].id, "改过了")
        forum.hide(self.posts[-2].id, by=self.moderator)
        forum.start_thread(self.board.id, author, "置顶", "公告", at=old, pinned=True)
        forum.require_approval(self.board.id, Approval.ALL)
        self.waiting = forum.post(first.thread_id, self.member, "等待通过")
        self.waiting_thread = forum.start_thread(self.board.id, self.member, "等待通过的主题", "请通过")

    def walk(self) -> Iterator[Seen]:
        with httpx.Client(base_url=self.server.url, timeout=5) as guest:
            yield from self._reading(guest)
            yield from self._missing(guest)
        with httpx.Client(base_url=self.server.url, timeout=5) as member:
            yield from self._signing_in(member, self.member.name, PASSWORD)
            yield from self._refused(member)
            yield from self._signing_out(member)
        with httpx.Client(base_url=self.server.url, timeout=5) as moderator:
            yield from self._signing_in(moderator, self.moderator.name, self.moderator.password)
            yield from self._reading(moderator)
            yield from self._moderating(moderator)
            yield from self._in_the_panel(moderator)
            yield from self._interface(moderator)
        with httpx.Client(base_url=self.server.url, timeout=5) as stranger:
            yield from self._failing(stranger)

    # -- ways --------------------------------------------------------------------------

    def _reading(self, client: httpx.Client) -> Iterator[Seen]:
        yield from _page(client, "forum.php", "index")
        for address in ("", "&filter=lastpost&orderby=lastpost", "&filter=dateline&dateline=86400"):
            yield from _page(client, f"forum.php?mod=forumdisplay&fid={self.board.id}{address}", "board")
        thread = f"forum.php?mod=viewthread&tid={self.thread_id}"
        for address in ("", "&page=2", "&page=3", "&page=99", "&ordertype=1", "&ordertype=1&page=3"):
            yield from _page(client, thread + address, "thread")
        for post in (self.posts[-1], self.posts[-2]):
            yield "single_post", exchange(client.get(f"{thread}&viewpid={post.id}&inajax=1"))
        for address in (f"&ptid={self.thread_id}&pid={self.posts[0].id}", f"&pid={self.waiting.id}"):
            yield "find_post", exchange(client.get(f"forum.php?mod=redirect&goto=findpost{address}"))
        gone = f"forum.php?mod=redirect&goto=findpost&ptid={self.thread_id}&pid=999999"
        yield "find_missing_post", exchange(client.get(gone))
        yield "last_post", exchange(client.get(f"forum.php?mod=redirect&tid={self.thread_id}&goto=lastpost"))
        for moment in (0, int(datetime(2035, 1, 1, tzinfo=UTC).timestamp())):
            news = f"forum.php?mod=ajax&action=forumchecknew&fid={self.board.id}&time={moment}&inajax=yes"
            yield "has_news", exchange(client.get(news))

    def _missing(self, client: httpx.Client) -> Iterator[Seen]:
        thread = f"forum.php?mod=viewthread&tid={self.thread_id}"
        for number in (999999, self.waiting.id):
            yield "no_post", exchange(client.get(f"{thread}&viewpid={number}&inajax=1"))
        for number in (999999, self.waiting_thread.thread_id):
            yield "no_thread", exchange(client.get(f"forum.php?mod=viewthread&tid={number}"))
        yield "no_board", exchange(client.get("forum.php?mod=forumdisplay&fid=999"))
        yield "login_form", exchange(client.get("member.php?mod=logging&action=login"))
        yield "login_form", exchange(client.get("member.php?mod=logging&action=login&inajax=1"))
        yield "tainted", exchange(client.get("forum.php?mod=viewthread&tid=1&x=(1)"))

    def _signing_in(self, client: httpx.Client, name: str, password: str) -> Iterator[Seen]:
        fields = {"username": name, "password": password, "cookietime": "2592000"}
        yield "login_ok", self._post(client, LOGIN, fields)

    def _signing_out(self, client: httpx.Client) -> Iterator[Seen]:
        address = f"member.php?mod=logging&action=logout&formhash={formhash(client)}"
        yield "logout", exchange(client.get(address))

    def _failing(self, client: httpx.Client) -> Iterator[Seen]:
        fields = {"username": "没有这个人", "password": "wrong"}
        for _ in range(4):
            yield "login_wrong", self._post(client, LOGIN, fields)
        yield "login_locked", self._post(client, LOGIN, fields)

    def _refused(self, client: httpx.Client) -> Iterator[Seen]:
        yield "action_refused", self._hide(client, self.posts[0].id)
        yield "panel_refused", exchange(client.get("forum.php?mod=modcp&action=moderate&op=replies"))

    def _moderating(self, client: httpx.Client) -> Iterator[Seen]:
        form = f"forum.php?mod=topicadmin&action=banpost&fid=1&tid={self.thread_id}&inajax=1&topiclist[]="
        for post in (self.posts[-2], self.posts[0]):
            yield "action_form", exchange(client.get(f"{form}{post.id}"))
        for number in (self.posts[0].id, self.posts[0].id, 999999):
            yield "action_done", self._hide(client, number)
        yield "action_done", self._hide(client, self.posts[0].id, banned="0")
        yield "action_refused", self._hide(client, self.posts[0].id, tid="999999")
        yield "action_refused", self._hide(client, self.posts[0].id, formhash="")
        yield "tainted", self._hide(client, self.posts[0].id, formhash="deadbeef")
        delete = HIDE.replace("banpost", "delpost")
        yield "action_done", self._hide(client, self.posts[2].id, address=delete)
        yield "first_post_deleted", self._hide(client, self.first.id, address=delete)
        whole = "forum.php?mod=topicadmin&action=moderate&modsubmit=yes&infloat=yes&inajax=1&optgroup=2"
        fields = {"formhash": formhash(client), "moderate[]": str(self.spare.thread_id), "reason": "广告"}
        move = {"fid": str(self.board.id), "operations[]": "move", "moveto": str(self.attic.id)}
        away = {"fid": str(self.attic.id), "operations[]": "delete"}
        for kind, choice in (("action_done", move), ("action_done", away), ("action_refused", away)):
            yield kind, self._post(client, whole, fields | choice)
        hole = client.get(f"forum.php?mod=viewthread&tid={self.thread_id}&page=1")
        yield "hole", exchange(hole)
        yield "thread_rights", exchange(client.get(f"forum.php?mod=viewthread&tid={self.thread_id}"))

    def _in_the_panel(self, client: httpx.Client) -> Iterator[Seen]:
        yield from _page(client, "forum.php?mod=modcp&action=moderate&op=replies", "panel_login")
        enter = "forum.php?mod=modcp&action=login"
        fields = {"fid": "", "submit": "yes", "login_panel": "yes", "formhash": formhash(client)}
        yield "panel_login", self._post(client, enter, fields | {"cppwd": "wrong"})
        yield "panel_entered", self._post(client, enter, fields | {"cppwd": self.moderator.password})
        yield from _page(client, SEARCH, "panel_search")
        yield from _page(client, SEARCH.replace("do=search&searchsubmit=1", "do=list&page=2"), "panel_search")
        yield "panel_search_problem", exchange(client.get(SEARCH.replace("useip=*", "useip=")))
        yield "panel_search_problem", exchange(client.get(f"{SEARCH}&starttime=2001-01-01"))
        for op, number in (("replies", self.waiting.id), ("threads", self.waiting_thread.thread_id)):
            yield from _page(client, QUEUE + op, "queue")
            fields = {"formhash": formhash(client), "handlekey": "mods", "modact": "validate"}
            fields |= {"modsubmit": "yes", "filter": "0", "moderate[]": str(number)}
            for _ in range(2):
                yield "queue_done", self._post(client, f"{QUEUE}{op}&inajax=1", fields)

        yield "panel_menu", exchange(client.get(QUEUE + "threads"))
        yield from self._bins_and_bans(client)

    def _bins_and_bans(self, client: httpx.Client) -> Iterator[Seen]:
        for action, number, board in (
            ("recyclebinpost", self.posts[2].id, self.board.id),
            ("recyclebin", self.spare.thread_id, self.attic.id),
        ):
            address = f"forum.php?mod=modcp&action={action}&fid={board}"
            yield from _page(client, address, "recycle_bin")
            fields = {"formhash": formhash(client), "op": "restore", "oldop": "list", "dosubmit": "submit"}
            yield "recycle_bin", self._post(client, address, fields | {"moderate[]": str(number)})
        ban = "forum.php?mod=modcp&action=member&op=ban"
        for group, days in (("4", "3"), ("0", "")):
            yield from _page(client, f"{ban}&uid={self.member.id}", "ban_form")
            fields = {"formhash": formhash(client), "uid": str(self.member.id), "bannew": group}
            fields |= {"banexpirynew": days, "reason": "广告", "bansubmit": "true"}
            yield "ban_done", self._post(client, ban, fields)
        yield "ban_refused", exchange(client.get(f"{ban}&uid={self.moderator.id}"))

    def _interface(self, client: httpx.Client) -> Iterator[Seen]:
        yield "api_closed", exchange(client.get(f"{API}forumindex"))
        self.server.options.json_api = True
        yield "api_index", exchange(client.get(f"{API}forumindex"))
        yield "api_board", exchange(client.get(f"{API}forumdisplay&fid={self.board.id}"))
        for address in ("", "&ordertype=1&ppp=30", f"&viewpid={self.posts[0].id}"):
            yield "api_thread", exchange(client.get(f"{API}viewthread&tid={self.thread_id}{address}"))
        address = f"{API}topicadmin&action=banpost&modsubmit=yes"
        yield "api_hidden", self._hide(client, self.posts[0].id, address=address)

    # -- steps -------------------------------------------------------------------------

    def _hide(self, client: httpx.Client, number: int, *, address: str = HIDE, **other: str) -> Exchange:
        fields = {"formhash": formhash(client), "fid": str(self.board.id), "tid": str(self.thread_id)}
        fields |= {"page": "1", "topiclist[]": str(number), "banned": "1", "reason": "恶意灌水"}
        return self._post(client, address, fields | other)

    def _post(self, client: httpx.Client, address: str, fields: dict[str, str]) -> Exchange:
        encoded = urlencode(fields, encoding=self.server.charset, errors="xmlcharrefreplace")
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return exchange(client.post(address, content=encoded, headers=kind))


def _page(client: httpx.Client, address: str, kind: str) -> Iterator[Seen]:
    """A whole page is of its own kind and keeps the rules of every page."""
    seen = exchange(client.get(address))
    yield kind, seen
    yield "page", seen


def formhash(client: httpx.Client) -> str:
    found = re.search(r'name="formhash" value="(\w{8})"', client.get("forum.php").text)
    if found is None:
        raise LookupError("no form hash in the index")
    return found.group(1)
