"""Signals and decisions as sentences for humans, in their language.

Everything told is in the signals and the decision already; nothing is worked out here
but how the pieces read that an operator's rule found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modbot import i18n
from modbot.detection.evidence import read_as
from modbot.domain import Decision, Limit, Signal, SignalValue

STRONG = 2.0
CLEAR = 0.8
"""Log-odds from which something speaks strongly, or clearly, for a label."""
WORTH_SAYING = 0.3


def signal(found: Signal, words: i18n.Catalogue) -> str:
    """What the signal saw, and the pieces of the text that it points at."""
    facts = {name: _plain(value, words) for name, value in found.details.items()}
    if found.code in {"contact", "author_name"}:
        facts["kind"] = words.text(f"contact.{found.details['kind']}")
    if found.code == "slip":
        facts["why"] = words.text(f"slip.{found.details.get('why', 'unknown')}")
    sentence = words.text(f"signal.{found.code}{_variant(found)}", score=f"{found.score:.0%}", **facts)
    pieces = _pieces(found, words)
    return words.text("evidence.pointed", sentence=sentence, pieces=pieces) if pieces else sentence


def _variant(found: Signal) -> str:
    """Which of a signal's sentences: the ending of its code in the catalogues."""
    if found.code == "repeated" and _number(found, "texts") > 1:
        return "_texts"
    if found.code == "standing_decision":
        return f"_{found.details['kind']}" + ("" if _number(found, "similarity") else "_campaign")
    by_group = found.code == "author_standing" and not isinstance(found.details.get("posts"), int)
    return "_given" if by_group else ""


def weights(found: Signal, words: i18n.Catalogue) -> list[str]:
    """What weighed for the text's label, what against it, and what that comes to; nothing
    for a signal that the model did not make."""
    parts = _weights(found)
    if parts is None:
        return []
    told = [("words", 0, found_weight(found)), *_features(found)]
    label = str(found.details["toward"])
    lines = []
    for code, sign in ((f"weights.for.{label}", 1), ("weights.against", -1)):
        some = [part for part in told if part[2] * sign >= WORTH_SAYING]
        if some:
            some.sort(key=lambda part: -abs(part[2]))
            lines.append(words.text(code, parts=_listed([_part(*part, words) for part in some], words)))
    unsaid = sum(part[2] for part in told if abs(part[2]) < WORTH_SAYING)
    facts = {"rest": parts["rest"] + unsaid, "base": parts["base"], "total": parts["total"]}
    shown = {name: signed(weight) for name, weight in facts.items()}
    return [*lines, words.text("weights.sum", **shown, label=words.text(f"label.{label}"))]


def limits(decision: Decision, words: i18n.Catalogue) -> str:
    """The limits that the decision's reason passed, and by how much; empty without any."""
    if not decision.limits:
        return ""
    told = [limit(passed, words) for passed in decision.limits]
    return words.text("limits.passed", limits=words.text("limits.and").join(told))


def limit(passed: Limit, words: i18n.Catalogue) -> str:
    if passed.name == "repeated.surprise":
        value, least, margin = (
            f"{10**decades:,.0f}" for decades in (passed.value, passed.limit, passed.margin)
        )
    elif isinstance(passed.limit, int):
        value, least, margin = str(passed.value), str(passed.limit), str(passed.margin)
    else:
        value, least = f"{passed.value:.1%}", f"{passed.limit:.1%}"
        margin = words.text("limit.points", points=f"{100 * passed.margin:.1f}")
    return words.text(f"limit.{passed.name}", value=value, limit=least, margin=margin)


def holds(decision: Decision, words: i18n.Catalogue) -> list[str]:
    """Why the decision is milder than it would be, a sentence for each."""
    return [hold(code, words) for code in decision.held_by]


def hold(code: str, words: i18n.Catalogue) -> str:
    """``code`` may carry the name of an operator's rule: ``rule:NAME``."""
    kind, _, name = code.partition(":")
    return words.text(f"held.{kind}", name=name)


def reasons(signals: Sequence[Signal], words: i18n.Catalogue) -> list[dict[str, Any]]:
    """Signals as the JSON objects that ``check`` and ``queue show`` print."""
    return [
        {
            "code": found.code,
            "message": signal(found, words),
            "evidence": evidence(found),
            "spans": spans(found),
            "weight": found.details.get("weight"),
            "toward": found.details.get("toward"),
            "weights": _weights(found),
        }
        for found in signals
    ]


