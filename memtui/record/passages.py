"""Passages of every scope: documents, an agent's own archive, the conversation."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from memtui.api.errors import NotFoundError, UsageError
from memtui.api.library import Passage, PassageInContext
from memtui.api.search import Filters
from memtui.record import removals, text
from memtui.record.narrowing import condition, moment
from memtui.record.noting import note
from memtui.record.rows import new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

SELECT = """
SELECT p.id, p.scope, p.text, p.ordinal, p.page, p.page_end, p.page_label, p.section, p.start,
       p.end, p.created_at, p.indexed_at, p.document_id, d.name AS document,
       d.path AS document_path, d.source_id, s.name AS source
FROM passages p LEFT JOIN documents d ON d.id = p.document_id
LEFT JOIN sources s ON s.id = d.source_id
"""


class Passages:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def get(self, passage_id: str) -> Passage:
        """Raises NotFoundError."""
        with self._record.read() as connection:
            return _get(connection, passage_id)

    def many(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those of `ids` that exist, in the order asked for."""
        with self._record.read() as connection:
            rows = connection.execute(
                f"{SELECT} WHERE p.id IN (SELECT value FROM json_each(?))",  # noqa: S608
                (json.dumps(ids),),
            )
            found = {row["id"]: passage_of(row) for row in rows}
        return {one: found[one] for one in ids if one in found}

    def context(self, passage_id: str, n: int = 1) -> PassageInContext:
        """The passage and up to `n` on either side in its document, or else in its scope.

        Raises NotFoundError.
        """
        with self._record.read() as connection:
            passage = _get(connection, passage_id)
            order = "p.ordinal" if passage.document_id else "p.created_at"
            same = "p.document_id = :document" if passage.document_id else "p.scope = :scope"
            values = {
                "document": passage.document_id,
                "scope": passage.scope,
                "id": passage_id,
                "n": max(0, n),
            }
            here = f"SELECT {order}, p.seq FROM passages p WHERE p.id = :id"  # noqa: S608
            before = connection.execute(
                f"{SELECT} WHERE {same} AND ({order}, p.seq) < ({here})"
                f" ORDER BY {order} DESC, p.seq DESC LIMIT :n",
                values,
            ).fetchall()
            after = connection.execute(
                f"{SELECT} WHERE {same} AND ({order}, p.seq) > ({here})"
                f" ORDER BY {order}, p.seq LIMIT :n",
                values,
            ).fetchall()
        return PassageInContext(
            passage=passage,
            before=[passage_of(row) for row in reversed(before)],
            after=[passage_of(row) for row in after],
        )

    def add_to_scope(
        self,
        scope: str,
        content: str,
        id: str | None = None,
        created_at: datetime | None = None,
        turn_id: str = "",
        after_reading: bool = False,
    ) -> Passage:
        """Add a passage of no document to `agent_<id>` or `recall_<id>`.

        With the `id` of a passage of that scope nothing is added: a retry is harmless. Raises
        NotFoundError when the agent is gone, UsageError for another kind of scope or an id taken.
        """
        terms = self._record.terms(content)
        with self._record.write() as connection:
            if id is not None and (row := _row(connection, id)) is not None:
                if row["scope"] != scope:
                    raise UsageError(f"The passage {id} belongs to {row['scope']}, not to {scope}.")
                return passage_of(row)
            kind, _, owner = scope.partition("_")
            if kind not in ("agent", "recall"):
                raise UsageError(f"Passages are added to agents' scopes here, not to {scope}.")
            if not connection.execute("SELECT 1 FROM agents WHERE id = ?", (owner,)).fetchone():
                raise NotFoundError(f"There is no agent {owner} any more.")
            passage_id = id or new_id(8)
            insert_one(connection, passage_id, scope, content, terms, stamp(created_at))
            if kind == "agent":
                detail = {"passage_id": passage_id, "text": content[:200]}
                note(connection, owner, "insert", detail, turn_id, after_reading)
            return _get(connection, passage_id)

    def forget(self, agent_id: str, passage_id: str) -> None:
        """Delete a passage of the agent's own archive; undoing that brings its text back.

        Raises NotFoundError, UsageError for a passage that is not the agent's own.
        """
        with self._record.write() as connection:
            passage = _get(connection, passage_id)
            if passage.scope != f"agent_{agent_id}":
                raise UsageError(
                    "Only what the agent archived itself can be deleted alone. Text of a source "
                    "goes with the source, and what was said stays in the record."
                )
            detail = {"text": passage.text, "created_at": stamp(passage.created_at)}
            note(connection, agent_id, "delete", detail)
            remove(connection, "id = ?", passage_id)

    def pending(self, limit: int, scope_prefix: str | None = None) -> list[tuple[str, str, str]]:
        """(id, scope, text) of passages without a vector, oldest first; of several scopes in
        turns, so that none waits for the end of another.

        A passage that a removal still waits for is held back: the removal would take it along.
        Scopes that were left out have none.
        """
        with self._record.read() as connection:
            if scope_prefix is not None:
                return _pending(connection, limit, _BEGINS, "p.seq", scope=scope_prefix)
            left_out = connection.execute(_LEFT_OUT).fetchone()[0]
            most = {"limit": _SCOPES + left_out}
            scopes = connection.execute(_WAITING_SCOPES, most).fetchall()
            share = -(-limit // max(1, len(scopes)))
            of_each = [
                _pending(connection, share, _IS, "p.document_id, p.seq", scope=scope)
                for (scope,) in (scopes if len(scopes) > 1 else ())
            ]
            found = {row[0]: row for turn in zip_longest(*of_each) for row in turn if row}
            # The oldest of all are not looked for among very many that are left out.
            for (scope,) in scopes if left_out else ():
                if len(found) < limit:
                    rows = _pending(connection, limit, _IS, "p.document_id, p.seq", scope=scope)
                    found.update((row[0], row) for row in rows)
            if len(found) < limit and not left_out:
                found.update((row[0], row) for row in _pending(connection, limit))
        return list(found.values())[:limit]

    def mark_indexed(self, ids: Sequence[str]) -> list[str]:
        """Note that Milvus has acknowledged `ids`; returns those that were deleted meanwhile.

        Those have left a removal, which clears Milvus if it is carried out after the write.
        """
        with self._record.write() as connection:
            connection.execute(
                "UPDATE passages SET indexed_at = ? WHERE id IN (SELECT value FROM json_each(?))",
                (stamp(), json.dumps(ids)),
            )
            rows = connection.execute(
                "SELECT value FROM json_each(?) EXCEPT SELECT id FROM passages WHERE id IN"
                " (SELECT value FROM json_each(?))",
                (json.dumps(ids),) * 2,
            ).fetchall()
        return [row[0] for row in rows]

    def unmark(self, ids: Sequence[str]) -> None:
        """Have the vectors of `ids` made again: Milvus turned out not to have them."""
        with self._record.write() as connection:
            connection.execute(
                "UPDATE passages SET indexed_at = NULL"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            )

    def unmark_all(self) -> None:
        """Have every vector made again: the index was lost, or the embedding model changed."""
        with self._record.write() as connection:
            self.take_up()
            connection.execute("UPDATE passages SET indexed_at = NULL WHERE indexed_at IS NOT NULL")

    def leave_out(self, scope: str) -> None:
        """Have what has no vector in `scope` wait for one no longer, until it is taken up."""
        with self._record.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO meta SELECT :key, '' WHERE EXISTS"
                " (SELECT 1 FROM passages WHERE scope = :scope AND indexed_at IS NULL)",
                {"key": f"{LEFT_OUT}{scope}", "scope": scope},
            )

    def take_up(self, scope: str | None = None) -> None:
        """Have `scope` (None: every one) wait for its vectors again, if it was left out."""
        which = "GLOB" if scope is None else "="
        with self._record.write() as connection:
            connection.execute(
                f"DELETE FROM meta WHERE key {which} ?",  # noqa: S608
                (f"{LEFT_OUT}{scope or '*'}",),
            )

    def counts(self, scope: str) -> tuple[int, int]:
        """(passages, those with a vector) in `scope`."""
        with self._record.read() as connection:
            total, waiting = connection.execute(
                """SELECT (SELECT count(*) FROM passages WHERE scope = :scope),
                   (SELECT count(*) FROM passages WHERE scope = :scope AND indexed_at IS NULL)""",
                {"scope": scope},
            ).fetchone()
        return total, total - waiting

    def totals(self) -> tuple[int, int]:
        """(passages, those with a vector) of all scopes."""
        with self._record.read() as connection:
            total, waiting = connection.execute(
                "SELECT (SELECT count(*) FROM passages),"
                " (SELECT count(*) FROM passages WHERE indexed_at IS NULL)"
            ).fetchone()
        return total, total - waiting

    def indexed_scope(self) -> str | None:
        """A scope that has a passage with a vector, if any has."""
        with self._record.read() as connection:
            row = connection.execute(
                "SELECT scope FROM passages WHERE indexed_at IS NOT NULL LIMIT 1"
            ).fetchone()
        return None if row is None else str(row["scope"])

    def characters(self) -> int:
        """The length of all texts together: what embedding them costs depends on it."""
        with self._record.read() as connection:
            row = connection.execute("SELECT total(length(text)) FROM passages").fetchone()
        return int(row[0])

    def first(self, scope: str, count: int) -> list[str]:
        """The texts of the oldest `count` passages of a scope."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT text FROM passages WHERE scope = ? ORDER BY created_at, seq LIMIT ?",
                (scope, count),
            ).fetchall()
        return [row["text"] for row in rows]

    def ids(self, scope: str) -> list[str]:
        """The ids in `scope`, oldest first."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT id FROM passages WHERE scope = ? ORDER BY created_at, seq", (scope,)
            ).fetchall()
        return [row["id"] for row in rows]

    def scopes(self) -> list[str]:
        """Every scope that has a passage."""
        with self._record.read() as connection:
            rows = connection.execute("SELECT DISTINCT scope FROM passages").fetchall()
        return [row["scope"] for row in rows]

    def in_dates(
        self, scope: str, start: str, end: str, limit: int, offset: int = 0
    ) -> tuple[int, list[Passage]]:
        """(how many in all, one page) of passages made from `start` until before `end`.

        Both are ISO-8601 dates or times, UTC when they do not say; oldest first. Raises
        UsageError for anything else.
        """
        values = {
            "scope": scope,
            "start": moment(start),
            "end": moment(end),
            "limit": max(0, limit),
            "offset": max(0, offset),
        }
        where = "p.scope = :scope AND p.created_at >= :start AND p.created_at < :end"
        return self._some(where, "p.created_at, p.seq", values)

    def on_page(
        self, scopes: Sequence[str], page: int, limit: int, offset: int = 0
    ) -> tuple[int, list[Passage]]:
        """(how many in all, some) of the passages on that page of the documents, as they follow."""
        values = {
            "scopes": json.dumps(list(scopes)),
            "page": page,
            "limit": max(0, limit),
            "offset": max(0, offset),
        }
        where = """p.scope IN (SELECT value FROM json_each(:scopes))
                   AND p.page <= :page AND coalesce(p.page_end, p.page) >= :page"""
        return self._some(where, "s.name, d.path, p.ordinal", values)

    def _some(self, where: str, order: str, values: dict[str, object]) -> tuple[int, list[Passage]]:
        """(how many in all, those from `offset`, at most `limit`) that meet `where`, in `order`."""
        with self._record.read() as connection:
            total = connection.execute(
                f"SELECT count(*) FROM passages p WHERE {where}",  # noqa: S608
                values,
            ).fetchone()[0]
            rows = connection.execute(
                f"{SELECT} WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset",
                values,
            ).fetchall()
        return total, [passage_of(row) for row in rows]

    def text_search(
        self,
        scopes: Sequence[str] | None,
        query_terms: Sequence[str],
        limit: int,
        phrases: Sequence[Sequence[str]] = (),
        excluded: Sequence[str] = (),
        strict: bool = False,
        filters: Filters | None = None,
    ) -> list[tuple[str, float]]:
        """(passage id, BM25) of passages in `scopes` (None: all) with any of the terms, best first.

        `phrases`, `excluded` and `strict` as in `text.Match`. BM25 is positive, higher is better,
        its statistics those of the whole record. Terms and scopes may be any text: none of it is
        syntax. Raises UsageError as `condition`.
        """
        narrowed = condition(filters or Filters())
        match = text.Match(query_terms, phrases, excluded, strict)
        with self._record.read() as connection:
            return text.search(connection, scopes, match, limit, *narrowed)

    def among(self, ids: Sequence[str], filters: Filters) -> set[str]:
        """Those of `ids` that `filters` leave. Raises UsageError as `condition`."""
        where, values = condition(filters)
        with self._record.read() as connection:
            rows = connection.execute(
                f"""SELECT p.id FROM passages p
                    WHERE p.id IN (SELECT value FROM json_each(:ids)) AND {where or 1}""",  # noqa: S608
                {"ids": json.dumps(ids), **values},
            )
            return {row["id"] for row in rows}

    def rebuild_text(self) -> int:
        """Make the text index anew from the passages (its terms changed, or it was damaged)."""
        with self._record.write() as connection:
            rows = connection.execute("SELECT seq, text, scope FROM passages").fetchall()
            connection.execute("DELETE FROM fts")
            text.add(
                connection, ((seq, self._record.terms(said), scope) for seq, said, scope in rows)
            )
        return len(rows)


