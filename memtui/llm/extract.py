"""Choosing what to quote: scores the sentences of the hits, and tells an answer from none.

Everything works on terms, so on any language for which the analyser makes some.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from memtui.llm.questions import Question
from memtui.llm.sentences import readability, sentences
from memtui.llm.transcript import SeenHit

Terms = Callable[[str], list[str]]
Unit = tuple[str, ...]
"""A word of the question: the terms it may have become, one for each language it may be in."""
Wanted = dict[Unit, float]

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff][^\W_]*)*")

ENOUGH = 0.46
"""Evidence from which a passage counts as answering.

Measured with memtui's fused search on questions of NQ (300), XQuAD es, ar, zh (150 each): the
passage that answers is among the citations for 0.89, 0.91, 0.83, 0.88 of them; it declines though
the passage is there for 0.07, 0.07, 0.13, 0.11; with that passage taken out it declines 0.55, 0.69,
0.70, 0.75. At 0.38: cited 0.92 (NQ), declined without the passage 0.33; at 0.50: 0.88 and 0.65.
"""

_NUMBER = re.compile(
    r"\d|[½⅓¼]|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred"
    r"|thousand|million|billion|once|twice|half|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
    r"|cien|mil)\b|[一二三四五六七八九十百千万]",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b\d{3,4}s?\b|\d\s*[年月日]|\d{1,2}:\d\d|\b(january|february|march|april|may|june|july|august"
    r"|september|october|november|december|century|enero|febrero|marzo|abril|mayo|junio|julio"
    r"|agosto|sep?tiembre|octubre|noviembre|diciembre|siglo)\b|[٠-٩]{3,4}|世纪",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,)] )[A-ZÀ-Þ][\w’'.-]+")  # a capital that does not begin the sentence
_DESCRIBES = re.compile(
    r"\b(is|are|was) (an? |the |called|used|designed|defined)|\b(we (present|propose|introduce"
    r"|describe|show)|this (paper|document|manual|book|chapter|guide|report|article|handbook)"
    r"|in this (paper|work)|abstract)\b|\b(es|son) (una?|el|la)\b|\b(refers to|means|stands for)\b"
    r"|是|هو",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A sentence that might be quoted."""

    text: str
    hit: SeenHit
    position: int
    terms: frozenset[str]
    score: float = 0.0


