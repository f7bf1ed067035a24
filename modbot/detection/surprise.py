"""How surprising it is that a text was written so often.

"Thanks for sharing" from a hundred members is a custom, the same twenty characters from
three new accounts a campaign. The surprise of a repetition is −log10 of the chance that
unrelated members wrote the reply's text so often by themselves.

A Poisson count at the rate that the language model gives (``population * 2**-bits``) is
no use here: people quote, echo and pass on sayings, so a text of 60 bits is repeated by
somebody in one case of 300, not of 10^12. The law below was fitted to 1.05 million
replies of one board in four months, memes and all:

- the chance that any other author writes the same falls by half every ``HALVING`` bits
  above the size of the population, and never below ``COPIED``: anything may be quoted;
- the number of authors of what is repeated has a Pareto (Lomax) tail, as words and sayings
  do (Simon 1955, "On a class of skew distribution functions"). Counted by reply, not by
  text, its exponent is 1, and more for what is too long to be a saying;
- copies within one thread count as one: members answer the same question, and one
  "congratulations" brings forty;
- the authors' standing is evidence by Bayes' rule: in a custom most have it, in a campaign
  hardly any. The first with standing proves nothing, it may be the one who was copied, and
  newcomers can outweigh the others, but no number of newcomers adds to the surprise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modbot.detection.background import Bits, information
from modbot.domain import Repetition

__all__ = ["information", "judged", "of_authors", "of_one_author"]

LEAST_POPULATION = 10_000
"""A young index tells little of what is common: it counts as one of this size."""
OWN_REPLIES = 64
"""The population of an author's own repetition: what a busy member writes in a week."""
FREE_BITS = 10.0
"""Bits below the population's size (``log2``) at which every second text is repeated."""
HALVING = 8.0
COPIED = 2.0**-13
SAYING = 100.0
"""Bits up to which a text passes from mouth to mouth; each ``LENGTH`` more add 1 to the
exponent of the tail, up to ``STEEPEST``."""
LENGTH = 40.0
STEEPEST = 3.5
LONGEST_SAYING = 150.0
"""Bits from which standing proves less and less: nobody has so much by heart."""
STANDING_IN_CUSTOM, STANDING_IN_CAMPAIGN = 0.7, 0.01
FEW_NEWCOMERS = 2
"""So many newcomers say nothing against a custom."""
SPREAD_DAYS = 7.0
"""Copies within a moment may be one joke: they count half of those spread so long."""

Counts = NDArray[np.float64]
_to_surprise = attrgetter(*(field.name for field in fields(Repetition)[:-3]))
"""All fields of a repetition but its last three: both surprises, and its duplicates."""


def judged(repetitions: Sequence[Repetition | None], canonical: Sequence[str]) -> list[Repetition | None]:
    """The same repetitions with their surprise; ``canonical`` are the replies' own texts.

    Slips stay as they are: nothing is asked of them.
    """
    rows = [row for row, found in enumerate(repetitions) if found is not None and found.slip is None]
    if not rows:
        return list(repetitions)
    chosen = [found for found in repetitions if found is not None and found.slip is None]
    bits = information([canonical[row] for row in rows])
    authors, newcomers, threads, days, population, posts, own_threads = _columns(chosen)
    crowd = of_authors(
        bits,
        authors=authors,
        established=authors - newcomers,
        threads=threads,
        days=days,
        population=population,
    )
    own = of_one_author(bits, posts=posts, threads=own_threads)
    answered = list(repetitions)
    for row, found, all_of_them, alone in zip(rows, chosen, crowd.tolist(), own.tolist(), strict=True):
        # A third of what ``replace`` takes, for the one reply in eight that repeats something.
        values: tuple[Any, ...] = (*_to_surprise(found), all_of_them, alone, found.duplicates)
        answered[row] = Repetition(*values)
    return answered


def of_authors(
    bits: Bits,
    *,
    authors: Counts,
    established: Counts,
    threads: Counts,
    days: Counts,
    population: Counts,
) -> Bits:
    """Decades (−log10 of a chance) by which ``authors`` unrelated ones surprise; ≥ 0.

    All arrays have one entry a text: ``bits`` as ``information`` gives them, how many of
    the authors have standing, in how many threads, over how many days, among how many
    replies of the window.
    """
    draws = _draws(authors, np.minimum(threads, authors))
    decades = _decades(bits, draws, np.maximum(population, LEAST_POPULATION))
    customary = _customary(bits, established, authors - established, days)
    return np.asarray(np.maximum(decades - customary, 0.0))


def of_one_author(bits: Bits, *, posts: Counts, threads: Counts) -> Bits:
    """Decades by which it surprises that one author writes a text again; ≥ 0."""
    draws = _draws(posts, np.minimum(threads, posts))
    return _decades(bits, draws, np.full(len(bits), float(OWN_REPLIES)))


def _draws(copies: Counts, threads: Counts) -> Counts:
    """Copies beside the first: one for each further thread, one for all echoes in a thread."""
    return np.asarray(np.maximum(threads - 1, 0) + (copies > threads))


def _decades(bits: Bits, draws: Counts, population: Counts) -> Bits:
    """−log10 of the chance of at least so many further copies."""
    expected = population * np.exp2(-bits)
    repeated = np.exp2(-(bits - np.log2(population) + FREE_BITS) / HALVING - 1)
    repeated = np.clip(np.maximum(repeated, expected / (1 + expected)), COPIED, 1.0)
    exponent = np.clip(1 + (bits - SAYING) / LENGTH, 1.0, STEEPEST)
    tail = exponent * np.log10(1 + np.maximum(draws - 1, 0) / (1 + expected))
    return np.where(draws > 0, tail - np.log10(repeated), 0.0)


def _customary(bits: Bits, established: Counts, newcomers: Counts, days: Counts) -> Bits:
    """Decades by which the authors' standing speaks for a custom."""
    for_one = np.log10(STANDING_IN_CUSTOM / STANDING_IN_CAMPAIGN)
    against = np.log10((1 - STANDING_IN_CAMPAIGN) / (1 - STANDING_IN_CUSTOM))
    spread = 0.5 + 0.5 * np.minimum(days / SPREAD_DAYS, 1.0)
    spread *= LONGEST_SAYING / np.maximum(bits, LONGEST_SAYING)
    speaking = np.maximum(established - 1, 0) * spread * for_one
    return np.asarray(np.maximum(speaking - np.maximum(newcomers - FEW_NEWCOMERS, 0) * against, 0.0))


def _days(found: Repetition) -> float:
    if found.first_seen is None or found.last_seen is None:
        return 0.0
    return (found.last_seen - found.first_seen).total_seconds() / 86_400


def _columns(chosen: Sequence[Repetition]) -> Counts:
    rows = [
        (
            found.authors,
            found.newcomers,
            found.threads,
            _days(found),
            found.population,
            found.author_posts,
            found.author_threads,
        )
        for found in chosen
    ]
    return np.array(rows, dtype=np.float64).T
