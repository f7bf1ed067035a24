"""Contacts are found however they are dressed; ordinary talk of WeChat is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.canonical import fold, strings
from modbot.detection.contacts import domain, domains, find_all, find_all_links, find_contacts, find_links
from modbot.detection.reading import NumpyReader


def folded(text):
    found = fold([text])
    return strings(found.codes, found.starts)[0]


@pytest.mark.parametrize(
    ("text", "kind", "account"),
    [
        ("加V❤: abc12345", "wechat", "abc12345"),
        ("加ⓥ❤️：ａ\u200bｂｃ①②345", "wechat", "abc12345"),
        ("薇伩号：shop_2024", "wechat", "shop_2024"),
        ("vx shop2024 秒回", "wechat", "shop2024"),
        ("叩釦 ①②③④⑤⑥⑦", "qq", "1234567"),
        ("QQ群 765432198", "qq", "765432198"),
        ("电话：１３８ 0013 8000", "phone", "138 0013 8000"),
        ("座机 400-800-1234", "phone", "400-800-1234"),
        ("TG @some_shop", "telegram", "some_shop"),
        ("看 t.me/some_shop", "telegram", "some_shop"),
        ("发到 someone@example.com", "email", "someone@example.com"),
        ("有意联系我 ab20241", "id", "ab20241"),
        ("有需要的，求薇 13700000000", "wechat", "13700000000"),
        ("喂：ｓx12345", "wechat", "sx12345"),
        ("伽威 shop 2024", "wechat", "shop 2024"),
        ("丰V18500000000", "wechat", "18500000000"),
        ("乞 - 鹅 23456 7890", "qq", "23456 7890"),
        ("+口口 2345 6789", "qq", "2345 6789"),
        ("加蔻 2345678", "qq", "2345678"),
        ("q:2345-6789", "qq", "2345-6789"),
        ("交流裙：23456789", "qq", "23456789"),
        ("电话 一三八零零一三八零零零", "phone", "13800138000"),
        ("打壹叁捌〇〇一三八〇〇〇", "phone", "13800138000"),
        ("call +44 7700 900123 now", "phone", "+44 7700 900123"),
        ("或拨 02079460000", "phone", "02079460000"),
        ("客服：@some_shop", "telegram", "some_shop"),
        ("灰机 some_shop8", "telegram", "some_shop8"),
        ("912345678加我", "id", "912345678"),
        ("23456789 ++企 鹅", "id", "23456789"),
        ("需要的加yuc1234", "id", "yuc1234"),
    ],
)
def test_a_contact_is_found(text, kind, account):
    found = {contact.kind: contact for contact in find_contacts(folded(text))}
    assert found[kind].account == account
    assert found[kind].evidence in folded(text)


@pytest.mark.parametrize(
    "text",
    [
        "我用微信支付了30元",
        "QQ群是多少？",
        "加我一个，周六几点集合",
        "2024-05-12 13:00 开会",
        "这个 v2.3.1 版本有问题",
        "打 110 或 12345 都行",
        "买了 iPhone15promax 256G",
        "喂，2024年的事了",
        "一二三四五六七八九，上山打老虎",
        "配置 i7+rtx3080",
        "看 https://example.com/wxabcdef/vxabcdef",
        "微波炉 800 瓦",
        "群里 300 多人",
        "口口声声说 100 次",
        "",
    ],
)
def test_ordinary_talk_holds_no_contact(text):
    assert find_contacts(folded(text)) == ()


CONTACTS = st.text(st.sampled_from("加微v+：:qq扣 群12345678abx一三八零。.com/http@客服联系"), max_size=40)


@given(st.lists(CONTACTS, max_size=6))
def test_a_batch_finds_what_each_text_holds(texts):
    reading = NumpyReader().read(texts)
    assert find_all(reading) == [find_contacts(text) for text in reading.folded.texts()]
    assert find_all_links(reading) == [find_links(text) for text in reading.folded.texts()]


def test_links_are_found_with_their_hosts():
    text = folded("看这里 HTTPS://www.Example.com/a?b=1 和 shop.top/x，还有 3.5.2 版")
    assert domains(find_links(text)) == ("example.com", "shop.top")


def test_patterns_stay_linear_on_hostile_text():
    for text in (
        "微信" * 5_000,
        "加v:" * 3_000,
        "a" * 20_000,
        "1 " * 10_000,
        "http://" * 3_000,
        "a." * 9_000,
        "加加加口口口" * 1_600,
        "微微v:" * 2_500,
        "群号 " * 3_000,
        "客服 " * 3_000,
        "一三八" * 3_300,
        "+1 " * 3_000,
        "1-1-" * 2_500,
    ):
        find_contacts(text)
        find_links(text)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://www.example.com/a?b", "example.com"),
        ("http://good.com@evil.example/a", "evil.example"),
        ("https://user:word@evil.example", "evil.example"),
        ("evil.example/@good.com", "evil.example"),
        ("evil.example:8080/a", "evil.example"),
        ("http://evil.example?at=a@good.com", "evil.example"),
        ("http://" + "a@" * 5_000 + "evil.example", "evil.example"),
        ("？？", ""),
    ],
)
def test_a_link_leads_to_its_host_and_not_to_the_name_before_it(address, host):
    assert domain(address) == host
