"""Compiled reading of texts. What each array means stands with the NumPy functions that
these are held to by the parity tests: ``canonical``, ``shape``, ``grams`` and ``scoring``.
"""

from __future__ import annotations

import numba
import numpy as np

from modbot.detection.canonical import FOREIGN, MAX_CHARACTERS, PLAIN, RUN_LIMIT
from modbot.detection.grams import BITS, BUCKETS, NUMBER_LENGTH, SALTS
from modbot.detection.shape import SKETCH_SALT, SKETCH_SHIFT
from modbot.detection.tables.layout import BORDER, CODE_MASK, KIND_SHIFT, LIMIT, Kind

_PUNCTUATION = int(Kind.PUNCTUATION)
_SPACE, _PICTURE = int(Kind.SPACE), int(Kind.PICTURE)
_DIGIT, _LETTER, _CJK = int(Kind.DIGIT), int(Kind.LETTER), int(Kind.CJK)
_SALT_0, _SALT_1, _SALT_2, _SALT_3 = (np.uint32(salt) for salt in SALTS)
_13, _15, _16, _REST = (np.uint32(bits) for bits in (13, 15, 16, 32 - BITS))
_FINAL = np.uint32(0x7FEB352D)
_ZERO = np.uint32(ord("0"))
_ONE = np.uint64(1)
_SKETCH_SHIFT = int(SKETCH_SHIFT)
_SEPARATOR = np.uint32(BORDER & CODE_MASK)


@numba.njit(cache=True, nogil=True)
def fold(raw, table, texts):
    """Packed folds, borders, and whether the table was all that was needed."""
    packed = np.empty(len(raw), dtype=np.uint32)
    borders = np.empty(texts + 1, dtype=np.int64)
    found, before = 0, -1
    for place in range(len(raw)):
        value = table[min(raw[place], LIMIT)]
        packed[place] = value
        if value >= BORDER:
            if value > BORDER or found > texts or place - before > MAX_CHARACTERS + 1:
                return packed, borders, False
            borders[found] = place
            found += 1
            before = place
    return packed, borders, found == texts + 1


@numba.njit(cache=True, nogil=True)
def sift(packed, borders, written):
    """Letters before and after runs were cut, marks, where each text begins in them; of each
    text marks, pictures, readable characters, dressed ones, longest run."""
    size, texts = len(packed), len(borders) - 1
    whole, letters = np.empty(size, dtype=np.uint32), np.empty(size, dtype=np.uint32)
    marks = np.empty(size, dtype=np.uint32)
    edges = np.empty((2, texts + 1), dtype=np.int64)
    counts = np.empty((5, texts), dtype=np.int64)
    total = kept = marked = 0
    for row in range(texts + 1):
        edges[0, row], edges[1, row] = kept, marked
        whole[total] = letters[kept] = BORDER
        marks[marked] = _SEPARATOR
        total, kept, marked = total + 1, kept + 1, marked + 1
        if row == texts:
            break
        pictures = spaces = dressed = foreign = longest = run = 0
        first_letter, first_mark = total, marked
        previous = np.uint32(BORDER)
        spaced = worded = False
        for place in range(borders[row] + 1, borders[row + 1]):
            value = packed[place]
            kind = value >> KIND_SHIFT
            if kind < _PUNCTUATION:
                spaced |= kind == _SPACE
            elif kind < _DIGIT:
                marks[marked] = value & CODE_MASK
                marked += 1
                pictures += kind == _PICTURE
                spaced = worded = False
            else:
                wordlike = kind < _CJK
                spaces += spaced and worded and wordlike
                spaced, worded = False, wordlike
                if (value & CODE_MASK) < 0x80:
                    dressed += written[place] > PLAIN
                else:
                    foreign += kind == _LETTER
                run = run + 1 if value == previous else 1
                longest = max(longest, run)
                previous = value
                whole[total] = value
                total += 1
                letters[kept] = value
                kept += run <= RUN_LIMIT
        beside = marked - first_mark
        counts[0, row], counts[1, row] = beside - pictures, pictures
        counts[2, row] = total - first_letter + beside + spaces
        counts[3, row] = dressed if FOREIGN * foreign < dressed else 0
        counts[4, row] = longest
    return whole[:total], letters[:kept], marks[:marked], edges[0], edges[1], counts


