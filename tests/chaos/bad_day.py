"""A day of a town with its forum in trouble, in virtual time: hours pass while modbot sleeps.

Everything else is real: the embedded forum over loopback HTTP, the engine, the store, the
shipped model, the executor, the daemon's rounds and their circuit breaker.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from modbot import settings
from modbot.daemon.house import ForumDesk, Sleeps, open_desk, open_store
from modbot.daemon.models import load_detector
from modbot.daemon.serving.circuit import Circuit
from modbot.daemon.serving.crew import circuit_limits
from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.rounds import Pauses, Rounds
from modbot.demo.community import Community
from modbot.demo.mischief import Mischief, MischiefLayer
from modbot.demo.scene import MODERATOR, Arrival, Scene, stage
from modbot.demo.server import DemoServer
from modbot.demo.state import Approval, Fate
from modbot.demo.unrest import Unrest
from modbot.store.breakers import BreakerState
from modbot.store.engine import Store

MIDNIGHT = datetime(2026, 5, 20, 0, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
LAST_WORD = timedelta(hours=20)
"""Nobody writes after this: what a bad evening delays has the rest of the day."""
APPROVED_BOARD = 38
TALKS = 80
STIRS = 40
OUTBOX_EVERY = 30.0

SETTINGS = """
[policy]
mode = "enforce"

[policy.spam]
hide = 0.97

[actions]
undo_seconds = 0

[polling]
every_seconds = 180
quiet_every_seconds = 900

[forums.city]
url = "{url}"
username = "{username}"
password_over_http = true
polling = "{polling}"
panel_search = true
panel_search_seconds = 300

[forums.city.boards.37]
kind = "chatter"

[forums.city.boards.38]
kind = "trade"

