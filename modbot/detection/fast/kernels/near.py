"""Signatures, candidates and proof compiled: one text after the other, all in registers and
small tables. ``duplicates/signatures.py``, ``table.py`` and ``proof.py`` say what and why."""

from __future__ import annotations

import numpy as np
from numba import njit

CLIP = 128
SHORTEST = 4
DELETE_UP_TO = 9
CUT_FROM = 9
ENDS_FROM = 7
TWICE_FROM = 32
THRICE_FROM = 80
WAYS = 16
MOST_KEYS = 2 * CLIP
SEEN = 8_192
"""Room for the numbers that one text may lead to: ``MOST_KEYS`` times ``WAYS`` and spare."""
HASHED, EMPTY = np.uint32(15 << 24), np.uint32(0)
"""Where the hash bits of a table's entry are, and what no entry is."""
GRAMS = 256
ALPHABET = 1 << 16

A = np.uint64(0x9E3779B97F4A7C15)
B = np.uint64(0xC2B2AE3D27D4EB4F)
C = np.uint64(0x165667B19E3779F9)
D = np.uint64(0xD6E8FEB86659FD93)
ZERO, ONE, SEVEN = np.uint64(0), np.uint64(1), np.uint64(7)
_16, _29, _31, _32, _56, _63 = (np.uint64(bits) for bits in (16, 29, 31, 32, 56, 63))


@njit(cache=True, nogil=True, inline="always")
def _mixed(key):
    key = (key ^ (key >> _32)) * D
    key = (key ^ (key >> _29)) * B
    return key ^ (key >> _32)


@njit(cache=True, nogil=True, inline="always")
def _three(codes, at):
    return np.uint64(codes[at]) * A + np.uint64(codes[at + 1]) * B + np.uint64(codes[at + 2]) * C


@njit(cache=True, nogil=True, inline="always")
def _four(codes, at):
    three = _three(codes, at)
    return (three ^ (three >> _31)) * A + np.uint64(codes[at + 3]) * D + ONE


@njit(cache=True, nogil=True)
def _deletions(codes, first, length, keys, count):
    """Append the keys of a short text without each of its characters, then of the whole."""
    for gone in range(length + 1):
        total, power = ZERO, B
        for step in range(length):
            if step != gone:
                total += (np.uint64(codes[first + step]) + SEVEN) * (power * B)
                power *= B
        keys[count] = _mixed(total * C + np.uint64(length - (gone < length)))
        count += 1
    return count


@njit(cache=True, nogil=True)
def _filing_keys(codes, first, length, keys):
    count = 0
    if length >= CUT_FROM:
        pieces = length // 4 + 1
        base = length // pieces
        short = pieces - length % pieces
        at = first
        for number in range(pieces):
            size = base + (number >= short)
            keys[count] = _mixed(_four(codes, at)) if size == 4 else _mixed(_three(codes, at))
            count += 1
            at += size
    elif length >= ENDS_FROM:
        keys[0] = _mixed(_three(codes, first))
        keys[1] = _mixed(_three(codes, first + length - 3))
        count = 2
    if SHORTEST <= length <= DELETE_UP_TO:
        count = _deletions(codes, first, length, keys, count)
    return count


@njit(cache=True, nogil=True)
def _lookup_keys(codes, first, length, keys):
    count = 0
    if length >= ENDS_FROM:
        for at in range(first, first + length - 2):
            keys[count] = _mixed(_three(codes, at))
            count += 1
        for at in range(first, first + length - 3):
            keys[count] = _mixed(_four(codes, at))
            count += 1
    if SHORTEST <= length <= DELETE_UP_TO:
        count = _deletions(codes, first, length, keys, count)
    return count


@njit(cache=True, nogil=True)
def file(slots, heads, classes, numbers, codes, offsets, lengths):
    """Push each text's number into the buckets of its keys, over what is oldest."""
    keys = np.empty(MOST_KEYS, np.uint64)
    buckets = np.uint64(len(slots))
    for row in range(len(numbers)):
        length = min(np.int64(lengths[row]), CLIP)
        entry = (np.uint32(classes[length]) << np.uint32(28)) | np.uint32(numbers[row] + 1)
        for at in range(_filing_keys(codes, np.int64(offsets[row]), length, keys)):
            key = keys[at]
            bucket = np.int64(((key >> _32) * buckets) >> _32)
            head = heads[bucket]
            slots[bucket, np.int64(head)] = entry | (np.uint32(key & np.uint64(15)) << np.uint32(24))
            heads[bucket] = (head + np.uint8(1)) & np.uint8(WAYS - 1)


