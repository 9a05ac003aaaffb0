"""The file itself: opening, closing, transactions and threads."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from memtui import paths
from memtui.api.errors import UnavailableError
from memtui.api.system import Check
from memtui.record import health, schema
from memtui.record.agents import Agents
from memtui.record.blocks import Blocks
from memtui.record.building import Building
from memtui.record.changes import Changes
from memtui.record.connection import Connection, connect, use_wal
from memtui.record.documents import Documents
from memtui.record.errors import explain, explained
from memtui.record.history import History
from memtui.record.jobs import Jobs
from memtui.record.messages import Messages
from memtui.record.outline import Outline
from memtui.record.passages import Passages
from memtui.record.removals import Removals
from memtui.record.sources import Sources
from memtui.record.templates import Templates

CLOSE_SECONDS = 10.0
"""How long `close` waits for readers that are still at it."""

IDLE = 2
"""Connections kept open for the next reader; each has a page cache of its own."""


class Record:
    """The record in the file `path`. All methods, groups included, may be called by any thread.

    `terms` turns a text into its space-separated index terms. `embedding_model` is only reported
    with each source. Every method raises StorageError for a full, read-only or damaged disk and
    UnavailableError once the record is closed.
    """

    def __init__(self, path: Path, terms: Callable[[str], str], embedding_model: str = "") -> None:
        self.path = path
        self.terms = terms
        self.embedding_model = embedding_model
        self._writer: Connection | None = None
        self._write_lock = threading.RLock()
        self._depth = 0  # of nested write(); guarded by the lock
        self._owner: int | None = None  # the thread inside write()
        self._pool = threading.Condition()
        self._idle: list[Connection] = []
        self._lent = 0
        self.sources = Sources(self)
        self.documents = Documents(self)
        self.passages = Passages(self)
        self.outline = Outline(self)
        self.removals = Removals(self)
        self.building = Building(self)
        self.agents = Agents(self)
        self.blocks = Blocks(self)
        self.messages = Messages(self)
        self.history = History(self)
        self.changes = Changes(self)
        self.jobs = Jobs(self)
        self.templates = Templates(self)

    def open(self) -> None:
        """Create the file (0600) if there is none, and bring it to the newest schema.

        Raises StorageError: no database, of a newer memtui, not writable, disk full.
        """
        with self._write_lock, explained(self.path):
            if self._writer is not None:
                return
            try:
                self._make_private_file()
            except OSError as error:
                raise explain(error, self.path) from error
            connection = connect(self.path)
            try:
                schema.check(connection, self.path, len(schema.MIGRATIONS))
                use_wal(connection)
                schema.migrate(connection, self.path, schema.MIGRATIONS)
            except BaseException:
                connection.close()
                raise
            self._writer = connection

    def close(self) -> None:
        """Close every connection, after the transactions under way. May be called twice."""
        with self._write_lock, self._pool:
            writer, self._writer = self._writer, None
            self._pool.wait_for(lambda: not self._lent, timeout=CLOSE_SECONDS)
            while self._idle:
                self._idle.pop().close()
            if writer is not None:
                writer.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the record throughout; inside `write`, its own."""
        if self._owner == threading.get_ident() and self._writer is not None:
            yield self._writer
            return
        with explained(self.path):
            connection = self._borrow()
            healthy = False
            try:
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
                    healthy = True
            finally:
                self._give_back(connection, keep=healthy)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction (BEGIN IMMEDIATE), committed at the end or rolled back on any exception.

        One at a time. Inside another `write` of the same thread it is a part of that one: what
        groups do there is committed together.
        """
        with explained(self.path), self._write_lock:
            connection = self._writer
            if connection is None:
                raise self._closed()
            begin, commit, rollback = _COMMANDS[self._depth > 0]
            connection.execute(begin)
            self._depth += 1
            self._owner = threading.get_ident()
            try:
                yield connection
                connection.execute(commit)
            except BaseException:
                # SQLite itself rolls back on some errors, such as a full disk.
                if connection.in_transaction:
                    for command in rollback:
                        connection.execute(command)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._owner = None

    def meta(self, key: str) -> str | None:
        """A fact about the whole record, such as what its vectors were made with."""
        with self.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row["value"])

    def set_meta(self, key: str, value: str) -> None:
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def stats(self) -> dict[str, int]:
        """How many rows of each kind, and the bytes of the files, for doctor."""
        with self.read() as connection:
            return health.stats(connection, self.path)

    def integrity(self) -> list[Check]:
        """Reads the whole file to find damage. Seconds for a big library."""
        with self.read() as connection:
            return health.integrity(connection)

    def _make_private_file(self) -> None:
        paths.private_dir(self.path.parent)
        with suppress(FileExistsError):
            schema.create_private(self.path)
        # By name, never through a descriptor: closing one would drop SQLite's POSIX locks.
        for suffix in ("", "-wal", "-shm"):
            file = self.path.with_name(self.path.name + suffix)
            if file.exists() and file.stat().st_mode & 0o077:
                file.chmod(0o600)

    def _borrow(self) -> Connection:
        with self._pool:
            if self._writer is None:
                raise self._closed()
            self._lent += 1
            if self._idle:
                return self._idle.pop()
        try:
            return connect(self.path, read_only=True)
        except BaseException:
            with self._pool:
                self._lent -= 1
                self._pool.notify_all()
            raise

    def _give_back(self, connection: Connection, keep: bool) -> None:
        with self._pool:
            self._lent -= 1
            if keep and self._writer is not None and len(self._idle) < IDLE:
                self._idle.append(connection)
            else:
                connection.close()
            self._pool.notify_all()

    def _closed(self) -> UnavailableError:
        return UnavailableError("The record is closed: the engine is stopping. Try again.")


_COMMANDS = (
    ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)),
    ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part")),
)
