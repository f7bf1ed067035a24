"""Proof of what may be near, compiled: ``duplicates/proof.py`` says what and why."""

from __future__ import annotations

import numpy as np
from numba import njit

CLIP = 128
GRAMS = 256
ALPHABET = 1 << 16
AT_ONCE = 64
"""Candidates whose texts are waited for together."""
LINE = 32
"""Codes in a line of the cache."""

A = np.uint64(0x9E3779B97F4A7C15)
ZERO, ONE = np.uint64(0), np.uint64(1)
_16, _32, _56, _63 = (np.uint64(bits) for bits in (16, 32, 56, 63))


@njit(cache=True, nogil=True)
def _learn(codes, first, length, letters, masks):
    """Number the characters of a text and mark where each occurs."""
    known = 0
    for step in range(length):
        code = codes[first + step]
        if letters[code] == 0:
            known += 1
            letters[code] = known
            masks[known] = ZERO
        masks[letters[code], step >> 6] |= ONE << np.uint64(step & 63)


@njit(cache=True, nogil=True)
def _edits(letters, masks, length, codes, first, other, most):
    """Levenshtein distance by bit-parallel columns of 64 rows (Myers 1999, Hyyrö 2003); some
    number above ``most`` as soon as it is sure to be above."""
    words = (length + 63) >> 6
    last = ONE << np.uint64((length - 1) & 63)
    low_plus, high_plus, low_minus, high_minus = ~ZERO, ~ZERO, ZERO, ZERO
    score = length
    for step in range(other):
        letter = letters[codes[first + step]]
        up, down = ONE, ZERO
        for word in range(words):
            pv = low_plus if word == 0 else high_plus
            mv = low_minus if word == 0 else high_minus
            same = masks[letter, word]
            xv = same | mv
            same |= down
            xh = (((same & pv) + pv) ^ pv) | same
            ph = mv | ~(xh | pv)
            mh = pv & xh
            if word == words - 1:
                score += np.int64((ph & last) != ZERO) - np.int64((mh & last) != ZERO)
            next_up, next_down = ph >> _63, mh >> _63
            ph, mh = (ph << ONE) | up, (mh << ONE) | down
            pv, mv = mh | ~(xv | ph), ph & xv
            if word == 0:
                low_plus, low_minus = pv, mv
            else:
                high_plus, high_minus = pv, mv
            up, down = next_up, next_down
        if score > most + other - 1 - step:  # each further column takes one off at best
            return score
    return score


@njit(cache=True, nogil=True, inline="always")
def _gram(codes, at):
    return np.uint64(codes[at]) | np.uint64(codes[at + 1]) << _16 | np.uint64(codes[at + 2]) << _32


@njit(cache=True, nogil=True)
def _hold(gram, held, stamp):
    """Put a 3-gram into the set of this stamp; whether it is new there."""
    place = np.int64((gram * A) >> _56)
    while held[place, 1] == stamp:
        if held[place, 0] == gram:
            return False
        place = (place + 1) % GRAMS
    held[place, 0], held[place, 1] = gram, stamp
    return True


@njit(cache=True, nogil=True)
def _holds(gram, held, stamp):
    place = np.int64((gram * A) >> _56)
    while held[place, 1] == stamp:
        if held[place, 0] == gram:
            return True
        place = (place + 1) % GRAMS
    return False


@njit(cache=True, nogil=True)
def _hold_all(codes, first, length, held, stamp):
    """Put all 3-grams of a text into a set; answers how many different ones there are."""
    size = 0
    for at in range(first, first + length - 2):
        size += _hold(_gram(codes, at), held, stamp)
    return size


@njit(cache=True, nogil=True)
def _common(codes, first, length, theirs, stamp, own, own_stamp, distinct):
    """How many different 3-grams of a text are in the set ``own`` of ``distinct`` ones, and how
    many it has; none in common as soon as the rest cannot make them enough."""
    common, size = 0, 0
    last = first + length - 3
    for at in range(first, last + 1):
        gram = _gram(codes, at)
        if _hold(gram, theirs, stamp):
            size += 1
            common += _holds(gram, own, own_stamp)
            at_best = min(distinct, common + last - at)
            if 10 * at_best < 7 * (distinct + size - common):
                return 0, size
    return common, size


