"""What was done to an agent's memory and history, and how each of it is undone.

A change is noted in the transaction that makes it. Undoing marks it, and does the opposite: rows
of the history come back or go out of sight, blocks get back what they held. Nothing is erased.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memtui.api.agents import Change, ChangeKind
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.record import blocks, passages, sight
from memtui.record.agents import require
from memtui.record.rows import new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

SHOWN = 60
"""Characters of a text that the sentence about a change quotes."""


class Changes:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def undo(self, agent_id: str, change_id: int | None = None) -> list[Change]:
        """Undo the latest change, or that one; with others after reading, all of their turn.

        Raises NotFoundError when there is none, UsageError when it is undone already,
        ConflictError when something later stands in the way.
        """
        with self._record.write() as connection:
            require(connection, agent_id)
            row = _find(connection, agent_id, change_id)
            undone = [row]
            if row["after_reading"]:
                undone = connection.execute(
                    """SELECT * FROM changes WHERE agent_id = ? AND turn_id = ? AND after_reading
                       AND undone_at IS NULL ORDER BY id DESC""",
                    (agent_id, row["turn_id"]),
                ).fetchall()
            for one in undone:
                self._revert(connection, one)
            ids = [one["id"] for one in undone]
            rows = connection.execute(
                "SELECT * FROM changes WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                (json.dumps(ids),),
            ).fetchall()
        return [_change(one) for one in rows]

    def of_version(self, agent_id: str, version_id: int) -> int:
        """The change that made a version of a block.

        Raises NotFoundError when there is none, as for a version that an undo has made.
        """
        with self._record.read() as connection:
            row = connection.execute(
                f"""SELECT c.id FROM changes c JOIN block_versions v ON {blocks.MADE_BY}
                    WHERE v.agent_id = ? AND v.id = ? ORDER BY {blocks.APART} LIMIT 1""",  # noqa: S608
                (agent_id, version_id),
            ).fetchone()
        if row is None:
            raise NotFoundError(
                "This edit was itself an undo. Restore one of the block's versions instead."
            )
        return int(row["id"])

    def undo_turn(self, connection: sqlite3.Connection, agent_id: str, turn_id: str) -> int:
        """Undo what a turn changed in the memory, in a transaction; how many changes that were.

        Where something later stands in the way, it stays.
        """
        rows = connection.execute(
            """SELECT * FROM changes WHERE agent_id = ? AND turn_id = ? AND undone_at IS NULL
               AND kind IN ('memory', 'insert') ORDER BY id DESC""",
            (agent_id, turn_id),
        ).fetchall()
        undone = 0
        for row in rows:
            with contextlib.suppress(ConflictError):
                self._revert(connection, row)
                undone += 1
        return undone

    def _revert(self, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Do the opposite of a change, and mark it. Raises ConflictError before it did anything."""
        _OPPOSITE[row["kind"]](self._record, connection, row, json.loads(row["detail"]))
        connection.execute("UPDATE changes SET undone_at = ? WHERE id = ?", (stamp(), row["id"]))

    def list(self, agent_id: str, limit: int = 100) -> list[Change]:
        """The last ones, the newest first, undone ones among them. Raises NotFoundError."""
        with self._record.read() as connection:
            require(connection, agent_id)
            rows = connection.execute(
                "SELECT * FROM changes WHERE agent_id = ? ORDER BY id DESC LIMIT ?",
                (agent_id, max(0, limit)),
            ).fetchall()
        return [_change(row) for row in rows]

    def saved(self, agent_id: str) -> datetime | None:
        """When the last message or change of the agent was committed. Raises NotFoundError."""
        with self._record.read() as connection:
            require(connection, agent_id)
            row = connection.execute(
                """SELECT max(at) FROM (
                     SELECT max(created_at) AS at FROM messages WHERE agent_id = :agent UNION ALL
                     SELECT max(max(created_at, coalesce(undone_at, ''))) FROM changes
                     WHERE agent_id = :agent)""",
                {"agent": agent_id},
            ).fetchone()
        return None if row[0] is None else datetime.fromisoformat(row[0])


def _find(connection: sqlite3.Connection, agent_id: str, change_id: int | None) -> sqlite3.Row:
    which = "undone_at IS NULL" if change_id is None else "id = :id"
    row: sqlite3.Row | None = connection.execute(
        f"SELECT * FROM changes WHERE agent_id = :agent AND {which} ORDER BY id DESC LIMIT 1",  # noqa: S608
        {"agent": agent_id, **({} if change_id is None else {"id": change_id})},
    ).fetchone()
    if row is None:
        raise NotFoundError(
            "There is nothing to undo." if change_id is None else f"There is no change {change_id}."
        )
    if row["undone_at"] is not None:
        raise UsageError(f"The change {change_id} is undone already.")
    return row


