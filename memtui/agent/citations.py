"""References in a reply, resolved to passages that this agent was shown.

A reference is what a search called a hit (`[paper p. 2]`), or a variant of that
(`[paper, pp. 2-3]`, `[PAPER p.2; manual p. 7]`, `[p. 2]`). Names are compared as text, never made
part of a pattern. Whatever else looks like a reference with a page is reported, unverified.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from memtui.api.agents import Citation
from memtui.api.search import Hit

_PLACE = (
    r"(?P<kind>pages?|pp\.?|pg?\.?|¶|para\.?)\s{0,3}(?P<first>\d{1,6})"
    r"(?:\s{0,3}[-–—]\s{0,3}(?P<last>\d{1,6}))?"
)
_AFTER_NAME = re.compile(r"[\s,:]{1,4}" + _PLACE, re.IGNORECASE)
_NAMELESS = re.compile(_PLACE, re.IGNORECASE)
_UNKNOWN = re.compile(r"(?P<name>[^\[\]\n;]{1,200}?)[\s,:]{1,4}" + _PLACE, re.IGNORECASE)
_NUMBERS = re.compile(r"(?P<first>\d{1,6})(?:\s{0,3}[-–—]\s{0,3}(?P<last>\d{1,6}))?")
_SPACE = re.compile(r"\s{0,4}")
_IN_LABEL = re.compile(r"[\s,]*" + _PLACE + r"\s*\]\Z", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_BEFORE = 400  # characters before a reference that are compared with passages
_MAX_RANGE = 20  # pages in one reference
_MAX_REFERENCES = 500  # in one reply
_RUN = 6  # words in a row that show that a text was drawn from a passage


@dataclass(frozen=True)
class _Reference:
    name: str | None
    kind: str  # "p" or "¶"
    first: int
    last: int
    start: int
    end: int


class _Shown:
    """A hit, with the names and places by which a reply may refer to it."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        self.places: list[tuple[str, int, int]] = []
        names = {hit.source, hit.document}
        if hit.document:
            names.add(PurePath(hit.document).stem)
            names.update({f"{hit.source}, {hit.document}", f"{hit.source} {hit.document}"})
        if place := _IN_LABEL.search(hit.citation):
            names.add(hit.citation[1 : place.start()].strip())
            self.places.append(
                (_kind(place), int(place["first"]), int(place["last"] or place["first"]))
            )
        if hit.page is not None:
            self.places.append(("p", hit.page, hit.page_end or hit.page))
        self.names = {name.casefold(): len(name) for name in names if name}

    def numbers(self) -> set[tuple[str, int]]:
        """Every place by which this hit can be meant."""
        return {
            (kind, number)
            for kind, first, last in self.places
            for number in range(first, min(last, first + _MAX_RANGE) + 1)
        }


def find(text: str, hits: Iterable[Hit]) -> list[Citation]:
    """The references in `text`, in order. `hits` were shown to the agent, the latest first."""
    if "[" not in text:
        return []
    return _Finder(text, hits).citations()


