"""Whatever the texts and the rules: the engine answers as the plainest evaluator would."""

from __future__ import annotations

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection import canonical
from modbot.detection.rules import Rule, compile_rules, conditions, facts
from modbot.detection.rules.conditions import All, Any, Bounds, Condition, Contains, Not, Regex
from modbot.detection.rules.keywords import Keywords
from modbot.domain import Author, Reply, RuleOutcome

LETTERS = st.text("时時彩微薇信vVｖx12①. *\u200b\n", max_size=30)
KEYWORDS = st.lists(st.text("时彩微信vx1", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)
REPLIES = st.lists(
    st.builds(
        Reply,
        forum=st.sampled_from(["city", ""]),
        post_id=st.just(1),
        text=LETTERS,
        thread_title=st.sampled_from(["", "时彩", "微信"]),
        board_id=st.sampled_from([None, 2, 3]),
        author=st.builds(Author, posts=st.sampled_from([None, 0, 5])),
    ),
    max_size=6,
)
SOME = st.text("时彩微信vx1", min_size=1, max_size=3)
QUESTIONS: st.SearchStrategy[Condition] = (
    st.builds(Contains, st.lists(SOME, min_size=1, max_size=3).map(tuple))
    | st.builds(Contains, st.lists(SOME, min_size=1, max_size=3).map(tuple), title=st.just(True))
    | st.builds(Regex, SOME.map(lambda text: f"{text}.?[0-9x]"), raw=st.booleans())
    | st.builds(conditions.OnBoard, st.just(frozenset({2})))
    | st.builds(conditions.OnForum, st.just(frozenset({"city"})))
    | st.builds(conditions.AuthorPosts, st.just(Bounds(at_least=1)))
)
CONDITIONS = st.recursive(
    QUESTIONS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def plain(text: str) -> str:
    return canonical.canonicalise([text])[0]


def reference(condition: Condition, reply: Reply) -> bool | None:  # noqa: PLR0911 - one for each kind
    """One reply, one condition, in the words of the documentation."""
    match condition:
        case Not(part):
            known = reference(part, reply)
            return None if known is None else not known
        case All(parts):
            found = [reference(part, reply) for part in parts]
            return False if False in found else None if None in found else True
        case Any(parts):
            found = [reference(part, reply) for part in parts]
            return True if True in found else None if None in found else False
        case Contains(keywords, _, True):
            title = plain(reply.thread_title)
            return any(plain(word) in title for word in keywords) if reply.thread_title else None
        case Contains(keywords):
            return any(plain(word) in plain(reply.text) for word in keywords)
        case Regex(pattern, True):
            return re2.search(pattern, reply.text) is not None
        case Regex(pattern):
            return re2.search(pattern, canonical.fold([reply.text]).texts()[0]) is not None
        case conditions.OnBoard(boards):
            return None if reply.board_id is None else reply.board_id in boards
        case conditions.OnForum(forums):
            return reply.forum in forums if reply.forum else None
        case conditions.AuthorPosts(bounds):
            return None if reply.author.posts is None else reply.author.posts >= bounds.at_least
    raise AssertionError(condition)


@settings(max_examples=300)
@given(replies=REPLIES, whens=st.lists(CONDITIONS, min_size=1, max_size=4))
def test_rules_fire_where_the_plain_reading_of_them_is_true(replies, whens):
    rules = compile_rules([Rule(str(at), when, RuleOutcome.QUEUE) for at, when in enumerate(whens)])
    batch = facts.of_replies(replies)
    known = [{str(at): reference(when, reply) for at, when in enumerate(whens)} for reply in replies]
    true = [[name for name, value in each.items() if value is True] for each in known]
    unknown = [[name for name, value in each.items() if value is None] for each in known]
    assert [[hit.name for hit in hits] for hits in rules.match_all(batch)] == true
    assert [[lack.rule.name for lack in lacks] for lacks in rules.undecided(batch)] == unknown
    assert [[hit.name for hit in hits] for hits in rules.match(batch)] == [names[:1] for names in true]


@given(keywords=KEYWORDS, texts=st.lists(LETTERS, max_size=5))
def test_the_automaton_finds_every_keyword_that_is_there_and_no_other(keywords, texts):
    texts = [plain(text) for text in texts]
    found = Keywords(dict(enumerate([word] for word in keywords))).find(texts)
    told = zip(*(column.tolist() for column in (found.questions, found.rows, found.starts)), strict=True)
    assert sorted(told) == sorted(
        (number, row, start)
        for number, word in enumerate(keywords)
        for row, text in enumerate(texts)
        for start in range(len(text))
        if text.startswith(word, start)
    )


@given(keyword=st.text(min_size=1, max_size=5), before=st.text(max_size=9), after=st.text(max_size=9))
def test_what_is_written_in_the_text_is_found_and_pointed_at(keyword, before, after):
    folded = plain(keyword)
    text = before + keyword + after
    if not folded or "[" in text:  # a smiley's code is one picture, not its letters
        return
    (hits,) = compile_rules([Rule("r", Contains((keyword,)), RuleOutcome.QUEUE)]).match(
        facts.of_texts([text])
    )
    assert hits
    for start, end in zip(hits[0].spans[::2], hits[0].spans[1::2], strict=True):
        assert 0 <= start < end <= len(text)
        assert folded in plain(text[start:end])


@given(text=LETTERS, inserted=st.sampled_from("\u200b\u2060 ~。\ufe0f"), at=st.integers(0, 30))
def test_inserting_what_nobody_sees_or_reads_changes_nothing(text, inserted, at):
    rules = compile_rules([Rule("r", Contains(("时彩", "微信")), RuleOutcome.QUEUE)])
    changed = text[:at] + inserted + text[at:]
    one, other = rules.match(facts.of_texts([text, changed]))
    assert bool(one) == bool(other)
