"""The names (paths) under which the content of a document was found; the first is its `path`."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from memtui.api.plain import plain_line

Remove = Callable[[sqlite3.Connection, str], None]


def names(row: sqlite3.Row) -> list[str]:
    return [row["path"], *json.loads(row["also"])]


def release(
    connection: sqlite3.Connection,
    source_id: str,
    taken: Sequence[str],
    but: Sequence[str],
    remove: Remove,
) -> None:
    """Take names from the documents of a source, all `but` some; one without any is removed."""
    rows = connection.execute(
        """SELECT id, path, also FROM documents WHERE source_id = :source
           AND path IN (SELECT value FROM json_each(:taken))
           UNION SELECT id, path, also FROM documents WHERE source_id = :source AND also <> '[]'
           AND EXISTS (SELECT 1 FROM json_each(also) WHERE value IN
                       (SELECT value FROM json_each(:taken)))""",
        {"source": source_id, "taken": json.dumps(list(taken))},
    ).fetchall()
    gone = set(taken)
    for row in rows:
        if row["id"] in but:
            continue
        if left := [name for name in names(row) if name not in gone]:
            _give(connection, row["id"], left)
        else:
            remove(connection, row["id"])


def rename(
    connection: sqlite3.Connection,
    source_id: str,
    wanted: Mapping[str, Sequence[str]],
    remove: Remove,
) -> None:
    """Give documents (by id) their names, all at once, so that they may change places.

    What could not be read of one of its files is over: it has the content of all of them.
    """
    taken = [name for some in wanted.values() for name in some]
    release(connection, source_id, taken, list(wanted), remove)
    for document_id in wanted:
        connection.execute("UPDATE documents SET path = id WHERE id = ?", (document_id,))
    for document_id, some in wanted.items():
        _give(connection, document_id, some)


def _give(connection: sqlite3.Connection, document_id: str, some: Sequence[str]) -> None:
    connection.execute(
        "UPDATE documents SET path = ?, name = ?, also = ?, error = '' WHERE id = ?",
        (some[0], _shown(some[0]), json.dumps(some[1:]), document_id),
    )


def _shown(path: str) -> str:
    return plain_line(path.rstrip("/").rpartition("/")[2] or path)