@njit(cache=True, nogil=True)
def _ways(slots, bucket, hashed, low, width):
    """One bit for each entry of a bucket that has a key's hash bits, in their place, and a class
    as wanted: upper bits of ``low`` to ``low + width``. Without a branch, so that all entries
    are compared at once."""
    bits = EMPTY
    for way in range(np.uint64(WAYS)):
        entry = slots[bucket, way]
        alike = np.uint32((entry ^ hashed) & HASHED) == EMPTY
        bits |= np.uint32(np.uint32(alike & (np.uint32(entry - low) <= width)) << np.uint32(way))
    return bits


@njit(cache=True, nogil=True)
def _marks(slots):
    """By bucket, one bit for each value of the hash bits that an entry has."""
    marks = np.zeros(len(slots), np.uint16)
    for bucket in range(len(slots)):
        bits = EMPTY
        for way in range(WAYS):
            entry = slots[bucket, way]
            bits |= np.uint32(np.uint32(entry != EMPTY) << ((entry >> np.uint32(24)) & np.uint32(15)))
        marks[bucket] = bits
    return marks


@njit(cache=True, nogil=True)
def _of_marked(marks, keys, count):
    """Keep those of the first ``count`` keys whose bucket has an entry with their hash bits."""
    buckets, kept = np.uint64(len(marks)), 0
    for at in range(count):
        key = keys[at]
        keys[kept] = key
        mark = np.uint64(marks[((key >> _32) * buckets) >> _32])
        kept += np.int64((mark >> (key & np.uint64(15))) & ONE)
    return kept


@njit(cache=True, nogil=True)
def _hits(slots, keys, count, least, most, hits):
    """Numbers beside one of the keys and of a like length, as often as they are; how many. -1
    stands for an entry that was never written."""
    buckets = np.uint64(len(slots))
    touched = EMPTY
    for at in range(count):
        touched ^= slots[((keys[at] >> _32) * buckets) >> _32, 0]
    hits[0] = touched  # reading all buckets first lets the processor wait for all at once
    low = np.uint32(np.uint32(least) << np.uint32(28))
    width = np.uint32((np.uint32(most - least + 1) << np.uint32(28)) - np.uint32(1))
    size = 0
    for at in range(count):
        hashed = np.uint32(np.uint32(keys[at] & np.uint64(15)) << np.uint32(24))
        bucket = ((keys[at] >> _32) * buckets) >> _32
        bits = _ways(slots, bucket, hashed, low, width)
        if bits != EMPTY:
            for way in range(np.uint64(WAYS)):
                hits[size] = np.int64(slots[bucket, way] & np.uint32(0xFFFFFF)) - 1
                size += np.int64((bits >> np.uint32(way)) & np.uint32(1))
    return size


@njit(cache=True, nogil=True)
def _candidates(hits, size, need, row, seen, places, found):
    """Numbers that are ``need`` times among the first ``size`` hits, each once, into ``found``."""
    different = 0
    for at in range(size):
        if hits[at] < 0:
            continue
        mark = (np.int64(row + 1) << 24) | hits[at]
        place = (hits[at] * 40_503) & (SEEN - 1)
        while seen[place, 0] >> 24 == row + 1 and seen[place, 0] != mark:
            place = (place + 1) & (SEEN - 1)
        is_new = seen[place, 0] != mark
        seen[place, 0], seen[place, 1] = mark, 1 if is_new else seen[place, 1] + 1
        places[different] = place
        different += is_new
    kept = 0
    for at in range(different):
        found[kept] = seen[places[at], 0] & 0xFFFFFF
        kept += seen[places[at], 1] >= need
    return kept


