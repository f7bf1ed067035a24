"""A small client of the embedded forum, for tests."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import httpx

from modbot.demo.server import DemoServer

PASSWORD = "correct horse"
"""Of everybody in the small forum of these tests."""

HIDE = "forum.php?mod=topicadmin&action=banpost&modsubmit=yes&infloat=yes&modclick=yes&inajax=1"
LOGIN = "member.php?mod=logging&action=login&loginsubmit=yes&inajax=1"
QUEUE = "forum.php?mod=modcp&action=moderate&op="
SEARCH = "forum.php?mod=modcp&action=thread&op=post&do=search&searchsubmit=1&useip=*"


class Visitor:
    """Forms go out in the forum's charset, as a browser would send them."""

    def __init__(self, server: DemoServer, name: str = "", password: str = "") -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=5)
        if name:
            self.sign_in(name, password)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *failure: object) -> None:
        self.http.close()

    def get(self, address: str) -> httpx.Response:
        return self.http.get(address)

    def text(self, address: str) -> str:
        return self.get(address).text

    def post(self, address: str, fields: dict[str, object], **headers: str) -> httpx.Response:
        body = urlencode(fields, doseq=True, encoding=self.server.charset, errors="xmlcharrefreplace")
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.http.post(address, content=body, headers=kind | headers)

    def sign_in(self, name: str, password: str) -> str:
        fields = {"username": name, "password": password, "cookietime": "2592000"}
        return self.post(LOGIN, fields).text

    @property
    def uid(self) -> int:
        return int(self._found(r"discuz_uid = '(\d+)'"))

    @property
    def formhash(self) -> str:
        return self._found(r'name="formhash" value="(\w{8})"')

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.text("forum.php"))
        assert found is not None
        return found.group(1)

    def enter_panel(self, password: str) -> httpx.Response:
        fields = {"formhash": self.formhash, "submit": "yes", "login_panel": "yes", "cppwd": password}
        return self.post("forum.php?mod=modcp&action=login", fields)

    def hide(self, thread_id: int, *post_ids: int, banned: int = 1, **other: object) -> str:
        fields = {"formhash": self.formhash, "tid": thread_id, "topiclist[]": post_ids, "banned": banned}
        return self.post(HIDE, fields | {"reason": "重复发帖"} | other).text

    def judge(self, act: str, *numbers: int, op: str = "replies", waiting: int = 0) -> str:
        fields = {"formhash": self.formhash, "handlekey": "mods", "modact": act, "modsubmit": "yes"}
        return self.post(f"{QUEUE}{op}&inajax=1", fields | {"filter": waiting, "moderate[]": numbers}).text


def moderator(server: DemoServer) -> Visitor:
    return Visitor(server, server.moderator.name, server.moderator.password)
