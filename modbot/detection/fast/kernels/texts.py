"""Texts as flat arrays and the exact map, compiled; ``duplicates/flat.py`` and ``exact.py``
say what and why."""

from __future__ import annotations

import numpy as np
from numba import njit

CLIP = 128
LONGEST = 0xFFFF
PRIVATE, PRIVATE_SIZE = np.uint32(0xE000), np.uint32(6_400)
EMPTY = -1

SPREAD = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
ONE = np.uint64(1)
_27, _30, _31, _32, _59 = (np.uint64(bits) for bits in (27, 30, 31, 32, 59))


@njit(cache=True, nogil=True, inline="always")
def _mixed(value):
    value += SPREAD
    value = (value ^ (value >> _30)) * FIRST
    value = (value ^ (value >> _27)) * SECOND
    return value ^ (value >> _31)


@njit(cache=True, nogil=True)
def flatten(raw, starts):
    """Codes, offsets, lengths, sketches and hashes of texts given as code points."""
    count = len(starts) - 1
    codes = np.empty(len(raw), np.uint16)
    offsets, lengths = np.empty(count, np.uint32), np.empty(count, np.uint16)
    sketches, hashes = np.zeros(count, np.uint32), np.zeros(count, np.uint64)
    written = 0
    for row in range(count):
        first, length = starts[row], starts[row + 1] - starts[row]
        offsets[row], lengths[row] = written, min(length, LONGEST)
        total, sketch = np.uint64(0), np.uint64(0)
        for step in range(length):
            code = raw[first + step]
            total += _mixed(np.uint64(code) | (np.uint64(step) << _32))
            if step < CLIP:
                if code > LONGEST:
                    code = PRIVATE + code % PRIVATE_SIZE
                codes[written] = code
                sketch |= ONE << ((np.uint64(code) * SPREAD) >> _59)
                written += 1
        sketches[row], hashes[row] = sketch, _mixed(total ^ np.uint64(length))
    return codes[:written].copy(), offsets, lengths, sketches, hashes


@njit(cache=True, nogil=True)
def _equal(codes, first, others, second, length):
    for step in range(length):  # noqa: SIM110 - numba compiles no generators
        if codes[first + step] != others[second + step]:
            return False
    return True


@njit(cache=True, nogil=True)
def find(slots, asked, held):
    """Numbers of equal texts; ``asked`` and ``held``: codes, offsets, lengths and hashes."""
    asked_codes, asked_offsets, asked_lengths, asked_hashes = asked
    codes, offsets, lengths, hashes = held
    found = np.full(len(asked_lengths), -1, np.int64)
    for row in range(len(asked_lengths)):
        place = np.int64(((asked_hashes[row] >> _32) * np.uint64(len(slots))) >> _32)
        stored = min(np.int64(asked_lengths[row]), CLIP)
        while slots[place] != EMPTY:
            number = slots[place]
            if number >= 0 and hashes[number] == asked_hashes[row] and lengths[number] == asked_lengths[row]:
                first, second = np.int64(asked_offsets[row]), np.int64(offsets[number])
                if _equal(asked_codes, first, codes, second, stored):
                    found[row] = number
                    break
            place = place + 1 if place + 1 < len(slots) else 0
    return found


@njit(cache=True, nogil=True)
def place(slots, numbers, hashes):
    """Put numbers into the first free slots; answers how many of these had been empty."""
    fresh = 0
    for row in range(len(numbers)):
        at = np.int64(((hashes[row] >> _32) * np.uint64(len(slots))) >> _32)
        while slots[at] >= 0:
            at = at + 1 if at + 1 < len(slots) else 0
        fresh += slots[at] == EMPTY
        slots[at] = numbers[row]
    return fresh
