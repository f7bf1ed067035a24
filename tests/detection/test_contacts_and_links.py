"""Contacts are found however they are dressed; ordinary talk of WeChat is none."""

import pytest

from modbot.detection.canonical import fold, strings
from modbot.detection.contacts import domains, find_contacts, find_links


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
    ],
)
def test_a_contact_is_found(text, kind, account):
    found = {contact.kind: contact for contact in find_contacts(folded(text))}
    assert found[kind].account == account
    assert found[kind].account in found[kind].evidence


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
        "",
    ],
)
def test_ordinary_talk_holds_no_contact(text):
    assert find_contacts(folded(text)) == ()


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
    ):
        find_contacts(text)
        find_links(text)
