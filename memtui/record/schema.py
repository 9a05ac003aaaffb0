"""The schema as numbered migrations, and how a file gets from its version to the newest.

Migration n (from 1) leads from schema n-1 to n; `PRAGMA user_version` holds n. A migration that
has been released is never edited: add the next one.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from memtui.api.errors import StorageError
from memtui.record.connection import Connection, connect
from memtui.record.errors import explain, not_a_record

APPLICATION_ID = 0x6D656D74
"""`memt` in the file's header: tells memtui's files from any other SQLite file."""

FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE sources (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- `state` is recorded, failed, scanned or empty; how many passages a document has never changes
CREATE TABLE documents (
    id TEXT PRIMARY KEY, source_id TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
    path TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, author TEXT NOT NULL,
    kind TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, pages INTEGER NOT NULL,
    passages INTEGER NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL, loaded_at TEXT NOT NULL,
    UNIQUE (source_id, path)
);
CREATE INDEX documents_by_sha ON documents (source_id, sha256);

-- `seq` is the rowid of the passage and of its row in fts
CREATE TABLE passages (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL,
    document_id TEXT REFERENCES documents(id), ordinal INTEGER NOT NULL,
    page INTEGER, page_end INTEGER, page_label TEXT, start INTEGER NOT NULL, end INTEGER NOT NULL,
    created_at TEXT NOT NULL, indexed_at TEXT, section TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX passages_by_document ON passages (document_id, ordinal);
CREATE INDEX passages_by_scope ON passages (scope, created_at);
CREATE INDEX passages_waiting ON passages (indexed_at) WHERE indexed_at IS NULL;
CREATE INDEX passages_waiting_by_scope ON passages (scope, document_id) WHERE indexed_at IS NULL;
CREATE INDEX passages_waiting_by_document ON passages (document_id) WHERE indexed_at IS NULL;

-- terms are made by memtui: the tokenizer only splits at white space and control characters
CREATE VIRTUAL TABLE fts USING fts5 (
    terms, scope, tokenize = "ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'"
);

-- what Milvus has yet to forget; passage_id NULL means the whole scope
CREATE TABLE removals (id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, passage_id TEXT);
CREATE INDEX removals_by_passage ON removals (scope, passage_id);

CREATE TABLE agents (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, persona TEXT NOT NULL, human TEXT NOT NULL,
    model TEXT, system TEXT NOT NULL, temporary INTEGER NOT NULL,
    created_at TEXT NOT NULL, used_at TEXT NOT NULL
);

CREATE TABLE attachments (
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
    attached_at TEXT NOT NULL, PRIMARY KEY (agent_id, source_id)
);
CREATE INDEX attachments_by_source ON attachments (source_id);

CREATE TABLE blocks (
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE, position INTEGER NOT NULL,
    label TEXT NOT NULL, value TEXT NOT NULL, char_limit INTEGER NOT NULL,
    PRIMARY KEY (agent_id, label)
);

CREATE TABLE block_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE, label TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, author TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX block_versions_by_agent ON block_versions (agent_id, label);

-- tool, hits, citations and usage are JSON, NULL for none
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
    turn_id TEXT NOT NULL, kind TEXT NOT NULL, in_context INTEGER NOT NULL,
    tool_call_id TEXT NOT NULL, ok INTEGER NOT NULL, total INTEGER NOT NULL, ms REAL NOT NULL,
    created_at TEXT NOT NULL, recall_id TEXT REFERENCES passages(id) ON DELETE SET NULL,
    text TEXT NOT NULL, thought TEXT NOT NULL,
    tool TEXT, hits TEXT, citations TEXT, usage TEXT
);
CREATE INDEX messages_by_agent ON messages (agent_id, id);
CREATE INDEX messages_by_turn ON messages (turn_id);
CREATE INDEX messages_in_context ON messages (agent_id, id) WHERE in_context;
CREATE INDEX messages_with_hits ON messages (agent_id, id) WHERE hits IS NOT NULL;
CREATE INDEX messages_by_recall ON messages (recall_id) WHERE recall_id IS NOT NULL;

-- each passage an agent was ever shown, as it was shown last: what its citations may refer to
CREATE TABLE shown (
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE, passage_id TEXT NOT NULL,
    citation TEXT NOT NULL, source_id TEXT, source TEXT, document_id TEXT, document TEXT,
    page INTEGER, page_end INTEGER, page_label TEXT, PRIMARY KEY (agent_id, passage_id)
) WITHOUT ROWID;
CREATE INDEX shown_by_source ON shown (source_id);

CREATE TABLE message_sources (
    message_id INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, source_id)
);
CREATE INDEX message_sources_by_source ON message_sources (source_id);

-- source_id is no reference: the history of jobs outlives a source
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, source_id TEXT, source TEXT NOT NULL,
    state TEXT NOT NULL, progress TEXT NOT NULL, report TEXT, error TEXT NOT NULL,
    created_at TEXT NOT NULL, ended_at TEXT
);

CREATE TABLE templates (
    kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
"""

