"""What pip installs: the detection library by itself, with its model, and the README's example."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import rapidfuzz

from modbot import settings

ROOT = settings.project_root()
NOTHING_ELSE = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused!r}:
            raise ImportError(name + " is not part of the library")
sys.meta_path.insert(0, Refusing())
"""
SERVER = {
    "httpx",
    "sqlalchemy",
    "pydantic",
    "click",
    "rich",
    "sklearn",
    "scipy",
    "joblib",
    "selectolax",
    "structlog",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the built wheel, NumPy and RapidFuzz, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    wheels, home = folder / "wheels", folder / "home"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(wheels), "."]
    source = folder / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run([*pip, *build], cwd=source, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--ignore-installed", "--no-deps", "--no-index", "--prefix", str(home), str(wheel)],
        check=True,
    )
    site = next(home.glob("lib/python*/site-packages"))
    for package in (numpy, rapidfuzz):
        for part in Path(package.__file__).parents[1].glob(f"{package.__name__}*"):
            (site / part.name).symlink_to(part)
    return home / "bin" / "python"


def run(python: Path, code: str, folder: Path) -> str:
    done = subprocess.run([str(python), "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readmes_example_runs_with_numpy_and_rapidfuzz_alone(installed, tmp_path, readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    printed = run(installed, NOTHING_ELSE.format(refused=SERVER) + example, tmp_path)
    assert "low_effort" in printed


def test_the_lock_file_names_no_host_and_hashes_everything():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    pinned = re.findall(r"^[a-z].*?==[^\\]*\\$", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z]", lock, re.MULTILINE))
    assert re.search(r"^setuptools==", lock, re.MULTILINE)
