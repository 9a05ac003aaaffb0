"""Noting a change of an agent's memory or history, in the transaction that makes it."""

import json
import sqlite3
from typing import Any

from memtui.api.agents import ChangeKind
from memtui.record.rows import stamp


def note(
    connection: sqlite3.Connection,
    agent_id: str,
    kind: ChangeKind,
    detail: dict[str, Any],
    turn_id: str = "",
    after_reading: bool = False,
) -> int:
    """The id of the change. `detail` is what `changes` needs to undo it and to tell of it."""
    change_id = connection.execute(
        """INSERT INTO changes (agent_id, turn_id, kind, detail, after_reading, created_at)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (agent_id, turn_id, kind, json.dumps(detail), after_reading, stamp()),
    ).lastrowid
    assert change_id is not None
    return change_id
