"""The unit file that ships fits what the daemon does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from modbot import settings
from modbot.daemon.serving import daemon

UNIT = settings.project_root() / "docs" / "modbot.service"


@pytest.fixture(scope="module")
def service():
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    return unit["Service"]


def test_it_is_started_by_its_notice_watched_and_begun_again(service):
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert int(service["WatchdogSec"]) > 3 * daemon.ALIVE_SECONDS
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert re.search(r"-m modbot serve --settings \S+$", service["ExecStart"])


def test_it_gives_the_daemon_longer_to_end_than_the_daemon_takes(service):
    assert int(service["TimeoutStopSec"]) > 10


def analyse(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        assert not os.environ.get("CI"), "CI installs the package systemd"
        pytest.skip("systemd-analyze is missing: install the Debian package systemd")
    unit = tmp_path / "modbot.service"
    here = UNIT.read_text("utf-8").replace("/opt/modbot/.venv/bin/python", shutil.which("sh") or "/bin/sh")
    unit.write_text(here, "utf-8")
    return subprocess.run(
        ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, check=False, timeout=60
    )


def test_systemd_finds_no_fault_in_it(tmp_path):
    found = analyse(tmp_path, "verify")
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_it_is_hardened(tmp_path):
    found = analyse(tmp_path, "security", "--offline=true", "--no-pager")
    exposure = re.search(r"Overall exposure level.*?: ([\d.]+)", found.stdout)
    assert exposure is not None, found.stderr
    assert float(exposure[1]) < 2.0