class _Finder:
    def __init__(self, text: str, hits: Iterable[Hit]) -> None:
        self.text = text
        self.labels: dict[str, list[_Shown]] = {}
        self.sources: dict[str, str | None] = {}
        self.places: dict[tuple[str | None, str, int], list[_Shown]] = {}
        lengths: set[int] = set()
        for shown in map(_Shown, _first(hits)):
            self.labels.setdefault(shown.hit.citation, []).append(shown)
            for name, length in shown.names.items():
                self.sources.setdefault(name, shown.hit.source)
                lengths.add(length)
            for kind, number in shown.numbers():
                for called in (None, *shown.names):
                    self.places.setdefault((called, kind, number), []).append(shown)
        self.name_lengths = sorted(lengths, reverse=True)
        self.label_lengths = sorted({len(label) for label in self.labels if label}, reverse=True)

    def citations(self) -> list[Citation]:
        found: list[Citation] = []
        position = self.text.find("[")
        while position >= 0 and len(found) < _MAX_REFERENCES:
            here, after = self._label(position, found), position
            if here:
                found += here
                after = here[-1].end
            else:
                references, after = self._group(position)
                for reference in references:
                    found.append(self._resolve(reference, found[-1].end if found else 0))
            position = self.text.find("[", max(after, position + 1))
        return found

    def _label(self, start: int, before: list[Citation]) -> list[Citation]:
        for length in self.label_lengths:
            label = self.text[start : start + length]  # shorter at the end of the text
            candidates = self.labels.get(label)
            if candidates:
                best = self._best(candidates, start, before[-1].end if before else 0)
                return [self._verified(best.hit, best.hit.page, start, start + len(label))]
        return []

    def _group(self, start: int) -> tuple[list[_Reference], int]:
        """The references of one bracket, and where it ends; none when it is something else."""
        text = self.text
        found: list[_Reference] = []
        position = start + 1
        while True:
            position = self._skip(position)
            reference = self._reference(position, found[-1] if found else None)
            if reference is None:
                return [], start + 1
            found.append(reference)
            position = self._skip(reference.end)
            closing = text[position : position + 1]
            if closing == "]":
                break
            if closing not in (",", ";"):
                return [], start + 1
            position += 1
        if len(found) == 1:  # the bracket belongs to its only reference
            only = found[0]
            whole = _Reference(only.name, only.kind, only.first, only.last, start, position + 1)
            return [whole], position + 1
        return found, position + 1

    def _skip(self, position: int) -> int:
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def _reference(self, at: int, before: _Reference | None) -> _Reference | None:
        for length in self.name_lengths:
            name = self.text[at : at + length].casefold()
            if name in self.sources and (place := _AFTER_NAME.match(self.text, at + length)):
                return _made(name, _kind(place), place, at)
        if place := _NAMELESS.match(self.text, at):
            return _made(before.name if before else None, _kind(place), place, at)
        if before and (place := _NUMBERS.match(self.text, at)):
            return _made(before.name, before.kind, place, at)
        if place := _UNKNOWN.match(self.text, at):
            return _made(place["name"].strip(), _kind(place), place, at)
        return None

    def _resolve(self, reference: _Reference, previous_end: int) -> Citation:
        last = min(reference.last, reference.first + _MAX_RANGE)
        found = [
            self.places.get((reference.name, reference.kind, number), [])
            for number in range(reference.first, last + 1)
        ]
        if reference.last == last and all(found):
            best = self._best([s for some in found for s in some], reference.start, previous_end)
            page = reference.first if reference.kind == "p" else best.hit.page
            return self._verified(best.hit, page, reference.start, reference.end)
        return Citation(
            source=self.sources.get(reference.name or "", reference.name),
            page=reference.first if reference.kind == "p" else None,
            verified=False,
            text=self.text[reference.start : reference.end],
            start=reference.start,
            end=reference.end,
        )

    def _verified(self, hit: Hit, page: int | None, start: int, end: int) -> Citation:
        return Citation(
            source=hit.source,
            document=hit.document,
            page=page,
            passage_id=hit.passage_id,
            text=self.text[start:end],
            start=start,
            end=end,
        )

    def _best(self, candidates: Sequence[_Shown], start: int, previous_end: int) -> _Shown:
        """The one that shares most words with what stands before the reference; else the first."""
        if len(candidates) == 1:
            return candidates[0]
        begin = max(0, start - _BEFORE)
        said = _words(self.text[max(begin, previous_end) : start])
        if len(said) < 3:
            said = _words(self.text[begin:start])
        return max(candidates, key=lambda shown: len(said & _words(shown.hit.text)))


def _first(hits: Iterable[Hit]) -> list[Hit]:
    """Without repetitions of a passage; the first one stays."""
    distinct: dict[str, Hit] = {}
    for hit in hits:
        distinct.setdefault(hit.passage_id, hit)
    return list(distinct.values())


def _kind(place: re.Match[str]) -> str:
    return "¶" if place["kind"].lower().startswith(("¶", "para")) else "p"


def _made(name: str | None, kind: str, place: re.Match[str], at: int) -> _Reference:
    first = int(place["first"])
    return _Reference(name, kind, first, max(first, int(place["last"] or first)), at, place.end())


def _words(text: str) -> set[str]:
    """Words; those outside of ASCII also as pairs of characters, for scripts without spaces."""
    words = {word.casefold() for word in _WORD.findall(text)}
    pairs = {w[i : i + 2] for w in words if not w.isascii() for i in range(len(w) - 1)}
    return words | pairs


def drawn_from(text: str, hits: Iterable[Hit]) -> set[str]:
    """Ids of the sources of those `hits` that share a run of words with `text`."""
    said = _runs(text)
    return {hit.source_id for hit in hits if hit.source_id and said & _runs(hit.text)}


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [
        piece
        for word in _WORD.findall(text.casefold())
        for piece in ((word,) if word.isascii() else tuple(word))
    ]
    return {tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}
