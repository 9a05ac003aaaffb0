"""Columns that a page's content draws line by line across, read one after the other.

Most files draw a column whole, and their order is kept. Where runs of text side by side follow
each other again and again with the same gap between them, and both sides are lines of prose
rather than the cells of a table, the lines are put into the order of the columns.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from memtui.library.readers.pdf_chars import Box, Char

_LINES = 5
"""Lines that a column has at least."""
_GAP = 7.0
"""Points between two columns at least."""
_WIDTH = 80.0
"""Points that half of a column's lines are wide at least, and …"""
_FILLED = 0.6
"""… the share of the column's width that they fill; less is a table."""
_PROSE = 20
"""Characters that half of its lines have at least."""


def gutters(runs: Sequence[Box]) -> list[float]:
    """Where (x, in points) the runs jump over a gap line by line, between lines of prose."""
    if len(runs) < 2 * _LINES:
        return []
    pieces: list[list[float]] = [[*runs[0]]]
    gaps: list[tuple[float, float]] = []
    for left, bottom, right, top in runs[1:]:
        left1, bottom1, right1, top1 = last = pieces[-1]
        if 2 * (min(top, top1) - max(bottom, bottom1)) > min(top - bottom, top1 - bottom1):
            if left - right1 < _GAP and left1 - right < _GAP:
                last[0], last[2] = min(left, left1), max(right, right1)
                continue
            gaps.append((min(right, right1), max(left, left1)))
        pieces.append([left, bottom, right, top])
    found: list[float] = []
    while len(gaps) >= _LINES and len(found) < 3:
        place, crossed = _most_crossed(gaps)
        if crossed < _LINES or 2 * sum(a < place < b for a, _, b, _ in pieces) > crossed:
            break
        found.append(place)
        gaps = [gap for gap in gaps if not gap[0] < place < gap[1]]
    found.sort()
    borders = [float("-inf"), *found, float("inf")]
    columns = [
        [(a, b) for a, _, b, _ in pieces if begin <= a and b <= end]
        for begin, end in pairwise(borders)
    ]
    return found if found and all(map(_is_prose, columns)) else []


def _is_prose(column: list[tuple[float, float]]) -> bool:
    if len(column) < _LINES:
        return False
    width = max(right for _, right in column) - min(left for left, _ in column)
    return median(right - left for left, right in column) >= max(_WIDTH, _FILLED * width)


def _most_crossed(gaps: list[tuple[float, float]]) -> tuple[float, int]:
    """The middle of where most gaps lie above each other, and how many do."""
    ends = sorted([(left, 1) for left, _ in gaps] + [(right, -1) for _, right in gaps])
    best, place, open_gaps = 0, 0.0, 0
    for (x, step), (following, _) in pairwise(ends):
        open_gaps += step
        if open_gaps > best:
            best, place = open_gaps, (x + following) / 2
    return place, best


class _Line:
    def __init__(self, chars: list[Char], gutters: list[float]) -> None:
        self.text = "".join(char.text for char in chars).strip()
        boxes = [char.box for char in chars if not char.text.isspace()]
        self.left = min(box[0] for box in boxes)
        self.right = max(box[2] for box in boxes)
        self.y = median((box[1] + box[3]) / 2 for box in boxes)
        inside = not any(self.left + 1 < gutter < self.right - 1 for gutter in gutters)
        middle = (self.left + self.right) / 2
        self.column = sum(gutter < middle for gutter in gutters) if inside else None


def reading_order(chars: Sequence[Char], gutters: list[float]) -> str | None:
    """The text column by column; None when what stands between the gutters is no prose.

    A line over more than one column ends the columns above it.
    """
    lines = [_Line(part, gutters) for part in _cut(chars, gutters)]
    for column in range(len(gutters) + 1):
        own = [line for line in lines if line.column == column]
        if len(own) < _LINES or median(len(line.text) for line in own) < _PROSE:
            return None
    across = sorted((line for line in lines if line.column is None), key=lambda line: -line.y)
    if len(across) > len(lines) / 3:
        return None

    def place(numbered: tuple[int, _Line]) -> tuple[int, int, int]:
        number, line = numbered
        if line.column is None:
            return across.index(line), len(gutters) + 1, number
        return sum(line.y < other.y for other in across), line.column, number

    return "\n".join(line.text for _, line in sorted(enumerate(lines), key=place))


def _cut(chars: Sequence[Char], gutters: list[float]) -> list[list[Char]]:
    """The characters cut at line ends, and wherever a gutter lies between two of them."""
    parts: list[list[Char]] = [[]]
    before: Box | None = None
    for char in chars:
        if char.text in "\r\n":
            parts.append([])
            before = None
            continue
        if not char.text.isspace():
            if before is not None and _between(before, char.box, gutters):
                parts.append([])
            before = char.box
        parts[-1].append(char)
    return [part for part in parts if any(not char.text.isspace() for char in part)]


def _between(one: Box, other: Box, gutters: list[float]) -> bool:
    low, high = min(one[2], other[2]), max(one[0], other[0])
    return high - low >= _GAP and any(low < gutter < high for gutter in gutters)
