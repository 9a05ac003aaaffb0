"""The list of hits: how each scored in both channels, where it stands, and its best line."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.inspector.board import Board
from memtui.tui.inspector.said import kind, scored, when, who
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.search import Hit

ROOMY = 66
"""Columns from which all scores of a hit stand in one line, under a heading."""

MATCH = "$accent bold"


@dataclass(frozen=True, eq=False)
class HitRow:
    """A hit, or neighbours as one: `parts` are the hits in it, in reading order.

    `best_words` is the best text score of the list, which its bars are measured by; `by_meaning`:
    some of the list were found so. `move` is how the hit stands in another mode; None outside a
    comparison.
    """

    key: str
    hit: "Hit"
    parts: "Sequence[Hit]"
    best_words: float
    by_meaning: bool
    pinned: bool = False
    move: Content | None = None


def rows_of(hits: "Sequence[Hit]", board: Board) -> list[HitRow]:
    """Neighbours in a document as one row."""
    from memtui.api.joined import as_one, blocks

    best = best_words(hits)
    rows = []
    for block in blocks(hits):
        hit = as_one(block)
        pinned = board.has(hit.passage_id)
        rows.append(HitRow(hit.passage_id, hit, block, best, by_meaning(hits), pinned))
    return rows


def best_words(hits: "Sequence[Hit]") -> float:
    return max((hit.text_score or 0.0 for hit in hits), default=0.0)


def by_meaning(hits: "Sequence[Hit]") -> bool:
    return any(hit.dense_score is not None for hit in hits)


class HitRows(Rows[HitRow]):
    BINDINGS = bindings("reading")
    HELP = (
        "What a search found. Enter reads the passage; ← and → turn to its neighbours; "
        "p pins it, s shows it as the agent saw it, c compares two modes."
    )
    follows = False

    class Moved(Message):
        """Another hit is under the cursor."""

        def __init__(self, rows: "HitRows") -> None:
            super().__init__()
            self.rows = rows

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self))

    def fill(self, rows: Sequence[HitRow]) -> None:
        """Show `rows`, the cursor on the same hit if it is still there, else on the first."""
        before = self.current
        kept = next((row for row in rows if row.key == self.cursor), None)
        self.show(rows)
        self.cursor = kept.key if kept is not None else rows[0].key if rows else None
        if kept is None:
            self.scroll_home(animate=False, immediate=True)
        elif before is not None and before.hit != kept.hit:
            self.post_message(self.Moved(self))  # the same passage, found otherwise
        self.refresh()

    def stamp(self, row: HitRow) -> Hashable:
        return id(row)  # a row is never changed, but made anew

    def draw(self, row: HitRow, width: int) -> list[Content]:
        if not scored(row.hit):
            head = [_rank(row) + _place(row, width - 5)]
        elif width >= ROOMY and row.move is None:
            head = _roomy(row, width)
        else:
            head = _narrow(row, width)
        text = safe.snippet(row.hit.text, row.hit.terms, max(10, width * 2), "$muted", MATCH)
        return [*head, (Content("     ") + text).truncate(width, ellipsis=True), Content("")]


HEADING = "     score       meaning        words           where"


def _roomy(row: HitRow, width: int) -> list[Content]:
    hit = row.hit
    line = _rank(row) + _bar(hit.score, hit.score, 5)
    line += Content("  ") + _meaning(row)
    line += Content("  ") + _words(row) + Content("  ")
    return [line + _place(row, width - line.cell_length)]


def _narrow(row: HitRow, width: int) -> list[Content]:
    hit = row.hit
    line = _rank(row)
    if row.move is not None:
        line += row.move + Content(" ")
    line += _bar(hit.score, hit.score, 4) + Content("  ")
    head = line + _place(row, width - line.cell_length)
    if row.move is not None:
        return [head]
    channels = [
        Content.styled("     meaning ", "$muted"),
        _meaning(row),
        Content.styled("  words ", "$muted"),
        _words(row),
    ]
    return [head, Content("").join(channels).truncate(width)]


def _rank(row: HitRow) -> Content:
    pin = Content.styled("★ ", "$accent") if row.pinned else Content("  ")
    return Content.styled(f"{row.hit.rank or '':>3}", "$muted") + pin


def _bar(fraction: float, value: float, cells: int) -> Content:
    figure = fmt.score(value).removeprefix("0")
    if len(figure) > 4:  # a space before it keeps it apart from the bar
        figure = f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
    figure = figure.rjust(5)
    return Content.styled(fmt.gauge(fraction, cells), "$primary on $line") + Content.styled(
        figure, "$foreground"
    )


def _channel(
    fraction: float | None, value: float | None, rank: int | None, searched: bool
) -> Content:
    """12 cells: a bar, the score, the rank in this channel."""
    if fraction is None or value is None or rank is None:
        return Content.styled(("not found" if searched else "·").ljust(12), "$faint")
    return _bar(fraction, value, 3) + Content.styled(f" #{rank}".rjust(4), "$muted")


def _words(row: HitRow) -> Content:
    hit = row.hit
    share = None
    if hit.text_score is not None and row.best_words > 0:
        share = hit.text_score / row.best_words
    return _channel(share, hit.text_score, hit.text_rank, row.best_words > 0)


def _meaning(row: HitRow) -> Content:
    hit = row.hit
    return _channel(hit.dense_score, hit.dense_score, hit.dense_rank, row.by_meaning)


def _place(row: HitRow, width: int) -> Content:
    """Source, document, how many neighbours are one here, and page, as far as there is room; the
    page always. Of what was said: who and when."""
    hit = row.hit
    page = fmt.page(hit.page, hit.page_end, hit.page_label) or when(hit)
    more = f" ×{len(row.parts)}" if len(row.parts) > 1 else ""
    room = max(4, width - len(page) - len(more) - (1 if page else 0))
    name = hit.document or hit.source or kind(hit.scope)
    shown = safe.line(name)
    if hit.source and hit.document and len(hit.source) + shown.cell_length + 3 <= room:
        shown = safe.line(hit.source, "$muted") + Content.styled(" › ", "$faint") + shown
    elif said := who(hit):
        shown += Content.styled(" › ", "$faint") + safe.line(said)
    elif shown.cell_length > room and hit.document:
        shown = safe.line(PurePath(name).stem)
    place = shown.truncate(room, ellipsis=True)
    if more:
        place += Content.styled(more, "$muted")
    return place + Content.styled(f" {page}", "$accent") if page else place
