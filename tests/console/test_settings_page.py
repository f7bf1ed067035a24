"""The settings page: what it shows, what may be changed there, and what a change would do."""

from __future__ import annotations

import re
from html import unescape

import pytest
from console_desk import ConsoleDesk, Person
from moderation_room import newcomer
from store_desk import decision, reply

from modbot.console.pages import settings as page
from modbot.domain import Role, Scope
from modbot.store import overlay
from modbot.store.overlay import Wish


@pytest.fixture
def admin(desk: ConsoleDesk) -> Person:
    return desk.person("eve", Role.ADMIN)


def changed(desk: ConsoleDesk) -> dict[str, object]:
    with desk.store.read() as rx:
        return overlay.in_force(rx)


def fields_of(text: str) -> dict[str, str]:
    """The hidden fields of the form that confirms a change."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {name: unescape(value) for name, value in found if name != "csrf"}


def test_everybody_reads_every_setting_and_no_secret(desk: ConsoleDesk) -> None:
    shown = desk.person("vic", Role.VIEWER).get("/settings")
    assert shown.status_code == 200
    for word in ("policy.spam.hide_needs_contact", "forums.city.url", "retention.flags_days"):
        assert word in shown.text
    assert "closed flags, with their replies and the audit" in shown.text, "the reference file's own comment"
    assert desk.loaded().settings.forums["city"].password is not None
    assert "/settings/edit" not in shown.text
    assert not re.search(r"password</code></th>\s*<td><code>x<", shown.text)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
def test_only_an_admin_changes_any(desk: ConsoleDesk, role: Role) -> None:
    person = desk.person("bob", role)
    assert person.get("/settings/edit?group=policy").status_code == 403
    for path in ("/settings", "/settings/preview", "/settings/changes/1/revert", "/api/settings"):
        assert person.post(path, group="policy").status_code == 403
    assert changed(desk) == {}


def test_a_form_of_another_site_changes_nothing(desk: ConsoleDesk, admin: Person) -> None:
    answer = admin.http.post("/settings", data={"set.policy.mode": "enforce", "seen": "0"})
    assert (answer.status_code, changed(desk)) == (403, {})


def test_mode_and_thresholds_are_changed_after_a_look_at_the_last_days(
    desk: ConsoleDesk, admin: Person
) -> None:
    desk.flag(reply(1, "加微信领红包", author=newcomer(1)), decision())
    form = {"policy.mode": "enforce", "policy.spam.hide": "0.8", "group": "policy", "days": "30"}
    shown = admin.post("/settings/preview", **form)
    assert shown.status_code == 200
    assert "The last 30 days" in shown.text
    assert "加微信领红包" in shown.text
    assert "left to people" in shown.text, "the backlog is nobody's but people's"
    assert changed(desk) == {}, "a look changes nothing"

    answer = admin.post("/settings", **fields_of(shown.text))
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings#changes")
    assert changed(desk) == {"policy.mode": "enforce", "policy.spam.hide": 0.8}
    told = admin.get("/settings").text
    assert "enforce (hides unasked)" in told
    assert ">console</code>" in told
    assert "eve" in told


def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(admin: Person) -> None:
    form = {"group": "policy", "policy.spam.queue": "often", "policy.standing_posts": "0"}
    shown = admin.post("/settings/preview", **form)
    assert shown.status_code == 422
    assert shown.text.count('aria-invalid="true"') == 2
    for key, sentence in (("policy.spam.queue", "must be"), ("policy.standing_posts", "less than 1")):
        place = shown.text.index(f'id="h-{key}"')
        assert sentence in shown.text[place : place + 300]
    assert 'value="often"' in shown.text


def test_hours_that_do_not_fit_together_are_told_at_the_form(admin: Person) -> None:
    shown = admin.post("/settings/preview", group="policy", **{"policy.night.from": "22:00"})
    assert shown.status_code == 422
    assert "policy.night.until is missing" in shown.text


def test_a_form_that_changes_nothing_says_so(admin: Person) -> None:
    shown = admin.post("/settings/preview", group="policy", **{"policy.mode": "shadow"})
    assert (shown.status_code, "Nothing would change" in shown.text) == (422, True)


def test_what_decides_about_no_post_is_confirmed_without_a_look(desk: ConsoleDesk, admin: Person) -> None:
    shown = admin.post("/settings/preview", group="queue", **{"queue.per_day": "12"})
    assert "decides about no post" in shown.text
    admin.post("/settings", **fields_of(shown.text))
    assert changed(desk) == {"queue.per_day": 12}


def test_a_value_is_left_to_the_files_again(desk: ConsoleDesk, admin: Person) -> None:
    admin.post("/settings", seen="0", **{"set.queue.per_day": "12"})
    form = admin.get("/settings/edit?group=queue").text
    assert 'name="unset" value="queue.per_day"' in form
    shown = admin.post("/settings/preview", group="queue", unset="queue.per_day")
    admin.post("/settings", **fields_of(shown.text))
    assert changed(desk) == {}


def test_one_click_takes_a_change_back(desk: ConsoleDesk, admin: Person) -> None:
    admin.post("/settings", seen="0", **{"set.policy.mode": "queue"})
    admin.post("/settings", seen="1", **{"set.policy.mode": "enforce"})
    told = admin.get("/settings").text
    assert ("/settings/changes/2/revert" in told, "/settings/changes/1/revert" in told) == (True, False)
    assert admin.post("/settings/changes/2/revert").status_code == 303
    assert changed(desk) == {"policy.mode": "queue"}
    assert admin.post("/settings/changes/1/revert").status_code == 409
    assert admin.post("/settings/changes/99/revert").status_code == 404


def test_who_looked_before_somebody_else_changed_something_is_told_who(
    desk: ConsoleDesk, admin: Person
) -> None:
    shown = admin.post("/settings/preview", group="queue", **{"queue.per_day": "12"})
    desk.person("zoe", Role.ADMIN).post("/settings", seen="0", **{"set.policy.mode": "queue"})
    late = admin.post("/settings", **fields_of(shown.text))
    assert (late.status_code, "zoe changed policy.mode" in late.text) == (409, True)
    assert changed(desk) == {"policy.mode": "queue"}


@pytest.mark.parametrize(
    "key",
    ["store.url", "forums.city.url", "forums.city.password", "console.listen", "paths.state", "nonsense"],
)
def test_secrets_addresses_and_paths_stay_in_the_files(desk: ConsoleDesk, admin: Person, key: str) -> None:
    answer = admin.post("/settings", seen="0", **{f"set.{key}": "http://evil.example.com/"})
    assert (answer.status_code, changed(desk)) == (422, {})
    assert admin.get(f"/settings/edit?group={key.partition('.')[0]}").status_code == 422


def test_an_admin_of_some_boards_changes_only_those(desk: ConsoleDesk) -> None:
    ann = desk.person("ann", Role.ADMIN, scope=Scope({"city": frozenset({9})}))
    theirs, beyond = (
        "forums.city.boards.9.policy",
        ("policy", "forums.city.policy", "forums.city.boards.2.policy"),
    )
    assert ann.get(f"/settings/edit?group={theirs}").status_code == 200
    for group in beyond:
        assert ann.get(f"/settings/edit?group={group}").status_code == 403
        assert ann.post("/settings", seen="0", **{f"set.{group}.mode": "queue"}).status_code == 403
    assert ann.post("/settings", seen="0", **{f"set.{theirs}.mode": "queue"}).status_code == 303
    assert changed(desk) == {f"{theirs}.mode": "queue"}
    desk.person("eve", Role.ADMIN).post("/settings", seen="1", **{"set.policy.mode": "queue"})
    assert ann.post("/settings/changes/2/revert").status_code == 403


def test_a_change_that_cannot_be_used_any_more_is_told(desk: ConsoleDesk, admin: Person) -> None:
    with desk.store.write() as tx:
        overlay.change(tx, {"policy.gone": Wish(1, None)}, who="eve", at=desk.now)
    told = admin.get("/settings").text
    assert "policy.gone cannot be used any more" in told


def test_until_modbot_has_taken_it_up_the_page_says_so(desk: ConsoleDesk, admin: Person) -> None:
    assert "not in force yet" not in admin.get("/settings").text
    admin.post("/settings", seen="0", **{"set.policy.mode": "queue"})
    assert "not in force yet" in admin.get("/settings").text


def test_the_api_reads_previews_changes_and_takes_back(desk: ConsoleDesk, admin: Person) -> None:
    desk.flag(reply(1, author=newcomer(1)), decision())
    known = admin.get("/api/settings").json()
    [mode] = [one for one in known["settings"] if one["key"] == "policy.mode"]
    assert (mode["value"], mode["changeable"], known["mark"]) == ("shadow", True, 0)

    def post(path: str, **body: object) -> tuple[int, dict[str, object]]:
        answer = admin.http.post(path, json=body, headers={"x-csrf-token": admin.csrf})
        return answer.status_code, answer.json()

    wishes = {"policy.mode": "enforce", "policy.spam.hide": 0.8}
    status, looked = post("/api/settings/preview?days=30", changes=wishes)
    assert (status, looked["number"], len(looked["examples"])) == (200, 1, looked["differing"])  # type: ignore[arg-type]
    status, after = post("/api/settings", changes=wishes, seen=0)
    assert (status, after["mark"]) == (200, 2)
    status, problem = post("/api/settings", changes={"policy.mode": "queue"}, seen=0)
    assert (status, problem["error"]) == (409, "error.settings.changed_meanwhile")
    status, problem = post("/api/settings", changes={"policy.mode": "on"})
    assert (status, "policy.mode" in str(problem["message"])) == (422, True)
    assert [one["key"] for one in admin.get("/api/settings/changes").json()] == list(reversed(wishes))
    assert post("/api/settings/changes/1/revert")[0] == 200
    assert changed(desk) == {"policy.spam.hide": 0.8}


def test_the_days_of_a_look_are_one_of_those_offered(admin: Person) -> None:
    form = {"group": "policy", "policy.mode": "queue", "days": "100000"}
    assert f"The last {page.DAYS[0]} days" in admin.post("/settings/preview", **form).text
