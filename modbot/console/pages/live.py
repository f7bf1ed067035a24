"""``/live``: the counts of the head of the page as they change, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request

from modbot.console.context import MenuEntry
from modbot.console.live import Live, Now
from modbot.console.visitors import AViewer
from modbot.domain import Scope

MENU: MenuEntry | None = None
PING_SECONDS = 10
router = APIRouter(tags=["queue"])


@router.get("/live", response_model=Now, response_class=EventSourceResponse)
async def live(request: Request, visitor: AViewer) -> EventSourceResponse:
    """Each event is a ``Now`` as JSON. Ends after some minutes; browsers ask again by themselves."""
    reader: Live = request.app.state.live
    return EventSourceResponse(
        _events(reader, visitor.scope),
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(event="alive", data="1"),
        headers={"x-accel-buffering": "no"},
    )


async def _events(reader: Live, scope: Scope) -> AsyncIterator[ServerSentEvent]:
    async for now in reader.listen(scope):
        yield ServerSentEvent(event="now", data=now.model_dump_json())
