"""Choosing what to quote: scores the sentences of the hits that bear evidence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from memtui.llm.answers import DESCRIBES, INSTRUCTS, LEANS, defines
from memtui.llm.evidence import Evidence, Unit, Wanted, neighbours, rarity, share
from memtui.llm.questions import Question
from memtui.llm.sentences import heading, readability, sentences
from memtui.llm.transcript import SeenHit

MOST = 3
"""Sentences quoted at most, but for what a document is about."""
SHARE = {"define": 0.55, "explain": 0.65, "other": 0.68, "who": 0.68, "when": 0.74, "number": 0.74}
"""The part of the best sentence's score from which another is quoted as well."""

_OPENING = re.compile(
    r"abstract|introduction|overview|summary|preface|about|what is|resumen|introducción"
    r"|zusammenfassung|einleitung|résumé|摘要|引言|ملخص|مقدمة",
    re.IGNORECASE,
)
_UNTOLD = re.compile(
    r"copyright|©|permission|licen[cs]ed?\b|warrant(y|ies)|table of contents|:$", re.IGNORECASE
)
"""In what says nothing about what a document is about."""


@dataclass(frozen=True)
class Candidate:
    """A sentence that might be quoted. `near` are the terms of the sentence before it and of its
    passage's heading; it `leans` when it needs them to be understood, as `It is …` does."""

    text: str
    hit: SeenHit
    position: int
    terms: frozenset[str]
    near: frozenset[str] = field(default=frozenset(), compare=False)
    leans: bool = False
    title: bool = False
    score: float = 0.0


class Extractor:
    """Scores sentences for one question at a time."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._terms = evidence.terms

    def candidates(self, hits: Sequence[SeenHit]) -> list[Candidate]:
        """Every sentence of `hits`, once."""
        seen: set[str] = set()
        found = []
        for hit in hits:
            title = heading(hit.text)
            above = frozenset(self._terms(title))
            before, asked = frozenset[str](), False
            for position, text in enumerate(sentences(hit.text)):
                terms = frozenset(self._terms(text))
                key = "".join(text.split()).casefold()
                if key not in seen and readability(text) > 0:
                    seen.add(key)
                    near = before | above
                    leans = asked or bool(LEANS.match(text))
                    found.append(Candidate(text, hit, position, terms, near, leans, text == title))
                before, asked = terms, text[-1] in "?？؟"
        return found

    def answer(
        self, question: Question, wanted: Wanted, evidence: dict[SeenHit, float]
    ) -> list[Candidate]:
        """The sentences to quote, best first: two of a hit at most, no two alike."""
        candidates = _echoes_left_out(self.candidates(list(evidence)), wanted)
        rare = rarity(wanted, [candidate.terms for candidate in candidates])
        weights = {unit: size * (0.3 + rare[unit]) for unit, size in wanted.items()}
        top = max((hit.score for hit in evidence), default=0.0) or 1.0
        scored = []
        for one in candidates:
            hit = 0.45 * evidence[one.hit] + 0.40 * one.hit.score / top
            scored.append(replace(one, score=self._score(one, question, wanted, weights) + hit))
        readable = [replace(one, score=one.score * _legible(one)) for one in scored]
        return _distinct(readable, MOST, SHARE.get(question.kind, 0.68), of_hit=2)

    def _score(
        self,
        one: Candidate,
        question: Question,
        wanted: Wanted,
        weights: dict[Unit, float],
    ) -> float:
        own = share(weights, one.terms)
        with_near = share(weights, one.terms | one.near)
        score = 0.45 * own + 0.25 * with_near
        if one.leans and question.kind != "define":
            score += 0.35 * (with_near - own)
        score += 0.15 * neighbours(wanted, self._terms(one.text))
        opening = set(self._terms(one.text[:30])) | (one.near if one.leans else set())
        names = self._evidence.names(wanted)
        if names and any(not opening.isdisjoint(unit) for unit in names):
            score += 0.12  # what is asked about is what it speaks of
        if question.kind == "define":
            score += 0.6 * defines(question.topic, one.text)
            if DESCRIBES.search(one.text[:120]):
                score += 0.2 if any(opening.intersection(unit) for unit in wanted) else 0.05
        return score + _kind_bonus(question, one.text) - 0.004 * min(one.position, 10)

    def describe(
        self, topic: Wanted, hits: Sequence[SeenHit], limit: int, whole: bool = False
    ) -> list[Candidate]:
        """Leading, descriptive sentences about a topic (or of the `whole`, with what it is called
        for a topic), in the order in which they stand in the documents.
        """
        scored = []
        for one in self.candidates(hits):
            score = 0.2 if whole else 0.8 * share(topic, one.terms)
            opening = set(self._terms(one.text[:60]))
            named = any(opening.intersection(unit) for unit in topic)
            describes = not one.leans and bool(DESCRIBES.search(one.text[:120]))
            score += 0.25 * named + 0.35 * describes + 0.4 * (named and describes)
            score += 0.25 / (1 + one.hit.rank) + 0.05 * (one.position < 2)
            score += 0.5 / one.hit.page if one.hit.page else 0.0
            score += 0.3 * bool(_OPENING.match(heading(one.hit.text).lstrip("0123456789. ")))
            score += 0.1 if 60 <= len(one.text) <= 320 else 0.0
            score -= 0.3 * one.leans + 0.5 * bool(_UNTOLD.search(one.text))
            scored.append(replace(one, score=score * readability(one.text) ** 2))
        chosen = _distinct(scored, limit, share=0.5, of_hit=3)
        return sorted(
            chosen, key=lambda one: (one.hit.source, one.hit.page or 0, one.hit.rank, one.position)
        )


def _echoes_left_out(candidates: list[Candidate], wanted: Wanted) -> list[Candidate]:
    """`candidates` without those that say no more than the question; what follows leans on them."""
    asked = frozenset(term for unit in wanted for term in unit)
    kept: list[Candidate] = []
    echo: Candidate | None = None
    for one in candidates:
        follows = echo and echo.hit == one.hit and echo.position + 1 == one.position
        if one.terms and len(asked) > 1 and one.terms <= asked:
            echo = one
        else:
            kept.append(replace(one, leans=True) if follows else one)
    return kept or candidates


def _legible(one: Candidate) -> float:
    begun = one.position == 0 and one.text[0].islower()  # in the middle of a sentence
    poor = 0.9 if begun else 0.75 if one.title else 1.0
    return poor * (0.35 + 0.65 * readability(one.text))


def _kind_bonus(question: Question, text: str) -> float:
    if question.kind in {"when", "number", "who"}:
        return 0.18 if question.answered_in(text) else 0.0
    if question.kind == "explain":
        return 0.08 if INSTRUCTS.match(text) else 0.0
    return 0.0


def _distinct(
    scored: Sequence[Candidate], limit: int, share: float, of_hit: int
) -> list[Candidate]:
    """The best, then those of at least `share` of its score; none nearly the same."""
    chosen: list[Candidate] = []
    for one in sorted(scored, key=lambda one: (-one.score, one.hit.rank, one.position)):
        if len(chosen) == limit or (chosen and one.score < share * chosen[0].score):
            break
        alike = any(
            len(one.terms & other.terms) > 0.7 * max(1, min(len(one.terms), len(other.terms)))
            for other in chosen
        )
        same = sum(other.hit == one.hit for other in chosen)
        if same < of_hit and not alike and (readability(one.text) >= 0.3 or not chosen):
            chosen.append(one)
    return chosen
