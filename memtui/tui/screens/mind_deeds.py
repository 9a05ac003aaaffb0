"""What the keys of the mind pane do that concerns more than its own list."""

from functools import partial
from typing import TYPE_CHECKING

from memtui.tui.mind.pane import MindPane
from memtui.tui.screens.history_deeds import HistoryDeeds
from memtui.tui.widgets.mind import Mind, MindRow

if TYPE_CHECKING:
    from memtui.api.client import Client
    from memtui.tui.conversation import Block


class MindDeeds(HistoryDeeds):
    def action_mind_tab(self, name: str) -> None:
        """Show a tab of the mind pane, and the pane."""
        if self.filled:
            self.query_one(MindPane).show_tab(name)
            self.show_pane("mind")

    def action_memory(self) -> None:
        self.action_mind_tab("memory")

    def say_memory(self, _rest: str) -> None:
        self.action_mind_tab("memory")

    def say_context(self, _rest: str) -> None:
        self.action_mind_tab("context")

    def open_row(self, row: MindRow) -> None:
        """Enter or a click in the activity or among the hits: the one place where they open."""
        if row.hit is not None or row.block.hits:
            self.open_inspector(block=row.block, hit=row.hit)
        elif row.block.summary and not row.block.folded:
            self._folded(row.block)
        elif any(row is one for one in self.query_one(Mind).rows):
            self.query_one(Mind).toggle(row)

    def _folded(self, block: "Block") -> None:
        """The messages that went into a summary."""
        from memtui.tui.screens.dump import dump_text

        number = block.key.removeprefix("m")
        summary = int(number) if number.isdecimal() else None
        last = next(one for one in reversed(self.store.blocks) if one.summary)
        if summary is None and block is not last:  # its number is known when it is read again
            self.memtui.tell("Open the agent again (F9) to see what went into an older summary.")
            return

        async def read(client: "Client", agent_id: str) -> None:
            messages = await client.folded(agent_id, summary)
            self._read(f"{len(messages):,} messages in this summary", partial(dump_text, messages))

        self._ask(read)

    def action_undo_edit(self) -> None:
        """Take back the edit of the memory under the cursor, and only that."""
        row = self.query_one(Mind).current
        block = row.block if row is not None else None
        if block is None or block.kind != "memory" or not block.edit:
            self.memtui.tell("Choose an edit of the memory in the mind first.", "warning")
            return
        if block.undone:
            self.memtui.tell("This edit is undone already.")
            return

        async def undo(client: "Client", agent_id: str) -> str:
            undone = await client.undo(agent_id, version_id=block.edit)
            block.undone, block.version = True, block.version + 1
            self.draw({"mind"})
            return "Undone: " + " ".join(one.text for one in undone)

        self._ask(undo)
