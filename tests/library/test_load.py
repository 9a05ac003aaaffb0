"""The load pipeline over the real record and real reader processes."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from memtui.api.errors import NotFoundError, StorageError
from memtui.api.library import Document, LoadReport, LoadRequest, Progress
from memtui.engine.shelf import RecordShelf
from memtui.library.files import FoundFile
from memtui.library.load import load
from memtui.library.ports import Reading
from memtui.library.reader_pool import ReaderPool
from memtui.record.store import Record
from tests.library.helpers import make_pdf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "docs"
    path.mkdir()
    return path


class Shelves(RecordShelf):
    """With a source, and the passages of it by path."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.source_id = record.sources.create("s").id

    def texts(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for id in self.record.passages.ids(f"source_{self.source_id}"):
            passage = self.record.passages.get(id)
            found.setdefault(passage.document or "", []).append(passage.text)
        return found


def documents(shelf: Shelves) -> dict[str, Document]:
    return {document.name: document for document in shelf.documents(shelf.source_id)}


async def run(
    shelf: Shelves,
    reader: ReaderPool,
    folder: Path,
    progress: Callable[[Progress], None] = lambda progress: None,
    **request: object,
) -> LoadReport:
    asked = LoadRequest.model_validate({"name": "s", "directory": str(folder), **request})
    return await load(asked, shelf.source_id, shelf, reader, progress)


async def test_a_folder_with_everything(record: Record, reader: ReaderPool, folder: Path) -> None:
    make_pdf(folder / "a.pdf", ["One page.", "Two pages."])
    (folder / "b.txt").write_text("Some text.")
    (folder / "c.md").write_text("# Title\n\nMarkdown.")
    (folder / "copy.txt").write_text("Some text.")
    (folder / "empty.txt").write_text("")
    make_pdf(folder / "locked.pdf", ["x"], password="word")
    make_pdf(folder / "blank.pdf", [""])
    (folder / "wrong.pdf").write_text("no pdf")
    shelf = Shelves(record)
    told: list[Progress] = []
    report = await run(shelf, reader, folder, told.append)
    assert (report.added, report.unchanged, report.replaced) == (3, 1, 0)
    assert [Path(failure.path).name for failure in report.failures] == [
        "blank.pdf",
        "empty.txt",
        "locked.pdf",
        "wrong.pdf",
    ]
    assert report.notes == [
        f"copy.txt has the same content as {folder}/b.txt: it is stored once, under both names."
    ]
    assert documents(shelf)["b.txt"].also == [f"{folder}/copy.txt"]
    assert report.passages == 4
    assert report.documents_as_pages == 4
    assert shelf.texts() == {
        "a.pdf": ["One page.", "Two pages."],
        "b.txt": ["Some text."],
        "c.md": ["# Title\n\nMarkdown."],
    }
    states = {document.name: document.state for document in shelf.documents(shelf.source_id)}
    assert states == {
        "a.pdf": "embedding",
        "b.txt": "embedding",
        "c.md": "embedding",
        "empty.txt": "empty",
        "locked.pdf": "failed",
        "blank.pdf": "empty",
        "wrong.pdf": "failed",
    }
    last = told[-1]
    assert (last.files, last.files_total, last.pages) == (8, 8, 3)
    assert last.bytes == last.bytes_total > 0
    assert last.passages == 4


async def test_loading_again_adds_replaces_and_skips(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    (folder / "a.txt").write_text("first")
    (folder / "b.txt").write_text("second")
    (folder / "gone.txt").write_text("third")
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    kept = {document.name: document.id for document in shelf.documents(shelf.source_id)}
    (folder / "b.txt").write_text("second, changed")
    (folder / "c.txt").write_text("fourth")
    (folder / "gone.txt").unlink()
    report = await run(shelf, reader, folder)
    assert (report.added, report.replaced, report.unchanged) == (1, 1, 1)
    assert (report.vanished, report.notes) == ([f"{folder}/gone.txt"], [])
    assert shelf.texts() == {
        "a.txt": ["first"],
        "b.txt": ["second, changed"],
        "c.txt": ["fourth"],
        "gone.txt": ["third"],
    }
    assert record.documents.by_path(shelf.source_id, f"{folder}/a.txt").id == kept["a.txt"]  # type: ignore[union-attr]


async def test_a_changed_file_that_cannot_be_read_keeps_its_passages(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    (folder / "a.txt").write_text("first")
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    (folder / "a.txt").write_bytes(b"\0\1\2" * 50)
    (failure,) = (await run(shelf, reader, folder)).failures
    assert failure.reason.endswith("What was loaded from it before is kept.")
    assert shelf.texts() == {"a.txt": ["first"]}
    (folder / "a.txt").write_text("mended")
    assert (await run(shelf, reader, folder)).replaced == 1
    assert shelf.texts() == {"a.txt": ["mended"]}


async def test_a_file_that_becomes_the_same_as_another(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    (folder / "a.txt").write_text("first")
    (folder / "b.txt").write_text("second")
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    (folder / "b.txt").write_text("first")
    assert (await run(shelf, reader, folder)).unchanged == 2
    assert shelf.texts() == {"a.txt": ["first"]}
    (kept,) = shelf.documents(shelf.source_id)
    assert (kept.path, kept.also) == (f"{folder}/a.txt", [f"{folder}/b.txt"])
    (folder / "a.txt").rename(folder / "c.txt")
    (folder / "b.txt").unlink()
    report = await run(shelf, reader, folder)
    assert (report.renamed, report.unchanged, report.vanished) == (1, 0, [])
    assert documents(shelf) == {
        "c.txt": kept.model_copy(update={"name": "c.txt", "path": f"{folder}/c.txt", "also": []})
    }


async def test_replace_starts_afresh_unless_there_is_nothing(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    (folder / "a.txt").write_text("first")
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    (folder / "a.txt").rename(folder / "b.txt")
    missing = {"directory": None, "paths": [str(folder / "a.txt")], "replace": True}
    assert (await run(shelf, reader, folder, **missing)).failures
    assert shelf.texts() == {"a.txt": ["first"]}
    report = await run(shelf, reader, folder, replace=True)
    assert (report.added, report.notes) == (1, [])
    assert shelf.texts() == {"b.txt": ["first"]}


async def test_a_full_disk_stops_the_load(record: Record, reader: ReaderPool, folder: Path) -> None:
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"text {name}")

    class Full(Shelves):
        def add(self, *fields: object) -> str:  # type: ignore[override]
            if self.texts():
                raise StorageError("The disk is full. Free some space and load again.")
            return super().add(*fields)  # type: ignore[arg-type]

    shelf = Full(record)
    asked = LoadRequest(name="s", directory=str(folder))
    report = LoadReport()
    with pytest.raises(StorageError, match="disk is full"):
        await load(asked, shelf.source_id, shelf, reader, lambda progress: None, None, report)
    assert report.added == 1
    assert report.passages == 1
    assert len(shelf.texts()) == 1


async def test_a_source_deleted_meanwhile_ends_the_load(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    (folder / "a.txt").write_text("text")
    shelf = Shelves(record)
    record.sources.delete(shelf.source_id)
    with pytest.raises(NotFoundError):
        await run(shelf, reader, folder)


async def test_cancelling_keeps_what_is_done(record: Record, folder: Path) -> None:
    for name in "abcdef":
        (folder / f"{name}.txt").write_text(f"text {name}")
    reached = asyncio.Event()

    class Stuck(ReaderPool):
        async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading:
            if file.name == "c.txt":
                reached.set()
                await asyncio.sleep(600)
            return await super().read(file, on_pages)

    reader = Stuck(size=2)
    shelf = Shelves(record)
    report = LoadReport()
    asked = LoadRequest(name="s", directory=str(folder))
    task = asyncio.create_task(
        load(asked, shelf.source_id, shelf, reader, lambda progress: None, None, report)
    )
    await reached.wait()
    while report.added < 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(shelf.texts()) == ["a.txt", "b.txt"]
    assert (report.added, report.passages) == (2, 2)
    await reader.close()


async def test_the_outcome_does_not_depend_on_who_is_read_first(
    record: Record, folder: Path
) -> None:
    """The first in order of path keeps the content, however long it takes to read."""
    (folder / "a.txt").write_text("same")
    (folder / "b.txt").write_text("same")

    class Slow(ReaderPool):
        async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading:
            if file.name == "a.txt":
                await asyncio.sleep(0.2)
            return await super().read(file, on_pages)

    reader = Slow(size=2)
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    assert shelf.texts() == {"a.txt": ["same"]}
    await reader.close()


async def test_the_same_passages_in_any_order_of_completion(record: Record, folder: Path) -> None:
    for number in range(8):
        make_pdf(
            folder / f"{number}.pdf", [f"Page one of {number}. " * 60, f"Page two of {number}."]
        )
    (folder / "4.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "twin.pdf").write_bytes((folder / "2.pdf").read_bytes())

    class Shuffled(ReaderPool):
        delays = random.Random()

        async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading:
            reading = await super().read(file, on_pages)
            await asyncio.sleep(self.delays.random() / 10)
            return reading

    outcomes = []
    reader = Shuffled(size=2)
    for seed in range(2):
        reader.delays.seed(seed)
        source_id = record.sources.create(f"s{seed}").id
        asked = LoadRequest(name=f"s{seed}", directory=str(folder))
        shelf = RecordShelf(record)
        report = await load(asked, source_id, shelf, reader, lambda progress: None)
        assert len(report.failures) == 1
        found = [record.passages.get(id) for id in record.passages.ids(f"source_{source_id}")]
        outcomes.append(
            [(one.document_path, one.ordinal, one.page, one.start, one.text) for one in found]
        )
    await reader.close()
    assert len(outcomes[0]) > 20
    assert outcomes[0] == outcomes[1]
