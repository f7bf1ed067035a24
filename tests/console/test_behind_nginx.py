"""The documented configuration of nginx, run by nginx."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from access_support import PASSWORD, form_mark_of, member
from console_desk import QUICK, ConsoleDesk
from starlette.responses import StreamingResponse

from modbot import settings
from modbot.console import create_app
from modbot.daemon.webserver import WebServer

NGINX = Path("/usr/sbin/nginx")
NAME = "mod.example.com"
BLOCK = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
AROUND = """
daemon off;
master_process off;
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def documented(language: str = "") -> list[str]:
    text = (settings.project_root() / "docs" / f"console{language}.md").read_text("utf-8")
    return BLOCK.findall(text)


PLAIN, UNDER_PATH = documented()
STRIPPED = UNDER_PATH.replace("http://127.0.0.1:8321;", "http://127.0.0.1:8321/;")


def test_both_languages_show_the_same_configuration() -> None:
    assert documented(".zh-CN") == [PLAIN, UNDER_PATH]
    assert STRIPPED != UNDER_PATH


@dataclass
class Site:
    """What visitors see. ``go_on`` lets the stream at /slow tell its second part."""

    port: int
    prefix: str
    certificate: Path
    go_on: threading.Event

    def visitor(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser on the machine ``address``."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}{self.prefix}",
            headers={"host": f"{NAME}:{self.port}", "accept-language": "en"},
            transport=httpx.HTTPTransport(verify=trusted, local_address=address),
            timeout=30,
        )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool, package in ((shutil.which("openssl"), "openssl"), (NGINX.exists(), "nginx-light")):
        if not tool:
            missing = f"{package} is missing: install the package {package}"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    words += ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)
    return path


@pytest.fixture(params=[PLAIN, UNDER_PATH, STRIPPED], ids=["at the root", "under a path", "stripped path"])
def site(
    request: pytest.FixtureRequest, desk: ConsoleDesk, tmp_path: Path, certificate: Path
) -> Iterator[Site]:
    prefix = "" if request.param == PLAIN else "/bot"
    port, go_on = free_port(), threading.Event()
    desk.told = f'[console]\nurl = "https://{NAME}:{port}{prefix}"\ntrusted_proxies = ["127.0.0.1"]'
    app = create_app(desk.house(), passwords=QUICK)
    app.add_api_route("/slow", lambda: StreamingResponse(told_slowly(go_on), media_type="text/event-stream"))
    with WebServer(app, listen="127.0.0.1:0", proxies=["127.0.0.1"]) as server:
        text = request.param.replace("listen 443", f"listen 127.0.0.1:{port}")
        text = text.replace("http://127.0.0.1:8321", server.url.rstrip("/"))
        text = re.sub(r"/etc/ssl/\S+\.pem", str(certificate), text)
        text = re.sub(r"/etc/ssl/\S+\.key", str(certificate.with_suffix(".key")), text)
        file = tmp_path / "nginx.conf"
        file.write_text(AROUND.format(folder=tmp_path, server=text), "utf-8")
        process = subprocess.Popen(
            [NGINX, "-p", tmp_path, "-c", file, "-e", "stderr"], stderr=subprocess.PIPE, text=True
        )
        try:
            wait_for(port, process)
            yield Site(port, prefix, certificate, go_on)
        finally:
            go_on.set()
            process.terminate()
            process.communicate(timeout=30)


def told_slowly(go_on: threading.Event) -> Iterator[str]:
    yield "data: first\n\n"
    go_on.wait(30)
    yield "data: second\n\n"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("nginx does not listen")


def test_one_signs_in_and_stays_under_the_address_that_people_type(desk: ConsoleDesk, site: Site) -> None:
    member(desk, "ann")
    with site.visitor() as client:
        sent_away = client.get("/account")
        assert sent_away.headers["location"] == f"{site.prefix}/sign-in?after=/account"
        page = client.get("/sign-in?after=/account")
        fields = {"csrf": form_mark_of(page), "name": "ann", "password": PASSWORD, "after": "/account"}
        own = {"origin": f"https://{NAME}:{site.port}"}
        answer = client.post("/sign-in", data=fields, headers=own)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{site.prefix}/account")
        mark = "__Secure-" if site.prefix else "__Host-"
        [kept] = [one for one in answer.headers.get_list("set-cookie") if "modbot_session" in one]
        assert kept.startswith(f"{mark}modbot_session=")
        assert {"Secure", "HttpOnly", f"Path={site.prefix or '/'}"} <= set(kept.split("; "))
        account = client.get("/account")
        assert "127.0.0.1" in account.text
        style = re.search(r'href="([^"]*console\.css[^"]*)"', account.text)
        assert style
        assert client.get(style[1].removeprefix(site.prefix)).headers["cache-control"].endswith("immutable")
        assert client.get("/account", headers={"host": "evil.example"}).status_code == 421


def test_a_stream_is_passed_on_as_it_is_told(site: Site) -> None:
    with site.visitor() as client, client.stream("GET", "/slow") as answer:
        parts = answer.iter_text()
        assert "first" in next(parts)
        site.go_on.set()
        assert "second" in "".join(parts)


def test_a_guesser_is_known_by_their_own_address_whatever_they_say(desk: ConsoleDesk, site: Site) -> None:
    member(desk, "ann")
    with site.visitor("127.0.0.2") as guesser:
        mark = form_mark_of(guesser.get("/sign-in"))
        statuses = [
            guesser.post(
                "/sign-in",
                data={"csrf": mark, "name": f"name{n}", "password": "a mere guess"},
                headers={"x-forwarded-for": f"203.0.113.{n}"},
            ).status_code
            for n in range(41)
        ]
    assert statuses == [401] * 40 + [429]
    with site.visitor("127.0.0.3") as client:
        fields = {"csrf": form_mark_of(client.get("/sign-in")), "name": "ann", "password": PASSWORD}
        assert client.post("/sign-in", data=fields).status_code == 303