@numba.njit(cache=True, nogil=True)
def spell(letters, borders):
    """Code points with long numbers masked; of each text length, digits, Latin letters,
    longest code; its sketch."""
    texts = len(borders) - 1
    sequence = np.empty(len(letters), dtype=np.uint32)
    counts = np.empty((4, texts), dtype=np.int64)
    sketches = np.empty(texts, dtype=np.uint64)
    for row in range(texts):
        sequence[borders[row]] = _SEPARATOR
        digits = latin = code = digits_before = number = longest = 0
        sketch = np.uint64(0)
        for place in range(borders[row] + 1, borders[row + 1]):
            value = letters[place]
            kind = value >> KIND_SHIFT
            point = np.uint32(value & CODE_MASK)
            sequence[place] = point
            sketch |= _ONE << np.uint64(np.uint32(point * SKETCH_SALT) >> _SKETCH_SHIFT)
            if kind >= _CJK:
                code = number = 0
                digits_before = digits
                continue
            code += 1
            if kind == _DIGIT:
                digits += 1
                number += 1
                if number == NUMBER_LENGTH:
                    sequence[place - NUMBER_LENGTH + 1 : place + 1] = _ZERO
                elif number > NUMBER_LENGTH:
                    sequence[place] = _ZERO
            else:
                latin += 1
                number = 0
            if digits > digits_before:
                longest = max(longest, code)
        counts[0, row], counts[1, row] = borders[row + 1] - borders[row] - 1, digits
        counts[2, row], counts[3, row] = latin, longest
        sketches[row] = sketch
    sequence[borders[texts]] = _SEPARATOR
    return sequence, counts, sketches


@numba.njit(inline="always")
def _bucket(mixed):
    mixed = np.uint32((mixed ^ (mixed >> _16)) * _FINAL)
    return np.uint32((mixed ^ (mixed >> _15)) >> _REST)


@numba.njit(cache=True, nogil=True)
def hash_grams(sequence, borders, marks, mark_borders):
    """Buckets of the n-grams that start at each position but the last, and of the marks."""
    buckets = np.empty((3, len(sequence) - 1), dtype=np.uint32)
    ones, twos, threes = buckets[0], buckets[1], buckets[2]
    # Shifted views and no condition inside: so the loop is done eight or sixteen at a time.
    second, third = sequence[1:], sequence[2:]
    for place in range(len(third)):
        mixed = np.uint32(sequence[place] * _SALT_0)
        pair = np.uint32((mixed ^ (mixed >> _15)) * _SALT_1)
        pair = np.uint32(pair + np.uint32(second[place] * _SALT_2))
        triple = np.uint32((pair ^ (pair >> _13)) * _SALT_0)
        triple = np.uint32(triple + np.uint32(third[place] * _SALT_3))
        ones[place], twos[place], threes[place] = _bucket(mixed), _bucket(pair), _bucket(triple)
    for place in range(len(third), len(second)):
        mixed = np.uint32(sequence[place] * _SALT_0)
        pair = np.uint32((mixed ^ (mixed >> _15)) * _SALT_1)
        ones[place] = _bucket(mixed)
        twos[place] = _bucket(np.uint32(pair + np.uint32(second[place] * _SALT_2)))
    for row in range(len(borders) - 1):
        buckets[0, borders[row]] = BUCKETS
        buckets[2, borders[row + 1] - 1] = BUCKETS
    hashed = np.empty(len(marks) - 1, dtype=np.uint32)
    for place in range(len(hashed)):
        hashed[place] = _bucket(np.uint32(marks[place] * _SALT_3))
    for row in range(len(borders) - 1):
        hashed[mark_borders[row]] = BUCKETS
    return buckets, hashed


@numba.njit(cache=True, nogil=True)
def weigh(pairs, letters, starts, marks, mark_starts, widths):
    """Per text: the weights ``pairs`` of its n-grams and marks, summed; the second label's
    heaviest window of each width."""
    texts, orders = len(starts), letters.shape[0]
    found = np.empty((texts, 2), dtype=np.float32)
    heaviest = np.empty((texts, len(widths)), dtype=np.float64)
    spam = np.empty(letters.shape[1], dtype=np.float32)
    for row in range(texts):
        # A sum for each order: they need not wait for one another.
        a = b = c = d = e = f = np.float32(0)
        begin = starts[row]
        end = starts[row + 1] if row + 1 < texts else letters.shape[1]
        for place in range(begin, end):
            one, two, three = letters[0, place], letters[1, place], letters[2, place]
            a += pairs[one, 0]
            c += pairs[two, 0]
            e += pairs[three, 0]
            second, fourth, sixth = pairs[one, 1], pairs[two, 1], pairs[three, 1]
            spam[place] = second + fourth + sixth
            b += second
            d += fourth
            f += sixth
        last = mark_starts[row + 1] if row + 1 < texts else len(marks)
        for place in range(mark_starts[row], last):
            a += pairs[marks[place], 0]
            b += pairs[marks[place], 1]
        found[row, 0], found[row, 1] = a + c + e, b + d + f
        for column in range(len(widths)):
            width = widths[column]
            root = np.sqrt(orders * min(end - begin, width))
            heaviest[row, column] = _heaviest(spam, begin, end, width) / root
    return found, heaviest


@numba.njit(cache=True, nogil=True)
def _heaviest(scores, begin, end, width):
    """The greatest sum of ``scores`` over a window that starts in ``begin:end``."""
    total, best = 0.0, -np.inf
    for place in range(end - 1, begin - 1, -1):
        total += scores[place]
        if place + width < end:
            total -= scores[place + width]
        best = max(best, total)
    return best
