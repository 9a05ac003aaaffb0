"""Core memory as the user changes it; everybody hears of it."""

import asyncio
from datetime import datetime

from memtui.api.agents import Block, BlockVersion, Edit
from memtui.api.blocks import BlockChange, NewBlock, check_label
from memtui.api.errors import UsageError
from memtui.api.events import AgentChanged, MemoryEdited
from memtui.engine.hub import Hub
from memtui.record import Record


class Blocks:
    def __init__(self, record: Record, hub: Hub) -> None:
        self._record = record
        self._blocks = record.blocks
        self._hub = hub

    async def add(self, agent_id: str, new: NewBlock) -> Block:
        """Raises NotFoundError, ConflictError (the name), UsageError (name, size)."""
        block = Block(label=check_label(new.label), value=new.value, limit=new.limit)
        made = await asyncio.to_thread(self._blocks.add, agent_id, block)
        self._hub.emit(AgentChanged(agent_id=agent_id))
        return made

    async def change(self, agent_id: str, label: str, change: BlockChange) -> Block:
        """All of it, or nothing. Raises NotFoundError, ConflictError (the name), UsageError."""
        if change.label is not None:
            check_label(change.label)
        if change.label is None and change.limit is None and change.value is None:
            raise UsageError("There is nothing to change. Give a name, a limit or a text.")

        def write() -> tuple[Block, BlockVersion | None]:
            version, now, value = None, change.label or label, change.value
            with self._record.write():
                limits = {block.label: block.limit for block in self._blocks.list(agent_id)}
                fits = value is not None and len(value) <= limits.get(label, 0)
                if value is not None and fits:  # before the block becomes smaller
                    version = self._blocks.edit(agent_id, label, value, "user")
                if change.label is not None or change.limit is not None:
                    self._blocks.change(agent_id, label, name=change.label, limit=change.limit)
                if value is not None and not fits:  # after it has become bigger
                    version = self._blocks.edit(agent_id, now, value, "user")
                found = self._blocks.list(agent_id)
            return next(block for block in found if block.label == now), version

        block, version = await asyncio.to_thread(write)
        self._told(agent_id, block.label, version)
        return block

    async def delete(self, agent_id: str, label: str) -> None:
        """Raises NotFoundError."""
        await asyncio.to_thread(self._blocks.delete, agent_id, label)
        self._hub.emit(AgentChanged(agent_id=agent_id))

    async def versions(self, agent_id: str, label: str | None = None) -> list[BlockVersion]:
        """Every edit, the newest first. Raises NotFoundError."""
        return await asyncio.to_thread(self._blocks.versions, agent_id, label)

    async def edits(
        self, agent_id: str, since: datetime | None, until: datetime | None
    ) -> list[Edit]:
        """See `record.blocks.Blocks.edits`."""
        return await asyncio.to_thread(self._blocks.edits, agent_id, since, until)

    async def restore(self, agent_id: str, version_id: int) -> BlockVersion:
        """Give a block the text that it had after that edit. Raises NotFoundError, UsageError."""
        version = await asyncio.to_thread(self._blocks.restore, agent_id, version_id)
        self._told(agent_id, version.label, version)
        return version

    def _told(self, agent_id: str, label: str, version: BlockVersion | None) -> None:
        if version is not None:
            self._hub.emit(
                MemoryEdited(
                    agent_id=agent_id,
                    label=label,
                    before=version.before,
                    after=version.after,
                    author=version.author,
                    version=version.id,
                )
            )
        self._hub.emit(AgentChanged(agent_id=agent_id))

    async def list(self, agent_id: str) -> list[Block]:
        """Raises NotFoundError."""
        return await asyncio.to_thread(self._blocks.list, agent_id)
