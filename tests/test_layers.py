"""Data flows one way: a room imports only what the design lets it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import modbot

PACKAGE = Path(modbot.__file__).parent
GROUND = {"domain", "errors", "i18n"}
MAY_IMPORT = {
    "domain": set(),
    "i18n": set(),
    "errors": {"i18n"},
    "garbage": set(),
    "settings": GROUND,
    "forums": GROUND,
    "detection": GROUND,
    "policy": {"domain"},
    "store": GROUND,
    "training": GROUND | {"detection", "policy", "store"},
    "demo": GROUND,
    "benchmarking": GROUND | {"garbage", "detection", "policy", "store", "training"},
    "testing": GROUND | {"forums"},
    "moderation": GROUND | {"settings", "detection", "policy", "store"},
    "accounts": GROUND | {"settings", "store"},
    "console": GROUND | {"settings", "detection", "policy", "store", "training", "moderation", "accounts"},
    "daemon": GROUND
    | {"settings", "forums", "detection", "policy", "store", "training", "demo", "moderation"}
    | {"accounts", "console", "garbage"},
    "cli": GROUND
    | {"settings", "daemon", "training", "detection", "policy", "store", "forums", "demo"}
    | {"benchmarking", "moderation", "accounts", "console"},
}
PURE = ("domain", "policy", "detection")
IMPURE = {"socket", "httpx", "sqlalchemy", "requests", "urllib.request", "time", "threading.Timer"}


def modules_of(room: str) -> list[Path]:
    single = PACKAGE / f"{room}.py"
    return [single] if single.exists() else sorted((PACKAGE / room).rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(file: Path) -> set[str]:
    own = {name.split(".")[1] for name in imports_of(file) if name.startswith("modbot.")}
    return own - {"__version__"}


def test_every_room_is_on_the_map():
    rooms = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__", "__main__"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room):
    for file in modules_of(room):
        assert rooms_imported(file) <= MAY_IMPORT[room] | {room}, file


@pytest.mark.parametrize("room", PURE)
def test_judgement_touches_no_network_clock_or_database(room):
    for file in modules_of(room):
        assert not imports_of(file) & IMPURE, file


def test_only_training_and_the_benchmark_may_import_scikit_learn():
    for file in PACKAGE.rglob("*.py"):
        heavy = {name for name in imports_of(file) if name.split(".")[0] in {"sklearn", "joblib", "scipy"}}
        assert not heavy or file.relative_to(PACKAGE).parts[0] in {"training", "benchmarking"}, file


def test_no_test_imports_a_conftest_by_its_name() -> None:
    """Several folders have one: which of them ``import conftest`` means depends on what else runs."""
    tests = Path(__file__).parent
    named = [file.name for file in tests.rglob("*.py") for name in imports_of(file) if _is_conftest(name)]
    assert named == []


def _is_conftest(name: str) -> bool:
    return name.partition(".")[0] == "conftest"
