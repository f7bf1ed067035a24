"""Signals of the author: what a member did just now, is called, and where from they write.

Pure: what is known of an author's past is passed in. A signal of the author alone says nothing
of the text; what follows from it is policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from modbot.detection import canonical, contacts
from modbot.detection.contacts import Contact
from modbot.domain import Assessment, Reply, Signal

TEXTS = 3
REPLIES_AN_HOUR = 10
THREADS_IN_TEN_MINUTES = 4
"""From so many on an author's pace is told. Policy's own limits lie above."""
FIRST_POSTS = 1
USUAL_REPLIES = 3
"""So many earlier replies make a region the author's usual one."""
HOUR = timedelta(hours=1)
TEN_MINUTES = timedelta(minutes=10)

_PROVINCES = (
    *("北京", "天津", "上海", "重庆", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "江苏", "浙江"),
    *("安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "四川", "贵州"),
    *("云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "香港", "澳门", "台湾"),
)
_UNKNOWN_PLACES = ("未知", "保密", "火星", "局域网", "本地", "中国")
_ACCOUNT = re.compile(r"[A-Za-z0-9_.\-]+")
_CODE = re.compile(r"(?:[0-9a-z][^0-9a-z]{0,3}){4}|[零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺0-9]{5}")
"""What a folded name with a contact cannot do without."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many replies the author wrote within the hour before this one, and in how many threads
    within ten minutes, this one included."""

    replies: int = 1
    threads: int = 1


@dataclass(frozen=True, slots=True)
class AuthorFacts:
    """What is known of one reply's author beside the page. ``regions`` are those of earlier
    replies, each with how many; ``is_first_seen`` that none was seen before; ``contacts`` stand in
    the name; ``has_standing`` and ``at_night`` are policy's words."""

    pace: Pace = Pace()
    regions: Mapping[str, int] = field(default_factory=dict)
    is_first_seen: bool = False
    contacts: Sequence[Contact] = ()
    has_standing: bool = False
    at_night: bool = False


def with_signals(reply: Reply, assessment: Assessment, facts: AuthorFacts) -> Assessment:
    """The assessment with the author's signals after the others.

    What is told of whom modbot has nothing else to say about would only fill the store: standing,
    a first post and the night are told beside other signals.
    """
    raised = [*_burst(assessment), *_pace(facts.pace), *_name(reply, facts.contacts)]
    raised += _region(reply, facts.regions)
    if raised or assessment.signals:
        raised += _beside(reply, facts)
    return replace(assessment, signals=(*assessment.signals, *raised)) if raised else assessment


def _burst(assessment: Assessment) -> list[Signal]:
    repetition = assessment.repetition
    texts = repetition.author_texts if repetition is not None else 0
    return [Signal("author_texts", 1.0, {"texts": texts})] if texts >= TEXTS else []


def _pace(pace: Pace) -> list[Signal]:
    if pace.replies < REPLIES_AN_HOUR and pace.threads < THREADS_IN_TEN_MINUTES:
        return []
    return [Signal("author_pace", 1.0, {"replies": pace.replies, "threads": pace.threads})]


def _name(reply: Reply, found: Sequence[Contact]) -> list[Signal]:
    return [
        Signal("author_name", 1.0, {"kind": contact.kind, "name": reply.author.name}) for contact in found[:1]
    ]


def _region(reply: Reply, earlier: Mapping[str, int]) -> list[Signal]:
    if not (reply.region and earlier):
        return []
    here, before = place(reply.region), dict[str, int]()
    for region, number in earlier.items():
        before[place(region)] = before.get(place(region), 0) + number
    usual = max(before, key=lambda known: before[known], default="")
    if not here or not usual or here in before or before[usual] < USUAL_REPLIES:
        return []
    return [Signal("author_region", 1.0, {"region": here, "usual": usual})]


def _beside(reply: Reply, facts: AuthorFacts) -> list[Signal]:
    posts, raised = reply.author.posts, []
    if facts.has_standing:
        raised.append(Signal("author_standing", 1.0, {"posts": posts}))
    is_first = facts.is_first_seen if posts is None else posts <= FIRST_POSTS
    if is_first:
        raised.append(Signal("author_first_post", 1.0, {}))
    if facts.at_night:
        raised.append(Signal("night", 1.0, {}))
    return raised


def place(region: str) -> str:
    """The province, or the country of who writes from abroad: 中国福建厦门 and 福建省 are 福建. Empty
    for what is no place."""
    written = region.strip().removeprefix("来自").strip().removeprefix("中国").strip(" ·-,，")
    known = next((province for province in _PROVINCES if written.startswith(province)), "")
    if known or not written or written in _UNKNOWN_PLACES:
        return known
    return written.split()[0]


def contacts_in_names(names: Sequence[str]) -> dict[str, tuple[Contact, ...]]:
    """The contacts of those names that carry one, as an advert does: 加VX abc12345.

    A name that is nothing but an account (``qq12345678``, ``wx_abcdef``, a phone number) was given
    by the door that its member came through, not to be called.
    """
    worth = sorted({name for name in names if not _ACCOUNT.fullmatch(name)} - {""})
    if not worth:
        return {}
    folded = zip(worth, canonical.fold(worth).texts(), strict=True)
    found = {name: contacts.find_contacts(text) for name, text in folded if _CODE.search(text)}
    return {name: some for name, some in found.items() if some}
