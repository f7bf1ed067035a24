"""What one look-up in the character table cannot fold: pictures written as names,
characters that become several, characters written in two halves. All are rare; a batch
without them passes none of this.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import numpy as np

from modbot.detection.tables.characters import Codes, Index, table
from modbot.detection.tables.layout import CODE_MASK, FIRST_LETTER, HALF, KIND_SHIFT, Kind

_SMILEY: Final = re.compile(r"\[([^\[\]\s]{1,6})\]")
_SMILEY_CODE: Final = (Kind.PICTURE << KIND_SHIFT) | 0x1F642
_FLAG_CODE: Final = (Kind.PICTURE << KIND_SHIFT) | 0x1F3F3
_REGIONAL: Final = 0x1F1E6
_FLAGS: Final = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt
bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cp cr cu cv cw cx cy cz de dg dj dk dm do dz ea ec ee
eg eh er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn
hr ht hu ic id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk
lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng
ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
sh si sj sk sl sm sn so sr ss st sv sx sy sz ta tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug
um un us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw
"""


def replace_smilies(joined: str, packed: Codes) -> None:
    """Make one picture of each ``[name]`` of a smiley, in place.

    A name holds no blank, so none reaches across the separator of two texts.
    """
    names = table().smilies
    for match in _SMILEY.finditer(joined):
        if match[1].lower() in names:
            packed[match.start()] = _SMILEY_CODE
            packed[match.start() + 1 : match.end()] = 0


def replace_flags(raw: Codes, packed: Codes) -> None:
    """Make one picture of each pair of regional letters that shows a flag, in place.

    Other regional letters stay letters: evaders write with them.
    """
    regional = np.flatnonzero(raw - np.uint32(_REGIONAL) < 26)
    places = iter(regional.tolist())
    for place in places:
        if raw[place : place + 2].tobytes().decode("utf-32-le", "surrogatepass") in _flags():
            packed[place], packed[place + 1] = _FLAG_CODE, 0
            next(places)


@cache
def _flags() -> frozenset[str]:
    letters = {ord("a") + n: _REGIONAL + n for n in range(26)}
    return frozenset(name.translate(letters) for name in _FLAGS.split())


def expand(packed: Codes) -> tuple[Codes, Index | None]:
    """Replace what folds to several characters; also where each came from (``None``: unmoved)."""
    several = np.flatnonzero(packed >> KIND_SHIFT == Kind.EXPANDED)
    if not len(several):
        return packed, None
    known = table()
    which = (packed[several] & CODE_MASK).astype(np.int64)
    sizes = known.starts[which + 1] - known.starts[which]
    counts = np.ones(len(packed), dtype=np.int64)
    counts[several] = sizes
    sources = np.repeat(np.arange(len(packed)), counts)
    grown = packed.take(sources)
    before = np.cumsum(sizes) - sizes
    steps = np.arange(sizes.sum()) - np.repeat(before, sizes)
    first_places = several + before - np.arange(len(several))
    grown[np.repeat(first_places, sizes) + steps] = known.values[
        np.repeat(known.starts[which], sizes) + steps
    ]
    return grown, sources


def join_halves(packed: Codes) -> tuple[Codes, Index]:
    """Join characters written in two, whatever stands between the halves that is no letter.

    Also where they stood: ``[pair, 2]`` positions of both halves; the second is dropped.
    """
    marked = packed >= HALF
    plain: Codes = packed & np.uint32(HALF - 1)
    places = np.flatnonzero(plain >= FIRST_LETTER)
    # A border is the last of them and never marked, so each first half has a follower.
    ahead = np.flatnonzero(marked[places])
    pairs = np.stack([places[ahead], places[ahead + 1]], axis=1)
    codes = (plain[pairs] & CODE_MASK).astype(np.int64)
    keys = codes[:, 0] << 32 | codes[:, 1]
    known = table()
    found = np.searchsorted(known.halves, keys).clip(max=len(known.halves) - 1)
    whole = known.halves[found] == keys
    pairs = pairs[whole]
    plain[pairs[:, 0]], plain[pairs[:, 1]] = known.wholes[found[whole]], 0
    return plain, pairs
