"""Migrations: forwards step by step, with a backup; never backwards; never half."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from memtui.api.errors import StorageError
from memtui.record import Record, schema
from memtui.record.connection import connect
from tests.record.conftest import terms

SECOND = """
ALTER TABLE sources ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';
-- a comment; with a semicolon
UPDATE sources SET colour = 'a;b';
"""
THIRD = "CREATE TABLE extra (id INTEGER PRIMARY KEY, source_id TEXT REFERENCES sources(id));"


@pytest.fixture
def old(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the schema that the first memtui wrote, with an agent and a source in it."""
    later(monkeypatch)
    record = Record(path, terms)
    record.open()
    with record.write() as connection:
        connection.execute("INSERT INTO agents VALUES ('a1','Otter','p','h',NULL,'',0,'x','x')")
    record.sources.create("papers")
    record.close()
    return path


def later(monkeypatch: pytest.MonkeyPatch, *migrations: str) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (schema.FIRST, *migrations))


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_an_older_file_is_backed_up_and_migrated(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, SECOND, THIRD)
    before = os.umask(0)
    record = Record(old, terms)
    try:
        record.open()
    finally:
        os.umask(before)
    with record.read() as connection:
        assert [tuple(r) for r in connection.execute("SELECT name, colour FROM sources")] == [
            ("papers", "a;b")
        ]
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    record.close()
    assert version(old) == 3
    backups = [old.with_name(f"record-schema-{n}.db") for n in (1, 2)]
    assert sorted(old.parent.iterdir()) == sorted([old, *backups])
    for number, backup in enumerate(backups, 1):
        assert version(backup) == number
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    # the first backup is a record of its own that the first memtui opens
    later(monkeypatch)
    first = Record(backups[0], terms)
    first.open()
    assert [source.name for source in first.sources.list()] == ["papers"]
    first.close()


def test_a_fresh_file_goes_through_all_migrations_without_backups(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, SECOND, THIRD)
    record = Record(path, terms)
    record.open()
    record.close()
    assert version(path) == 3
    assert [file.name for file in path.parent.iterdir()] == ["record.db"]


def test_a_newer_file_is_refused_and_not_touched(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, SECOND, THIRD)
    record = Record(old, terms)
    record.open()
    record.close()
    later(monkeypatch)
    before = old.read_bytes()
    with pytest.raises(StorageError) as caught:
        Record(old, terms).open()
    assert str(caught.value) == (
        f"{old} was written by a newer memtui (schema 3, this one knows 1). Upgrade memtui."
    )
    assert old.read_bytes() == before


@pytest.mark.parametrize(
    "broken",
    [
        "CREATE TABLE fine (id); INSERT INTO nowhere VALUES (1);",
        "CREATE TABLE fine (id); INSERT INTO attachments VALUES ('a', 'b', 'c');",
    ],
    ids=["a statement fails", "a reference breaks"],
)
def test_a_migration_that_fails_leaves_the_file_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    later(monkeypatch, broken.replace("; ", ";\n"))
    with pytest.raises(StorageError, match="could not be brought from schema 1 to 2"):
        Record(old, terms).open()
    later(monkeypatch)
    assert version(old) == 1
    record = Record(old, terms)
    record.open()
    with record.read() as connection:
        tables = "SELECT count(*) FROM sqlite_master WHERE name = 'fine'"
        assert connection.execute(tables).fetchone()[0] == 0
    assert [source.name for source in record.sources.list()] == ["papers"]
    record.close()


def test_without_room_for_the_backup_nothing_is_migrated(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, SECOND)

    def tiny(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr(schema, "connect", tiny)
    with pytest.raises(StorageError, match="is full"):
        Record(old, terms).open()
    assert version(old) == 1
    assert [file.name for file in old.parent.iterdir()] == ["record.db"]


def test_what_the_first_schema_held_is_kept(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path)
    schema.migrate(connection, path, (schema.FIRST,))
    connection.execute(
        "INSERT INTO agents VALUES ('a1', 'Otter', 'sam', 'basic', NULL, 'Be kind.', 0, ?, ?)",
        ("2026-01-01T00:00:00+00:00",) * 2,
    )
    connection.execute("INSERT INTO blocks VALUES ('a1', 0, 'human', 'Ada.', 2000)")
    connection.execute(
        """INSERT INTO messages (agent_id, turn_id, kind, in_context, tool_call_id, ok, total, ms,
           created_at, text, thought) VALUES ('a1', 't', 'user', 1, '', 1, 0, 0, ?, 'Hello', '')""",
        ("2026-01-01T00:00:00+00:00",),
    )
    connection.commit()
    connection.close()
    record = Record(path, terms)
    record.open()
    assert [agent.name for agent in record.agents.list()] == ["Otter"]
    assert [message.text for message in record.messages.page("a1")] == ["Hello"]
    assert record.messages.in_context("a1") == record.messages.page("a1")
    assert record.history.pop("a1", 1) == 1
    record.changes.undo("a1")
    assert record.messages.count("a1") == 1
    record.close()
    assert version(path) == len(schema.MIGRATIONS)
    assert version(schema.backup_path(path, 1)) == 1
