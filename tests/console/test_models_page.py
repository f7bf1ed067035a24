"""Models: versions with what was measured, and letting another one judge."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from console_desk import ConsoleDesk, Person
from store_desk import decision, reply

from modbot.detection import manifest
from modbot.detection.model import shipped_baseline
from modbot.domain import Role, VerdictKind
from modbot.store import audit
from modbot.training import versions


@pytest.fixture
def models(desk: ConsoleDesk) -> Path:
    """A models folder with a version of its own, its parent the baseline."""
    folder = desk.folder / "models"
    made = folder / "v2"
    shutil.copytree(shipped_baseline(), made)
    facts = manifest.read(made)
    text = replace(facts, version="v2", parent="baseline", created="2026-02-01T00:00:00+00:00").to_json()
    (made / manifest.FILE).write_text(text, "utf-8")
    desk.told = f'\n[paths]\nmodels = "{folder}"\n'
    return folder


@pytest.fixture
def admin(desk: ConsoleDesk) -> Person:
    return desk.person("eve", Role.ADMIN)


def test_versions_are_listed_with_their_metrics_and_what_was_taught_since(
    desk: ConsoleDesk, models: Path, admin: Person
) -> None:
    flag = desk.flag(reply(1), decision())
    desk.moderator().give(flag, VerdictKind.UPHOLD)
    found = admin.get("/api/models").json()
    by_name = {one["version"]: one for one in found["models"]}
    assert (found["in_use"], by_name["baseline"]["is_current"]) == ("baseline", True)
    assert by_name["v2"]["parent"] == "baseline"
    assert by_name["v2"]["labels_since"] == {"spam": 1}
    assert by_name["v2"]["metrics"]["rows"] > 0
    assert 0 < by_name["v2"]["thresholds"]["spam.queue"]["value"] < 1
    shown = desk.person("vic", Role.VIEWER).get("/models")
    assert (shown.status_code, "v2" in shown.text, "/promote" in shown.text) == (200, True, False)


def test_a_card_is_shown_as_text_with_a_fresh_look_at_the_files(
    desk: ConsoleDesk, models: Path, admin: Person
) -> None:
    shown = admin.get("/models/v2")
    assert (shown.status_code, "<pre" in shown.text, "Known weaknesses" in shown.text) == (200, True, True)
    with (models / "v2" / manifest.CARD).open("a") as card:
        card.write("<script>alert(1)</script>")
    changed = admin.get("/models/v2").text
    assert ("MODEL_CARD.md" in changed, "<script>alert" in changed) == (True, False)
    assert admin.get("/api/models/v2/verify").status_code != 200
    assert admin.get("/models/baseline").status_code == 200


@pytest.mark.parametrize("name", ["nonesuch", "..%2fv2", "v2%00"])
def test_there_is_no_other_model(admin: Person, models: Path, name: str) -> None:
    assert admin.get(f"/models/{name}").status_code in (404, 405)
    assert admin.post(f"/models/{name}/promote").status_code in (404, 405)


def test_a_version_is_promoted_after_a_question_and_rolled_back(
    desk: ConsoleDesk, models: Path, admin: Person
) -> None:
    asked = admin.get("/models/v2/promote")
    assert (asked.status_code, "Let v2 judge?" in asked.text) == (200, True)
    assert versions.in_use(models) == "baseline", "asking changes nothing"
    assert admin.post("/models/v2/promote").status_code == 303
    assert versions.in_use(models) == "v2"
    with desk.store.read() as rx:
        entry = audit.latest(rx, "model.promoted")
    assert entry is not None
    assert (entry.who, entry.details) == ("eve", {"version": "v2", "former": "baseline"})

    assert admin.get("/api/models").json()["rollback"] == "baseline"
    assert "Roll back to baseline" in admin.get("/models").text
    admin.post("/models/baseline/promote")
    assert versions.in_use(models) == "baseline"
    assert admin.get("/api/models").json()["rollback"] == "v2"


def test_a_damaged_version_is_told_and_never_judges(desk: ConsoleDesk, models: Path, admin: Person) -> None:
    (models / "v2" / manifest.WEIGHTS).write_bytes(b"something else")
    by_name = {one["version"]: one for one in admin.get("/api/models").json()["models"]}
    assert manifest.WEIGHTS in by_name["v2"]["problem"]
    answer = admin.post("/models/v2/promote")
    assert (answer.status_code >= 400, versions.in_use(models)) == (True, "baseline")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
def test_only_an_admin_promotes(desk: ConsoleDesk, models: Path, role: Role) -> None:
    person = desk.person("bob", role)
    assert person.get("/models/v2/promote").status_code == 403
    assert person.post("/models/v2/promote").status_code == 403
    assert versions.in_use(models) == "baseline"
