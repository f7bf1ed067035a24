"""Many regular expressions at once: one RE2 set, in time linear in the text whatever it says.

RE2 simulates an automaton and never backtracks (Cox, "Regular Expression Matching in the
Wild", 2010), so no post can make it hang. A set answers which expressions match, not where:
that is asked of the single expression, of the few texts that are flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import re2

from modbot.detection.canonical import fold

MEMORY = 64 << 20
_SPANS = 20
_INVISIBLE = frozenset({"Cf", "Me", "Mn"})
_ALIKE = {r"\[": r"\(", r"\]": r"\)", r"\{": r"\(", r"\}": r"\)", '"': "'", r"\"": "'", "`": "'", r"\`": "'"}
"""ASCII marks that folding makes one of their kind."""
_BLOCK = 16
"""Texts put to a set at once."""
_OF_WHOLE_TEXTS = re.compile(r"\\[Az]|\(\?[a-zA-Z]*-")
"""What may tell a text from one line of several."""
_INSIDE = "\ue000"
"""A character of the private plane: no expression asks for it, unless it asks for anything."""


class Unusable(ValueError):
    """RE2 does not take an expression; ``code`` says why in the catalogues' words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Patterns:
    """Expressions by the question that asks them. Raises Unusable.

    ``is_folded``: they read folded text, so case does not matter and each is folded itself.
    ``memory``, in bytes, bounds each set; what does not fit into one is divided among several.
    """

    def __init__(self, wanted: Mapping[int, str], *, is_folded: bool, memory: int = MEMORY) -> None:
        options = _options(case_sensitive=not is_folded, memory=memory)
        self.questions = frozenset(wanted)
        self._single = {
            question: _compiled(fold_pattern(pattern) if is_folded else pattern, options)
            for question, pattern in wanted.items()
        }
        self._sets = tuple(self._divided(tuple(wanted), options)) if wanted else ()
        together = {question for _, questions in self._sets for question in questions}
        self._alone = tuple(question for question in wanted if question not in together)
        of_lines = is_folded and not any(map(_OF_WHOLE_TEXTS.search, wanted.values()))
        self._block = _BLOCK if of_lines and not self._alone else 1

    def find_all(self, texts: Sequence[str]) -> dict[int, list[int]]:
        """By question, the rows of the texts that answer it with yes, ascending.

        Several folded texts are put to the sets as lines of one: hardly any says anything.
        """
        rows: dict[int, list[int]] = {}
        for first in range(0, len(texts) if self.questions else 0, self._block):
            block = texts[first : first + self._block]
            if len(block) > 1 and not self._may_answer("\n".join(block)):
                continue
            for row, text in enumerate(block, start=first):
                for question in self.find(text):
                    rows.setdefault(question, []).append(row)
        return rows

    def find(self, text: str) -> list[int]:
        """The questions that ``text`` answers with yes."""
        found = self._each(self._alone, text)
        for together, questions in self._sets:
            numbers = together.Match(text)
            if numbers is None:  # out of memory, which a single expression can do without
                found += self._each(questions, text)
            else:
                found += [questions[number] for number in numbers if number < len(questions)]
        return found

    def _may_answer(self, block: str) -> bool:
        """Whether some line of a block may answer some question with yes. The last of a set is
        always found: one number says that nothing else is, and none that memory ran out."""
        found = (together.Match(block) for together, _ in self._sets)
        return any(numbers is None or len(numbers) != 1 for numbers in found)

    def _each(self, questions: Sequence[int], text: str) -> list[int]:
        return [question for question in questions if self._single[question].search(text)]

    def _divided(
        self, questions: tuple[int, ...], options: re2.Options
    ) -> Iterator[tuple[re2.Set, tuple[int, ...]]]:
        # Folded texts have no line ends: what is true of a whole one is of a line.
        lines = "" if options.case_sensitive else "(?m)"
        made = _set_of([lines + self._single[question].pattern for question in questions], options)
        if made is not None:
            yield made, questions
        elif len(questions) > 1:
            half = len(questions) // 2
            yield from self._divided(questions[:half], options)
            yield from self._divided(questions[half:], options)

    def spans(self, question: int, text: str) -> list[tuple[int, int]]:
        """Where the expression of ``question`` matches, in characters; the first few."""
        matches = self._single[question].finditer(text)
        return [match.span() for match in islice(matches, _SPANS) if match.end() > match.start()]


def readable(texts: Sequence[str]) -> list[str]:
    """Texts as RE2 takes them, of the same lengths: lone surrogates are no characters."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return list(texts)


def fold_pattern(pattern: str) -> str:
    """An expression for folded text: what is not ASCII in it is folded as the text is, so that
    微信 and 薇信, ＱＱ and qq are the same there, too. Ranges fold only as a whole."""
    return "".join(_folded_pieces(pattern))


_PIECE = re.compile(
    r"(?P<range>[^\x00-\x7f]-[^\x00-\x7f])|\\?(?P<single>[^\x00-\x7f])|(?P<kept>\\?[\x00-\x7f])"
)


def _folded_pieces(pattern: str) -> Iterator[str]:
    for piece in _PIECE.finditer(pattern):
        if piece["kept"] is not None:
            yield _ALIKE.get(piece["kept"], piece["kept"])
        elif piece["range"] is not None:
            yield _folded_range(piece["range"])
        else:
            yield _folded_character(piece["single"])


def _folded_range(written: str) -> str:
    first, last = (_fold(end) for end in (written[0], written[2]))
    is_whole = len(first) == len(last) == 1 and ord(last) - ord(first) == ord(written[2]) - ord(written[0])
    return f"{re.escape(first)}-{re.escape(last)}" if is_whole else written


def _folded_character(written: str) -> str:
    folded = _fold(written)
    if len(folded) == 1:
        return re.escape(folded)
    return "" if unicodedata.category(written) in _INVISIBLE else written


def _fold(text: str) -> str:
    return fold([text]).texts()[0]


def _set_of(patterns: Sequence[str], options: re2.Options) -> re2.Set | None:
    """None when they do not fit into its memory. The last of the set is always found: a set that
    finds nothing and one that fails answer the same."""
    made = re2.Set.SearchSet(options)
    for pattern in (*patterns, ""):
        made.Add(pattern)
    try:
        made.Compile()
    except re2.error:
        return None
    return made


def _options(*, case_sensitive: bool, memory: int) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.case_sensitive = case_sensitive
    return options


def _compiled(pattern: str, options: re2.Options) -> re2._Regexp:
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as problem:
        raise _explained(problem) from None
    if compiled.search("") and compiled.search(_INSIDE):
        raise Unusable("error.rules.regex_everything", pattern)
    return compiled


def _explained(problem: re2.error) -> Unusable:
    told = problem.args[0]
    detail = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    if re.search(r"\(\?(<?[=!])", detail):
        return Unusable("error.rules.regex_lookaround", detail)
    if re.search(r"\\[1-9k]", detail):
        return Unusable("error.rules.regex_backreference", detail)
    return Unusable("error.rules.regex", detail)
