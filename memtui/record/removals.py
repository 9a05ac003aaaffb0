"""The outbox of deletions that Milvus has yet to carry out.

The transaction that deletes passages adds rows here; whoever indexes carries them out in Milvus
and then calls `done`. A crash in between only means that it is done twice.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memtui.record.store import Record


class Removals:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def pending(self, limit: int) -> list[tuple[int, str, str | None]]:
        """(removal id, scope, passage id or None for the whole scope), oldest first."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT id, scope, passage_id FROM removals ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
        return [tuple(row) for row in rows]

    def done(self, removal_ids: Sequence[int]) -> None:
        with self._record.write() as connection:
            connection.execute(
                "DELETE FROM removals WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(removal_ids),),
            )


def of_scope(connection: sqlite3.Connection, scope: str) -> None:
    """Have Milvus forget all of `scope`, which covers what was to be removed from it before."""
    connection.execute("DELETE FROM removals WHERE scope = ?", (scope,))
    connection.execute("INSERT INTO removals (scope) VALUES (?)", (scope,))


def of_passages(connection: sqlite3.Connection, condition: str, *values: object) -> None:
    """Have Milvus forget the passages that meet `condition` (SQL of ours). They must exist yet."""
    connection.execute(
        f"INSERT INTO removals (scope, passage_id)"  # noqa: S608
        f" SELECT scope, id FROM passages WHERE {condition}",
        values,
    )
