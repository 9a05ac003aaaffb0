"""The mind: monologue, tool calls, memory edits as foldable blocks; hits as rows of their own."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui.actions import bindings
from memtui.tui.conversation import Block
from memtui.tui.mind import hits
from memtui.tui.mind.drawing import FLAGGED, block_lines
from memtui.tui.mind.readable import readable
from memtui.tui.store import Store
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.search import Hit

__all__ = ["FLAGGED", "MOST", "Mind", "MindRow", "readable", "rows_of"]

MOST = 200
"""Blocks in the list; older ones are in the record."""


@dataclass(frozen=True, eq=False)
class MindRow:
    """A block, or one of its hits; neighbours in a document are one."""

    key: str
    block: Block
    hit: "Hit | None" = None


def rows_of(store: Store) -> list[MindRow]:
    rows: list[MindRow] = []
    for block in store.blocks[-MOST:]:
        rows.append(MindRow(block.key, block))
        if not block.folded and block.hits:
            rows += hit_rows(block)
    return rows


def hit_rows(block: Block) -> list[MindRow]:
    from memtui.api.joined import as_one, blocks  # not before the first frame

    found = enumerate(map(as_one, blocks(block.hits)))
    return [MindRow(f"{block.key}/{n}", block, hit) for n, hit in found]


class Mind(Rows[MindRow]):
    BINDINGS = bindings("mind")
    HELP = (
        "What the agent thinks and does. Enter unfolds a block, or opens a hit in its context; "
        "1 to 4 are the tabs."
    )

    def __init__(self, store: Store) -> None:
        super().__init__(id="mind-list")
        self.store = store

    def update(self) -> None:
        self.show(rows_of(self.store))

    def stamp(self, row: MindRow) -> Hashable:
        return row.block.version

    def toggle(self, row: MindRow) -> None:
        row.block.folded = not row.block.folded
        row.block.version += 1
        self._at_end = False
        self.update()
        self.choose(row.block.key)

    def action_fold_all(self) -> None:
        folded = any(not block.folded for block in self.store.blocks)
        for block in self.store.blocks:
            if block.folded != folded:
                block.folded, block.version = folded, block.version + 1
        self.update()

    def draw(self, row: MindRow, width: int) -> list[Content]:
        if row.hit is not None:
            return hits.draw(row.hit, width)
        return block_lines(row.block, width)