@njit(cache=True, nogil=True)
def _by_edits(found, length, letters, masks, codes, offsets, lengths, similarity):
    """Keep those found that few edits lead to, first; how many they are."""
    kept = 0
    for at in range(len(found)):
        number = found[at]
        other = min(np.int64(lengths[number]), CLIP)
        longer = max(length, other)
        edits = _edits(letters, masks, length, codes, np.int64(offsets[number]), other, longer // 5)
        if 5 * edits <= longer:
            found[at], found[kept] = found[kept], number
            similarity[kept] = np.float32(1.0 - edits / longer)
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _by_overlap(found, row, distinct, sets, codes, offsets, lengths, similarity):
    """Keep those found that share most 3-grams, first; how many they are."""
    own, theirs, stamp = sets
    kept = 0
    for at in range(len(found)):
        number = found[at]
        other = min(np.int64(lengths[number]), CLIP)
        stamp[0] += ONE
        first = np.int64(offsets[number])
        common, size_other = _common(codes, first, other, theirs, stamp[0], own, np.uint64(row + 1), distinct)
        union = max(distinct + size_other - common, 1)
        if 10 * common >= 7 * union:
            found[kept] = number
            similarity[kept] = np.float32(common / union)
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _awaited(found, codes, offsets):
    """Read where each found text begins, so that the processor waits for all of them at once."""
    touched = ZERO
    for number in found:
        touched ^= np.uint64(offsets[number])
    for number in found:
        first = np.int64(offsets[number])
        touched ^= np.uint64(codes[first] ^ codes[min(first + LINE, len(codes) - 1)])
    return touched


@njit(cache=True, nogil=True)
def proved(rows, numbers, asked, held):
    """Those of the pairs of a row and a number that are near, by row, and how similar they are:
    those that few edits lead to or, where a row has none such, those that share most 3-grams.

    ``asked`` and ``held``: codes, offsets and lengths. ``rows`` ascend; both are written over.
    """
    asked_codes, asked_offsets, asked_lengths = asked
    codes, offsets, lengths = held
    letters, masks = np.zeros(ALPHABET, np.uint8), np.zeros((CLIP + 1, 2), np.uint64)
    sets = np.zeros((GRAMS, 2), np.uint64), np.zeros((GRAMS, 2), np.uint64), np.zeros(1, np.uint64)
    similarity = np.empty(len(rows), np.float32)
    begin, total, awaited, touched = 0, 0, 0, ZERO
    while begin < len(rows):
        row, end = rows[begin], begin + 1
        while end < len(rows) and rows[end] == row:
            end += 1
        found, similar = numbers[begin:end], similarity[begin:end]
        if end > awaited:
            awaited = begin + max(AT_ONCE, end - begin)
            touched ^= _awaited(numbers[begin:awaited], codes, offsets)
        first, length = np.int64(asked_offsets[row]), min(np.int64(asked_lengths[row]), CLIP)
        _learn(asked_codes, first, length, letters, masks)
        kept = _by_edits(found, length, letters, masks, codes, offsets, lengths, similar)
        for step in range(length):
            letters[asked_codes[first + step]] = 0
        if kept == 0:
            distinct = _hold_all(asked_codes, first, length, sets[0], np.uint64(row + 1))
            kept = _by_overlap(found, row, distinct, sets, codes, offsets, lengths, similar)
        rows[total : total + kept] = row
        numbers[total : total + kept] = found[:kept]
        similarity[total : total + kept] = similar[:kept]
        total += kept
        begin = end
    masks[0, 0] = touched  # else the compiler would leave the reading out
    return rows[:total], numbers[:total], similarity[:total]
