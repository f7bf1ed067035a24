"""What a member wrote, out of the HTML that Discuz! made of it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborNode

from modbot.domain import Link
from modbot.forums.discuz.pages.nodes import attribute, line

MAX_TEXT_CHARS = 100_000
MAX_QUOTED_CHARS = 20_000
MAX_LINKS = 200
MAX_LINK_CHARS = 2_000

_BLOCKS = frozenset(
    ("address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "form", "h1")
).union(("h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"))
_SILENT_TAGS = frozenset(
    ("script", "style", "iframe", "object", "embed", "noscript", "textarea", "select", "template", "title")
)
_SILENT_CLASSES = frozenset(
    ("jammer", "pstatus", "tip", "aimg_tip", "attach_nopermission", "attach_tips", "pattl", "a_pr")
)
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CELLS = frozenset(("td", "th"))
_SPACES = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r"\s*\n\s*")
_EDITED = re.compile(r"^\s*本帖最后由 .{1,20}? 于 [0-9: -]{8,20} 编辑\s*")
_ANSWERS_FLOOR = re.compile(r"回复\s*\S{1,10}\s.{0,40}的帖子")
_ASKS_REPLY = re.compile(r"查看本帖隐藏内容请\s*回复|本帖隐藏的内容(?!需要)")
_DEVICE = (
    "(?:iPhone|iPad|iOS|Android|安卓|华为|小米|红米|荣耀|三星|魅族|OPPO|vivo|苹果|诺基亚|手机"
    "|Windows ?Phone|WP)"
)
_CLIENT_TAIL = re.compile(
    r"[\s—―－\-~～]*(?:(?:本(?:帖|文|内容)?)?(?:来自|發自|发自|发送自|发布自|由)|Sent from(?: my)?|via)"
    r"\s*[:：]?\s*(?:我的\s*)?"
    rf"(?P<client>[A-Za-z一-鿿 ]{{0,10}}?{_DEVICE}(?:[ A-Za-z0-9+一-鿿]{{0,8}}?(?:客户端|手机版|版))?"
    r"|[一-鿿]{0,10}(?:客户端|APP))(?:发布|发表|发送)?[\s。.]*$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Body:
    """A post's text without what the forum, a quote or a client put into it.

    ``asks_reply`` tells that part of it is shown only to those who reply.
    """

    text: str = ""
    quoted: str = ""
    links: tuple[Link, ...] = ()
    images: int = 0
    client: str = ""
    asks_reply: bool = False


@dataclass(slots=True)
class _Sink:
    limit: int
    parts: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        if self.size < self.limit:
            self.parts.append(text[: self.limit - self.size])
            self.size += len(text)

    def text(self) -> str:
        joined = _SPACES.sub(" ", "".join(self.parts))
        return _NEWLINES.sub("\n", joined).strip()


def read_body(root: LexborNode, *, url: str, notes_inline: bool = False) -> Body:
    """Read ``td#postmessage_PID`` (viewthread_variants_p1/p2) or the JSON API's message.

    Left out: quotes (kept apart), ``i.pstatus`` edit notes, anti-copy noise
    (``font.jammer``, elements not displayed), attachments with their tooltips, the
    notices of hidden parts, "复制代码", the head of a quote, a client's tail. Only marks
    that a member cannot write decide. The JSON API prints the edit note as plain text
    at the beginning: ``notes_inline``.
    """
    reader = _Reader(url)
    reader.walk(root)
    text = reader.own.text()
    text, client = _cut_client_tail(_EDITED.sub("", text) if notes_inline else text)
    return Body(
        text=text,
        quoted=reader.quoted.text(),
        links=tuple(reader.links),
        images=reader.images,
        client=client,
        asks_reply=reader.asks_reply,
    )


def _cut_client_tail(text: str) -> tuple[str, str]:
    """A last line such as "—— 来自 某某客户端"; kept when it is all that there is."""
    head, newline, last = text.rpartition("\n")
    if not newline or len(last) > 60:
        return text, ""
    found = _CLIENT_TAIL.match(last)
    return (head, found["client"].strip()) if found else (text, "")


class _Reader:
    """One walk through a post, without recursion."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.host = _host(url)
        self.own = _Sink(MAX_TEXT_CHARS)
        self.quoted = _Sink(MAX_QUOTED_CHARS)
        self.links: list[Link] = []
        self.images = 0
        self.asks_reply = False
        self.quotes: list[bool] = []
        """The quotes around the present node: True for another post's words."""

    def walk(self, root: LexborNode) -> None:
        above: list[LexborNode] = []
        node = root.child
        while node is not None:
            if self._enter(node) and node.child is not None:
                above.append(node)
                node = node.child
                continue
            self._leave(node)
            while node.next is None and above:
                node = above.pop()
                self._leave(node)
            node = node.next

    @property
    def sink(self) -> _Sink:
        return self.quoted if self.quotes else self.own

    def _enter(self, node: LexborNode) -> bool:
        """Take what the node itself gives; answer whether its children are to be read."""
        if node.is_text_node:
            self.sink.add((node.text_content or "").replace("\n", " "))
            return False
        tag = node.tag or ""
        if _is_quote(node, tag):
            header = node.css_first('a[href*="goto=findpost"]')
            self.quotes.append(header is not None and self._is_local(attribute(header, "href")))
        if tag in _BLOCKS:
            self.sink.add("\n")
        if tag == "img":
            self.images += _is_picture(node)
        return not self._is_silent(node, tag)

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS:
            self.sink.add("\n")
        elif tag in _CELLS:
            self.sink.add(" ")
        if _is_quote(node, tag):
            self.quotes.pop()

    def _is_silent(self, node: LexborNode, tag: str) -> bool:
        """Whether what is inside is not the author's text."""
        if tag in _SILENT_TAGS or node.is_comment_node:
            return True
        classes = attribute(node, "class").split()
        if "locked" in classes or (tag == "h4" and _is_gate(node)):
            self.asks_reply = self.asks_reply or bool(_ASKS_REPLY.search(line(node)))
            return True
        if not _SILENT_CLASSES.isdisjoint(classes) or _NOT_SHOWN.search(attribute(node, "style")):
            return True
        if tag == "ignore_js_op":
            self.images += sum(1 for image in node.css("img") if _is_picture(image))
            return True
        if tag == "em":
            return "copycode" in attribute(node, "onclick")
        return self._link(node) if tag == "a" else self._answers_floor(node, tag)

    def _answers_floor(self, node: LexborNode, tag: str) -> bool:
        """ "回复 3# 某某 的帖子", the head of an old-style answer, goes with the quotes."""
        if tag not in ("strong", "b") or self.quotes:
            return False
        text = line(node)
        if not _ANSWERS_FLOOR.fullmatch(text) or node.css_first('a[href*="goto=findpost"]') is None:
            return False
        self.quoted.add(f"{text}\n")
        return True

    def _link(self, node: LexborNode) -> bool:
        """Note the link; answer whether it is a quote's head, which the forum wrote."""
        href = attribute(node, "href").strip()[:MAX_LINK_CHARS]
        with contextlib.suppress(ValueError):  # "http://[x" is no address: kept as it stands.
            href = urljoin(self.url, href) if href else href
        local = self._is_local(href)
        if local and self.quotes and "goto=findpost" in href:
            return True
        text = line(node)
        mention = local and text.startswith("@") and ("mod=space" in href or "space-u" in href)
        anothers = any(self.quotes)
        empty = not href or href[:20].lower().startswith(("javascript:", "data:"))
        if not (empty or mention or anothers) and len(self.links) < MAX_LINKS:
            self.links.append(Link(url=href[:MAX_LINK_CHARS], text=text))
        return False

    def _is_local(self, href: str) -> bool:
        try:
            return _host(urljoin(self.url, href)) == self.host
        except ValueError:
            return False


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_quote(node: LexborNode, tag: str) -> bool:
    return tag == "div" and "quote" in attribute(node, "class").split()


def _is_gate(heading: LexborNode) -> bool:
    """The heading of ``div.showhide``, a part that others see after a reply."""
    return heading.parent is not None and "showhide" in attribute(heading.parent, "class").split()


def _is_picture(node: LexborNode) -> bool:
    """An image of the author's, not a smiley, a file-type icon or a spacer."""
    if attribute(node, "smilieid"):
        return False
    if attribute(node, "zoomfile") or attribute(node, "aid"):
        return True
    return "static/image/" not in attribute(node, "src") or "zoom" in attribute(node, "class").split()
