"""The health page of the daemon: what runs (``/livez``), what works (``/readyz``), how
it stands (``/healthz``), and everything for Prometheus (``/metrics``).

Nothing here asks who asks: bind it where only those can reach it who may. The Host header
is never used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modbot.daemon.health.gauges import Exposition
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.status import Health, Status, as_object

UNCACHED = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Probes:
    """``alive``: the daemon's loop gives signs of life. ``ready``: store, model and desks are
    at work; False again while stopping. Both must answer at once. ``look`` reads the store."""

    alive: Callable[[], bool]
    ready: Callable[[], bool]
    look: Callable[[], Status]


def create_app(probes: Probes, metrics: Metrics) -> Starlette:
    """The four pages; everything else is a 404, every method but GET and HEAD a 405, in JSON."""
    app = Starlette(
        routes=routes(probes, metrics),
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False  # it would redirect to wherever the Host header says
    return app


def routes(probes: Probes, metrics: Metrics) -> list[Route]:
    """The pages, for an application that has others beside them."""
    exposition = Exposition(metrics, probes.look)

    async def livez(_: Request) -> Response:
        return _yes_or_no("alive", yes=probes.alive())

    async def readyz(_: Request) -> Response:
        return _yes_or_no("ready", yes=probes.ready())

    # Not async: these read the store, and run in a thread beside the two above.
    def healthz(_: Request) -> Response:
        status = probes.look()
        code = 503 if status.verdict is Health.FAILING else 200
        return JSONResponse(as_object(status), code, UNCACHED)

    def exposed(request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(exposition), headers={**UNCACHED, "Content-Type": media_type})

    pages = {"/livez": livez, "/readyz": readyz, "/healthz": healthz, "/metrics": exposed}
    return [Route(path, page, methods=["GET"]) for path, page in pages.items()]


def _yes_or_no(what: str, *, yes: bool) -> Response:
    return JSONResponse({what: yes}, 200 if yes else 503, UNCACHED)


async def _refused(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - told to the type checker
    return JSONResponse({"error": problem.detail}, problem.status_code, problem.headers)


async def _failed(_: Request, __: Exception) -> Response:
    """The defect itself is in the log: Starlette raises it again after this answer."""
    return JSONResponse({"error": "Internal Server Error"}, 500)
