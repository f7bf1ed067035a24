"""Signatures and the table of them compiled: one text after the other, all in registers and
small tables. ``duplicates/signatures.py`` and ``table.py`` say what and why."""

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

A = np.uint64(0x9E3779B97F4A7C15)
B = np.uint64(0xC2B2AE3D27D4EB4F)
C = np.uint64(0x165667B19E3779F9)
D = np.uint64(0xD6E8FEB86659FD93)
ZERO, ONE, SEVEN = np.uint64(0), np.uint64(1), np.uint64(7)
_29, _31, _32, _56 = (np.uint64(bits) for bits in (29, 31, 32, 56))


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


@njit(cache=True, nogil=True, inline="always")
def _ways(entries, hashed, low, width):
    """One bit for each entry of a bucket that has a key's hash bits, in their place, and a class
    as wanted: upper bits of ``low`` to ``low + width``. Written so that LLVM compares all entries
    at once: a shifted comparison in place of the choice takes three times as long."""
    bits = EMPTY
    for way in range(WAYS):
        entry = entries[way]
        is_it = (((entry ^ hashed) & HASHED) == EMPTY) & ((entry - low) <= width)
        bits |= np.uint32(1) << np.uint32(way) if is_it else EMPTY
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


@njit(cache=True, nogil=True, inline="always")
def _bits(values):
    values = values - ((values >> ONE) & np.uint64(0x5555555555555555))
    values = (values & np.uint64(0x3333333333333333)) + (
        (values >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    values = (values + (values >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((values * np.uint64(0x0101010101010101)) >> _56)


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
        bits = _ways(slots[bucket], hashed, low, width)
        if bits != EMPTY:
            for way in range(np.uint64(WAYS)):
                hits[size] = np.int64(slots[bucket, way] & np.uint32(0xFFFFFF)) - 1
                size += np.int64((bits >> np.uint32(way)) & np.uint32(1))
    return size


@njit(cache=True, nogil=True)
def _often(hits, size, need, row, seen, places, found):
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
def candidates(slots, classes, asked, held, filed, earlier):
    """Rows and numbers of what may be near, by row; ``earlier``: only numbers below the row.

    ``classes``: least and most of each length. ``asked``: codes, offsets, lengths and sketches;
    ``held``: lengths and sketches.
    """
    least, most = classes
    codes, offsets, asked_lengths, asked_sketches = asked
    lengths, sketches = held
    keys, found = np.empty(MOST_KEYS, np.uint64), np.empty(SEEN, np.int64)
    seen = np.zeros((SEEN, 2), np.int64)
    hits, places = np.empty(SEEN, np.int64), np.empty(SEEN, np.int64)
    rows, numbers = np.empty(SEEN, np.int64), np.empty(SEEN, np.int64)
    marks = _marks(slots) if earlier else np.zeros(0, np.uint16)
    total = 0
    for row in range(len(asked_lengths)):
        whole = np.int64(asked_lengths[row])
        length = min(whole, CLIP)
        count = _lookup_keys(codes, np.int64(offsets[row]), length, keys)
        need = 1 + (length >= TWICE_FROM) + (length >= THRICE_FROM)
        if earlier:  # few buckets, hardly filled: what they lack is worth knowing
            count = _of_marked(marks, keys, count)
        size = _hits(slots, keys, count, least[length], most[length], hits)
        size = _often(hits, size, need, row, seen, places, found)
        limit = row if earlier else len(lengths)
        size = _plausible(found, size, whole, asked_sketches[row], lengths, sketches, filed, limit)
        if total + size > len(rows):
            rows, numbers = np.concatenate((rows, rows)), np.concatenate((numbers, numbers))
        rows[total : total + size] = row
        numbers[total : total + size] = found[:size]
        total += size
    return rows[:total], numbers[:total]
