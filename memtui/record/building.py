"""The vector index that is built beside the one that serves, until the two change places.

What it has is kept apart from the marks of the serving index, so that a crash at any moment
leaves both right: marks and places are exchanged in one transaction.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memtui.api.library import Passage
from memtui.record.removals import BUILDING, Removals
from memtui.record.rows import stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

INDEX = "index"
"""The record's note of the serving index: what the marks of the passages are about."""

RETIRED = "retired"
"""The record's list of indexes that are used no more and may still be there."""


class Building:
    """Passages and removals that wait for the new index, as `passages` and `removals` have those
    of the serving one. What describes an index is text of the engine's."""

    def __init__(self, record: "Record") -> None:
        self._record = record
        self.removals = Removals(record, building=True)
        self._from = 0  # before this place everything is in the new index

    def begin(self, description: str) -> None:
        """Begin to build, with nothing in the new index."""
        with self._record.write() as connection:
            self._clear()
            connection.execute("DELETE FROM removals WHERE building")
            self._record.set_meta(BUILDING, description)

    def describe(self, description: str) -> None:
        """Note something new about the index that is being built."""
        self._record.set_meta(BUILDING, description)

    def description(self) -> str | None:
        return self._record.meta(BUILDING)

    def abandon(self) -> None:
        """Build it no more: it is retired."""
        with self._record.write() as connection:
            if (description := self.description()) is not None:
                self._retire(description)
                self._clear()
                connection.execute("DELETE FROM removals WHERE building")
                connection.execute("DELETE FROM meta WHERE key = ?", (BUILDING,))

    def serve(self) -> None:
        """From now on the new index serves, and the former one is retired.

        What the new one does not have yet is pending from now on.
        """
        with self._record.write() as connection:
            description = self.description()
            if description is None:
                return
            if (former := self._record.meta(INDEX)) is not None:
                self._retire(former)
            connection.execute("DELETE FROM removals WHERE NOT building")
            connection.execute("UPDATE removals SET building = 0")
            connection.execute(
                "UPDATE passages SET indexed_at = ? WHERE indexed_at IS NULL"
                " AND id IN (SELECT passage_id FROM rebuilt)",
                (stamp(),),
            )
            connection.execute(
                "UPDATE passages SET indexed_at = NULL WHERE indexed_at IS NOT NULL"
                " AND id NOT IN (SELECT passage_id FROM rebuilt)"
            )
            self._clear()
            connection.execute("DELETE FROM meta WHERE key = ?", (BUILDING,))
            self._record.set_meta(INDEX, description)

    def retired(self) -> list[tuple[str, list[str]]]:
        """The indexes of no use any more: their descriptions, and the scopes they had of ours."""
        return [(one, scopes) for one, scopes in json.loads(self._record.meta(RETIRED) or "[]")]

    def gone(self, description: str) -> None:
        """That retired index has been deleted, or is out of reach."""
        with self._record.write():
            left = [one for one in self.retired() if one[0] != description]
            self._record.set_meta(RETIRED, json.dumps(left))

    def pending(self, limit: int, scope_prefix: str | None = None) -> list[tuple[str, str, str]]:
        """(id, scope, text) of passages that are not in the new index, oldest first.

        Nothing in it is urgent: with `scope_prefix` there are none.
        """
        if scope_prefix is not None:
            return []
        rows = self._after(limit)
        if not rows and self._from:
            self._from = 0  # SQLite may give the place of a deleted row to a new one
            rows = self._after(limit)
        if rows:
            self._from = rows[0][0]
        return [(row[1], row[2], row[3]) for row in rows]

    def many(self, ids: Sequence[str]) -> dict[str, Passage]:
        return self._record.passages.many(ids)

    def mark_indexed(self, ids: Sequence[str]) -> None:
        """Note that Milvus has acknowledged those of `ids` that have not been deleted."""
        with self._record.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO rebuilt SELECT id FROM passages"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            )

    def counts(self, scope: str | None = None) -> tuple[int, int]:
        """(passages, those in the new index) in `scope`; None: in all."""
        with self._record.read() as connection:
            total, done = connection.execute(
                "SELECT (SELECT count(*) FROM passages), (SELECT count(*) FROM rebuilt)"
                if scope is None
                else "SELECT count(*), count(r.passage_id) FROM passages p"
                " LEFT JOIN rebuilt r ON r.passage_id = p.id WHERE p.scope = ?",
                () if scope is None else (scope,),
            ).fetchone()
        return total, done

    def _after(self, limit: int) -> list[tuple[int, str, str, str]]:
        with self._record.read() as connection:
            return connection.execute(
                """SELECT seq, id, scope, text FROM passages p WHERE seq >= ?
                   AND NOT EXISTS (SELECT 1 FROM rebuilt WHERE passage_id = p.id)
                   AND NOT EXISTS (
                       SELECT 1 FROM removals r WHERE r.scope = p.scope AND r.building
                       AND (r.passage_id IS NULL OR r.passage_id = p.id))
                   ORDER BY seq LIMIT ?""",
                (self._from, limit),
            ).fetchall()

    def _clear(self) -> None:
        self._from = 0
        with self._record.write() as connection:
            connection.execute("DELETE FROM rebuilt")

    def _retire(self, description: str) -> None:
        with self._record.write() as connection:
            rows = connection.execute("SELECT scope FROM passages UNION SELECT scope FROM removals")
            left = [*self.retired(), (description, [row["scope"] for row in rows])]
            self._record.set_meta(RETIRED, json.dumps(left))