LEFT_OUT = "left out "
"""Before a scope: the note in `meta` that its passages do not wait for their vectors."""

_SCOPES = 16  # of which some passages are given at a time
# Ranges and orders that the index passages_waiting_by_scope serves.
_BEGINS = "AND p.scope >= :scope AND p.scope < :scope || char(0x10ffff)"
_IS = "AND p.scope = :scope"
_WAITING_SCOPES = """
WITH RECURSIVE waiting(scope) AS (
    SELECT min(scope) FROM passages WHERE indexed_at IS NULL
    UNION ALL
    SELECT (SELECT min(scope) FROM passages WHERE indexed_at IS NULL AND scope > waiting.scope)
    FROM waiting WHERE waiting.scope IS NOT NULL LIMIT :limit
)
SELECT scope FROM waiting WHERE scope IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'left out ' || waiting.scope)
"""
_LEFT_OUT = "SELECT count(*) FROM meta WHERE key GLOB 'left out *'"


def _pending(
    connection: sqlite3.Connection, limit: int, where: str = "", order: str = "p.seq", **values: str
) -> list[tuple[str, str, str]]:
    index = "passages_waiting_by_scope" if where else "passages_waiting"
    rows = connection.execute(
        f"""SELECT p.id, p.scope, p.text FROM passages p INDEXED BY {index}
            WHERE p.indexed_at IS NULL {where} AND NOT EXISTS (
                SELECT 1 FROM removals r WHERE r.scope = p.scope AND NOT r.building
                AND (r.passage_id IS NULL OR r.passage_id = p.id))
            AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'left out ' || p.scope)
            ORDER BY {order} LIMIT :limit""",  # noqa: S608
        {"limit": limit, **values},
    ).fetchall()
    return [tuple(row) for row in rows]


