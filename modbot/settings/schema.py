"""Every setting with its type and default. settings.toml shows the same, with comments."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from modbot.domain import Mode, Reason, ThreadKind
from modbot.settings.customs import BoardEntry, ThreadEntry
from modbot.settings.rules import RuleSettings

ENV_PREFIX = "MODBOT_"

Probability = Annotated[float, Field(ge=0, le=1)]
Threshold = Probability | Literal["model", "never"]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


def _listed(value: object) -> object:
    """Environment variables give lists as text: ``1,2`` or ``[1, 2]``."""
    if isinstance(value, str):
        return [part for part in value.strip("[] ").replace(" ", "").split(",") if part]
    return value


Groups = Annotated[frozenset[int], BeforeValidator(_listed)]
Hours = Annotated[tuple[Seconds, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_listed)]
BoardIds = Annotated[tuple[int, ...], BeforeValidator(_listed)]


TIME_OF_DAY = r"^(([01]\d|2[0-3]):[0-5]\d)?$"
LISTEN = r"^(\S+:\d{1,5})?$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    models: Path = Path("models")
    state: Path = Path("var")


class StoreSettings(_Section):
    url: str = "sqlite:///var/modbot.db"


class LogSettings(_Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "pretty", "json"] = "auto"


class PollingSettings(_Section):
    every_seconds: Seconds = 60
    quiet_every_seconds: Seconds = 300
    first_read_days: Positive = 30
    first_flag_hours: Seconds = 24


class RereadingSettings(_Section):
    every_seconds: Seconds = 300
    posts: Positive = 60
    open_flags_minutes: Seconds = 30
    fresh_hides_minutes: Seconds = 30
    fresh_hides_hours: Annotated[float, Field(ge=0)] = 24
    old_hides_hours: Seconds = 24
    old_hides_days: Annotated[float, Field(ge=0)] = 30
    new_authors_hours: Hours = (1, 24, 72)


class DetectionSettings(_Section):
    accelerate: bool = False


class DuplicateSettings(_Section):
    window_days: Positive = 30
    burst_days: Positive = 7
    capacity: Positive = 200_000


class SpamPolicy(_Section):
    hide: Threshold = "model"
    queue: Threshold = "model"
    hide_needs_contact: bool = True

    @property
    def hides_by(self) -> str:
        """The name of the model's threshold that ``hide = "model"`` means."""
        return "spam.hide" if self.hide_needs_contact else "spam.hide_any"


class LowEffortPolicy(_Section):
    queue: Threshold = "model"


class TitleEchoPolicy(_Section):
    queue: bool = True


class RepeatedPolicy(_Section):
    hide_characters: Positive = 10
    hide_authors: Positive = 3
    hide_newcomers: Probability = 0.66
    hide_threads: Positive = 2
    burst_posts: Positive = 3
    burst_threads: Positive = 3
    queue_characters: Positive = 6
    queue_authors: Positive = 3
    queue_threads: Positive = 3
    one_thread_newcomers: Positive = 3
    author_texts: Positive = 3
    surprise: Annotated[float, Field(ge=0)] = 2.5


class AuthorPolicy(_Section):
    replies_per_hour: Annotated[int, Field(ge=10)] = 60
    threads_per_ten_minutes: Annotated[int, Field(ge=4)] = 10
    contact_in_name_posts: Annotated[int, Field(ge=0)] = 20


def _no_night() -> dict[str, Any]:
    return {"from": "", "until": "", "timezone": ""}


class PolicySettings(_Section):
    mode: Mode = Mode.SHADOW
    precision_target: Probability = 0.995
    standing_posts: Positive = 50
    standing_groups: Groups = frozenset()
    exempt_groups: Groups = frozenset({1, 2, 3, 16, 17, 18, 19})
    pending_allow: Literal["leave", "approve"] = "leave"
    spam: SpamPolicy = SpamPolicy()
    low_effort: LowEffortPolicy = LowEffortPolicy()
    title_echo: TitleEchoPolicy = TitleEchoPolicy()
    repeated: RepeatedPolicy = RepeatedPolicy()
    author: AuthorPolicy = AuthorPolicy()
    night: dict[str, Any] = Field(default_factory=_no_night)


_ALL_REASONS = (Reason.SPAM, Reason.LOW_EFFORT, Reason.REPEATED, Reason.TITLE_ECHO, Reason.RULE)


class KindSettings(_Section):
    normal: tuple[Reason, ...] = _ALL_REASONS
    chatter: tuple[Reason, ...] = (Reason.SPAM, Reason.REPEATED, Reason.RULE)
    signin: tuple[Reason, ...] = (Reason.SPAM, Reason.RULE)
    trade: tuple[Reason, ...] = (Reason.SPAM, Reason.REPEATED, Reason.RULE)
    ads: tuple[Reason, ...] = (Reason.RULE,)
    memorial: tuple[Reason, ...] = (Reason.SPAM, Reason.RULE)
    lottery: tuple[Reason, ...] = (Reason.SPAM, Reason.RULE)
    reply_to_see: tuple[Reason, ...] = (Reason.SPAM, Reason.RULE)
    poll: tuple[Reason, ...] = (Reason.SPAM, Reason.REPEATED, Reason.RULE)
    reward: tuple[Reason, ...] = _ALL_REASONS
    pinned: tuple[Reason, ...] = _ALL_REASONS
    trade_spam: Probability = 0.995

    def flagging(self, kind: ThreadKind) -> frozenset[Reason]:
        return frozenset(getattr(self, kind.value))


