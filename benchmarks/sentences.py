"""Readable posts of a seeded grammar for the benchmarks of disk and endurance.

Seven in ten are genuine, the others adverts and empty praise. How fast detection is, is
measured by ``modbot bench``.
"""

from __future__ import annotations

import random

from modbot.domain import Label
from modbot.training.grammar import sentences

PARTS = (
    ("昨天", "上个月", "听邻居说", "今早路过", "我记得", "网上看到", "物业通知"),
    ("东门那条路", "三号线", "学校旁边的菜场", "小区地下车库", "办事大厅", "河边步道", "老厂房"),
    ("又在修", "终于开通了", "停了半天电", "收费涨了", "排队要一个钟头", "换了新牌子", "没人打扫"),
    (
        "，有人知道什么时候好吗",
        "，希望能快一点",
        "，拍了几张照片",
        "，打电话也没人接",
        "。",
        "，跟去年一样",
        "，不过态度挺好",
    ),
)
COMMON = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里"
)


def genuine(count: int, chance: random.Random) -> list[str]:
    """Posts of members: they differ from each other by more than a word."""
    texts = [
        "".join(chance.choice(part) for part in PARTS) * chance.choice((1, 1, 1, 2)) for _ in range(count)
    ]
    return [text + "".join(chance.choices(COMMON, k=chance.randint(4, 30))) for text in texts]


def made(count: int) -> list[str]:
    """Posts of the seeded grammar, shuffled."""
    chance = random.Random(1)  # noqa: S311
    texts = genuine(count * 7 // 10, chance)
    for label in (Label.LOW_EFFORT, Label.SPAM):
        pool = sentences(label, 5_000, seed=1)
        texts += [
            chance.choice(pool) for _ in range((count - len(texts)) // (1 if label is Label.SPAM else 2))
        ]
    chance.shuffle(texts)
    return texts[:count]
