"""What kind a board seems to be, by its name: proposed to the operator, never assumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modbot.domain import ThreadKind
from modbot.forums.protocol import Board

_TALK_ABOUT = (
    *("资讯", "新闻", "公告", "考试", "面试", "经验", "心得", "攻略", "教程", "技巧", "笔记", "回顾"),
    *("总结", "投诉", "曝光", "维权", "防骗", "骗子", "纠纷", "举报", "黑名单", "法律", "政策", "评测"),
    *("版务", "版主", "斑竹", "站务", "插件", "源码", "规则"),
)
"""A board about something is not the place for it: 交易所资讯, 招聘考试交流, 商家投诉."""


@dataclass(frozen=True, slots=True)
class _Names:
    """Boards with one of ``words`` in their names, unless one of ``false_friends`` is there, too."""

    kind: ThreadKind
    words: tuple[str, ...]
    false_friends: tuple[str, ...] = ()


_TABLE = (
    _Names(
        ThreadKind.SIGNIN,
        ("签到", "打卡", "报到", "每日点名"),
        ("旅游", "旅行", "美食", "探店", "网红", "景点", "地标", "报到证", "打卡地", "打卡点", "系统"),
    ),
    _Names(
        ThreadKind.MEMORIAL,
        ("缅怀", "悼念", "追思", "祭奠", "纪念堂", "纪念馆", "逝者", "祭扫"),
        ("收藏", "旅游", "参观", "门票"),
    ),
    _Names(
        ThreadKind.LOTTERY,
        ("抽奖", "抢楼", "踩楼", "盖楼", "有奖活动", "活动专区", "福利活动"),
        ("户外", "线下", "骑行", "聚会", "公益", "社团", "车友", "亲子", "相亲", "程序"),
    ),
    _Names(
        ThreadKind.ADS,
        ("广告", "推广", "商家", "软文", "商务合作", "营销专区"),
        (
            *("设计", "创意", "文案", "拦截", "屏蔽", "过滤", "赏析", "策划", "学习", "交流", "讨论"),
            *("普通话", "农技", "技术", "清理", "违规", "禁止"),
        ),
    ),
    _Names(
        ThreadKind.TRADE,
        (
            *("二手", "跳蚤", "交易", "买卖", "转让", "闲置", "求购", "出售", "供求", "拍卖", "换物"),
            *("旧货", "租房", "租赁", "出租", "求租", "招聘", "求职", "招工", "分类信息", "便民信息", "团购"),
        ),
        (
            *("交易所", "交易系统", "交易策略", "量化", "外汇", "股票", "证券", "期货", "炒股", "币圈"),
            *("区块链", "二手烟", "二手玫瑰", "出租车", "买卖合同", "简历", "职场"),
        ),
    ),
    _Names(ThreadKind.REPLY_TO_SEE, ("回复可见", "回帖可见")),
    _Names(
        ThreadKind.CHATTER,
        (
            *("灌水", "水区", "水吧", "水楼", "水贴", "水帖", "闲聊", "吹水", "聊天", "茶馆", "侃大山"),
            *("扯淡", "闲扯"),
        ),
        (
            *("淡水", "海水", "咸水", "山水", "风水", "草缸", "水族", "钓鱼", "引水", "供水", "饮水"),
            *("污水", "农田", "聊天机器人", "聊天记录", "聊天软件", "茶叶", "茶艺", "茶具"),
            *("反灌水", "防灌水", "禁止灌水"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    board: Board
    kind: ThreadKind


def proposed(board_name: str) -> ThreadKind | None:
    """The first kind of the table whose words are in the name and mean what they say."""
    for names in _TABLE:
        if _holds(board_name, names.words):
            about = _holds(board_name, (*names.false_friends, *_TALK_ABOUT))
            return None if about else names.kind
    return None


def proposals(boards: Iterable[Board]) -> tuple[Proposal, ...]:
    found = ((board, proposed(board.name)) for board in boards)
    return tuple(Proposal(board, kind) for board, kind in found if kind is not None)


def _holds(name: str, words: Iterable[str]) -> bool:
    return any(word in name for word in words)
