# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""Hand-written pages in the markup of Discuz! X; every sentence in them is our own."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
URL = "https://bbs.example.org/forum.php?mod=viewthread&tid=77"
HEADERS = {"Content-Type": "text/html; charset=utf-8"}


def head(*, uid: int = 2, formhash: str = "0a1b2c3d", evasive: str = "0", title: str = "城南的桥") -> str:
    return (
        "<!DOCTYPE html><html><head>"
        f"<title>{title} - 城事 - Powered by Discuz!</title>"
        "<script type=\"text/javascript\">var STYLEID = '1', STATICURL = 'static/', charset = 'utf-8', "
        f"discuz_uid = '{uid}', cookiepre = 'QwEr_2132_', attackevasive = '{evasive}', x = '';</script>"
        '<script src="static/js/common.js"></script></head><body id="nv_forum">'
        f'<form id="scbar_form"><input type="hidden" name="formhash" value="{formhash}" /></form>'
    )


def foot(zone: str = "+8") -> str:
    return f'<div id="ft"><p class="xs0">GMT{zone}, 2026-11-23 16:30<span>, Processed</span></p></div></body></html>'


def standing(
    pid: int,
    *,
    group: int = 10,
    threads: str = "3",
    replies: str = "40",
    credits: str = "120",
    label: str = "回帖",
) -> str:
    return (
        f'<div class="tns xg2"><table><th><p><a href="#">{threads}</a></p>主题</th>'
        f'<th><p><a href="#">{replies}</a></p>{label}</th><td><p><a href="#">{credits}</a></p>积分</td></table></div>'
        f'<p><em><a href="home.php?mod=spacecp&amp;ac=usergroup&amp;gid={group}">新手</a></em></p>'
        f'<dl class="pil cl"><dt>积分</dt><dd><a href="#">{credits}</a></dd></dl>'
    )


def column(
    pid: int, *, name: str = "河边的老陈", href: str = "home.php?mod=space&amp;uid=31", extra: str = ""
) -> str:
    return (
        f'<td class="pls" rowspan="2"><div id="favatar{pid}" class="pls cl favatar"><div class="pi">'
        f'<div class="authi"><a href="{href}" class="xw1">{name}</a></div></div>{extra}</div></td>'
    )


def floor_link(pid: int, label: str, *, first: bool = False) -> str:
    target = (
        "mod=viewthread&amp;tid=77" if first else f"mod=redirect&amp;goto=findpost&amp;ptid=77&amp;pid={pid}"
    )
    return f'<strong><a href="forum.php?{target}" id="postnum{pid}">{label}</a></strong>'


def post(
    pid: int = 501,
    *,
    text: str | None = "桥修好以后上班近多了",
    label: str = "<em>5</em><sup>#</sup>",
    left: str | None = None,
    when: str = '<span title="2026-11-23 09:15:30">7&nbsp;小时前</span>',
    header: str = '<span class="pipe">|</span><a href="forum.php?mod=viewthread&amp;tid=77&amp;authorid=31">只看该作者</a>',
    before: str = "",
    notice: str = "",
    after: str = "",
    first: bool = False,
    icon: str = "",
    frame: str | None = None,
    above: str = "",
) -> str:
    message = (
        ""
        if text is None
        else (
            '<div class="t_fsz"><table><tr><td class="t_f" id="postmessage_'
            f'{pid}">\n{text}</td></tr></table>{after}</div>'
        )
    )
    number = floor_link(pid, label, first=first) if label else ""
    return (
        f'<div id="post_{frame if frame is not None else pid}" >{above}<table id="pid{pid}" class="plhin"><tr>'
        f"{column(pid, extra=standing(pid)) if left is None else left}"
        f'<td class="plc"><div class="pi">{number}<div class="pti"><div class="authi">{icon}{before}'
        f'<em id="authorposton{pid}">发表于 {when}</em>{header}</div></div></div>'
        f'<div class="pct"><div class="pcb">{notice}{message}<div id="comment_{pid}" class="cm"></div></div></div>'
        "</td></tr></table></div>"
    )


def deleted_floor(pid: str = "0", frame: str = "0") -> str:
    return (
        f'<div id="post_{frame}" ><table id="pid{pid}" summary="pid{pid}"><tbody><tr><td class="pls"></td>'
        '<td class="plc"><div class="pi"><strong><a><em>4</em><sup>#</sup></a></strong></div>'
        '<div class="pct">无效楼层，该帖已经被删除</div></td></tr></tbody></table></div>'
    )


def pager(page: int, pages: int) -> str:
    return (
        f'<div id="pgt"><div class="pg"><strong>{page}</strong><a href="#">{pages}</a><label>'
        f'<span title="共 {pages} 页"> / {pages} 页</span></label></div></div>'
    )


def thread(
    *posts: str, title: str = "城南的桥", marks: str = "", numbers: str = "", tail: str | None = None
) -> str:
    return (
        head()
        + "<script type=\"text/javascript\">var fid = parseInt('6'), tid = parseInt('77');</script>"
        + numbers
        + '<div id="postlist" class="pl bm"><table><tr><td class="pls"><div class="hm ptn">'
        '<span class="xg1">查看:</span> <span class="xi1">900</span><span class="xg1">回复:</span> '
        f'<span class="xi1">12</span></div></td><td class="plc"><h1 class="ts"><span id="thread_subject">{title}</span></h1>'
        f"{marks}</td></tr></table>"
        + "".join(posts)
        + '<div id="postlistreply" class="pl"><div id="post_new" class="viewthread_table"></div></div></div>'
        + (foot() if tail is None else tail)
    )


def first_post(**changes: object) -> str:
    options: dict[str, object] = {
        "pid": 500,
        "text": "今天路过城南，桥终于通车了，大家走过没有？",
        "label": "楼主",
        "first": True,
        "left": column(500, name="桥下茶馆", href="space-uid-30.html", extra=standing(500)),
        "header": '<a href="javascript:;" onclick="readmode(1, 500);" class="show">阅读模式</a>',
    }
    return post(**{**options, **changes})  # type: ignore[arg-type]


def xml(content: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<root><![CDATA[{content}]]></root>'


def viewpid(block: str) -> str:
    """The bare table of a post, as ``viewpid=P&inajax=1`` answers it."""
    return xml(block[block.index("<table") : -len("</div>")])


def page(content: str) -> str:
    return head() + content + foot()


def message_page(text: str, alert: str = "error", *, link: bool = False) -> str:
    onward = '<p class="alert_btnleft"><a href="forum.php">前往</a></p>' if link else ""
    return page(
        f'<div id="messagetext" class="alert_{alert}">\n<p>{text}<script>go();</script></p>{onward}</div>'
    )


def called(text: str, values: str = "{}", key: str = "mods") -> str:
    return xml(
        f'{text}<script type="text/javascript" reload="1">if(typeof errorhandle_{key}==\'function\') '
        f"{{errorhandle_{key}('{text}', {values});}}</script>"
    )


def succeeded(text: str, url: str = "forum.php?mod=viewthread&tid=77&page=") -> str:
    return xml(
        '<script type="text/javascript" reload="1">if(typeof succeedhandle_mods==\'function\') '
        f"{{succeedhandle_mods('{url}', '{text}', {{}});}}</script>"
    )
