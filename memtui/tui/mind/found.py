"""The hits of the last searches of this agent, the newest search at the end."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from memtui.tui import format as fmt
from memtui.tui.mind import hits
from memtui.tui.mind.tab import MindTab
from memtui.tui.widgets.mind import MindRow, hit_rows
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.client import Client
    from memtui.tui.conversation import Block
    from memtui.tui.store import Store

MOST = 30
"""Searches in the list."""


def rows_of(store: "Store") -> list[MindRow]:
    found: list[MindRow] = []
    for block in [block for block in store.blocks if _searched(block)][-MOST:]:
        found += [MindRow(block.key, block), *hit_rows(block)]
    return found


def _searched(block: "Block") -> bool:
    return block.kind == "tool" and block.done and bool(hits.query(block))


class HitsList(Rows[MindRow]):
    HELP = "The hits of the agent's last searches. Enter opens one in the search."

    def stamp(self, row: MindRow) -> Hashable:
        return row.block.version

    def draw(self, row: MindRow, width: int) -> list[Content]:
        if row.hit is not None:
            return hits.draw(row.hit, width)
        if row.block is _NONE:
            return Content.styled("The agent has not searched yet.", "$muted").wrap(width)
        return heading(row.block, width)


class HitsTab(MindTab):
    HEARS: ClassVar[set[str]] = {"mind"}

    def __init__(self, store: "Store") -> None:
        super().__init__(store, "hits")

    def compose(self) -> ComposeResult:
        yield HitsList(id="hits-list")

    @property
    def target(self) -> Widget:
        return self.query_one(HitsList)

    def look(self) -> None:
        """Nothing to ask: the store has them."""
        if self.stale and self.ready:
            self.stale = False
            agent = self.store.agent
            self.agent_id = agent.id if agent else ""
            self.query_one(HitsList).show(rows_of(self.store) or [MindRow("none", _NONE)])

    async def read(self, client: "Client", agent_id: str) -> Any:
        return None


def heading(block: "Block", width: int) -> list[Content]:
    """What was searched for, where, and how much of it there was."""
    who = "conversation" if block.title.startswith("conversation") else "archive"
    if block.hits:
        right = f"{len(block.hits)} of {fmt.count(block.total or len(block.hits))}"
    else:
        right = "nothing found" if block.ok else "failed"
    room = max(4, width - len(right) - 1)
    left = (hits.query(block).stylize("bold") + Content.styled(f"  {who}", "$muted")).truncate(
        room, ellipsis=True
    )
    left = left.pad_right(max(0, room - left.cell_length))
    return [left + Content.styled(f" {right}", "$muted")]


def _nothing() -> "Block":
    from memtui.tui.conversation import Block

    return Block("none", "event")


_NONE = _nothing()