class Extractor:
    """Scores hits and sentences for one question at a time.

    `query_terms` analyses questions, `text_terms` passages, all of their words in order.
    """

    def __init__(self, query_terms: Terms, text_terms: Terms) -> None:
        self._query_terms = query_terms
        self._terms = lru_cache(maxsize=4096)(lambda text: tuple(text_terms(text)))

    def wanted(self, text: str) -> Wanted:
        """The words that a passage should have, in order, and how much each counts."""
        whole = self._query_terms(text)
        wanted: Wanted = {}
        for number, found in enumerate(_WORD.finditer(text)):
            word = found[0]
            variants = [term for term in self._query_terms(word) if term in whole]
            pieces = word[0] > "\u0dff" and len(word) > 1  # scripts without spaces
            proper = word[0].isupper() and number > 0
            proper = proper or any(char.isupper() or char.isdigit() for char in word[1:])
            for unit in [(term,) for term in variants] if pieces else [tuple(variants)]:
                if unit:
                    # Long words are rarer; names and numbers must not be missing.
                    size = max(map(len, unit))
                    wanted[unit] = float(max(size, 5) * 1.6 if proper and not pieces else size)
        return wanted or {(term,): float(len(term)) for term in whole}

    def evidence(self, wanted: Wanted, hits: Sequence[SeenHit]) -> dict[SeenHit, float]:
        """How sure it is that each hit answers, about 0 to 1.

        Words count by their weight, by how few of the hits have them, as
        neighbours, and as close together; and it helps a hit to stand out from its page.
        """
        if not wanted or not hits:
            return dict.fromkeys(hits, 0.0)
        passages = {hit: self._terms(hit.text) for hit in hits}
        found = {hit: set(terms) for hit, terms in passages.items()}
        rare = self._rarity(wanted, list(found.values()))
        names = {unit for unit, weight in wanted.items() if weight > max(map(len, unit))}
        values = {}
        for hit, terms in passages.items():
            covered = _share(wanted, found[hit])
            idf = _share(rare, found[hit])
            near = max(
                _share(wanted, set(terms[start : start + 30]))
                for start in range(0, max(1, len(terms) - 15), 8)
            )
            neighbours = _neighbours(wanted, terms) if len(wanted) > 1 else covered
            above = _stands_out(hit, hits, covered)
            values[hit] = (
                0.30 * covered + 0.15 * idf + 0.20 * near + 0.15 * neighbours + 0.45 * above
            )
            if names and not any(not found[hit].isdisjoint(unit) for unit in names):
                values[hit] *= 0.5  # it speaks of something else
        return values

    def coverage(self, wanted: Wanted, hits: Sequence[SeenHit]) -> float:
        """The best share of the wanted words, by length, that one hit has."""
        return max((_share(wanted, set(self._terms(hit.text))) for hit in hits), default=0.0)

    def candidates(self, hits: Sequence[SeenHit]) -> list[Candidate]:
        """Every sentence of `hits`, once."""
        seen: set[str] = set()
        found = []
        for hit in hits:
            for position, text in enumerate(sentences(hit.text)):
                key = "".join(text.split()).casefold()
                if key not in seen:
                    seen.add(key)
                    found.append(Candidate(text, hit, position, frozenset(self._terms(text))))
        return found

    def answer(
        self,
        question: Question,
        wanted: Wanted,
        evidence: dict[SeenHit, float],
        limit: int,
    ) -> list[Candidate]:
        """The sentences to quote, best first: at most `limit`, two of a hit, no two alike."""
        hits = list(evidence)
        candidates = self.candidates(hits)
        rare = self._rarity(wanted, [candidate.terms for candidate in candidates])
        weights = {unit: size * (0.3 + rare[unit]) for unit, size in wanted.items()}
        before: dict[tuple[SeenHit, int], frozenset[str]] = {
            (candidate.hit, candidate.position + 1): candidate.terms for candidate in candidates
        }
        scored = []
        for candidate in candidates:
            near = before.get((candidate.hit, candidate.position), frozenset())
            scored.append(self._score(candidate, near, question, wanted, weights, evidence))
        scored.sort(key=lambda one: (-one.score, one.hit.rank, one.position))
        return _distinct(scored, limit, share=0.62)

    def _score(
        self,
        candidate: Candidate,
        near: frozenset[str],
        question: Question,
        wanted: Wanted,
        weights: dict[Unit, float],
        evidence: dict[SeenHit, float],
    ) -> Candidate:
        covered = _share(weights, candidate.terms)
        context = _share(weights, candidate.terms | near)
        neighbours = _neighbours(wanted, self._terms(candidate.text))
        score = 0.5 * covered + 0.2 * context + 0.15 * neighbours + 0.6 * evidence[candidate.hit]
        score += _kind_bonus(question, candidate)
        if question.kind == "define" and _DESCRIBES.search(candidate.text[:120]):
            opening = set(self._terms(candidate.text[:40]))
            score += 0.4 if any(opening.intersection(unit) for unit in wanted) else 0.15
        score -= 0.005 * min(candidate.position, 10)
        score *= 0.35 + 0.65 * readability(candidate.text)
        return Candidate(candidate.text, candidate.hit, candidate.position, candidate.terms, score)

    def describe(self, topic: Wanted, hits: Sequence[SeenHit], limit: int) -> list[Candidate]:
        """Leading, descriptive sentences about a topic (or, without one, of the whole), in the
        order in which they stand in the documents.
        """
        scored = []
        for candidate in self.candidates(hits):
            score = 0.8 * _share(topic, candidate.terms) if topic else 0.2
            opening = set(self._terms(candidate.text[:60]))
            named = any(opening.intersection(unit) for unit in topic)
            describes = bool(_DESCRIBES.search(candidate.text[:120]))
            score += 0.25 * named + 0.35 * describes + 0.4 * (named and describes)
            score += 0.25 / (1 + candidate.hit.rank) + 0.05 * (candidate.position == 0)
            score += 0.5 / candidate.hit.page if candidate.hit.page else 0.0
            score += 0.1 if 60 <= len(candidate.text) <= 320 else 0.0
            score *= readability(candidate.text) ** 2
            scored.append(
                Candidate(candidate.text, candidate.hit, candidate.position, candidate.terms, score)
            )
        scored.sort(key=lambda one: (-one.score, one.hit.rank, one.position))
        chosen = _distinct(scored, limit, share=0.4)
        return sorted(
            chosen, key=lambda one: (one.hit.source, one.hit.page or 0, one.hit.rank, one.position)
        )

    def _rarity(
        self, wanted: Wanted, texts: Sequence[set[str] | frozenset[str]]
    ) -> dict[Unit, float]:
        """1 for a word in none of `texts`, near 0 for one in all of them."""
        top = math.log(2 * (len(texts) + 1))
        counts = {unit: sum(not text.isdisjoint(unit) for text in texts) for unit in wanted}
        return {unit: math.log((len(texts) + 1) / (counts[unit] + 0.5)) / top for unit in wanted}


def _share(weights: dict[Unit, float], terms: set[str] | frozenset[str]) -> float:
    total = sum(weights.values())
    found = sum(weight for unit, weight in weights.items() if not terms.isdisjoint(unit))
    return found / (total or 1.0)


def _neighbours(wanted: Wanted, terms: Sequence[str]) -> float:
    """The share of the question's pairs of words that stand side by side."""
    there = set(pairwise(terms))
    pairs = list(pairwise(wanted))
    met = sum(any((a, b) in there for a in one for b in two) for one, two in pairs)
    return met / max(1, len(pairs))


def _stands_out(hit: SeenHit, hits: Sequence[SeenHit], covered: float) -> float:
    """How far the hit's score is above the median of its search, as a part of it; 0 to 1.

    Among one or two hits nothing can stand out: the words it has must do.
    """
    others = sorted(one.score for one in hits if one.search == hit.search)
    if len(others) < 3:
        return covered
    if hit.score <= 0:
        return 0.0
    return min(max(1 - others[len(others) // 2] / hit.score, 0.0), 1.0)


def _kind_bonus(question: Question, candidate: Candidate) -> float:
    text = candidate.text
    if question.kind == "when":
        return 0.18 if _DATE.search(text) else 0.0
    if question.kind == "number":
        return 0.15 if _NUMBER.search(text) else 0.0
    if question.kind == "who":
        return 0.08 if _NAME.search(text) else 0.0
    return 0.0


def _distinct(scored: Sequence[Candidate], limit: int, share: float) -> list[Candidate]:
    """The best, then those of at least `share` of its score; two of a hit, none nearly the same."""
    chosen: list[Candidate] = []
    for one in scored:
        if len(chosen) == limit or (chosen and one.score < share * chosen[0].score):
            break
        of_hit = sum(other.hit == one.hit for other in chosen)
        alike = any(
            len(one.terms & other.terms) > 0.7 * max(1, min(len(one.terms), len(other.terms)))
            for other in chosen
        )
        if of_hit < 2 and not alike and (readability(one.text) >= 0.3 or not chosen):
            chosen.append(one)
    return chosen
