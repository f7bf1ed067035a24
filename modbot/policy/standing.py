"""What standing decisions make of a reply: the next copy of what was upheld is hidden, that of
what was dismissed is let be, and where the two meet a human is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from modbot.domain import Assessment, DecisionKind, Label, Reason, Reply, Signal, StandingKind
from modbot.policy.findings import CONTACT_SIGNALS, Finding

SIGNAL = "standing_decision"
CUSTOMS_OF_WORDING = frozenset({Reason.TITLE_ECHO, Reason.LOW_EFFORT})
CUSTOMS = frozenset({Reason.REPEATED, Reason.TITLE_ECHO, Reason.LOW_EFFORT})
"""What a custom is never flagged for, and what authors may do in their own threads."""


@dataclass(frozen=True, slots=True)
class StandingMatch:
    """A standing decision that a reply meets, and how.

    ``similarity`` to the nearest of its texts (1.0: the same canonical text; 0.0: it is only
    of the campaign). ``in_campaign``: the reply's repetition is of the decision's campaign;
    ``of_few_authors``: which is one of several texts. ``by_own_author``: the decision names
    the author; ``by_first_poster``: the author wrote the text before everybody else;
    ``judged_before``: the reply had been judged when the decision was made.
    """

    id: int
    kind: StandingKind
    reason: Reason
    label: Label
    who: str
    made_at: datetime
    similarity: float
    in_campaign: bool = False
    of_few_authors: bool = False
    by_own_author: bool = False
    by_first_poster: bool = False
    judged_before: bool = False


@dataclass(frozen=True, slots=True)
class Precedent:
    """What carries: ``held_by`` says why a ``condemned`` copy is not hidden unasked,
    ``excused`` are the reasons that flag a ``customary`` one no more."""

    condemned: StandingMatch | None = None
    held_by: tuple[str, ...] = ()
    customary: StandingMatch | None = None
    excused: frozenset[Reason] = frozenset()


NO_PRECEDENT = Precedent()


def applying(
    matches: Sequence[StandingMatch], assessment: Assessment, *, short_below: int
) -> tuple[StandingMatch, ...]:
    """The matches that mean this reply. A text of fewer canonical characters is anybody's: it
    is condemned in the mouths of those who are named, or as part of the campaign that was
    upheld for more than its wording."""
    is_short = len(assessment.canonical_text) < short_below
    return tuple(match for match in matches if not is_short or _means_short(match))


def noted(assessment: Assessment, matches: Sequence[StandingMatch]) -> Assessment:
    """With a signal for each standing decision that the reply meets."""
    if not matches:
        return assessment
    told = tuple(_signal(match) for match in matches)
    return replace(assessment, signals=(*told, *assessment.signals))


def decided_by(signals: Iterable[Signal]) -> list[int]:
    """The standing decisions that these signals tell of."""
    told = (signal.details["standing"] for signal in signals if signal.code == SIGNAL)
    return [standing_id for standing_id in told if isinstance(standing_id, int)]


def precedent(
    reply: Reply, assessment: Assessment, matches: Sequence[StandingMatch], reasons: Collection[Reason]
) -> Precedent:
    """What the matches come to where only ``reasons`` flag."""
    if not matches:
        return NO_PRECEDENT
    customary = _best(matches, StandingKind.CUSTOMARY, frozenset(Reason))
    condemned = _best(matches, StandingKind.CONDEMNED, reasons)
    if condemned is not None:
        by_first = any(match.by_first_poster for match in matches)
        condemned = replace(condemned, by_first_poster=by_first)
    return Precedent(
        condemned=condemned,
        held_by=_held_by(condemned, customary, reply) if condemned is not None else (),
        customary=customary,
        excused=_excused(customary, assessment),
    )


def heeding(known: Precedent, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that no custom excuses, and that of what was upheld before."""
    kept = [finding for finding in findings if finding.reason not in known.excused]
    met = known.condemned
    if met is None:
        return kept
    if met.by_first_poster:
        kept = [_sparing_the_first(finding) for finding in kept]
    kind = DecisionKind.QUEUE if known.held_by else DecisionKind.HIDE
    return [*kept, Finding(met.reason, kind, met.similarity or 1.0, (), known.held_by, met.label, met.id)]


def _sparing_the_first(finding: Finding) -> Finding:
    """The duplicate index may have forgotten who wrote a text first; the decision has not."""
    if finding.reason is not Reason.REPEATED or finding.kind is not DecisionKind.HIDE:
        return finding
    return replace(finding, kind=DecisionKind.QUEUE, held_by=("first_author",))


def _means_short(match: StandingMatch) -> bool:
    if match.kind is StandingKind.CUSTOMARY and not match.of_few_authors:
        return True  # a custom is what everybody says
    if match.by_own_author:
        return True
    # "First!" is a campaign of everybody's: upheld once as low effort, it condemns nobody else.
    return match.in_campaign and (match.of_few_authors or match.reason not in CUSTOMS_OF_WORDING)


def _best(
    matches: Sequence[StandingMatch], kind: StandingKind, reasons: Collection[Reason]
) -> StandingMatch | None:
    """The most similar, of those the latest. What a human condemned as an advert is one wherever
    adverts are flagged, though repeating as such may be custom there."""
    chosen = [
        match
        for match in matches
        if match.kind is kind
        and (match.reason in reasons or (match.label is Label.SPAM and Reason.SPAM in reasons))
    ]
    return max(chosen, key=lambda match: (match.similarity, match.id), default=None)


def _held_by(condemned: StandingMatch, customary: StandingMatch | None, reply: Reply) -> tuple[str, ...]:
    if customary is not None:
        return ("standing_conflict",)
    if condemned.by_first_poster:
        return ("first_author",)
    if condemned.judged_before:
        return ("judged_before",)
    return ("own_thread",) if reply.is_thread_author and condemned.reason in CUSTOMS else ()


def _excused(customary: StandingMatch | None, assessment: Assessment) -> frozenset[Reason]:
    """A text that is only like the custom may be an advert, if it gives a contact."""
    if customary is None:
        return frozenset()
    told = [signal for signal in assessment.signals if signal.code in CONTACT_SIGNALS]
    if customary.similarity == 1.0:
        told = [signal for signal in told if _is_not_in_text(signal, assessment.canonical_text)]
    return CUSTOMS if told or not customary.similarity else CUSTOMS | {Reason.SPAM}


def _is_not_in_text(signal: Signal, canonical: str) -> bool:
    """Whether equal words may come with another contact: in the author's name, or behind a
    link whose address the text does not say."""
    if signal.code != "link":
        return signal.code == "author_name"
    domains, said = signal.details.get("domains"), _letters(canonical)
    return isinstance(domains, tuple) and any(_letters(str(domain)) not in said for domain in domains)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _signal(match: StandingMatch) -> Signal:
    details = {
        "standing": match.id,
        "kind": match.kind.value,
        "who": match.who,
        "day": match.made_at.date().isoformat(),
        "similarity": round(match.similarity, 4),
    }
    return Signal(SIGNAL, match.similarity or 1.0, details)
