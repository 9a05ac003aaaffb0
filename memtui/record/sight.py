"""Rows of the history out of sight and back: out of the context, and of conversation search."""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memtui.record import messages, passages
from memtui.record.rows import new_id

if TYPE_CHECKING:
    from memtui.record.store import Record


def remove(connection: sqlite3.Connection, change_id: int, ids: Sequence[int]) -> None:
    """Take messages out of the history, inside a transaction."""
    for message_id in ids:
        messages.forget(connection, message_id)
    connection.execute(
        """UPDATE messages SET removed_by = ?
           WHERE removed_by IS NULL AND id IN (SELECT value FROM json_each(?))""",
        (change_id, json.dumps(list(ids))),
    )


def bring_back(
    record: "Record", connection: sqlite3.Connection, change_id: int, ids: Sequence[int]
) -> None:
    """The opposite: those of `ids` that this change removed, in conversation search too."""
    rows = connection.execute(
        """SELECT * FROM messages
           WHERE removed_by = ? AND id IN (SELECT value FROM json_each(?))""",
        (change_id, json.dumps(list(ids))),
    ).fetchall()
    for row in rows:
        connection.execute("UPDATE messages SET removed_by = NULL WHERE id = ?", (row["id"],))
        recall(record, connection, row["id"])


def of_turn(connection: sqlite3.Connection, agent_id: str, turn_id: str) -> list[int]:
    """The ids of a turn's messages that are part of the history."""
    rows = connection.execute(
        "SELECT id FROM messages WHERE agent_id = ? AND turn_id = ? AND removed_by IS NULL",
        (agent_id, turn_id),
    )
    return [row["id"] for row in rows]


def recall(record: "Record", connection: sqlite3.Connection, message_id: int) -> None:
    """Let conversation search find what the message says, unless its source was deleted."""
    row = connection.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone()
    if row["kind"] not in ("user", "assistant") or not row["text"] or row["unsaid"]:
        return
    recall_id, scope = new_id(8), f"recall_{row['agent_id']}"
    passages.insert_one(
        connection,
        recall_id,
        scope,
        row["text"],
        record.terms(row["text"]),
        row["created_at"],
        row["kind"],
    )
    connection.execute("UPDATE messages SET recall_id = ? WHERE id = ?", (recall_id, message_id))
