"""Core memory: an agent's blocks, and every edit of them."""

import json
import sqlite3
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from memtui.api.agents import Block, BlockVersion, Edit
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.record.agents import require
from memtui.record.noting import note
from memtui.record.rows import stamp

if TYPE_CHECKING:
    from memtui.record.store import Record


APART = "abs(julianday(c.created_at) - julianday(v.created_at))"
MADE_BY = f"""c.agent_id = v.agent_id AND c.kind = 'memory'
    AND json_extract(c.detail, '$.before') = v.before
    AND json_extract(c.detail, '$.after') = v.after AND {APART} < 1.0 / 86400"""
"""Whether the change `c` made the version `v`: both are written at one moment."""

ONE_MOMENT = timedelta(seconds=1)


class Blocks:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def edit(
        self,
        agent_id: str,
        label: str,
        value: str,
        author: str,
        turn_id: str = "",
        after_reading: bool = False,
        before: str | None = None,
    ) -> BlockVersion:
        """Give the block `label` the text `value`; the edit is kept, and can be undone.

        Raises UsageError when that is more than the block's limit, NotFoundError when there is no
        such block or agent, ConflictError when the block does not read `before` any more.
        """
        with self._record.write() as connection:
            block = self._block(connection, agent_id, label)
            if before is not None and block.value != before:
                raise ConflictError(
                    f"The block {label!r} was changed just now. Nothing was done; look at it again."
                )
            version = write(connection, agent_id, block, value, author)
            detail = {"label": label, "before": block.value, "after": value}
            note(connection, agent_id, "memory", detail, turn_id, after_reading)
        return version

    def restore(self, agent_id: str, version_id: int) -> BlockVersion:
        """Give a block the text that it had after that edit, as the user's own edit.

        Raises NotFoundError, UsageError when the block is too small for it by now.
        """
        with self._record.write() as connection:
            row = connection.execute(
                "SELECT label, after FROM block_versions WHERE agent_id = ? AND id = ?",
                (agent_id, version_id),
            ).fetchone()
            if row is None:
                raise NotFoundError(f"There is no version {version_id} of this agent's memory.")
            return self.edit(agent_id, row["label"], row["after"], "user")

    def add(self, agent_id: str, new: Block) -> Block:
        """Another block, behind the others. Raises ConflictError, UsageError, NotFoundError."""
        with self._record.write() as connection:
            require(connection, agent_id)
            _check_label(connection, agent_id, new.label)
            _check_size(new, new.value)
            position = 1 + max((one["position"] for one in _rows(connection, agent_id)), default=-1)
            after = {**new.model_dump(), "position": position}
            put_back(connection, agent_id, after, None)
            self._note(connection, agent_id, f"The block {new.label} was added.", None, after)
        return new

    def change(
        self, agent_id: str, label: str, *, name: str | None = None, limit: int | None = None
    ) -> Block:
        """Rename or resize a block. Raises ConflictError, UsageError, NotFoundError."""
        with self._record.write() as connection:
            block = self._block(connection, agent_id, label)
            if name is not None and name != label:
                _check_label(connection, agent_id, name)
            new = Block(label=name or label, value=block.value, limit=limit or block.limit)
            _check_size(new, new.value)
            before = _plain(connection, agent_id, label)
            after = {**new.model_dump(), "position": before["position"]}
            put_back(connection, agent_id, after, before)
            text = f"The block {label} is now {new.label}, with room for {new.limit} characters."
            self._note(connection, agent_id, text, before, after)
        return new

    def delete(self, agent_id: str, label: str) -> None:
        """Take a block out of core memory. Raises NotFoundError."""
        with self._record.write() as connection:
            self._block(connection, agent_id, label)
            before = _plain(connection, agent_id, label)
            put_back(connection, agent_id, None, before)
            self._note(connection, agent_id, f"The block {label} was deleted.", before, None)

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

    def edits(
        self, agent_id: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Edit]:
        """The edits of a time, the oldest first. Raises NotFoundError when the agent is gone.

        A version that an undo has made has no change of its own.
        """
        begin = stamp(since) if since else ""
        end = stamp(until) if until else "~"
        margin = stamp(until + ONE_MOMENT) if until else "~"
        with self._record.read() as connection:
            require(connection, agent_id)
            versions = connection.execute(
                """SELECT * FROM block_versions
                   WHERE agent_id = ? AND created_at >= ? AND created_at < ? ORDER BY id""",
                (agent_id, begin, end),
            ).fetchall()
            changes = connection.execute(
                """SELECT * FROM changes
                   WHERE agent_id = ? AND kind = 'memory' AND created_at >= ? AND created_at < ?
                   ORDER BY id""",
                (agent_id, begin, margin),
            ).fetchall()
        made_by: dict[tuple[str, str], deque[sqlite3.Row]] = defaultdict(deque)
        for change in changes:
            detail = json.loads(change["detail"])
            made_by[detail["before"], detail["after"]].append(change)
        return [_edit(row, made_by[row["before"], row["after"]]) for row in versions]

    def list(self, agent_id: str) -> list[Block]:
        """In the order the agent was made with. Raises NotFoundError when the agent is gone."""
        with self._record.read() as connection:
            require(connection, agent_id)
            return [_block(row) for row in _rows(connection, agent_id)]

    def _block(self, connection: sqlite3.Connection, agent_id: str, label: str) -> Block:
        require(connection, agent_id)
        block = one(connection, agent_id, label)
        if block is None:
            have = ", ".join(row["label"] for row in _rows(connection, agent_id)) or "none"
            raise NotFoundError(
                f"There is no memory block named {label!r}. The blocks are: {have}."
            )
        return block

    def _note(
        self,
        connection: sqlite3.Connection,
        agent_id: str,
        text: str,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> None:
        detail = {"text": text, "before": before, "after": after}
        note(connection, agent_id, "block", detail)


def one(connection: sqlite3.Connection, agent_id: str, label: str) -> Block | None:
    found = [row for row in _rows(connection, agent_id) if row["label"] == label]
    return _block(found[0]) if found else None


def write(
    connection: sqlite3.Connection, agent_id: str, block: Block, value: str, author: str
) -> BlockVersion:
    """Set the text and keep the version, inside a transaction. Raises UsageError over the limit."""
    _check_size(block, value)
    connection.execute(
        "UPDATE blocks SET value = ? WHERE agent_id = ? AND label = ?",
        (value, agent_id, block.label),
    )
    version = connection.execute(
        """INSERT INTO block_versions (agent_id, label, before, after, author, created_at)
           VALUES (?, ?, ?, ?, ?, ?) RETURNING *""",
        (agent_id, block.label, block.value, value, author, stamp()),
    ).fetchone()
    return BlockVersion.model_validate(dict(version))


def put_back(
    connection: sqlite3.Connection,
    agent_id: str,
    new: dict[str, Any] | None,
    old: dict[str, Any] | None,
) -> None:
    """Exchange the block `old` for `new` (None: for nothing). Versions follow a new label."""
    if old is not None:
        connection.execute(
            "DELETE FROM blocks WHERE agent_id = ? AND label = ?", (agent_id, old["label"])
        )
    if new is not None:
        connection.execute(
            "INSERT INTO blocks (agent_id, position, label, value, char_limit)"
            " VALUES (?, ?, ?, ?, ?)",
            (agent_id, new["position"], new["label"], new["value"], new["limit"]),
        )
    if old is not None and new is not None:
        connection.execute(
            "UPDATE block_versions SET label = ? WHERE agent_id = ? AND label = ?",
            (new["label"], agent_id, old["label"]),
        )


def _check_label(connection: sqlite3.Connection, agent_id: str, label: str) -> None:
    if one(connection, agent_id, label) is not None:
        raise ConflictError(f"There is a block named {label} already. Choose another name.")


def _check_size(block: Block, value: str) -> None:
    if len(value) > block.limit:
        raise UsageError(
            f"The memory block {block.label!r} holds at most {block.limit} characters, and this"
            f" would make {len(value)}. Shorten it, or move some of it to archival memory."
        )


def _rows(connection: sqlite3.Connection, agent_id: str) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM blocks WHERE agent_id = ? ORDER BY position", (agent_id,)
    ).fetchall()


def _block(row: sqlite3.Row) -> Block:
    return Block(label=row["label"], value=row["value"], limit=row["char_limit"])


def _plain(connection: sqlite3.Connection, agent_id: str, label: str) -> dict[str, Any]:
    (row,) = (row for row in _rows(connection, agent_id) if row["label"] == label)
    return {**_block(row).model_dump(), "position": row["position"]}


def _edit(version: sqlite3.Row, candidates: "deque[sqlite3.Row]") -> Edit:
    """A version and, of the changes from the same text to the same text, the one that made it."""
    written = datetime.fromisoformat(version["created_at"])
    while candidates and datetime.fromisoformat(candidates[0]["created_at"]) < written - ONE_MOMENT:
        candidates.popleft()
    known: dict[str, Any] = {}
    if candidates and datetime.fromisoformat(candidates[0]["created_at"]) < written + ONE_MOMENT:
        change = candidates.popleft()
        known = {
            "turn_id": change["turn_id"],
            "after_reading": change["after_reading"],
            "undone": change["undone_at"] is not None,
        }
    return Edit.model_validate({**dict(version), **known})
