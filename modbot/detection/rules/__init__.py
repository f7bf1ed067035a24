"""Rules by operators: conditions on a reply that say what becomes of it.

    rules = compile_rules([Rule("gamble", Contains(("时时彩",)), RuleOutcome.QUEUE)])
    hits = rules.match(facts.of_replies(replies))

Compiled once; a batch costs one pass of the automaton over its canonical texts.
"""

from modbot.detection.rules import conditions, facts
from modbot.detection.rules.compiling import DEPTH
from modbot.detection.rules.conditions import Condition, Rule
from modbot.detection.rules.engine import RuleBook, Undecided, compile_rules, reached
from modbot.detection.rules.evidence import RuleHit
from modbot.detection.rules.facts import Facts

__all__ = [
    "DEPTH",
    "Condition",
    "Facts",
    "Rule",
    "RuleBook",
    "RuleHit",
    "Undecided",
    "compile_rules",
    "conditions",
    "facts",
    "reached",
]