def _change(row: sqlite3.Row) -> Change:
    detail = json.loads(row["detail"])
    return Change.model_validate({**dict(row), "text": _sentence(row["kind"], detail)})


def _sentence(kind: ChangeKind, detail: dict[str, Any]) -> str:
    if kind == "memory":
        return f"The memory block {detail['label']} was edited."
    if kind == "block":
        return str(detail["text"])
    if kind == "insert":
        text = " ".join(str(detail["text"]).split())
        return f"Stored in archival memory: {text[:SHOWN]}{'…' * (len(text) > SHOWN)}"
    if kind == "delete":
        text = " ".join(str(detail["text"]).split())
        return f"Deleted from archival memory: {text[:SHOWN]}{'…' * (len(text) > SHOWN)}"
    if kind == "summary":
        count = detail["count"]
        return f"{count} message{'s were' if count != 1 else ' was'} summarised."
    if kind == "system":
        return "The system prompt was exchanged."
    return str(detail["text"])


# --- opposites, inside the transaction

Opposite = Callable[["Record", sqlite3.Connection, sqlite3.Row, dict[str, Any]], None]


def _memory(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    block = blocks.one(connection, row["agent_id"], detail["label"])
    if block is None or block.value != detail["after"]:
        raise ConflictError(
            f"The memory block {detail['label']} has changed since. Undo what came after it first, "
            "or restore one of its versions."
        )
    blocks.write(connection, row["agent_id"], block, detail["before"], "user")


def _block(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    before, after = detail["before"], detail["after"]
    label = (after or before)["label"]
    now = blocks.one(connection, row["agent_id"], label)
    if before is not None and after is not None and now is not None:
        before["value"] = now.value  # edits since stay
    blocks.put_back(connection, row["agent_id"], before, after)


def _insert(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    passages.remove(connection, "id = ?", detail["passage_id"])


def _delete(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    text, scope = detail["text"], f"agent_{row['agent_id']}"
    # With an id of its own: Milvus may not have forgotten the old one yet.
    passages.insert_one(
        connection, new_id(8), scope, text, record.terms(text), detail["created_at"]
    )


def _history(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    added: Sequence[int] = detail.get("added", ())
    turn_id = detail.get("turn_id", "")
    later = connection.execute(
        """SELECT c.detail FROM messages m JOIN changes c ON c.id = m.removed_by
           WHERE c.id > :change AND c.undone_at IS NULL AND m.agent_id = :agent
           AND (m.id IN (SELECT value FROM json_each(:added))
                OR (m.turn_id = :turn AND :turn <> ''))
           ORDER BY c.id DESC LIMIT 1""",
        {
            "change": row["id"],
            "agent": row["agent_id"],
            "added": json.dumps(list(added)),
            "turn": turn_id,
        },
    ).fetchone()
    if later is not None:
        what = json.loads(later["detail"]).get("text", "")
        raise ConflictError(f"The same messages were changed since: {what} Undo that first.")
    if turn_id:
        added = [*added, *sight.of_turn(connection, row["agent_id"], turn_id)]
    sight.remove(connection, row["id"], added)
    sight.bring_back(record, connection, row["id"], detail["removed"])


def _summary(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    stands = connection.execute(
        "SELECT in_context FROM messages WHERE id = ?", (detail["summary"],)
    ).fetchone()
    if not stands["in_context"]:
        raise ConflictError(
            "The conversation was summarised again since. Undo that first, or leave it: the whole "
            "conversation is still in recall memory."
        )
    sight.remove(connection, row["id"], [detail["summary"]])
    connection.execute(
        "UPDATE messages SET in_context = 1 WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(detail["evicted"]),),
    )


def _system(
    record: "Record", connection: sqlite3.Connection, row: sqlite3.Row, detail: dict[str, Any]
) -> None:
    if record.agents.system(row["agent_id"]) != detail["after"]:
        raise ConflictError("The system prompt has changed since. Undo what came after it first.")
    connection.execute(
        "UPDATE agents SET system = ? WHERE id = ?", (detail["before"], row["agent_id"])
    )


_OPPOSITE: dict[ChangeKind, Opposite] = {
    "memory": _memory,
    "block": _block,
    "insert": _insert,
    "delete": _delete,
    "history": _history,
    "summary": _summary,
    "system": _system,
}
