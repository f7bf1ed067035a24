"""What kind a board seems to be, by its name: proposed to the operator, never assumed."""

from __future__ import annotations

from modbot.domain import ThreadKind

_WORDS = (
    (ThreadKind.SIGNIN, ("签到", "打卡", "报到")),
    (ThreadKind.MEMORIAL, ("缅怀", "纪念堂", "悼念", "追思")),
    (ThreadKind.ADS, ("广告", "推广", "商家")),
    (ThreadKind.TRADE, ("二手", "交易", "跳蚤", "买卖", "转让", "租房", "招聘", "求职")),
    (ThreadKind.CHATTER, ("灌水", "水区", "闲聊", "茶馆", "吹水", "聊天", "水吧")),
    (ThreadKind.LOTTERY, ("抽奖", "抢楼", "活动专区")),
)


def proposed(board_name: str) -> ThreadKind | None:
    return next((kind for kind, words in _WORDS if any(word in board_name for word in words)), None)
