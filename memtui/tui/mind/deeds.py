"""What is done to a block of core memory besides editing it. A modal asks where need be."""

from typing import TYPE_CHECKING

from memtui.api.errors import UsageError
from memtui.api.plain import plain_line

if TYPE_CHECKING:
    from memtui.api.agents import Block
    from memtui.api.client import Client
    from memtui.tui.mind.memory import MemoryTab


def add(tab: "MemoryTab") -> None:
    from memtui.tui.screens.ask import Ask

    agent_id = tab.agent_id

    async def carry_out(name: str) -> None:
        from memtui.api.blocks import NewBlock

        client = await tab.memtui.session.client()
        await client.add_block(agent_id or tab.memtui.session.agent().id, NewBlock(label=name))
        _again(tab, f"The block {name} was added. Enter writes into it.", f"block:{name}")

    label = "Name: letters, digits, - and _. The agent sees the block from its next step on."
    tab.app.push_screen(Ask("new memory block", label, "", "Add", carry_out))


def rename(tab: "MemoryTab", block: "Block") -> None:
    from memtui.tui.screens.ask import Ask

    agent_id = tab.agent_id

    async def carry_out(name: str) -> None:
        from memtui.api.blocks import BlockChange

        client = await tab.memtui.session.client()
        await client.change_block(agent_id, block.label, BlockChange(label=name))
        draft = tab.drafts.pop((agent_id, block.label), None)
        if draft is not None:
            tab.drafts[agent_id, name] = draft
        _again(tab, f"The block is now called {name}.", f"block:{name}")

    label = f"New name of the block {plain_line(block.label, 50)}"
    tab.app.push_screen(Ask("rename the block", label, block.label, "Rename", carry_out))


def resize(tab: "MemoryTab", block: "Block") -> None:
    from memtui.tui.screens.ask import Ask

    agent_id = tab.agent_id

    async def carry_out(given: str) -> None:
        from memtui.api.blocks import MAX_LIMIT, BlockChange

        digits = given.replace(",", "").replace(".", "")
        limit = int(digits[:9]) if digits.isascii() and digits.isdigit() else 0
        if not 1 <= limit <= MAX_LIMIT:
            raise UsageError(f"Give a whole number from 1 to {MAX_LIMIT:,}.")
        client = await tab.memtui.session.client()
        await client.change_block(agent_id, block.label, BlockChange(limit=limit))
        _again(tab, f"The block {plain_line(block.label, 50)} has room for {limit:,} characters.")

    label = (
        f"Characters that {plain_line(block.label, 50)} has room for. "
        f"It holds {len(block.value):,} of {block.limit:,} now."
    )
    tab.app.push_screen(Ask("size of the block", label, str(block.limit), "Resize", carry_out))


def delete(tab: "MemoryTab", block: "Block") -> None:
    from memtui.tui.screens.confirm import Confirm

    agent_id = tab.agent_id

    async def gone(client: "Client", _open: str) -> str:
        await client.delete_block(agent_id, block.label)
        return f"The block {plain_line(block.label, 50)} was deleted. /undo brings it back."

    def answered(yes: bool | None) -> None:
        if yes:
            tab.ask(gone)

    text = (
        f"Delete the block {plain_line(block.label, 50)} with its {len(block.value):,} characters "
        "from the agent's memory? /undo brings it back."
    )
    tab.app.push_screen(Confirm("delete the block", text, "Delete"), answered)


def undo_last(tab: "MemoryTab", label: str) -> None:
    async def undo(client: "Client", agent_id: str) -> str:
        versions = await client.block_versions(agent_id, label)
        if not versions:
            raise UsageError(f"The block {plain_line(label, 50)} was never edited.")
        undone = await client.undo(agent_id, version_id=versions[0].id)
        return "Undone: " + " ".join(one.text for one in undone)

    tab.ask(undo)


def _again(tab: "MemoryTab", sentence: str, cursor: str = "") -> None:
    tab.memtui.tell(sentence)
    if cursor:
        tab.blocks.cursor = cursor
    tab.stale = True
    tab.look()
