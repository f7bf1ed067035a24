"""The panel's form that mutes a member (``action=member&op=ban&uid=U``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, nodes

_UNTIL = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_UID = re.compile(r"UID:\s*(\d{1,18})", re.ASCII)


class MemberState(StrEnum):
    """``barred`` members may not even read (禁止访问)."""

    NORMAL = "normal"
    MUTED = "muted"
    BARRED = "barred"


_STATES = (("禁止发言", MemberState.MUTED), ("禁止访问", MemberState.BARRED))


@dataclass(frozen=True, slots=True)
class MemberForm:
    """``author_id`` None: there is no such member, or none that the panel may touch
    (``complaint`` says which). ``until`` is the last day of a mute, in the forum's zone, None
    where it has none. ``may_mute``: the account's group may."""

    author_id: int | None
    state: MemberState = MemberState.NORMAL
    until: date | None = None
    may_mute: bool = False
    complaint: str = ""


def parse_member_form(html: str) -> MemberForm:
    """Raises Unreadable for another page."""
    tree = documents.parse(html)
    if tree.css_first('form[action*="op=ban"]') is None:
        raise Unreadable(code="error.forum.page_unreadable", page="member_ban", problem="no_ban_form")
    form = tree.css_first('form.schresult[action*="op=ban"]')
    if form is None:
        return MemberForm(None, complaint=nodes.line(tree.css_first("caption"), 200))
    uid = nodes.attribute(form.css_first('input[name="uid"]') or form, "value")
    if not uid.isdecimal() or len(uid) > 18:
        raise Unreadable(code="error.forum.page_unreadable", page="member_ban", problem="no_uid")
    state, until = _state(tree)
    # The choice of what the member is already is left out.
    may_mute = form.css_first('input[name="bannew"][value="4"]') is not None or state is MemberState.MUTED
    return MemberForm(int(uid), state, until, may_mute)


def _state(tree: LexborHTMLParser) -> tuple[MemberState, date | None]:
    """What the member's card says below the name and the number."""
    card = [nodes.line(line) for line in tree.css("form.schresult td.avt + td p")]
    said = next((after for line, after in pairwise(card) if _UID.search(line)), "")
    state = next((state for word, state in _STATES if said.startswith(word)), MemberState.NORMAL)
    found = _UNTIL.search(said)
    if state is MemberState.NORMAL or found is None:
        return state, None
    try:
        return state, date(*map(int, found.groups()))
    except ValueError:
        return state, None
