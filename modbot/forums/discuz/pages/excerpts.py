"""What is kept of a page that was not understood: short, and without secrets."""

from __future__ import annotations

import re

from modbot.forums.protocol import UnreadableBlock

MAX_EXCERPT_CHARS = 2000

_SECRETS = re.compile(
    r"""(?P<key>\b(?:formhash|hash|auth|saltkey|sid|cppwd|password|modthreadkey|loginhash|_dsign|seccodehash|aid
        |[A-Za-z0-9]{2,8}_[0-9a-f]{4}_[a-z_]{1,20}))
        (?P<link>(?:["']?\s*[:=]\s*|["']\s+value\s*=\s*)["']?)
        (?P<secret>[A-Za-z0-9%+/=_.~-]{4,512})""",
    re.VERBOSE | re.IGNORECASE,
)


def scrub(text: str) -> str:
    """``text`` with form hashes, session cookies and the like taken out."""
    return _SECRETS.sub(lambda found: f"{found['key']}{found['link']}***", text)


def excerpt(text: str) -> str:
    """The beginning of ``text``, scrubbed, at most ``MAX_EXCERPT_CHARS`` long."""
    return scrub(text[: 2 * MAX_EXCERPT_CHARS])[:MAX_EXCERPT_CHARS]


def unreadable(url: str, problem: str, text: str) -> UnreadableBlock:
    """``problem`` is a stable code (such as ``time``), the block's raw text is cut and scrubbed."""
    return UnreadableBlock(url=scrub(url[:500]), problem=problem, excerpt=excerpt(text))
