"""Documents into passages: whole sentences, within a section, of a size the embedder takes whole.

Spans count in the document's text (its pages joined): `text[start:end] == chunk.text`. They are in
order and cover the text but for white space. Where a passage goes on within a section and page, it
begins with the last sentence of the one before, if that is short.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from memtui.library import sentences
from memtui.library.document import DocumentText
from memtui.library.tokens import Measure, estimate

MAX_TOKENS = 240
"""Tokens a passage, about 1,000 characters of English: MiniLM cuts silently at 254."""

MAX_CHARACTERS = 1900
"""However few tokens: white space and endless "words" count next to nothing."""

TINY = 200
"""A passage shorter than this (characters) goes on over a lower heading; over a page's end none
does but to finish its sentence, so that a citation names the page."""

OVERLAP = 32
"""Tokens at most that a passage repeats of the one before: what a pronoun refers to, mostly."""

_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200d\ufe0f]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """`page`…`page_end` count from 1; `page_label` is that of `page`, as printed."""

    ordinal: int
    text: str
    start: int
    end: int
    page: int | None = None
    page_end: int | None = None
    page_label: str | None = None
    section: str = ""


def chunk(document: DocumentText, measure: Measure = estimate) -> Iterator[Chunk]:
    """The passages of `document`, in order. `measure` counts the embedder's tokens."""
    text = document.text
    starts = document.page_starts()
    headings = document.headings
    heading_starts = [heading.start for heading in headings]
    cost = _Cost(text, measure)
    for ordinal, (start, end) in enumerate(_spans(document, cost, starts)):
        first = document.pages[bisect_right(starts, start) - 1]
        last = document.pages[bisect_right(starts, end - 1) - 1]
        under = bisect_right(heading_starts, start) - 1
        yield Chunk(
            ordinal=ordinal,
            text=text[start:end],
            start=start,
            end=end,
            page=first.number,
            page_end=last.number,
            page_label=first.label,
            section=headings[under].title if under >= 0 else "",
        )


class _Cost:
    """What a span of the text weighs, in tokens."""

    def __init__(self, text: str, measure: Measure) -> None:
        self.text = text
        self._measure = measure

    def __call__(self, start: int, end: int) -> float:
        weight = (end - start) * MAX_TOKENS / MAX_CHARACTERS
        if weight > 4 * MAX_TOKENS:
            return weight  # far too long anyhow
        return max(self._measure(self.text[start:end]), weight)


def _spans(document: DocumentText, cost: _Cost, starts: list[int]) -> Iterator[tuple[int, int]]:
    """The passages' spans, without white space at their ends."""
    block: list[tuple[int, int]] = []
    gaps = _gaps(document, starts)
    for section, major in _sections(document, len(cost.text)):
        if major and block:
            yield from _pack(cost, block)
            block = []
        for part in _parts(cost.text, section, starts, gaps):
            other_page = block and bisect_right(starts, part[0][0]) > bisect_right(
                starts, block[0][0]
            )
            if block and (other_page or part[0][0] - block[0][0] >= TINY):
                yield from _pack(cost, block)
                block = []
            block += part
    yield from _pack(cost, block)


def _sections(document: DocumentText, length: int) -> Iterator[tuple[tuple[int, int], bool]]:
    """The text cut at its headings; True where a section of the highest level begins."""
    top = min((heading.level for heading in document.headings), default=0)
    begin, major = 0, False
    for heading in document.headings:
        if heading.start > begin:
            yield (begin, heading.start), major
            begin, major = heading.start, False
        major = major or heading.level == top
    yield (begin, length), major


def _parts(
    text: str, section: tuple[int, int], starts: list[int], gaps: set[int]
) -> Iterator[list[tuple[int, int]]]:
    """The section's sentences, page by page: a sentence belongs to the page it begins on."""
    begin, end = section
    cuts = starts[bisect_right(starts, begin) : bisect_right(starts, end - 1)]
    part: list[tuple[int, int]] = []
    for cut in [*(cut for cut in cuts if cut in gaps or _page_breaks(text, cut)), end]:
        for span in sentences.split(text, begin, cut):
            if part and bisect_right(starts, span[0]) > bisect_right(starts, part[0][0]):
                yield part
                part = []
            part.append(span)
        begin = cut
    if part:
        yield part


def _gaps(document: DocumentText, starts: list[int]) -> set[int]:
    """Where a page begins that does not follow the one before: only some pages were chosen."""
    numbers = [page.number for page in document.pages]
    return {
        start
        for start, before, number in zip(starts[1:], numbers, numbers[1:], strict=False)
        if before is not None and number is not None and number != before + 1
    }


def _page_breaks(text: str, cut: int) -> bool:
    """Whether a sentence ends with the page before `cut`: not when it goes on in lower case."""
    after = text[cut : cut + 40].lstrip()
    before = text[max(0, cut - 40) : cut].rstrip()
    return not after or not before or not after[0].islower() or before[-1] in ".!?:。！？"


def _pack(cost: _Cost, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sentences into passages of about the same size, none above MAX_TOKENS."""
    units: list[tuple[int, int, float]] = []
    for start, end in spans:
        weight = cost(start, end)
        if weight <= MAX_TOKENS:
            units.append((start, end, weight))
        else:
            units += _cut(cost, start, end)
    # After a blank piece all of a short passage would be taken for its end, and repeated.
    units = [unit for unit in units if cost.text[unit[0] : unit[1]].strip()]
    left = sum(weight for _, _, weight in units)
    part: list[tuple[int, int, float]] = []
    size, target = 0.0, _target(left, 0.0)
    for unit in units:
        weight = unit[2]
        if part and (size + weight > MAX_TOKENS or size + weight / 2 > target):
            yield from _strip(cost.text, part[0][0], part[-1][1])
            part = _repeated(part, MAX_TOKENS - weight)
            size = sum(unit[2] for unit in part)
            target = _target(left, size)
        part.append(unit)
        size += weight
        left -= weight
    if part:
        yield from _strip(cost.text, part[0][0], part[-1][1])


def _repeated(part: list[tuple[int, int, float]], space: float) -> list[tuple[int, int, float]]:
    """The last sentences of a passage, as far as they fit, for the next one to begin with."""
    size, first = 0.0, len(part)
    while first > 1 and size + part[first - 1][2] <= min(OVERLAP, space):
        first -= 1
        size += part[first][2]
    return part[first:]


def _target(left: float, repeated: float) -> float:
    """The size at which `left` and what is repeated make passages of about the same size."""
    each = MAX_TOKENS - OVERLAP
    number = max(1, math.ceil((left + repeated - OVERLAP) / each))
    return (left + repeated + (number - 1) * OVERLAP) / number


def _cut(cost: _Cost, start: int, end: int) -> Iterator[tuple[int, int, float]]:
    """A sentence that is too long, cut at line ends, else at spaces, else anywhere."""
    while start < end:
        stop = min(end, start + MAX_CHARACTERS)
        while (weight := cost(start, stop)) > MAX_TOKENS:
            stop = start + max(1, int((stop - start) * MAX_TOKENS / weight * 0.98))
        if stop < end:
            stop = _good_place(cost.text, start, stop)
            weight = cost(start, stop)
        yield start, stop, weight
        start = stop


def _good_place(text: str, start: int, stop: int) -> int:
    half = start + (stop - start) // 2
    newline = text.rfind("\n", half, stop)
    if newline > 0:
        return newline + 1
    for position in range(stop - 1, half, -1):
        if text[position].isspace():
            return position + 1
    while stop - 1 > half and _MARKS.match(text[stop]):
        stop -= 1  # a mark stays with its letter
    return stop


def _strip(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
