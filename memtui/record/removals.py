"""The outbox of deletions that Milvus has yet to carry out.

The transaction that deletes passages adds rows here; whoever indexes carries them out in Milvus
and then calls `done`. A crash in between only means that it is done twice. While a second index
is being built, each of the two has rows of its own.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memtui.record.store import Record


BUILDING = "building"
"""The record's note of the index that is being built beside the serving one."""

_INDEXES = f"SELECT 0 AS building UNION ALL SELECT 1 FROM meta WHERE key = '{BUILDING}'"  # noqa: S608


class Removals:
    """What the serving index, or the one being built, has yet to forget."""

    def __init__(self, record: "Record", building: bool = False) -> None:
        self._record = record
        self._building = int(building)

    def pending(self, limit: int) -> list[tuple[int, str, str | None]]:
        """(removal id, scope, passage id or None for the whole scope), oldest first."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT id, scope, passage_id FROM removals WHERE building = ? ORDER BY id LIMIT ?",
                (self._building, limit),
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
    connection.execute(
        f"INSERT INTO removals (scope, building) SELECT ?, building FROM ({_INDEXES})",  # noqa: S608
        (scope,),
    )


def of_passages(connection: sqlite3.Connection, condition: str, *values: object) -> None:
    """Have Milvus forget the passages that meet `condition` (SQL of ours). They must exist yet."""
    connection.execute(
        f"INSERT INTO removals (scope, passage_id, building)"  # noqa: S608
        f" SELECT scope, id, building FROM passages, ({_INDEXES}) WHERE {condition}",
        values,
    )
