"""Whether what was found answers: the words that a question wants, and how well hits meet them.

Everything works on terms, so on any language for which the analyser makes some.
"""

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from memtui.llm.questions import Question
from memtui.llm.synonyms import synonyms
from memtui.llm.transcript import SeenHit

Terms = Callable[[str], list[str]]
Unit = tuple[str, ...]
"""A word of the question: the terms it may have become, one for each language it may be in."""
Wanted = dict[Unit, float]

ENOUGH = 0.46
"""Evidence from which a passage counts as answering.

Measured with memtui's fused search on questions of NQ (300), XQuAD es, ar, zh (150 each): the
passage that answers is among the citations for 0.90, 0.94, 0.85, 0.93 of them, and is cited first
for 0.86, 0.91, 0.83, 0.93, with two quotations a reply; it declines though the passage is there
for 0.07, 0.04, 0.10, 0.06; with that passage taken out it declines 0.52, 0.59, 0.64, 0.68.
NQ at 0.42: cited 0.92, declined 0.04, without the passage 0.42; at 0.50: 0.88, 0.09, 0.61.
"""

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff][^\W_]*)*")
LIGHT = 0.4
"""What a word counts that only says of which sort the answer is (`at what temperature`)."""
FEW = (4, 40)
"""Hits of a search, from nearly none to enough for the best to stand out from."""


class Evidence:
    """Judges hits for one question at a time.

    `query_terms` analyses questions, `text_terms` passages, all of their words in order.
    """

    def __init__(self, query_terms: Terms, text_terms: Terms) -> None:
        self._query_terms = query_terms
        self._terms = lru_cache(maxsize=4096)(lambda text: tuple(text_terms(text)))

    def terms(self, text: str) -> tuple[str, ...]:
        """The terms of a passage or a sentence, in order."""
        return self._terms(text)

    def wanted(self, content: str, whole: str = "", light: frozenset[str] = frozenset()) -> Wanted:
        """The words of `content` that a passage should have, in order, and how much each counts.

        `whole` is the question they are from, by which its language is known; `light` words in it
        count less.
        """
        terms = set(self._query_terms(content)) | set(self._query_terms(whole))
        known = set(self._query_terms(whole)) or terms
        wanted: Wanted = {}
        for number, found in enumerate(_WORD.finditer(content)):
            word = found[0]
            variants = [term for term in self._query_terms(word) if term in terms]
            variants = [term for term in variants if term in known] or variants
            pieces = word[0] > "\u0dff" and len(word) > 1  # scripts without spaces
            proper = word[0].isupper() and number > 0
            proper = proper or any(char.isupper() or char.isdigit() for char in word[1:])
            for unit in [(term,) for term in variants] if pieces else [tuple(variants)]:
                if unit:
                    # Long words are rarer; names and numbers must not be missing.
                    size = max(map(len, unit))
                    weight = float(max(size, 5) * 1.6 if proper and not pieces else size)
                    weight *= LIGHT if word.casefold() in light else 1.0
                    for other in () if proper else synonyms(word):
                        unit = (*unit, *self._query_terms(other)[:1])
                    wanted[unit] = weight
        return wanted or {(term,): float(len(term)) for term in terms}

    def names(self, wanted: Wanted) -> set[Unit]:
        """Those of `wanted` that are names or numbers."""
        return {unit for unit, weight in wanted.items() if weight > max(map(len, unit))}

    def judge(
        self, wanted: Wanted, hits: Sequence[SeenHit], question: Question | None = None
    ) -> dict[SeenHit, float]:
        """How sure it is that each hit answers, about 0 to 1.

        Words count by their weight, by how few of the hits have them, as neighbours, and as close
        together; and it helps a hit to stand out from its page.
        """
        if not wanted or not hits:
            return dict.fromkeys(hits, 0.0)
        passages = {hit: self.terms(hit.text) for hit in hits}
        found = {hit: set(terms) for hit, terms in passages.items()}
        rare = rarity(wanted, list(found.values()))
        names = self.names(wanted)
        values = {}
        for hit, terms in passages.items():
            covered = share(wanted, found[hit])
            near = max(
                share(wanted, set(terms[start : start + 30]))
                for start in range(0, max(1, len(terms) - 15), 8)
            )
            pairs = neighbours(wanted, terms) if len(wanted) > 1 else covered
            above = _stands_out(hit, hits)
            # Something always stands out from a few: there, the words it has must do.
            many = _ramp(hit.among, *FEW)
            above = many * above + (1 - many) * _ramp(covered, 0.3, 0.85)
            values[hit] = (
                0.30 * covered
                + 0.15 * share(rare, found[hit])
                + 0.20 * near
                + 0.15 * pairs
                + 0.45 * above
            )
            if names and not any(not found[hit].isdisjoint(unit) for unit in names):
                values[hit] *= 0.5  # it speaks of something else
            if len(wanted) == 2 and covered <= 0.5:
                values[hit] *= 0.75  # of two words the longer, if any, is what it is about
            if question and not question.answered_in(hit.text):
                values[hit] *= 0.7 + 0.3 * many  # a `when` without a date
        return values

    def coverage(self, wanted: Wanted, hits: Sequence[SeenHit]) -> float:
        """The best share of the wanted words, by weight, that one hit has."""
        return max((share(wanted, set(self.terms(hit.text))) for hit in hits), default=0.0)


def rarity(wanted: Wanted, texts: Sequence[set[str] | frozenset[str]]) -> dict[Unit, float]:
    """1 for a word in none of `texts`, near 0 for one in all of them."""
    top = math.log(2 * (len(texts) + 1))
    counts = {unit: sum(not text.isdisjoint(unit) for text in texts) for unit in wanted}
    return {unit: math.log((len(texts) + 1) / (counts[unit] + 0.5)) / top for unit in wanted}


def share(weights: dict[Unit, float], terms: set[str] | frozenset[str]) -> float:
    """The share of `weights`, by weight, that are among `terms`."""
    total = sum(weights.values())
    found = sum(weight for unit, weight in weights.items() if not terms.isdisjoint(unit))
    return found / (total or 1.0)


def neighbours(wanted: Wanted, terms: Sequence[str]) -> float:
    """The share of the question's pairs of words that stand side by side."""
    there = set(pairwise(terms))
    pairs = list(pairwise(wanted))
    met = sum(any((a, b) in there for a in one for b in two) for one, two in pairs)
    return met / max(1, len(pairs))


def _ramp(value: float, start: float, end: float) -> float:
    return min(1.0, max(0.0, (value - start) / (end - start)))


def _stands_out(hit: SeenHit, hits: Sequence[SeenHit]) -> float:
    """How far the hit's score is above the median of its search, as a part of it; 0 to 1."""
    others = sorted(one.score for one in hits if one.search == hit.search)
    if hit.score <= 0:
        return 0.0
    return min(max(1 - others[len(others) // 2] / hit.score, 0.0), 1.0)
