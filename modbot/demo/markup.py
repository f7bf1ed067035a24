"""How a post's plain text becomes the markup of a page."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from modbot.demo.community import Community
from modbot.demo.state import MUTED, Member, Post
from modbot.demo.times import minute

HIDDEN = "该帖被管理员或版主屏蔽"
AUTHOR_SILENCED = "作者被禁止或删除 内容自动屏蔽"
ONLY_STAFF = "，只有管理员或有管理权限的成员可见"
EXCERPT = 200

_LINK = re.compile(r"https?://[^\s<>\"']+")
_FLOORS = {1: "楼主", 2: "沙发", 3: "板凳", 4: "地板"}


def floor_name(floor: int) -> Markup:
    name = _FLOORS.get(floor)
    return Markup("<em>{}</em><sup>#</sup>").format(floor) if name is None else Markup("{}").format(name)


def notice(post: Post, author: Member | None, *, staff: bool) -> str:
    """Why a post's text is not shown to all, or nothing."""
    if post.hidden:
        return HIDDEN + ONLY_STAFF * staff
    if author is None or author.group_id == MUTED:
        return AUTHOR_SILENCED + ONLY_STAFF * staff
    return ""


def text_markup(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _LINK.finditer(text):
        pieces += (escape(text[end : match.start()]), _anchor(match.group()))
        end = match.end()
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces).replace("\n", Markup("<br />\n"))


def _anchor(url: str) -> Markup:
    return Markup('<a href="{0}" target="_blank">{0}</a>').format(url)


def body(community: Community, post: Post, *, has_replied: bool, staff: bool) -> Markup:
    """What stands in a post's cell: edit note, quote, the text, veiled text, pictures."""
    parts = [_edit_note(post), _quote(community, post), text_markup(post.text)]
    if post.veiled:
        parts.append(_veiled(post.veiled, shown=has_replied or staff))
    parts += [_picture(post, number) for number in range(post.images)]
    return Markup("").join(parts)


def _edit_note(post: Post) -> Markup:
    if post.edited_at is None:
        return Markup("")
    note = Markup('<i class="pstatus"> 本帖最后由 {} 于 {} 编辑 </i><br />\n<br />\n')
    return note.format(post.edited_by, minute(post.edited_at))


def _quote(community: Community, post: Post) -> Markup:
    quoted = community.content.posts.get(post.quotes) if post.quotes else None
    if quoted is None:
        return Markup("")
    author = community.content.members[quoted.author_id]
    frame = Markup(
        '<div class="quote"><blockquote><a href="forum.php?mod=redirect&amp;goto=findpost&amp;pid={}'
        '&amp;ptid={}" target="_blank">{} 发表于 {}</a><br />\n{}</blockquote></div><br />\n'
    )
    excerpt = text_markup(quoted.text[:EXCERPT])
    return frame.format(quoted.id, quoted.thread_id, author.name, minute(quoted.posted_at), excerpt)


def _veiled(text: str, *, shown: bool) -> Markup:
    if shown:
        veil = Markup('<br />\n<div class="showhide"><h4>本帖隐藏的内容</h4>{}</div>')
        return veil.format(text_markup(text))
    return Markup('<br />\n<div class="locked">如果您要查看本帖隐藏内容请<a href="#reply">回复</a></div>')


def _picture(post: Post, number: int) -> Markup:
    picture = Markup(
        '<br />\n<ignore_js_op><img id="aimg_{0}{1}" src="static/image/common/none.gif" '
        'zoomfile="data/attachment/forum/{0}-{1}.jpg" class="zoom" alt="" /></ignore_js_op>'
    )
    return picture.format(post.id, number)


def queue_text(community: Community, post: Post) -> str:
    """The post as its author typed it: quotes are still in the forum's own code."""
    quoted = community.content.posts.get(post.quotes) if post.quotes else None
    return post.text if quoted is None else f"[quote]{quoted.text[:EXCERPT]}[/quote]\n{post.text}"
