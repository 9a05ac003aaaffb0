"""A copy of an agent as it is now: memory, history, attachments."""

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memtui.api.agents import Agent, Usage
from memtui.record import passages, sight
from memtui.record.agents import require, require_free
from memtui.record.rows import new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

_COPIED = ("blocks", "block_versions", "attachments", "shown")


def fork(record: "Record", agent_id: str, name: str) -> Agent:
    """Another agent, `name`, that remembers the same; from now on each goes its own way.

    What was removed from the history is not copied, nor can what came before be undone in it.
    Raises NotFoundError, ConflictError when the name is taken.
    """
    new = new_id()
    with record.write() as connection:
        require(connection, agent_id)
        require_free(connection, name)
        now = {"id": new, "name": name, "created_at": stamp(), "used_at": stamp(), "temporary": 0}
        now["usage"] = Usage().model_dump_json()  # what the other has cost is the other's
        _copy(connection, "agents", "id = ?", agent_id, now)
        for table in _COPIED:
            other: dict[str, Any] = {"agent_id": new}
            if table == "block_versions":
                other["id"] = None
            _copy(connection, table, "agent_id = ?", agent_id, other)
        rows = connection.execute(
            "SELECT * FROM messages WHERE agent_id = ? AND removed_by IS NULL ORDER BY id",
            (agent_id,),
        ).fetchall()
        for row in rows:
            found = row["recall_id"] is not None
            copied = _insert(
                connection,
                "messages",
                {**dict(row), "id": None, "agent_id": new, "recall_id": None},
            )
            connection.execute(
                "INSERT INTO message_sources (message_id, source_id)"
                " SELECT ?, source_id FROM message_sources WHERE message_id = ?",
                (copied, row["id"]),
            )
            if found:
                sight.recall(record, connection, copied)
        own = connection.execute(
            "SELECT text, created_at FROM passages WHERE scope = ? ORDER BY seq",
            (f"agent_{agent_id}",),
        ).fetchall()
        for text, created_at in own:
            terms = record.terms(text)
            passages.insert_one(connection, new_id(8), f"agent_{new}", text, terms, created_at)
        return record.agents.get(new)


def _copy(
    connection: sqlite3.Connection, table: str, where: str, value: str, other: Mapping[str, Any]
) -> None:
    rows = connection.execute(
        f"SELECT * FROM {table} WHERE {where} ORDER BY rowid"  # noqa: S608
        if table != "shown"
        else f"SELECT * FROM shown WHERE {where}",  # noqa: S608
        (value,),
    ).fetchall()
    for row in rows:
        _insert(connection, table, {**dict(row), **other})


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    return int(
        connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
            tuple(row.values()),
        ).lastrowid
        or 0
    )