SECOND = """
-- what was done to an agent's memory and history, in order; undoing marks, it never deletes
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
    turn_id TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,
    after_reading INTEGER NOT NULL, created_at TEXT NOT NULL, undone_at TEXT
);
CREATE INDEX changes_by_agent ON changes (agent_id, id);

-- a message is part of the history as long as no change has removed it
ALTER TABLE messages ADD COLUMN removed_by INTEGER REFERENCES changes(id);
-- what drew on a source that was deleted since is never found by conversation search again
ALTER TABLE messages ADD COLUMN unsaid INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_removed ON messages (removed_by) WHERE removed_by IS NOT NULL;

-- JSON: what differs from the configuration for this agent
ALTER TABLE agents ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- JSON: tokens, steps, seconds and cost of everything that it ever did, removed since or not
ALTER TABLE agents ADD COLUMN usage TEXT NOT NULL DEFAULT '{}';
"""

THIRD = """
-- JSON: the other paths under which the same content was found in the source
ALTER TABLE documents ADD COLUMN also TEXT NOT NULL DEFAULT '[]';
CREATE INDEX documents_with_also ON documents (source_id) WHERE also <> '[]';
-- the pages it was asked to be read of, such as 3-20; empty for all
ALTER TABLE documents ADD COLUMN only_pages TEXT NOT NULL DEFAULT '';

-- the passages that the index which is built beside the serving one has already
CREATE TABLE rebuilt (
    passage_id TEXT PRIMARY KEY REFERENCES passages(id) ON DELETE CASCADE
) WITHOUT ROWID;
-- 1: what the index being built has yet to forget
ALTER TABLE removals ADD COLUMN building INTEGER NOT NULL DEFAULT 0;
"""

MIGRATIONS: tuple[str, ...] = (FIRST, SECOND, THIRD)


def migrate(connection: Connection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring `path`, open as `connection`, to the newest schema, one transaction per migration.

    A file that has data is copied first, to `<name>-schema-<n>.db` beside it; an empty one takes
    all of them at once, so that nobody else sees it half made. Raises StorageError
    for a newer schema and for a file of another program, and then has changed nothing.
    """
    version = check(connection, path, len(migrations))
    # SQLite advises: off while tables are rebuilt (impossible inside a transaction), then check.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        if not version:
            _step(connection, path, len(migrations), "\n".join(migrations))
            return
        for number in range(version + 1, len(migrations) + 1):
            back_up(connection, backup_path(path, number - 1))
            _step(connection, path, number, migrations[number - 1])
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def check(connection: Connection, path: Path, newest: int) -> int:
    """The schema version of the file (0: empty). Raises StorageError if it cannot be used."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if (tables or version) and owner != APPLICATION_ID:
        raise not_a_record(path)
    if version > newest:
        raise StorageError(
            f"{path} was written by a newer memtui (schema {version}, this one knows {newest})."
            " Upgrade memtui."
        )
    return version


def _step(connection: Connection, path: Path, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster between the look and the lock.
        if connection.execute("PRAGMA user_version").fetchone()[0] < number:
            for statement in _statements(script):
                connection.execute(statement)
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise sqlite3.IntegrityError(f"migration {number} broke a reference")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if isinstance(error, sqlite3.Error) and code in (
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_CONSTRAINT,
        ):
            raise StorageError(
                f"{path} could not be brought from schema {number - 1} to {number} ({error})."
                " It is unchanged; please report this, and use the memtui you had meanwhile."
            ) from error
        raise


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: `executescript` would commit the transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def backup_path(path: Path, version: int) -> Path:
    return path.with_name(f"{path.stem}-schema-{version}.db")


def back_up(connection: Connection, target: Path) -> None:
    """A complete copy of the database at `target`, mode 0600, whole or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        create_private(temporary)
        copy = connect(temporary)
        try:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without -wal beside it
        finally:
            copy.close()
        temporary.replace(target)
    except OSError as error:
        raise explain(error, target) from error
    finally:
        for leftover in ("", "-wal", "-shm", "-journal"):
            temporary.with_name(temporary.name + leftover).unlink(missing_ok=True)


def create_private(path: Path) -> None:
    """An empty file of mode 0600 whatever the umask. Raises FileExistsError, OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
