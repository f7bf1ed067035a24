"""What a board's name says of its kind: proposed at ``init``, for the operator to confirm."""

from __future__ import annotations

import pytest

from modbot.daemon import kinds
from modbot.domain import ThreadKind
from modbot.forums.protocol import Board

SAYS = {
    ThreadKind.CHATTER: "灌水闲聊 水区 休闲灌水 茶馆 吹水大厅 聊天室 纯水楼 侃大山",
    ThreadKind.TRADE: (
        "二手交易 二手市场 跳蚤市场 房屋租赁 租房信息 招聘求职 本地招聘 闲置转让 分类信息 便民信息 "
        "买卖专区 宠物交易区 车辆买卖 团购专区 开发区二手 二手论坛"
    ),
    ThreadKind.ADS: "广告专区 广告发布区 商家推广 商家联盟 软文发布 商务合作",
    ThreadKind.SIGNIN: "每日签到 签到专区 新人报到 早起打卡 学习打卡 健身打卡",
    ThreadKind.MEMORIAL: "缅怀故人 网上纪念堂 追思堂 悼念专区",
    ThreadKind.LOTTERY: "抽奖专区 抢楼活动 活动专区 有奖活动",
    ThreadKind.REPLY_TO_SEE: "回复可见资源",
}

SAY_NOTHING = (
    "城市论坛 交易所资讯 活动回顾 招聘考试交流 事业单位招聘考试 外汇交易策略 股票交易心得 广告设计交流 "
    "广告拦截规则 推广普通话 商家投诉 商家曝光台 二手车评测 二手烟危害 租房经验 租房维权 防骗交易指南 "
    "求职面试经验 版主招聘 淡水区 海水区 山水区摄影 茶馆茶艺 聊天机器人 旅游打卡 网红打卡地 签到插件 "
    "纪念馆参观 户外活动专区 抽奖程序源码 禁止灌水 技术推广 出租车之家 站务公告 生活 美食"
)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in SAYS.items() for name in names.split()]
)
def test_a_boards_kind_is_proposed_by_its_name(kind: ThreadKind, name: str) -> None:
    assert kinds.proposed(name) is kind


@pytest.mark.parametrize("name", ["", *SAY_NOTHING.split()])
def test_a_board_about_something_is_not_the_place_for_it(name: str) -> None:
    assert kinds.proposed(name) is None


def test_only_boards_whose_name_says_something_are_proposed() -> None:
    boards = (Board(1, "城市论坛"), Board(2, "灌水区"), Board(3, "交易所资讯"))
    assert kinds.proposals(boards) == (kinds.Proposal(boards[1], ThreadKind.CHATTER),)
