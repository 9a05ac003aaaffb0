"""Core memory in the mind pane: its blocks with how full they are, and what else is remembered."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.mind import deeds
from memtui.tui.mind.editor import BlockEditor
from memtui.tui.mind.tab import MindTab
from memtui.tui.mind.versions import Versions
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.agents import Block
    from memtui.api.client import Client
    from memtui.api.history import Remembered
    from memtui.tui.store import Store

LONGEST = 8000
"""Characters of a block that the list shows; the editor has all of them."""


@dataclass(frozen=True, eq=False)
class MemoryRow:
    """A block, or lines about the rest of the memory."""

    key: str
    block: "Block | None" = None
    draft: bool = False
    rest: "Remembered | None" = None
    text: str = ""


class MemoryList(Rows[MemoryRow]):
    BINDINGS = bindings("memory")
    HELP = "The agent's core memory. Enter edits a block; h shows its history, n adds one."
    follows = False

    def __init__(self, tab: "MemoryTab") -> None:
        super().__init__(id="memory-list")
        self.tab = tab

    def stamp(self, row: MemoryRow) -> Hashable:
        return row

    def selectable(self, row: MemoryRow) -> bool:
        return row.block is not None

    def draw(self, row: MemoryRow, width: int) -> list[Content]:
        if row.block is not None:
            return _block(row.block, row.draft, width)
        if row.rest is not None:
            return beyond(row.rest, width)
        return safe.text(row.text, "$muted", 2000).wrap(width)

    def action_history(self) -> None:
        self.tab.show_history()

    def action_new_block(self) -> None:
        deeds.add(self.tab)

    def action_rename_block(self) -> None:
        if self.tab.chosen is not None:
            deeds.rename(self.tab, self.tab.chosen)

    def action_resize_block(self) -> None:
        if self.tab.chosen is not None:
            deeds.resize(self.tab, self.tab.chosen)

    def action_delete_block(self) -> None:
        if self.tab.chosen is not None:
            deeds.delete(self.tab, self.tab.chosen)

    def action_undo_last(self) -> None:
        if self.tab.chosen is not None:
            deeds.undo_last(self.tab, self.tab.chosen.label)


def fill_gauge(length: int, limit: int, cells: int) -> Content:
    """How full a block is: yellow when nearly, red when over."""
    share = length / max(1, limit)
    style = "$error" if share > 1 else "$warning" if share > 0.9 else "$secondary"
    done, rest = fmt.bar(share, cells)
    return Content.styled(done, style) + Content.styled(rest, "$line")


def _block(block: "Block", draft: bool, width: int) -> list[Content]:
    length = len(block.value)
    figures = f" {length:,} of {block.limit:,}"
    cells = 16 if width >= 50 else 6
    room = max(4, width - cells - len(figures) - 1)
    name = safe.line(block.label, "bold $primary", 60).truncate(room, ellipsis=True)
    name = name.pad_right(max(0, room - name.cell_length))
    head = name + Content(" ") + fill_gauge(length, block.limit, cells)
    lines = [head + Content.styled(figures, "$muted")]
    if draft:
        note = "An edit of it is not saved yet: enter goes on with it."
        lines += Content.styled(note, "$warning").wrap(width)
    text = safe.text(block.value, limit=LONGEST) if block.value else Content("(empty)")
    if not block.value:
        text = Content.styled("(empty)", "$muted")
    return [*lines, *text.wrap(width), Content("")]


def beyond(remembered: "Remembered", width: int) -> list[Content]:
    """What is remembered besides core memory, counted."""
    total = sum(remembered.messages.values())
    kinds = ", ".join(f"{fmt.count(n)} {kind}" for kind, n in remembered.messages.items())
    rows = [
        ("recall", f"{fmt.count(total, 'message')}" + (f": {kinds}" if kinds else "")),
        ("", f"{fmt.count(remembered.recall)} can be searched, "
             f"{fmt.count(remembered.context)} are in the context"),
        ("archive", f"{fmt.count(remembered.archival, 'passage')} the agent wrote itself"),
        ("attached", f"{fmt.count(remembered.sources, 'source')}, "
                     f"{fmt.count(remembered.attached, 'passage')}"),
    ]  # fmt: skip
    lines = [Content.styled("Beyond core memory", "bold $primary")]
    for name, text in rows:
        label = Content.styled(f"{name:<10}", "$muted")
        wrapped = Content(text).wrap(max(10, width - 10))
        lines += [
            (Content(" " * 10) if number else label) + line for number, line in enumerate(wrapped)
        ]
    if remembered.first:
        lines += [Content(""), Content.styled("Its own archive begins with", "bold $primary")]
        for number, text in enumerate(remembered.first, start=1):
            line = Content.styled(f"{number:>2}  ", "$muted") + safe.line(text, "", 400)
            lines.append(line.truncate(width, ellipsis=True))
    return lines


class MemoryTab(MindTab):
    """The list of blocks; in its place, the editor of one or its history."""

    HEARS: ClassVar[set[str]] = {"memory"}

    def __init__(self, store: "Store") -> None:
        super().__init__(store, "memory")
        self.remembered: Remembered | None = None
        self.drafts: dict[tuple[str, str], str] = {}  # by agent and label: what is not saved

    def compose(self) -> ComposeResult:
        yield MemoryList(self)

    def on_mount(self) -> None:
        self.blocks.show([MemoryRow("wait", text="reading …")])

    @property
    def blocks(self) -> MemoryList:
        return self.query_one(MemoryList)

    @property
    def target(self) -> Widget:
        if self.blocks.display:  # what was in its place may still be going
            return self.blocks
        for kind in (BlockEditor, Versions):
            for found in self.query(kind):
                return found.target if isinstance(found, BlockEditor) else found
        return self.blocks

    def look(self) -> None:
        """What is edited or compared is closed with its agent; what was typed stays as a draft."""
        if self.ready and self.another_agent():
            for editor in self.query(BlockEditor):
                editor.keep()
            self.back()
        super().look()

    async def read(self, client: "Client", agent_id: str) -> Any:
        return await client.remembered(agent_id)

    def fill(self, found: "Remembered | None") -> None:
        self.remembered = found
        if found is None:
            self.blocks.show([MemoryRow("none", text="No agent is open. F9 makes one.")])
            return
        rows = [
            MemoryRow(f"block:{block.label}", block, (self.agent_id, block.label) in self.drafts)
            for block in found.blocks
        ]
        self.blocks.show([*rows, MemoryRow("rest", rest=found)])
        if self.blocks.cursor is None and rows:
            self.blocks.cursor = rows[0].key
            self.blocks.refresh()
        for versions in self.query(Versions):
            versions.read()

    def failed(self, sentence: str) -> None:
        self.blocks.show([MemoryRow("failed", text=sentence)])

    # the list, the editor and the history in one place

    def _put(self, widget: Widget) -> None:
        self.memtui.main.await_focus()
        self.blocks.display = False
        self.mount(widget)
        self.call_after_refresh(self.take_focus)

    def back(self) -> None:
        """To the list of blocks."""
        had = any(widget.has_focus_within for widget in self.query("BlockEditor, Versions"))
        self.blocks.display = True
        if had:
            self.screen.set_focus(self.blocks)
        self.query("BlockEditor, Versions").remove()
        if self.remembered is not None and not self.another_agent():
            self.fill(self.remembered)

    @property
    def chosen(self) -> "Block | None":
        row = self.blocks.current
        return row.block if row is not None else None

    @on(Rows.Chosen, "#memory-list")
    def edit(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.chosen is not None:
            draft = self.drafts.get((self.agent_id, self.chosen.label))
            self._put(BlockEditor(self, self.chosen, draft))

    @on(Rows.Chosen, "#versions")
    def unfold(self, event: Rows.Chosen) -> None:
        event.stop()
        event.rows.toggle(event.row)

    def show_history(self) -> None:
        if self.chosen is not None:
            self._put(Versions(self, self.chosen.label))
