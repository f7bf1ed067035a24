"""A card of the queue as pages and programs are shown it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel

from modbot import i18n
from modbot.console import offers
from modbot.console.offers import Offer
from modbot.detection.differences import differences
from modbot.domain import Label, Mode, Reason, VerdictKind, Visibility
from modbot.moderation import explaining
from modbot.moderation.cards import Member
from modbot.moderation.docket import Sheet, Writer
from modbot.store import claims
from modbot.store.claims import Claim
from modbot.store.groups import GroupKind
from modbot.store.nearest import Nearest
from modbot.store.surroundings import Passage

Spans = list[tuple[int, int]]


class MemberView(BaseModel):
    """One flagged reply. ``evidence`` and ``differs`` are stretches of its text, in code points:
    what the signals point at, and what the card's first does not have. ``why`` only where it
    may be another than the card's."""

    flag: int
    version: int
    post_id: int
    author_id: int | None
    author: str
    thread_id: int | None
    thread_title: str
    board_id: int | None
    floor: int | None
    posted_at: datetime | None
    opened_at: datetime
    reason: Reason
    label: Label
    score: float
    text: str
    edited: bool
    visibility: Visibility
    evidence: Spans
    differs: Spans
    why: list[str]


class PassageView(BaseModel):
    author_id: int | None
    author: str
    floor: int | None
    at: datetime
    text: str
    visibility: Visibility


class NearView(BaseModel):
    """An earlier reply that the first member is like; ``differs`` are stretches of its text."""

    author: str
    thread_title: str
    at: datetime
    similarity: float
    text: str
    differs: Spans


class WriterView(BaseModel):
    """``standing`` None: the forum's page does not say enough to know."""

    id: int | None
    name: str
    posts: int | None
    registered: datetime | None
    region: str
    standing: bool | None
    last: list[PassageView]
    verdicts: dict[VerdictKind, int]


class NoteView(BaseModel):
    flag: int
    who: str
    text: str
    at: datetime


class CardView(BaseModel):
    """``number`` flags wait, of which ``members`` are the first; ``copies`` is the whole
    campaign. ``stands``: whether a verdict decides about the next copies unless told otherwise.
    ``told`` is what each verdict will do on the forum, ``claimed_by`` who else has it before them."""

    card: str
    kind: GroupKind
    forum: str
    campaign: str | None
    number: int
    copies: int
    authors: int
    threads: int
    score: float
    threshold: float | None
    margin: float | None
    reason: Reason
    label: Label
    would_hide: bool
    oldest: datetime
    board_id: int | None
    board: str
    mode: Mode
    why: list[str]
    conclusions: list[str]
    opening: str
    quoted: str
    before: list[PassageView]
    after: list[PassageView]
    nearest: list[NearView]
    writers: list[WriterView]
    notes: list[NoteView]
    members: list[MemberView]
    offers: list[Offer]
    told: dict[VerdictKind, str]
    stands: bool
    claimed_by: str | None

    @property
    def first(self) -> MemberView:
        return self.members[0]

    @property
    def rest(self) -> int:
        """How many wait that are not shown one by one."""
        return self.number - len(self.members)


def of_sheet(sheet: Sheet, words: i18n.Catalogue, held: Mapping[tuple[str, str], Claim]) -> CardView:
    """``held``: the claims of others, by forum and card."""
    group, first = sheet.group, sheet.first
    decision = sheet.judged[first.id].decision
    name = claims.card_of(group.key)
    claim = held.get((group.key.forum, name))
    reply = sheet.stored.reply
    return CardView(
        card=name,
        kind=group.kind,
        forum=group.key.forum,
        campaign=group.key.campaign,
        number=group.number,
        copies=first.campaign_size,
        authors=group.authors,
        threads=group.threads,
        score=group.score,
        threshold=decision.threshold,
        margin=None if decision.threshold is None else decision.score - decision.threshold,
        reason=first.reason,
        label=first.label,
        would_hide=first.would_hide,
        oldest=group.oldest,
        board_id=first.board_id,
        board=sheet.board.name,
        mode=sheet.mode,
        why=_why(sheet, first.id, words),
        conclusions=list(explaining.conclusions(decision, words)),
        opening="" if reply.floor == offers.FIRST else reply.opening,
        quoted=reply.quoted,
        before=[_passage(one) for one in sheet.beside.before],
        after=[_passage(one) for one in sheet.beside.after],
        nearest=[_near(one, first.text) for one in sheet.nearest],
        writers=[_writer(one) for one in sheet.writers],
        notes=[NoteView(flag=one.flag_id, who=one.who, text=one.text, at=one.at) for one in sheet.notes],
        members=[_member(sheet, one, words) for one in sheet.members],
        offers=offers.of_sheet(sheet, words),
        told=offers.told(sheet, words),
        stands=group.kind is GroupKind.CAMPAIGN,
        claimed_by=claim.user_name if claim is not None else None,
    )


def _why(sheet: Sheet, flag_id: int, words: i18n.Catalogue) -> list[str]:
    """What was seen, a sentence for each signal; the flag's page also tells what weighed how much."""
    judged = sheet.judged.get(flag_id)
    return [] if judged is None else list(explaining.sentences(judged.decision, words))


def _member(sheet: Sheet, member: Member, words: i18n.Catalogue) -> MemberView:
    flag, judged = member.flag, sheet.judged.get(member.flag.id)
    copies = ("post_id", "author_id", "thread_id", "thread_title", "board_id", "floor", "posted_at")
    return MemberView(
        flag=flag.id,
        author=flag.author_name,
        edited=flag.is_edited,
        **{name: getattr(flag, name) for name in copies},
        **{name: getattr(flag, name) for name in ("version", "opened_at", "reason", "label", "score")},
        text=flag.text,
        visibility=flag.visibility,
        evidence=explaining.evidence(judged.decision) if judged is not None else [],
        differs=list(member.differs),
        why=[] if flag.id == sheet.first.id else _why(sheet, flag.id, words),
    )


def _passage(found: Passage) -> PassageView:
    return PassageView(
        author_id=found.author_id,
        author=found.author_name,
        floor=found.floor,
        at=found.at,
        text=found.text,
        visibility=found.visibility,
    )


def _near(found: Nearest, text: str) -> NearView:
    return NearView(
        author=found.author_name,
        thread_title=found.thread_title,
        at=found.duplicate.posted_at,
        similarity=found.duplicate.similarity,
        text=found.text,
        differs=list(differences(found.text, text)),
    )


def _writer(found: Writer) -> WriterView:
    return WriterView(
        id=found.id,
        name=found.name,
        posts=found.posts,
        registered=found.registered,
        region=found.region,
        standing=found.standing,
        last=[_passage(one) for one in found.last],
        verdicts=dict(found.verdicts),
    )
