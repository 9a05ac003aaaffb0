"""Opening, closing, transactions, threads, and everything a disk can do wrong."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from memtui.api.errors import NotFoundError, StorageError, UnavailableError
from memtui.record import NewDocument, NewPassage, Record
from tests.record.conftest import Library, terms


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask_zero")
def test_files_are_private_whatever_the_umask(record: Record, path: Path) -> None:
    record.sources.create("a")
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["record.db", "record.db-shm", "record.db-wal"]
    assert {mode(file) for file in files} == {0o600}
    assert mode(path.parent) == 0o700


def test_a_umask_that_denies_everything_does_no_harm(path: Path) -> None:
    before = os.umask(0o777)
    try:
        record = Record(path, terms)
        record.open()
        record.sources.create("a")
        assert mode(path) == 0o600
        record.close()
    finally:
        os.umask(before)


def test_an_older_file_that_others_may_read_becomes_private(record: Record, path: Path) -> None:
    record.close()
    path.chmod(0o644)
    record.open()
    assert mode(path) == 0o600


def test_settings_of_every_connection(record: Record) -> None:
    for transaction in (record.read, record.write):
        with transaction() as connection:
            found = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert found == ["wal", 2, 1]
    with record.read() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM sources")


def test_what_was_written_is_there_after_reopening(record: Record, path: Path) -> None:
    source = record.sources.create("papers", "what I read")
    record.set_meta("collection", "memtui_minilm_384")
    record.close()
    assert [file.name for file in path.parent.iterdir()] == ["record.db"]
    record.open()
    assert record.sources.get(source.id) == source
    assert record.meta("collection") == "memtui_minilm_384"
    assert record.meta("nothing") is None


def test_open_and_close_may_be_called_twice(record: Record) -> None:
    record.open()
    record.close()
    record.close()
    for use in (record.sources.list, lambda: record.sources.create("late")):
        with pytest.raises(UnavailableError, match="closed"):
            use()


def test_many_may_open_a_new_file_at_once(path: Path) -> None:
    records = [Record(path, terms) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(Record.open, records))
    for number, record in enumerate(records):
        record.sources.create(f"{number}")
    assert len(records[0].sources.list()) == 6
    for record in records:
        record.close()


def test_an_exception_takes_back_the_whole_transaction(record: Record) -> None:
    def fail() -> None:
        with record.write():
            record.sources.create("a")
            assert [one.name for one in record.sources.list()] == ["a"]  # it reads its own writes
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert record.sources.list() == []
    record.sources.create("a")


def test_groups_may_be_combined_in_one_transaction(record: Record, library: Library) -> None:
    agent = library.agent()
    with record.write():
        record.blocks.edit(agent.id, "human", "Ada", "agent")
        with pytest.raises(NotFoundError):
            record.agents.create("Half", "p", "h", source_ids=["gone"])  # a part that fails alone
        record.templates.put("persona", "mine", "text")
    assert record.blocks.list(agent.id)[1].value == "Ada"
    assert record.templates.get("persona", "mine") is not None
    assert record.agents.by_name("Half") is None


def test_a_reader_sees_one_state_throughout(record: Record) -> None:
    record.sources.create("before")
    with record.read() as connection:
        count = "SELECT count(*) FROM sources"
        assert connection.execute(count).fetchone()[0] == 1
        writer = threading.Thread(target=record.sources.create, args=("during",))
        writer.start()
        writer.join()
        assert connection.execute(count).fetchone()[0] == 1
    assert len(record.sources.list()) == 2


def test_many_threads_write_and_read(record: Record, library: Library) -> None:
    agent = library.agent()

    def work(number: int) -> None:
        source = record.sources.create(f"source {number}")
        library.load(source, "/a.txt", *(f"word{number} text {i}" for i in range(5)))
        record.agents.attach(agent.id, source.id)
        found = record.passages.text_search([f"source_{source.id}"], ["text"], 10)
        assert len(found) == 5
        with pytest.raises(NotFoundError):
            record.passages.get("none")
        record.blocks.edit(agent.id, "human", f"{number}", "agent")
        if number % 2:
            record.sources.delete(source.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(record.sources.list()) == 20
    assert len(record.agents.get(agent.id).sources) == 20
    edits = record.blocks.versions(agent.id)[::-1]
    assert len(edits) == 40
    # one writer at a time: each edit began where the one before it ended
    assert [edit.before for edit in edits[1:]] == [edit.after for edit in edits[:-1]]
    assert all(check.ok for check in record.integrity())


def test_close_waits_for_readers_and_writers(record: Record, path: Path) -> None:
    inside, go = threading.Event(), threading.Event()
    seen: list[int] = []

    def read() -> None:
        with record.read() as connection:
            inside.set()
            go.wait(30)
            seen.append(connection.execute("SELECT count(*) FROM sources").fetchone()[0])

    reader = threading.Thread(target=read)
    reader.start()
    inside.wait(30)
    closer = threading.Thread(target=record.close)
    closer.start()
    go.set()
    reader.join()
    closer.join()
    assert seen == [0]
    assert [file.name for file in path.parent.iterdir()] == ["record.db"]


@pytest.mark.parametrize("content", [b"not a database at all, but text " * 99, b"\0" * 5000])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"record\.db is not a memtui record\. Move it away"):
        Record(path, terms).open()
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="not a memtui record"):
        Record(path, terms).open()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["record.db"]


def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    path.touch()
    record = Record(path, terms)
    record.open()
    record.sources.create("a")
    record.close()


def test_a_damaged_file_gives_a_sentence(record: Record, path: Path) -> None:
    source = record.sources.create("a")
    Library(record).load(source, "/a", *("some words " * 50 for _ in range(200)))
    record.close()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)

    def use() -> None:
        record.open()
        record.passages.ids(f"source_{source.id}")

    with pytest.raises(StorageError, match="damaged"):
        use()


def test_a_full_disk_changes_nothing_and_passes(record: Record, library: Library) -> None:
    source = record.sources.create("a")
    library.load(source, "/small", "small")
    with record.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    def load() -> None:
        library.load(source, "/big", *("big " * 500 for _ in range(200)))

    def load_within() -> None:  # as part of another transaction
        with record.write():
            record.sources.create("b")
            load()

    for attempt in (load, load_within):
        with pytest.raises(StorageError, match=r"is full\. Nothing was changed\. Free some space"):
            attempt()
    assert [one.path for one in record.documents.list()] == ["/small"]
    assert record.passages.text_search(None, ["big"], 9) == []
    with record.write() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    load()
    assert len(library.ids(source)) == 201
    assert all(check.ok for check in record.integrity())


def test_a_disk_that_became_read_only(record: Record) -> None:
    with record.write() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match=r"cannot be written\. Check the permissions"):
        record.sources.create("a")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StorageError, match="cannot be opened or written"):
        Record(tmp_path / "data" / "record.db", terms).open()


def test_a_path_that_is_a_folder(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"record\.db"):
        Record(path, terms).open()


def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(StorageError, match="Check the folder, its permissions"):
        Record(folder / "record.db", terms).open()


def test_another_program_holds_the_lock(
    record: Record, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memtui.record.connection.BUSY_SECONDS", 0.05)
    record.close()
    record.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="in use by another program"):
        record.sources.create("a")
    other.close()
    record.sources.create("a")


def test_text_that_sqlite_cannot_store_is_stored_in_letters(record: Record) -> None:
    source = record.sources.create("a")
    paths = ["/caf\udce9.pdf", "/caf\udcea.pdf"]  # file names in Latin-1, as os.fsdecode gives them
    for path in paths:
        record.documents.add(
            source.id,
            NewDocument(path, path, "pdf", path, 1, title="nul \0 and \ud800"),
            [NewPassage(0, "body \udfff \0 end")],
        )
    assert [one.path for one in record.documents.list()] == ["/caf\\udce9.pdf", "/caf\\udcea.pdf"]
    assert record.documents.by_path(source.id, paths[0]) is not None
    found = record.passages.text_search(None, ["end"], 9)
    assert record.passages.get(found[0][0]).text == "body \\udfff \0 end"


WRITER = """
import sys
from pathlib import Path
from memtui.record import NewDocument, NewPassage, Record

record = Record(Path(sys.argv[1]), str.lower)
record.open()
source = record.sources.create("a")
for number in range(10_000):
    passages = [NewPassage(i, f"some words {i}") for i in range(20)]
    record.documents.add(source.id, NewDocument(f"/{number}", "n", "txt", "", 1), passages)
    print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged == 25:
            writer.kill()
    writer.wait()
    writer.stdout.close()
    record = Record(path, terms)
    record.open()
    documents = record.documents.list()
    assert {one.path for one in documents} >= {f"/{i}" for i in range(acknowledged + 1)}
    assert {one.passages for one in documents} == {20}
    assert all(check.ok for check in record.integrity())
    record.close()