[paths]
models = "{models}"
"""

_SUBJECTS = (
    "昨晚的雨",
    "我家门口那条路",
    "孩子的作业",
    "新开的面馆",
    "单位食堂的豆腐",
    "早上的公交",
    "小区的路灯",
    "阳台上的月季",
    "姥姥腌的酸菜",
    "下夜班的风",
    "二手市场的旧书",
    "河边的钓鱼人",
)
_REMARKS = (
    "比前年这时候凉快不少",
    "让我想起刚参加工作那几年",
    "跟楼主说的倒不太一样",
    "修了半个月还没见动静",
    "连我这种懒人都愿意早起去看",
    "问了物业，说下周给答复",
    "邻居们意见分成了两派",
    "其实换个角度看也挺有意思",
    "拍了照片，回头整理好再发上来",
    "去年冬天可不是这个样子",
)
_ENDINGS = (
    "有同感的说说看。",
    "个人看法，仅供参考。",
    "先记一笔，过阵子再来更新。",
    "还是得看天气预报。",
    "你们那边情况如何？",
    "周末准备再去一趟。",
    "这事儿不急，慢慢来。",
)
_ADVERTS = (
    "诚招打字员在家就能做，日结三百，加微信 zx{n}8877 详聊",
    "办证刻章贷款秒批不看征信，联系 QQ 66{n}1234",
    "网赚项目一天五百，扫码进群加薇❤信 hb{n}9921 名额有限",
)


class VirtualTime:
    """Stands still while modbot works, and passes while it sleeps; then the town lives."""

    def __init__(self) -> None:
        self.now = MIDNIGHT
        self._order = count()
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def at(self, moment: datetime, happens: Callable[[], object]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), happens))

    def sleep(self, seconds: float) -> bool:
        self.pass_until(self.now + timedelta(seconds=seconds))
        return False

    def pass_until(self, moment: datetime) -> None:
        while self._agenda and self._agenda[0][0] <= moment:
            at, _, happens = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            happens()
        self.now = max(self.now, moment)


class Timetable:
    """Does what the rounds plan, one thing after the other, each at its virtual moment."""

    def __init__(self, time: VirtualTime, layer: MischiefLayer) -> None:
        self.requests_per_poll: list[int] = []
        self._time = time
        self._layer = layer
        self._order = count()
        self._jobs: list[tuple[datetime, int, str, Callable[[], None]]] = []

    def plan(self, name: str, job: Callable[[], None], seconds: float) -> None:
        rest = max(seconds, OUTBOX_EVERY) if name.endswith(":outbox") else seconds
        due = self._time.now + timedelta(seconds=rest)
        heapq.heappush(self._jobs, (due, next(self._order), name, job))

    def work_until(self, moment: datetime) -> None:
        while self._jobs[0][0] < moment:
            due, _, name, job = heapq.heappop(self._jobs)
            self._time.pass_until(due)
            before = self._layer.requests
            job()
            if name.endswith(":poll"):
                self.requests_per_poll.append(self._layer.requests - before)
        self._time.pass_until(moment)


@dataclass
class BadDay:
    """One seed's day. ``run`` lives it; then everything can be asked about.

    The seed also chooses how the forum is polled and the charset that it is in.
    """

    seed: int
    folder: Path
    share: float = 0.3
    time: VirtualTime = field(default_factory=VirtualTime)
    states: Counter[BreakerState] = field(default_factory=Counter)
    scene: Scene = field(init=False)
    server: DemoServer = field(init=False)
    timetable: Timetable = field(init=False)
    unrest: Unrest = field(init=False)
    store: Store = field(init=False)
    desk: ForumDesk = field(init=False)
    circuit: Circuit = field(init=False)

    @property
    def polling(self) -> str:
        return ("sweep", "panel", "json")[(self.seed - 1) % 3]

    @property
    def charset(self) -> str:
        return ("utf-8", "gbk")[(self.seed - 1) // 3 % 2]

    @property
    def community(self) -> Community:
        return self.scene.forum

    @property
    def layer(self) -> MischiefLayer:
        assert self.server.layer is not None
        return self.server.layer

    @contextmanager
    def opened(self) -> Iterator[BadDay]:
        # The pauses between tries are drawn by the client: the same seed, the same day.
        random.seed(self.seed)
        self.scene = stage(clock=self.time.clock)
        self._write_the_script()
        with ExitStack() as stack:
            mischief = Mischief(self.seed, self.share, drip_seconds=0.02)
            self.server = stack.enter_context(
                DemoServer(forum=self.community, charset=self.charset, mischief=mischief)
            )
            self.server.options.json_api = self.polling == "json"
            self.timetable = Timetable(self.time, self.layer)
            self._open_modbot(stack)
            yield self

    def _open_modbot(self, stack: ExitStack) -> None:
        loaded = self._settings()
        self.store = stack.enter_context(open_store(loaded))
        sleeps = Sleeps(self.time.sleep, self.time.sleep)
        detector = load_detector(loaded)
        self.desk = open_desk(loaded, self.store, detector, "city", clock=self.time.clock, sleeps=sleeps)
        stack.callback(self.desk.close)
        self.circuit = Circuit(self.store, "city", circuit_limits(loaded), self.time.clock)
        polling = loaded.settings.polling
        rounds = Rounds(
            desk=self.desk,
            circuit=self.circuit,
            pauses=Pauses(polling.every_seconds, polling.quiet_every_seconds),
            planner=self.timetable,
            stop=threading.Event(),
            pulse=Pulse(),
            now=self.time.seconds,
        )
        rounds.begin()

    def _settings(self) -> settings.Loaded:
        moderator = self.server.moderator
        models = settings.project_root() / "models"
        text = SETTINGS.format(
            url=self.server.url, username=moderator.name, polling=self.polling, models=models
        )
        file = self.folder / "modbot.toml"
        file.write_text(text, "utf-8")
        return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": moderator.password})

    def run(self) -> None:
        for hour in range(1, 25):
            self.timetable.work_until(MIDNIGHT + timedelta(hours=hour))
            self.states[self.circuit.state()] += 1

    # -- what happens in the town --------------------------------------------------------

    def _write_the_script(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - a game, played by seed
        keeper = self.community.member_named(MODERATOR)
        assert keeper is not None
        self.community.require_approval(APPROVED_BOARD, Approval.REPLIES)
        self.unrest = Unrest(self.community, keeper, seed=self.seed)
        self._scene_arrivals()
        for _ in range(TALKS):
            self.time.at(_moment(chance), self._talk(chance))
        for number, advert in enumerate(_ADVERTS * 2):
            self.time.at(_moment(chance), self._advertise(chance, advert.format(n=10 + number)))
        for _ in range(STIRS):
            self.time.at(_moment(chance), self.unrest.stir)

    def _scene_arrivals(self) -> None:
        longest = max(arrival.at for arrival in self.scene.arrivals)
        for arrival in self.scene.arrivals:
            moment = MIDNIGHT + timedelta(hours=1) + (LAST_WORD - timedelta(hours=2)) * (arrival.at / longest)
            self.time.at(moment, lambda arrival=arrival: self._arrive(arrival))

    def _arrive(self, arrival: Arrival) -> None:
        """In its own thread, or where that was merged into another in the first one left."""
        author = self.community.member_named(arrival.author)
        assert author is not None
        own = self.scene.threads[arrival.thread]
        thread = own if self.community.thread(own) else self._threads()[0]
        self.community.post(thread, author, arrival.text, fate=arrival.fate)

    def _threads(self) -> list[int]:
        return [number for number in self.community.threads if self.community.thread(number)]

    def _talk(self, chance: random.Random) -> Callable[[], object]:
        text = "，".join((chance.choice(_SUBJECTS), chance.choice(_REMARKS), chance.choice(_ENDINGS)))
        return lambda: self._say(chance, text, Fate.GENUINE, lambda posts: posts >= 50)

    def _advertise(self, chance: random.Random, text: str) -> Callable[[], object]:
        return lambda: self._say(chance, text, Fate.SPAM, lambda posts: posts < 5)

    def _say(self, chance: random.Random, text: str, fate: Fate, experienced: Callable[[int], bool]) -> None:
        speakers = [
            member
            for member in self.community.members.values()
            if experienced(member.posts) and not self.community.is_staff(member)
        ]
        self.community.post(chance.choice(self._threads()), chance.choice(speakers), text, fate=fate)


def _moment(chance: random.Random) -> datetime:
    return MIDNIGHT + timedelta(minutes=5) + (LAST_WORD - timedelta(minutes=5)) * chance.random()
