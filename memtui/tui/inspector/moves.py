"""Two modes side by side: what stands where, and what moved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui.inspector.board import Board
from memtui.tui.inspector.hits import HitRow, best_words, by_meaning

if TYPE_CHECKING:
    from memtui.api.search import Hit

CELLS = 5


def compared(
    first: "Sequence[Hit]", second: "Sequence[Hit]", board: Board
) -> tuple[list[HitRow], list[HitRow]]:
    """Rows of both, one a hit, each with the rank that it has on the other side."""
    left = {hit.passage_id: hit.rank for hit in first}
    right = {hit.passage_id: hit.rank for hit in second}
    return (
        [_row(hit, _there(hit.rank, right.get(hit.passage_id)), first, board) for hit in first],
        [_row(hit, _before(left.get(hit.passage_id), hit.rank), second, board) for hit in second],
    )


def summary(first: "Sequence[Hit]", second: "Sequence[Hit]") -> str:
    """`18 in both, 4 in place; only left 12, only right 12`."""
    left = {hit.passage_id: hit.rank for hit in first}
    right = {hit.passage_id: hit.rank for hit in second}
    both = left.keys() & right.keys()
    same = sum(left[one] == right[one] for one in both)
    return (
        f"{len(both)} in both, {same} in place; "
        f"only left {len(left) - len(both)}, only right {len(right) - len(both)}"
    )


def _row(hit: "Hit", move: Content, hits: "Sequence[Hit]", board: Board) -> HitRow:
    pinned = board.has(hit.passage_id)
    return HitRow(hit.passage_id, hit, (hit,), best_words(hits), by_meaning(hits), pinned, move)


def _there(rank: int, there: int | None) -> Content:
    if there is None:
        return Content.styled("gone".ljust(CELLS), "$error")
    return _moved("→", there, rank - there)


def _before(before: int | None, rank: int) -> Content:
    if before is None:
        return Content.styled("new".ljust(CELLS), "$warning")
    return _moved("←", before, before - rank)


def _moved(sign: str, other: int, up: int) -> Content:
    """The rank on the other side; green where the second mode puts the hit higher, by `up`."""
    if not up:
        return Content.styled("=".ljust(CELLS), "$muted")
    return Content.styled(f"{sign} {other}".ljust(CELLS), "$success" if up > 0 else "$error")
