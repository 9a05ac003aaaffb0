"""Core memory: an agent's blocks, and every edit of them."""

from typing import TYPE_CHECKING

from memtui.api.agents import Block, BlockVersion
from memtui.api.errors import NotFoundError, UsageError
from memtui.record.agents import require
from memtui.record.rows import stamp

if TYPE_CHECKING:
    from memtui.record.store import Record


class Blocks:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def edit(self, agent_id: str, label: str, value: str, author: str) -> BlockVersion:
        """Give the block `label` the text `value`; the edit is kept.

        Raises UsageError when that is more than the block's limit, NotFoundError when there is no
        such block or agent.
        """
        with self._record.write() as connection:
            blocks = {block.label: block for block in self.list(agent_id)}
            if label not in blocks:
                have = ", ".join(blocks) or "none"
                raise NotFoundError(
                    f"There is no memory block named {label!r}. The blocks are: {have}."
                )
            block = blocks[label]
            if len(value) > block.limit:
                raise UsageError(
                    f"The memory block {label!r} holds at most {block.limit} characters, and this"
                    f" would make {len(value)}. Shorten it, or move some of it to archival memory."
                )
            connection.execute(
                "UPDATE blocks SET value = ? WHERE agent_id = ? AND label = ?",
                (value, agent_id, label),
            )
            version = connection.execute(
                """INSERT INTO block_versions (agent_id, label, before, after, author, created_at)
                   VALUES (?, ?, ?, ?, ?, ?) RETURNING *""",
                (agent_id, label, block.value, value, author, stamp()),
            ).fetchone()
            return BlockVersion.model_validate(dict(version))

    def versions(self, agent_id: str, label: str | None = None) -> list[BlockVersion]:
        """Every edit, the newest first. Raises NotFoundError when the agent is gone."""
        which = "" if label is None else "AND label = :label"
        with self._record.read() as connection:
            require(connection, agent_id)
            rows = connection.execute(
                f"SELECT * FROM block_versions WHERE agent_id = :agent {which} ORDER BY id DESC",  # noqa: S608
                {"agent": agent_id, **({} if label is None else {"label": label})},
            ).fetchall()
        return [BlockVersion.model_validate(dict(row)) for row in rows]

    def list(self, agent_id: str) -> list[Block]:
        """In the order the agent was made with. Raises NotFoundError when the agent is gone."""
        with self._record.read() as connection:
            require(connection, agent_id)
            rows = connection.execute(
                "SELECT label, value, char_limit FROM blocks WHERE agent_id = ? ORDER BY position",
                (agent_id,),
            ).fetchall()
        return [
            Block(label=row["label"], value=row["value"], limit=row["char_limit"]) for row in rows
        ]
