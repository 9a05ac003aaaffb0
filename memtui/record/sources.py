"""Sources, with their counts made by SQL from what is there."""

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from memtui.api.errors import ConflictError, NotFoundError
from memtui.api.library import LoadRequest, Source, SourceState
from memtui.record import passages, redact, removals, text
from memtui.record.rows import new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

_SELECT = """
SELECT s.id, s.name, s.description, s.created_at,
       count(CASE WHEN d.state = 'recorded' THEN 1 END) AS documents,
       count(CASE WHEN d.state <> 'recorded' THEN 1 END) AS failed,
       coalesce(sum(d.pages), 0) AS pages, coalesce(sum(d.passages), 0) AS passages,
       (SELECT count(*) FROM passages p
        WHERE p.scope = 'source_' || s.id AND p.indexed_at IS NULL) AS waiting,
       EXISTS (SELECT 1 FROM meta WHERE key = 'left out source_' || s.id) AS left_out
FROM sources s LEFT JOIN documents d ON d.source_id = s.id
"""


_LOADS = TypeAdapter(list[LoadRequest])
_REMEMBERED = 20
"""Loads of one source that are known for doing them again."""


class Sources:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def create(self, name: str, description: str = "") -> Source:
        """Raises ConflictError when there is one of that name."""
        source_id = new_id()
        with self._record.write() as connection:
            if connection.execute("SELECT 1 FROM sources WHERE name = ?", (name,)).fetchone():
                raise ConflictError(
                    f"There is a source named {name} already."
                    " Load into it, or load with --replace to start it afresh."
                )
            connection.execute(
                "INSERT INTO sources (id, name, description, created_at) VALUES (?, ?, ?, ?)",
                (source_id, name, description, stamp()),
            )
            return self.get(source_id)

    def get(self, source_id: str) -> Source:
        """Raises NotFoundError."""
        with self._record.read() as connection:
            row = connection.execute(
                f"{_SELECT} WHERE s.id = ? GROUP BY s.id", (source_id,)
            ).fetchone()
        if row is None:
            raise _gone(source_id)
        return self._source(row)

    def by_name(self, name: str) -> Source | None:
        with self._record.read() as connection:
            row = connection.execute(
                f"{_SELECT} WHERE s.name = ? GROUP BY s.id", (name,)
            ).fetchone()
        return None if row is None else self._source(row)

    def list(self) -> list[Source]:
        """All of them, by name."""
        with self._record.read() as connection:
            rows = connection.execute(f"{_SELECT} GROUP BY s.id ORDER BY s.name").fetchall()
        return [self._source(row) for row in rows]

    def describe(self, source_id: str, description: str) -> None:
        """Change the description. Raises NotFoundError."""
        with self._record.write() as connection:
            cursor = connection.execute(
                "UPDATE sources SET description = ? WHERE id = ?", (description, source_id)
            )
            if not cursor.rowcount:
                raise _gone(source_id)

    def rename(self, source_id: str, name: str) -> None:
        """Raises NotFoundError, and ConflictError when another one has that name."""
        with self._record.write() as connection:
            other = connection.execute(
                "SELECT 1 FROM sources WHERE name = ? AND id <> ?", (name, source_id)
            ).fetchone()
            if other:
                raise ConflictError(f"There is a source named {name} already. Take another name.")
            cursor = connection.execute(
                "UPDATE sources SET name = ? WHERE id = ?", (name, source_id)
            )
            if not cursor.rowcount:
                raise _gone(source_id)

    def remember(self, source_id: str, request: LoadRequest) -> None:
        """Keep `request` for doing it again; not its password, and not whether it replaces."""
        again = request.model_copy(update={"password": "", "replace": False, "watch": False})
        with self._record.write():
            before = [] if request.replace else self.loads(source_id)
            loads = [*(one for one in before if not _same(one, again)), again][-_REMEMBERED:]
            self._record.set_meta(_loads_key(source_id), _LOADS.dump_json(loads).decode())

    def loads(self, source_id: str) -> Sequence[LoadRequest]:
        """The different loads that went into the source, the latest last."""
        return _LOADS.validate_json(self._record.meta(_loads_key(source_id)) or "[]")

    def delete(self, source_id: str) -> None:
        """Delete it and all that came from it, in one transaction.

        That is its documents, passages, text index and attachments; from conversation search,
        what agents said from it (`messages.link`); from the history, its hits and what tools
        returned of it. Milvus follows through `removals`. Raises NotFoundError.
        """
        with self._record.write() as connection:
            _empty(connection, source_id)
            connection.execute("DELETE FROM sources WHERE id = ?", (source_id,))
            connection.execute("DELETE FROM meta WHERE key = ?", (_loads_key(source_id),))

    def clear(self, source_id: str) -> None:
        """As `delete`, but the source itself stays, empty, with its attachments."""
        with self._record.write() as connection:
            _empty(connection, source_id)

    def _source(self, row: sqlite3.Row) -> Source:
        passages, waiting, failed = row["passages"], row["waiting"], row["failed"]
        state: SourceState
        waits = ""
        if passages:
            state = "embedding" if waiting and not row["left_out"] else "ready"
            if waiting and row["left_out"]:
                waits = _cancelled(waiting, passages)
        else:
            state = "failed" if failed else "empty"
        return Source.model_validate(
            {
                **dict(row),
                "indexed": passages - waiting,
                "state": state,
                "waits": waits,
                "embedding_model": self._record.embedding_model,
            }
        )


def _cancelled(waiting: int, total: int) -> str:
    """The sentence about a source that a cancelled load has left without some vectors."""
    found = "is found by its words only" if waiting == 1 else "are found by their words only"
    passages = "passage" if total == 1 else "passages"
    return (
        f"{waiting:,} of {total:,} {passages} {found}: the load was cancelled. Loading it again "
        "goes on."
    )


def _loads_key(source_id: str) -> str:
    return f"loads of {source_id}"


def _same(one: LoadRequest, other: LoadRequest) -> bool:
    """Whether both name the same files: how they are read may differ."""
    return (one.paths, one.directory, one.urls) == (other.paths, other.directory, other.urls)


def _gone(source_id: str) -> NotFoundError:
    return NotFoundError(f"There is no source {source_id}. `memtui list sources` lists them.")


def _empty(connection: sqlite3.Connection, source_id: str) -> None:
    row = connection.execute("SELECT name FROM sources WHERE id = ?", (source_id,)).fetchone()
    if row is None:
        raise _gone(source_id)
    said = (
        "id IN (SELECT m.recall_id FROM messages m JOIN message_sources l ON l.message_id = m.id"
        " WHERE l.source_id = ?)"
    )
    passages.remove(connection, said, source_id)
    connection.execute(
        "UPDATE messages SET unsaid = 1"
        " WHERE id IN (SELECT message_id FROM message_sources WHERE source_id = ?)",
        (source_id,),
    )
    connection.execute("DELETE FROM message_sources WHERE source_id = ?", (source_id,))
    redact.source(connection, source_id, row["name"])
    scope = f"source_{source_id}"
    text.remove_passages(connection, "scope = ?", scope)
    removals.of_scope(connection, scope)
    connection.execute("DELETE FROM meta WHERE key = ?", (f"{passages.LEFT_OUT}{scope}",))
    connection.execute("DELETE FROM documents WHERE source_id = ?", (source_id,))