class TitleSettings(_Section):
    chatter: tuple[str, ...] = ("灌水", "水楼", "闲聊")
    signin: tuple[str, ...] = ("签到", "打卡")
    trade: tuple[str, ...] = ("转让", "出售", "求购")
    ads: tuple[str, ...] = ("请发此帖", "广告专用")
    memorial: tuple[str, ...] = ("悼念", "缅怀", "讣告", "一路走好", "默哀")
    lottery: tuple[str, ...] = ("抢楼", "抽奖", "踩楼")


class QueueSettings(_Section):
    share: Probability = 0.02
    per_day: Positive = 60
    at_least: Annotated[int, Field(ge=0)] = 10


class SpotCheckSettings(_Section):
    per_day: Annotated[int, Field(ge=0)] = 5
    at: str = Field(default="07:00", pattern=TIME_OF_DAY)


class BrakeSettings(_Section):
    distinct_texts_per_hour: Positive = 10
    authors_with_standing: Positive = 2
    overturned: Positive = 2
    overturned_of: Positive = 20


class StandingSettings(_Section):
    days: Positive = 90


class ActionSettings(_Section):
    undo_seconds: Annotated[float, Field(ge=0)] = 10
    uphold_pending: Literal["ignore", "delete"] = "ignore"
    staff_board: Annotated[int, Field(ge=0)] = 0
    attempts: Positive = 6
    lease_seconds: Seconds = 180
    notify_low_effort: bool = True
    notify_restores: bool = True
    notify_campaigns: bool = False
    notify_rules: bool = False


class DaemonSettings(_Section):
    lease_seconds: Annotated[float, Field(ge=5)] = 30
    stalled_seconds: Seconds = 300
    stop_seconds: Annotated[float, Field(gt=0, le=9)] = 8


class BreakerSettings(_Section):
    failures: Positive = 5
    probe_seconds: Seconds = 60
    longest_probe_seconds: Seconds = 1800


class HealthSettings(_Section):
    listen: str = Field(default="127.0.0.1:8320", pattern=LISTEN)
    late_factor: Annotated[float, Field(ge=1)] = 3


class ConsoleSettings(_Section):
    listen: str = Field(default="127.0.0.1:8321", pattern=LISTEN)
    url: str = Field(default="", pattern=r"^(https?://[^/\s?#]+[^\s?#]*)?$")
    hosts: Names = ()
    trusted_proxies: Networks = ()
    session_days: Positive = 30
    claim_seconds: Annotated[int, Field(ge=15)] = 120


class NotificationSettings(_Section):
    urls: SecretStr = SecretStr("")
    urls_file: Path = Path()
    timezone: str = "local"
    quiet_from: str = Field(default="22:30", pattern=TIME_OF_DAY)
    quiet_until: str = Field(default="07:30", pattern=TIME_OF_DAY)
    digest_at: str = Field(default="08:30", pattern=TIME_OF_DAY)
    unreachable_minutes: Seconds = 30
    queue_hours: Seconds = 48
    heartbeat_url: SecretStr = SecretStr("")
    heartbeat_url_file: Path = Path()
    heartbeat_seconds: Seconds = 300


class RetentionSettings(_Section):
    passed_text_days: Positive = 90
    flags_days: Positive = 180
    at: str = Field(default="04:10", pattern=TIME_OF_DAY)


class BackupSettings(_Section):
    folder: Path = Path("backups")
    at: str = Field(default="03:30", pattern=TIME_OF_DAY)
    keep: Positive = 7


class BoardSettings(_Section):
    kind: ThreadKind | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    policy: dict[str, Any] = {}


class ForumSettings(_Section):
    engine: str = "discuz"
    url: str = Field(pattern=r"^https?://[^/\s]+")
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    auth_cookie: SecretStr | None = None
    auth_cookie_file: Path | None = None
    saltkey_cookie: SecretStr | None = None
    saltkey_cookie_file: Path | None = None
    security_question: Annotated[int, Field(ge=0, le=7)] = 0
    security_answer: SecretStr | None = None
    security_answer_file: Path | None = None
    password_over_http: bool = False
    polling: Literal["auto", "panel", "sweep", "json"] = "auto"
    panel_search: bool = False
    panel_search_seconds: Seconds = 300
    only_boards: BoardIds = ()
    skip_boards: BoardIds = ()
    requests_per_second: Annotated[float, Field(gt=0, le=20)] = 1.0
    requests_per_day: Positive = 5000
    user_agent: str = ""
    policy: dict[str, Any] = {}
    boards: dict[int, BoardSettings] = {}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__"
    )

    language: Literal["auto", "zh", "en"] = "auto"
    paths: Paths = Paths()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    polling: PollingSettings = PollingSettings()
    rereading: RereadingSettings = RereadingSettings()
    detection: DetectionSettings = DetectionSettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    policy: PolicySettings = PolicySettings()
    kinds: KindSettings = KindSettings()
    titles: TitleSettings = TitleSettings()
    queue: QueueSettings = QueueSettings()
    spot_checks: SpotCheckSettings = SpotCheckSettings()
    brake: BrakeSettings = BrakeSettings()
    standing: StandingSettings = StandingSettings()
    actions: ActionSettings = ActionSettings()
    daemon: DaemonSettings = DaemonSettings()
    breaker: BreakerSettings = BreakerSettings()
    health: HealthSettings = HealthSettings()
    console: ConsoleSettings = ConsoleSettings()
    notifications: NotificationSettings = NotificationSettings()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    forums: dict[str, ForumSettings] = {}
    boards: tuple[BoardEntry, ...] = ()
    threads: tuple[ThreadEntry, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
