"""Every page of the console over the scene: where it is, and how to come to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from browser_desk import PATIENCE_MS
from console_scene import ANN, BEN, TRAINED, VIC, Scene
from playwright.sync_api import Page
from scene_replies import FORUM

Step = Callable[[Page], object]
TIMES_SHOWN = """
async (patience) => {
  const left = () => document.querySelector("time[datetime]:not([title])");
  for (let waited = 0; waited < patience && left(); waited += 50) {
    await new Promise((over) => { setTimeout(over, 50); });
  }
}
"""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """``route`` is the application's, ``address`` an example of it; ``then`` goes on from
    there to a page that only a form answers. ``who`` looks (empty: nobody is signed in)."""

    name: str
    route: str
    address: Callable[[Scene], str]
    then: Step | None = None
    who: str = ANN

    def show(self, page: Page, scene: Scene) -> None:
        """Bring ``page``, where ``who`` is signed in, here, as it looks when its scripts have run."""
        page.clock.set_fixed_time(scene.now)
        page.goto(self.address(scene))
        if self.then is not None:
            self.then(page)
            page.wait_for_load_state()
        page.evaluate(TIMES_SHOWN, PATIENCE_MS)


def _at(path: str) -> Callable[[Scene], str]:
    return lambda _: path


def _flag(name: str) -> Callable[[Scene], str]:
    return lambda scene: f"/flags/{scene.flag_of(name)}"


def _author(member: int, more: str = "") -> Callable[[Scene], str]:
    return _at(f"/authors/{FORUM}/{member}{more}")


def _campaign(name: str) -> Callable[[Scene], str]:
    return lambda scene: f"/campaigns/{FORUM}/{scene.campaign_of(name)}"


def _judge_a_text(page: Page) -> None:
    page.fill("#text", "在家就能做的兼职，日结300，加薇信 abc12345 了解")
    page.fill("#title", "周末去哪里吃面")
    page.select_option("#forum", FORUM)
    page.click("main button.primary")


def _preview_settings(page: Page) -> None:
    page.select_option("select[name$='policy.mode']", "enforce")
    page.click("main button.primary")


def _make_a_token(page: Page) -> None:
    page.fill("#token-name", "每日统计")
    page.click("form[action$='/account/tokens'] button")


EXHIBITS = (
    Exhibit("queue", "/queue", _at("/queue")),
    Exhibit("queue-home", "/", _at("/"), who=BEN),
    Exhibit("queue-empty", "/queue", _at("/queue?author=nobody")),
    Exhibit("queue-viewer", "/queue", _at("/queue?order=oldest"), who=VIC),
    Exhibit("queue-alone", "/queue/flags/{flag_id}", lambda scene: f"/queue/flags/{scene.flag_of('spam')}"),
    Exhibit("history", "/history", _at("/history"), who=BEN),
    Exhibit("search", "/search", _at("/search?q=微信")),
    Exhibit("search-nothing", "/search", _at("/search?q=不会有人这么写")),
    Exhibit("search-all", "/search", _at("/search?q=一")),
    Exhibit("standing", "/standing", _at("/standing")),
    Exhibit("standing-ended", "/standing", _at("/standing?ended=true")),
    Exhibit(
        "standing-decision", "/standing/{standing_id}", lambda scene: f"/standing/{scene.standing_decision()}"
    ),
    Exhibit("spot-checks", "/spot-checks", _at("/spot-checks")),
    Exhibit("quality", "/quality", _at("/quality")),
    Exhibit("audit", "/audit", _at("/audit")),
    Exhibit("audit-nothing", "/audit", _at("/audit?who=nobody")),
    Exhibit("models", "/models", _at("/models")),
    Exhibit("model", "/models/{version}", _at(f"/models/{TRAINED}")),
    Exhibit("model-promote", "/models/{version}/promote", _at(f"/models/{TRAINED}/promote")),
    Exhibit("try", "/try", _at("/try")),
    Exhibit("try-judged", "/try", _at("/try"), _judge_a_text),
    Exhibit("settings", "/settings", _at("/settings")),
    Exhibit("settings-edit", "/settings/edit", _at("/settings/edit?group=policy")),
    Exhibit("settings-preview", "/settings/edit", _at("/settings/edit?group=policy"), _preview_settings),
    Exhibit("people", "/people", _at("/people")),
    Exhibit("person", "/people/{user_id}", _at("/people/2")),
    Exhibit("account", "/account", _at("/account")),
    Exhibit("account-token", "/account", _at("/account"), _make_a_token),
    Exhibit("flag-campaign", "/flags/{flag_id}", _flag("campaign")),
    Exhibit("flag-spam", "/flags/{flag_id}", _flag("spam")),
    Exhibit("flag-hidden", "/flags/{flag_id}", _flag("standing")),
    Exhibit("flag-undone", "/flags/{flag_id}", _flag("echo")),
    Exhibit("flag-long", "/flags/{flag_id}", _flag("long")),
    Exhibit("flag-edited", "/flags/{flag_id}", _flag("edited")),
    Exhibit("flag-dismissed", "/flags/{flag_id}", _flag("dismissed")),
    Exhibit("author", "/authors/{forum}/{who}", _author(509)),
    Exhibit("author-long-name", "/authors/{forum}/{who}", _author(512)),
    Exhibit(
        "author-decide",
        "/authors/{forum}/{who}/decide",
        _author(509, "/decide?kind=uphold&passed=true"),
        who=BEN,
    ),
    Exhibit("campaign", "/campaigns/{forum}/{name}", _campaign("campaign")),
    Exhibit("sign-in", "/sign-in", _at("/sign-in"), who=""),
    Exhibit("link", "/link/{link}", lambda scene: scene.link_for(BEN), who=""),
    Exhibit("nothing-there", "", _at("/flags/404404")),
)
"""Pages of the same route show it in states that look different."""

NO_PAGES = frozenset({"/audit.csv", "/audit.json", "/live", "/queue/cards", "/queue/cards/{flag_id}"})
"""What is asked for by GET, and is no page of its own."""
