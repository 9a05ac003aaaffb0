"""Documents: the files of a source, read or failed."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from memtui.api.errors import NotFoundError
from memtui.api.library import Document
from memtui.record import document_names, passages, redact, text
from memtui.record.rows import NewDocument, NewPassage, new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

_SELECT = """
SELECT d.*, s.name AS source, coalesce(w.n, 0) AS waiting,
       EXISTS (SELECT 1 FROM meta WHERE key = 'left out source_' || d.source_id) AS left_out
FROM documents d JOIN sources s ON s.id = d.source_id
LEFT JOIN (SELECT document_id, count(*) AS n
           FROM passages INDEXED BY passages_waiting_by_document
           WHERE indexed_at IS NULL GROUP BY document_id) w ON w.document_id = d.id
"""
SELECT_ONE = """
SELECT d.*, s.name AS source,
       (SELECT count(*) FROM passages p WHERE p.document_id = d.id AND p.indexed_at IS NULL)
       AS waiting,
       EXISTS (SELECT 1 FROM meta WHERE key = 'left out source_' || d.source_id) AS left_out
FROM documents d JOIN sources s ON s.id = d.source_id
"""


class Documents:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def add(
        self,
        source_id: str,
        document: NewDocument,
        passages: Sequence[NewPassage],
    ) -> str:
        """Record a document with its passages, searchable as text from then on; returns its id.

        One transaction, in which it takes its path from the document that had it; that one goes
        unless it has another name. Without passages its state is `empty`. Raises NotFoundError when
        the source is gone.
        """
        scope = f"source_{source_id}"
        document_id = new_id()
        now = stamp()
        terms = [
            self._record.terms(one.text) if one.terms is None else one.terms for one in passages
        ]
        with self._record.write() as connection:
            _require_source(connection, source_id)
            document_names.release(connection, source_id, [document.path], (), _remove)
            _insert(
                connection,
                (
                    document_id,
                    source_id,
                    document.path,
                    document.name,
                    document.title,
                    document.author,
                    document.kind,
                    document.sha256,
                    document.size,
                    document.pages,
                    len(passages),
                    "recorded" if passages else "empty",
                    document.error,
                    now,
                    document.only_pages,
                ),
            )
            first = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM passages").fetchone()
            numbered = list(enumerate(passages, first[0]))
            connection.executemany(
                """INSERT INTO passages (seq, id, scope, document_id, ordinal, page, page_end,
                   page_label, start, end, created_at, section, text)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    (
                        seq,
                        new_id(8),
                        scope,
                        document_id,
                        one.ordinal,
                        one.page,
                        one.page_end,
                        one.page_label,
                        one.start,
                        one.end,
                        now,
                        one.section,
                        one.text,
                    )
                    for seq, one in numbered
                ),
            )
            text.add(
                connection,
                ((seq, own, scope) for (seq, _), own in zip(numbered, terms, strict=True)),
            )
        return document_id

    def fail(
        self,
        source_id: str,
        path: str,
        name: str,
        kind: str,
        sha256: str,
        size: int,
        state: Literal["failed", "scanned", "empty"],
        error: str,
    ) -> str:
        """Record that a file could not be read; returns the document's id.

        If an earlier version of it was read, that stays as it is, searchable, with `error` noted;
        or without, under its other names, when it has some. Raises NotFoundError when the source
        is gone.
        """
        with self._record.write() as connection:
            _require_source(connection, source_id)
            row = connection.execute(
                "SELECT id, state, also FROM documents WHERE source_id = ? AND path = ?",
                (source_id, path),
            ).fetchone()
            if row is not None and row["state"] == "recorded" and row["also"] == "[]":
                connection.execute(
                    "UPDATE documents SET error = ? WHERE id = ?", (error, row["id"])
                )
                return str(row["id"])
            document_names.release(connection, source_id, [path], (), _remove)
            again = row is not None and row["state"] != "recorded"
            document_id = str(row["id"]) if again else new_id()
            fields = (kind, sha256, size, 0, 0, state, error, stamp(), "")
            _insert(connection, (document_id, source_id, path, name, "", "", *fields))
            return document_id

    def get(self, document_id: str) -> Document:
        """Raises NotFoundError."""
        found = self._one("d.id = ?", document_id)
        if found is None:
            raise _gone(document_id)
        return found

    def rename(self, source_id: str, names: Mapping[str, Sequence[str]]) -> None:
        """Give documents (by id) the names under which their content is now, the path first.

        One transaction; names are taken from the documents that had them, and one that is left
        without any goes. Their ids and passages stay, and nothing is wrong with them any more.
        """
        with self._record.write() as connection:
            document_names.rename(connection, source_id, names, _remove)

    def by_path(self, source_id: str, path: str) -> Document | None:
        return self._one("d.source_id = ? AND d.path = ?", source_id, path)

    def by_sha(self, source_id: str, sha256: str) -> Document | None:
        """A document of that content that was read; else one that failed; else None."""
        return self._one(
            "d.source_id = ? AND d.sha256 = ? ORDER BY d.state = 'recorded' DESC LIMIT 1",
            source_id,
            sha256,
        )

    def list(self, source_id: str | None = None) -> list[Document]:
        """Of one source or of all, by source and path."""
        where = "" if source_id is None else "WHERE d.source_id = ?"
        with self._record.read() as connection:
            rows = connection.execute(
                f"{_SELECT} {where} ORDER BY s.name, d.path",
                () if source_id is None else (source_id,),
            ).fetchall()
        return [document_of(row) for row in rows]

    def totals(self, source_id: str) -> tuple[int, int]:
        """(passages, documents that were read: a PDF counts its pages, another file one)."""
        with self._record.read() as connection:
            row = connection.execute(
                """SELECT coalesce(sum(passages), 0),
                   coalesce(sum(CASE kind WHEN 'pdf' THEN pages ELSE 1 END), 0)
                   FROM documents WHERE source_id = ? AND passages > 0""",
                (source_id,),
            ).fetchone()
        return row[0], row[1]

    def delete(self, document_id: str) -> None:
        """Delete it with its passages, and blank what agents were shown of it.

        Raises NotFoundError.
        """
        with self._record.write() as connection:
            row = connection.execute(f"{SELECT_ONE} WHERE d.id = ?", (document_id,)).fetchone()
            if row is None:
                raise _gone(document_id)
            redact.document(connection, document_id, row["name"], row["source"])
            _remove(connection, document_id)

    def _one(self, condition: str, *values: str) -> Document | None:
        with self._record.read() as connection:
            row = connection.execute(f"{SELECT_ONE} WHERE {condition}", values).fetchone()
        return None if row is None else document_of(row)


def document_of(row: sqlite3.Row) -> Document:
    fields = dict(row)
    fields["also"] = json.loads(fields["also"])
    waiting, left_out = fields.pop("waiting"), fields.pop("left_out")
    fields["indexed"] = fields["passages"] - waiting
    if fields["state"] == "recorded":
        without = "unindexed" if left_out else "embedding"
        fields["state"] = without if waiting else "indexed"
    return Document.model_validate(fields)


def _gone(document_id: str) -> NotFoundError:
    return NotFoundError(f"There is no document {document_id}. `memtui list documents` lists them.")


def _require_source(connection: sqlite3.Connection, source_id: str) -> None:
    if not connection.execute("SELECT 1 FROM sources WHERE id = ?", (source_id,)).fetchone():
        raise NotFoundError(f"The source {source_id} is gone: it was deleted meanwhile.")


def _insert(connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
    connection.execute(
        """INSERT INTO documents (id, source_id, path, name, title, author, kind, sha256, size,
           pages, passages, state, error, loaded_at, only_pages)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        row,
    )


def _remove(connection: sqlite3.Connection, document_id: str) -> None:
    passages.remove(connection, "document_id = ?", document_id)
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
