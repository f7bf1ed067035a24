"""What the town's people write. Invented, and so that each kind is judged as it is meant:
two genuine sentences share at most two of their five parts, so none repeats another."""

from __future__ import annotations

import random
from itertools import product

WHEN = (
    "早上七点半",
    "昨天傍晚",
    "周日中午",
    "上个月底",
    "下班以后",
    "雪停了没多久",
    "过年那几天",
    "天还没亮",
    "趁着午休",
    "立秋前后",
    "放暑假的时候",
    "大风降温那天",
    "领完工资",
)
WHERE = (
    "东河老街",
    "赛罕塔拉草原",
    "劳动公园",
    "昆区那家面馆",
    "南海湿地",
    "阿尔丁广场",
    "青山路菜市场",
    "火车站后街",
    "二宫旁边的书店",
    "银河广场",
    "一机医院门口",
    "大青山脚下",
    "自由路的修车铺",
)
WHAT = (
    "带着孩子走了一圈",
    "排了半小时的队",
    "碰上好几个老同学",
    "拍了几十张照片",
    "顺路补了自行车胎",
    "给父母买了两斤莜面",
    "替邻居取了个包裹",
    "看人下了三盘象棋",
    "吃了碗羊杂碎",
    "听老板讲了半天往事",
    "把旧毛衣改了改",
    "学着包了一屉烧麦",
    "陪同事挑了副眼镜",
)
ASIDE = (
    "那会儿风有点大",
    "路上还堵了一阵",
    "正好赶上放学",
    "手里还拎着酱油",
    "忘了戴手套",
    "邻居家的狗也跟着",
    "天黑得比平时早",
    "广播里在放老歌",
    "孩子一路问个不停",
    "公交等了十来分钟",
    "遛弯的人真不少",
    "刚好碰上修路",
    "兜里只剩二十块",
)
SO = (
    "回来才发现钥匙落在车里",
    "总算赶在关门前办完了",
    "人比去年少了一半挺清静",
    "下次打算换条路走",
    "价钱比网上便宜五块",
    "腿酸了两天不过值得",
    "可惜手机没电没录下来",
    "听说下个月要重新铺路",
    "我爸念叨了一晚上",
    "就是停车太费劲",
    "比想象的热闹多了",
    "老板还送了一把香菜",
    "有空还想再去一趟",
)
ADVERTS = (
    "想挣零花钱的看过来，打字员在家可做，一单一结，加ⓥ：wz{number}，先到先得",
    "专业代开各类发票，税点低可先验后付，联系扣扣 {number}",
    "出售高仿名表包包，原单品质支持货到付款，看货加徽信：mb{number}",
)
BRIEF = ("沙发", "前排", "顶一下", "支持支持", "来了来了", "不错不错")
_PARTS = 13


class Writer:
    """Draws sentences; the same seed draws the same ones in the same order."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - a seeded scene, no secret
        codes = list(product(range(_PARTS), repeat=3))
        self._draw.shuffle(codes)
        self._genuine = [_sentence(*code) for code in codes]

    def genuine(self) -> str:
        return self._genuine.pop()

    def advert(self) -> str:
        return self._draw.choice(ADVERTS).format(number=self._draw.randrange(10**7, 10**8))

    def brief(self) -> str:
        return self._draw.choice(BRIEF)


def _sentence(x: int, y: int, z: int) -> str:
    """A Reed-Solomon code: any two of its words differ in three places at least."""
    places = [(x + y * t + z * t * t) % _PARTS for t in range(5)]
    parts = [words[at] for words, at in zip((WHEN, WHERE, WHAT, ASIDE, SO), places, strict=True)]
    return "{}去了{}，{}，{}，{}。".format(*parts)