def passed(decision: Decision, words: i18n.Catalogue) -> dict[str, Any]:
    """The JSON keys that tell what a decision passed, by how much, and what held it back."""
    threshold = decision.threshold
    return {
        "threshold": threshold,
        "margin": None if threshold is None else round(decision.score - threshold, 6),
        "limits": [
            {
                "name": one.name,
                "value": round(one.value, 6),
                "limit": one.limit,
                "margin": round(one.margin, 6),
                "message": limit(one, words),
            }
            for one in decision.limits
        ],
        "held_by": list(decision.held_by),
    }


def evidence(found: Signal) -> list[str]:
    """The pieces of the original text that carried the signal."""
    pieces = found.details.get("pieces")
    if isinstance(pieces, tuple):
        return [str(piece) for piece in pieces]
    shown = found.details.get("evidence")
    return [str(shown)] if shown else []


def spans(found: Signal) -> list[tuple[int, int]]:
    """Starts and ends, in the original text, of what the signal points at."""
    flat = [int(offset) for offset in _column(found, "spans")]
    return list(zip(flat[::2], flat[1::2], strict=True))


def found_weight(found: Signal) -> float:
    """The signal's share of the log-odds; 0 where the model gave it none."""
    return _number(found, "weight")


def signed(weight: float) -> str:
    """A log-odds for the curious: always with its sign."""
    return f"{round(weight, 1) + 0.0:+.1f}".replace("-", "−")


def _weights(found: Signal) -> dict[str, Any] | None:
    """The parts of the log-odds of a text signal's label; they add up to ``total``."""
    if "features" not in found.details:
        return None
    features = _features(found)
    base, rest = found.details["base"], found.details["rest"]
    parts = (found_weight(found), base, rest, *(weight for _, _, weight in features))
    return {
        "wording": found_weight(found),
        "features": [{"name": name, "value": value, "weight": weight} for name, value, weight in features],
        "rest": rest,
        "base": base,
        "total": round(sum(float(part) for part in parts if isinstance(part, (int, float))), 4),
    }


def _features(found: Signal) -> list[tuple[str, int, float]]:
    columns = (_column(found, name) for name in ("features", "feature_values", "feature_weights"))
    return [(str(name), int(value), float(weight)) for name, value, weight in zip(*columns, strict=True)]


def _number(found: Signal, name: str) -> float:
    value = found.details.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _column(found: Signal, name: str) -> tuple[str | int | float, ...]:
    value = found.details.get(name)
    return value if isinstance(value, tuple) else ()


def _part(name: str, value: int, weight: float, words: i18n.Catalogue) -> str:
    size = abs(weight)
    strength = "strong" if size >= STRONG else "clear" if size >= CLEAR else "slight"
    what = words.text(f"feature.{name}", value=value)
    return words.text(
        "weights.part", what=what, strength=words.text(f"weights.{strength}"), number=signed(weight)
    )


def _pieces(found: Signal, words: i18n.Catalogue) -> str:
    pieces, places = evidence(found), spans(found)
    reads = read_as(pieces) if found.code == "rule" else _column(found, "reads_as")
    told = []
    for at, piece in enumerate(pieces):
        # A rule tells fewer pieces than places, a flag of the first release no places at all.
        paired = len(places) == len(pieces)
        cut = paired and places[at][1] - places[at][0] > len(piece)
        told.append(_piece(piece, str(reads[at]) if reads else "", cut=cut, words=words))
    return _listed(list(dict.fromkeys(told)), words)


def _piece(piece: str, read: str, *, cut: bool, words: i18n.Catalogue) -> str:
    if read:
        return words.text("evidence.read_piece", piece=piece, read=read)
    return words.text("evidence.cut_piece" if cut else "evidence.piece", piece=piece)


def _listed(parts: Sequence[str], words: i18n.Catalogue) -> str:
    return words.text("evidence.and").join(parts)


def _plain(value: SignalValue, words: i18n.Catalogue) -> object:
    if isinstance(value, tuple):
        return _listed([str(piece) for piece in value], words)
    return f"{value:.2f}" if isinstance(value, float) else value
