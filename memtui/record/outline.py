"""What a source is made of, piece by piece: pages of its documents, their sections, passages."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memtui.api.library import Document, DocumentPage, Passage, Section
from memtui.record.documents import SELECT_ONE, document_of
from memtui.record.passages import SELECT as PASSAGES
from memtui.record.passages import passage_of

if TYPE_CHECKING:
    from memtui.record.store import Record

LARGEST = 200
"""Passages of one section: a longer one is told in parts, so that each is read at once."""

_WRONG = "d.state <> 'recorded' OR d.error <> ''"


@dataclass(slots=True)
class _Run:
    """Passages that follow each other on one page, or under one heading."""

    title: str
    page: int | None
    label: str | None
    first: int
    passages: int = 0


class Outline:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def documents(
        self, source_id: str | None, offset: int, limit: int, text: str = "", wrong: bool = False
    ) -> DocumentPage:
        """Some of the documents by source and path. `text`: those that have all of its words in
        their name or title; `wrong`: those that could not be read, or not anew."""
        where = ["1"]
        values: list[object] = []
        if source_id is not None:
            where.append("d.source_id = ?")
            values.append(source_id)
        if wrong:
            where.append(f"({_WRONG})")
        condition = " AND ".join(where)
        with self._record.read() as connection:
            if text.strip():
                ids = _named(connection, condition, values, text)
                total, chosen = len(ids), json.dumps(ids[offset : offset + limit])
                rows = connection.execute(
                    f"""{SELECT_ONE} WHERE d.id IN (SELECT value FROM json_each(?))
                        ORDER BY s.name, d.path""",  # noqa: S608
                    (chosen,),
                ).fetchall()
            else:
                total = connection.execute(
                    f"SELECT count(*) FROM documents d WHERE {condition}",  # noqa: S608
                    values,
                ).fetchone()[0]
                rows = connection.execute(
                    f"{SELECT_ONE} WHERE {condition} ORDER BY s.name, d.path LIMIT ? OFFSET ?",
                    (*values, limit, offset),
                ).fetchall()
        return DocumentPage(total=total, documents=[document_of(row) for row in rows])

    def wrong(self, source_id: str) -> list[Document]:
        """The documents that could not be read, or not anew."""
        return self.documents(source_id, 0, 1_000_000, wrong=True).documents

    def sources_with(self, path: str) -> list[str]:
        """The ids of the sources that have a file of this path, or below it."""
        below = path.rstrip("/") + "/"
        with self._record.read() as connection:
            rows = connection.execute(
                """SELECT DISTINCT d.source_id
                   FROM documents d, json_each(json_insert(d.also, '$[#]', d.path)) AS name
                   WHERE name.value = :path OR substr(name.value, 1, :length) = :below""",
                {"path": path, "below": below, "length": len(below)},
            ).fetchall()
        return [row["source_id"] for row in rows]

    def sections(self, document_id: str) -> list[Section]:
        """The pages of a document, or what stands under each of its headings, in order.

        Raises NotFoundError.
        """
        self._record.documents.get(document_id)
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT ordinal, page, page_label, section FROM passages"
                " WHERE document_id = ? ORDER BY ordinal",
                (document_id,),
            ).fetchall()
        return [
            Section(
                title=run.title,
                page=run.page,
                page_label=run.label,
                first=run.first,
                passages=run.passages,
            )
            for run in _runs(rows)
        ]

    def passages(self, document_id: str, first: int, count: int) -> list[Passage]:
        """At most `count` passages of the document, from the one that counts `first`."""
        with self._record.read() as connection:
            rows = connection.execute(
                f"{PASSAGES} WHERE p.document_id = ? AND p.ordinal >= ? ORDER BY p.ordinal LIMIT ?",
                (document_id, first, count),
            ).fetchall()
        return [passage_of(row) for row in rows]


def _named(
    connection: sqlite3.Connection, condition: str, values: list[object], text: str
) -> list[str]:
    """Compared here: SQLite knows upper and lower case of ASCII only."""
    rows = connection.execute(
        f"""SELECT d.id, d.name, d.title FROM documents d JOIN sources s ON s.id = d.source_id
            WHERE {condition} ORDER BY s.name, d.path""",  # noqa: S608
        values,
    )
    words = text.casefold().split()
    found = []
    for row in rows:
        name = f"{row['name']} {row['title']}".casefold()
        if all(word in name for word in words):
            found.append(row["id"])
    return found


def _runs(rows: Iterable[sqlite3.Row]) -> list[_Run]:
    runs: list[_Run] = []
    for row in rows:
        last = runs[-1] if runs else None
        title = "" if row["page"] is not None else row["section"]
        same = last is not None and (last.page, last.title) == (row["page"], title)
        if last is None or not same or last.passages >= LARGEST:
            last = _Run(title, row["page"], row["page_label"], row["ordinal"])
            runs.append(last)
        last.passages += 1
    return runs
