"""Every edit of a block of core memory, the newest first, as word diffs."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.mind.difference import counts, words
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.agents import BlockVersion
    from memtui.api.client import Client
    from memtui.tui.mind.memory import MemoryTab


@dataclass(eq=False)
class VersionRow:
    key: str
    edit: "BlockVersion | None" = None
    text: str = ""
    current: bool = False
    folded: bool = True
    version: int = 0


class Versions(Rows[VersionRow]):
    BINDINGS = bindings("versions")
    HELP = "Every edit of this block. Enter shows what changed; r gives the block that text again."
    follows = False

    def __init__(self, tab: "MemoryTab", label: str) -> None:
        super().__init__(id="versions")
        self.tab = tab
        self.label = label

    def on_mount(self) -> None:
        self.show([VersionRow("wait", text="reading …")])
        self.read()

    def read(self) -> None:
        self.tab.ask(self._read, then=False)

    async def _read(self, client: "Client", agent_id: str) -> None:
        versions = await client.block_versions(agent_id, self.label)
        if not self.is_attached or agent_id != self.tab.agent_id:
            return
        open_ones = {row.key for row in self.rows if not row.folded}
        known = bool(self.rows) and self.rows[0].key == "head"
        rows = [
            VersionRow(f"v{one.id}", one, current=not number,
                       folded=f"v{one.id}" not in open_ones and (known or number > 0))
            for number, one in enumerate(versions)
        ]  # fmt: skip
        head = f"History of {self.label}: {fmt.count(len(versions), 'edit')}"
        if not versions:
            head = f"{self.label} was never edited."
        self.show([VersionRow("head", text=head), *rows])
        if self.cursor is None and rows:
            self.cursor = rows[0].key
            self.refresh()

    def stamp(self, row: VersionRow) -> Hashable:
        return row, row.version

    def selectable(self, row: VersionRow) -> bool:
        return row.edit is not None

    def toggle(self, row: VersionRow) -> None:
        row.folded, row.version = not row.folded, row.version + 1
        self.show(self.rows)
        self.choose(row.key)

    def draw(self, row: VersionRow, width: int) -> list[Content]:
        if row.edit is None:
            return [*safe.text(row.text, "bold $primary", 200).wrap(width), Content("")]
        edit = row.edit
        sign = Content.styled("▸ " if row.folded else "▾ ", "$faint")
        left = sign + safe.line(edit.author, "$primary", 20)
        left += Content.styled(f"  {fmt.moment(edit.created_at)}", "$muted")
        if row.current:
            left += Content.styled("  current", "$success")
        right = Content.styled(counts(edit.before, edit.after, width < 36), "$muted")
        room = max(4, width - right.cell_length - 1)
        left = left.truncate(room, ellipsis=True)
        line = left.pad_right(max(0, room - left.cell_length)) + Content(" ") + right
        if row.folded:
            return [line]
        below = [Content("  ") + one for one in words(edit.before, edit.after, width - 2)]
        return [line, *below, Content("")]

    def action_back(self) -> None:
        self.tab.back()

    def action_restore(self) -> None:
        row = self.current
        if row is None or row.edit is None:
            return
        edit = row.edit

        async def restore(client: "Client", agent_id: str) -> str:
            await client.restore_block(agent_id, edit.id)
            return f"{self.label} reads again as after that edit. u on the edit, or /undo, undoes."

        self.tab.ask(restore)