@njit(cache=True, nogil=True, inline="always")
def _bits(values):
    values = values - ((values >> ONE) & np.uint64(0x5555555555555555))
    values = (values & np.uint64(0x3333333333333333)) + (
        (values >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    values = (values + (values >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((values * np.uint64(0x0101010101010101)) >> _56)


@njit(cache=True, nogil=True)
def _plausible(found, size, length, sketch, lengths, sketches, filed, most):
    """Keep those of the first ``size`` found that may be proved; answers how many they are."""
    kept = 0
    touched = ZERO
    for at in range(size):
        number = min(found[at], len(lengths) - 1)
        touched ^= np.uint64(sketches[number]) ^ np.uint64(lengths[number])
    found[size] = np.int64(touched)  # as with buckets: all are waited for at once
    for at in range(size):
        number = found[at]
        if number >= most:
            continue
        differing = _bits(np.uint64(sketch ^ sketches[number]))
        other = np.int64(lengths[number])
        longer, shorter = max(length, other), min(length, other)
        if 10 * differing <= 4 * min(longer, CLIP) and 10 * shorter >= 7 * longer and filed[number]:
            found[kept] = number
            kept += 1
    return kept


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
def _by_edits(found, size, length, letters, masks, codes, offsets, lengths, similarity):
    """Keep those of the first ``size`` found that few edits lead to; how many they are."""
    kept = 0
    for at in range(size):
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
def _by_overlap(found, size, row, distinct, sets, codes, offsets, lengths, similarity):
    """Keep those of the first ``size`` found that share most 3-grams; how many they are."""
    own, theirs, stamp = sets
    kept = 0
    for at in range(size):
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
def search(slots, classes, asked, held, filed, earlier):
    """Rows, numbers and similarity of what is near: ``near.nearest`` before it is ranked.

    ``classes``: least and most of each length. ``asked`` and ``held``: codes, offsets,
    lengths and sketches.
    """
    least, most = classes
    asked_codes, asked_offsets, asked_lengths, asked_sketches = asked
    codes, offsets, lengths, sketches = held
    keys, found = np.empty(MOST_KEYS, np.uint64), np.empty(SEEN, np.int64)
    seen, similar = np.zeros((SEEN, 2), np.int64), np.empty(SEEN, np.float32)
    hits, places = np.empty(SEEN, np.int64), np.empty(SEEN, np.int64)
    letters, masks = np.zeros(ALPHABET, np.uint8), np.zeros((CLIP + 1, 2), np.uint64)
    sets = np.zeros((GRAMS, 2), np.uint64), np.zeros((GRAMS, 2), np.uint64), np.zeros(1, np.uint64)
    rows, numbers = np.empty(SEEN, np.int64), np.empty(SEEN, np.int64)
    similarity = np.empty(SEEN, np.float32)
    marks = _marks(slots) if earlier else np.zeros(0, np.uint16)
    total = 0
    for row in range(len(asked_lengths)):
        first, whole = np.int64(asked_offsets[row]), np.int64(asked_lengths[row])
        length = min(whole, CLIP)
        count = _lookup_keys(asked_codes, first, length, keys)
        need = 1 + (length >= TWICE_FROM) + (length >= THRICE_FROM)
        if earlier:  # few buckets, hardly filled: what they lack is worth knowing
            count = _of_marked(marks, keys, count)
        size = _hits(slots, keys, count, least[length], most[length], hits)
        size = _candidates(hits, size, need, row, seen, places, found)
        limit = row if earlier else len(lengths)
        size = _plausible(found, size, whole, asked_sketches[row], lengths, sketches, filed, limit)
        if size == 0:
            continue
        _learn(asked_codes, first, length, letters, masks)
        kept = _by_edits(found, size, length, letters, masks, codes, offsets, lengths, similar)
        for step in range(length):
            letters[asked_codes[first + step]] = 0
        if kept == 0:
            distinct = _hold_all(asked_codes, first, length, sets[0], np.uint64(row + 1))
            kept = _by_overlap(found, size, row, distinct, sets, codes, offsets, lengths, similar)
        if total + kept > len(rows):
            rows, numbers = np.concatenate((rows, rows)), np.concatenate((numbers, numbers))
            similarity = np.concatenate((similarity, similarity))
        rows[total : total + kept] = row
        numbers[total : total + kept] = found[:kept]
        similarity[total : total + kept] = similar[:kept]
        total += kept
    return rows[:total], numbers[:total], similarity[:total]
