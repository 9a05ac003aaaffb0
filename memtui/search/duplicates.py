"""The same text found again and again: it comes after what is different."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

HEAD = 50
"""The best so many candidates are compared: the same ones for every page of a search."""
ALIKE = 0.9  # Jaccard of two texts' pairs of words
_ALIKE_IN_WORDS = 0.8  # what differs in fewer pairs than that differs in fewer words still
_LONGEST = 4000  # characters that are compared


def behind(ids: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    """`ids`, best first, with those behind whose text is nearly that of a better one.

    None is lost, and each of the two parts keeps its order. What has no text is like no other.
    """
    distinct: list[str] = []
    again: list[str] = []
    kept: list[_Words] = []
    for id_ in ids:
        words = _Words(texts.get(id_, ""))
        if any(words.like(other) for other in kept):
            again.append(id_)
        else:
            distinct.append(id_)
            kept.append(words)
    return distinct + again


class _Words:
    """The words of a text; where there are hardly any spaces, its characters."""

    def __init__(self, text: str) -> None:
        self.words = text[:_LONGEST].casefold().split()
        if len(text) > 16 * len(self.words):
            self.words = list("".join(self.words))
        self.different = frozenset(self.words)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset(pairwise(("", *self.words)))

    def like(self, other: "_Words") -> bool:
        # most pairs of texts are told apart by the first line
        return (
            _jaccard(self.different, other.different) >= _ALIKE_IN_WORDS
            and _jaccard(self.pairs, other.pairs) >= ALIKE
        )


def _jaccard(one: frozenset[Any], other: frozenset[Any]) -> float:
    few, many = len(one), len(other)
    if few > many:
        few, many = many, few
    if few < _ALIKE_IN_WORDS * many or not few:
        return 0.0
    common = len(one & other)
    return common / (few + many - common)
