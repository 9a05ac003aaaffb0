"""One way to open a connection, with the settings every connection of memtui has."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

BUSY_SECONDS = 10.0
"""How long to wait for another program that has the file locked."""
CACHE_KIB = 3_000
"""Page cache of one connection; what is not in it is in the system's own."""


class Connection(sqlite3.Connection):
    """Stores lone surrogates (undecodable file names, text of a model) as `\\udcff` in letters.

    SQLite cannot store them as they are, and a whole turn must not be lost to one of them.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        try:
            return super().execute(sql, parameters)
        except UnicodeEncodeError:  # raised while binding: nothing has run yet
            return super().execute(sql, _encodable(parameters))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return super().executemany(sql, map(_encodable, parameters))


def _encodable(parameters: Sequence[Any] | dict[str, Any]) -> Sequence[Any] | dict[str, Any]:
    if isinstance(parameters, dict):
        return {name: _text(value) for name, value in parameters.items()}
    return tuple(_text(value) for value in parameters)


def _text(value: Any) -> Any:
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


def use_wal(connection: Connection) -> None:
    """Switch the file to a write-ahead log. Raises sqlite3.OperationalError when it is locked.

    SQLite does not wait for the others that do the same to a new file at the same moment.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def connect(path: Path, *, read_only: bool = False) -> Connection:
    """A connection for use by one thread at a time (any), without implicit transactions."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection
