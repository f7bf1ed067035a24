"""Where a post stands decides whether hiding it unasked would do any good."""

from __future__ import annotations

from modbot.domain import Reply


def held_by(reply: Reply) -> tuple[str, ...]:
    """Why a human decides whatever the evidence: nobody sees the reply yet, or its thread's
    title would go on showing what its text said."""
    if reply.pending:
        return ("pending",)
    return ("first_post",) if reply.floor == 1 else ()