def insert_one(
    connection: sqlite3.Connection,
    passage_id: str,
    scope: str,
    content: str,
    terms: str,
    created_at: str,
    section: str = "",
) -> None:
    """A passage of no document, inside a transaction of the caller's."""
    seq = connection.execute(
        """INSERT INTO passages (id, scope, ordinal, start, end, created_at, section, text)
           VALUES (?, ?, 0, 0, ?, ?, ?, ?)""",
        (passage_id, scope, len(content), created_at, section, content),
    ).lastrowid
    text.add(connection, [(seq or 0, terms, scope)])


def remove(connection: sqlite3.Connection, condition: str, *values: object) -> None:
    """Delete the passages that meet `condition` (SQL of ours), here, in the text index, and by a
    removal in Milvus; inside a transaction of the caller's."""
    removals.of_passages(connection, condition, *values)
    text.remove_passages(connection, condition, *values)


def _get(connection: sqlite3.Connection, passage_id: str) -> Passage:
    row = _row(connection, passage_id)
    if row is None:
        raise NotFoundError(f"There is no passage {passage_id}. It may have been deleted.")
    return passage_of(row)


def _row(connection: sqlite3.Connection, passage_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        f"{SELECT} WHERE p.id = ?", (passage_id,)
    ).fetchone()
    return row


def passage_of(row: sqlite3.Row) -> Passage:
    return Passage.model_validate(dict(row))
