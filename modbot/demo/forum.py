"""The embedded forum as an ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from modbot.demo import entrance, mobile_api, moderating, panel, reading
from modbot.demo.community import Community
from modbot.demo.sessions import Sessions
from modbot.demo.site import Options, Site
from modbot.demo.state import ADMINISTRATORS
from modbot.demo.visit import Answer, Visit, parse_request

Handler = Callable[[Site, Visit], Answer]
LARGEST_BODY = 1_000_000

PAGES: Mapping[tuple[str, str], Handler] = {
    ("/", ""): reading.index,
    ("/forum.php", "forumdisplay"): reading.board,
    ("/forum.php", "viewthread"): reading.thread,
    ("/forum.php", "redirect"): reading.redirect,
    ("/forum.php", "ajax"): reading.has_news,
    ("/forum.php", "modcp"): panel.modcp,
    ("/forum.php", "topicadmin"): moderating.topicadmin,
    ("/home.php", "space"): reading.profile,
    ("/member.php", "logging"): entrance.logging,
}


def create_app(community: Community, *, charset: str = "utf-8", options: Options | None = None) -> Starlette:
    """The forum over HTTP. ``charset`` is ``utf-8`` or ``gbk``."""
    site = Site(community, Sessions(community), charset, options or Options())

    async def serve(http: HttpRequest) -> Response:
        body = await http.body()
        if len(body) > LARGEST_BODY:
            return Response(status_code=413)
        target = http.url.path + (f"?{http.url.query}" if http.url.query else "")
        request = parse_request(
            method=http.method,
            target=target,
            headers=http.headers,
            body=body,
            ip=http.client.host if http.client else "",
            charset=charset,
        )
        with community.lock:
            now = community.clock()
            visit = Visit(request, site.sessions.viewer(request, now), now)
            return _response(site, visit, _answer(site, visit))

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST"])])


def _answer(site: Site, visit: Visit) -> Answer:
    request = visit.request
    if request.is_tainted(visit.viewer.formhash):
        return site.tainted(visit)
    if request.path == "/api/mobile/index.php":
        return mobile_api.answer(site, visit)
    if site.options.closed and not _may_enter_closed(visit):
        return site.refuse(visit, site.options.closed, kind="alert_info")
    handler = PAGES.get((request.path, request.get("mod")))
    if handler is None and request.path == "/forum.php":
        handler = reading.index
    if handler is None:
        return Answer("<html><body>404 Not Found</body></html>", status=404)
    return handler(site, visit)


def _may_enter_closed(visit: Visit) -> bool:
    member = visit.viewer.member
    signing_in = visit.request.path == "/member.php"
    return signing_in or (member is not None and member.group_id == ADMINISTRATORS)


def _response(site: Site, visit: Visit, answer: Answer) -> Response:
    answer = replace(answer, cookies=(*visit.viewer.new_cookies, *answer.cookies))
    charset = f"; charset={site.charset}" if answer.names_charset else ""
    response = Response(answer.body(site.charset), answer.status)
    response.headers["content-type"] = answer.media_type + charset
    response.headers["date"] = format_datetime(visit.now.astimezone(UTC), usegmt=True)
    response.headers["cache-control"] = "no-store, private, post-check=0, pre-check=0, max-age=0"
    for cookie in answer.cookies:
        response.headers.append("set-cookie", cookie.header())
    if answer.location is not None:
        response.headers["location"] = answer.location
    return response
