"""Passages and questions of invented words whose frequencies are those of a mixed library.

For libraries of 100,000 passages there is no English at hand that is not about one subject, where
every question would match most passages. Here one of five terms matches about a quarter of them,
as with real questions on encyclopedia articles of this length.
"""

import random
from collections.abc import Callable
from functools import cache
from itertools import accumulate

VOCABULARY = 20_000
OFFSET = 40
"""Word number n is as frequent as 1 / (n + OFFSET), Zipf's law without its stop words."""
CONTENT_WORDS = 75
"""In a passage of about 900 characters, beside as many small words."""
SMALL = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "it",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "by",
    "be",
    "at",
    "from",
    "this",
]
QUESTION_WORDS = 5


@cache
def vocabulary() -> tuple[str, ...]:
    chance = random.Random(0)
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        syllables = chance.choice((2, 2, 3, 3, 4))
        parts = (chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in range(syllables))
        found["".join(parts) + chance.choice("klmnrt")] = None
    return tuple(found)


@cache
def _weights() -> list[float]:
    return list(accumulate(1 / (number + OFFSET) for number in range(VOCABULARY)))


class Words:
    """The same texts for the same `seed`. `terms` makes index terms; it runs once a word."""

    def __init__(self, seed: int, terms: Callable[[str], str] = str) -> None:
        self._chance = random.Random(seed)
        self._terms = cache(terms)

    def _content(self, count: int) -> list[str]:
        return self._chance.choices(vocabulary(), cum_weights=_weights(), k=count)

    def passage(self) -> tuple[str, str]:
        """(text of about 900 characters, its index terms)."""
        content = self._content(CONTENT_WORDS)
        small = self._chance.choices(SMALL, k=CONTENT_WORDS)
        words = [word for pair in zip(small, content, strict=True) for word in pair]
        sentences = [" ".join(words[at : at + 14]).capitalize() for at in range(0, len(words), 14)]
        return ". ".join(sentences) + ".", " ".join(map(self._terms, content))

    def question(self) -> str:
        return f"What is the {' '.join(self._content(QUESTION_WORDS))}?"
