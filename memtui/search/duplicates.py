"""The same text found again and again does not fill a page: it comes after what is different."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

HEAD = 50
"""The best so many candidates are compared: the same ones for every page of a search."""
ONE_IN = 5
"""So many hits may hold one that was read before: the copy, too, may be what is looked for. With
none, 1 of 100 questions of NQ loses its passage from the first five."""
ALIKE = 0.9  # Jaccard of two texts' pairs of words
_ALIKE_IN_WORDS = 0.8  # what differs in fewer pairs than that differs in fewer words still
_LONGEST = 4000  # characters that are compared


def behind(ids: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    """`ids`, best first, with those behind whose text is nearly that of a better one, but for one
    in five.

    None is lost, and each of the two parts keeps its order. What has no text is like no other.
    """
    first: list[str] = []
    again: list[str] = []
    different: list[_Words] = []
    for id_ in ids:
        words = _Words(texts.get(id_, ""))
        if not any(words.like(other) for other in different):
            different.append(words)
        elif (len(first) - len(different)) * ONE_IN > len(first):
            again.append(id_)
            continue
        first.append(id_)
    return first + again


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
