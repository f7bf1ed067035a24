"""A town whose two busiest accounts only pretend to talk, made by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from modbot.domain import Author

BOTS = (
    Author(id=9001, name="风里来的信", posts=12, group_id=10),
    Author(id=9002, name="雨后去散步", posts=9, group_id=10),
)
STOCK = (
    "说得在理", "顶上去", "来看看", "学习了", "支持一个", "前排坐等", "路过留名", "先收藏着",
    "写得真不错", "楼主有心了", "长见识了", "看完再回", "又更新啦", "天天来看", "一起加油呀",
    "说到心里去", "这个可以有", "慢慢看下去", "给你点个赞", "帮你顶一顶", "内容很详细", "期待下一篇",
    "学到不少东西", "原来是这样啊", "今天也来报到", "楼主继续努力", "每天都来转转", "图文并茂很好",
    "这帖子值得一看", "谢谢分享辛苦了", "好久没见这么用心", "看得出下了功夫", "收下了回头细看",
)  # fmt: skip
WORDS = (
    "邻居", "菜场", "水管", "电梯", "孩子", "老师", "周末", "公交", "路口", "早市",
    "豆浆", "窗户", "雨伞", "钥匙", "医院", "排队", "快递", "物业", "车位", "树荫",
    "秋天", "作业", "球场", "书店", "晚饭", "鱼汤", "台阶", "信号", "门口", "长椅",
    "自行车", "修理铺", "幼儿园", "楼道灯", "垃圾桶", "卖花的", "老街坊",
)  # fmt: skip
LINKS = "的是在和到对比像"


@dataclass(frozen=True, slots=True)
class Post:
    id: int
    author: Author
    text: str
    thread_id: int
    at: datetime
    is_filler: bool


def stream(count: int, *, start: datetime, seed: int = 7) -> Iterator[Post]:
    """``count`` posts, a third of them the two accounts' filler; members say some of the same
    short words, each of them once."""
    chance = random.Random(seed)  # noqa: S311 - a made-up town
    at = start
    for number in range(1, count + 1):
        at += timedelta(seconds=chance.randrange(20, 120))
        thread = chance.randrange(1, 400)
        if chance.random() < 1 / 3:
            yield Post(number, chance.choice(BOTS), chance.choice(STOCK), thread, at, True)
        elif chance.random() < 0.02:
            yield Post(number, _member(number), chance.choice(STOCK), thread, at, False)
        else:
            yield Post(number, _member(chance.randrange(300)), _talk(chance), thread, at, False)


def _member(number: int) -> Author:
    return Author(id=20_000 + number, name=f"居民{number}", posts=number % 40, group_id=10)


def _talk(chance: random.Random) -> str:
    clauses = (chance.choice(WORDS) + chance.choice(LINKS) + chance.choice(WORDS) for _ in range(4))
    return "，".join(clauses) + f"，{chance.randrange(1, 60)}号楼"
