"""A folder that changes between two loads: what is kept, renamed, replaced, told and pruned."""

import os
from pathlib import Path

import pytest

from memtui.library.reader_pool import ReaderPool
from memtui.record.store import Record
from tests.library.test_load import Shelves, documents, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "docs"
    path.mkdir()
    for name in "abc":
        (path / f"{name}.txt").write_text(f"text {name}")
    return path


def content(shelf: Shelves) -> dict[str, str]:
    return {name: "".join(texts) for name, texts in shelf.texts().items()}


def ids(shelf: Shelves) -> dict[str, str]:
    """The ids of the documents by what they say."""
    names = {document.name: document.id for document in shelf.documents(shelf.source_id)}
    return {text: names[name] for name, text in content(shelf).items()}


async def test_whatever_is_moved_keeps_its_passages(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    before = ids(shelf)
    (folder / "a.txt").rename(folder / "x")  # a chain, and a change of places
    (folder / "b.txt").rename(folder / "a.txt")
    (folder / "x").rename(folder / "b.txt")
    (folder / "deep").mkdir()
    (folder / "c.txt").rename(folder / "deep" / "c2.txt")
    report = await run(shelf, reader, folder, recursive=True)
    assert (report.renamed, report.added, report.replaced, report.unchanged) == (3, 0, 0, 0)
    assert content(shelf) == {"a.txt": "text b", "b.txt": "text a", "c2.txt": "text c"}
    assert ids(shelf) == before
    assert documents(shelf)["c2.txt"].path == f"{folder}/deep/c2.txt"
    assert record.removals.pending(9) == []
    report = await run(shelf, reader, folder, recursive=True)
    assert (report.renamed, report.unchanged) == (0, 3)


async def test_content_that_moves_while_its_old_name_gets_new_content(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    before = ids(shelf)
    (folder / "a.txt").rename(folder / "old.txt")
    (folder / "a.txt").write_text("text new")
    report = await run(shelf, reader, folder)
    assert (report.renamed, report.added, report.replaced, report.unchanged) == (1, 1, 0, 2)
    after = ids(shelf)
    assert after.pop("text new")
    assert after == before


async def test_of_two_names_the_other_takes_over(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    shelf = Shelves(record)
    (folder / "b.txt").write_text("text a")
    report = await run(shelf, reader, folder)
    assert (report.added, report.unchanged, len(report.notes)) == (2, 1, 1)
    before = ids(shelf)
    assert documents(shelf)["a.txt"].also == [f"{folder}/b.txt"]
    (folder / "a.txt").unlink()
    report = await run(shelf, reader, folder, prune=True)
    assert (report.vanished, report.pruned, report.notes) == ([], 0, [])
    assert documents(shelf)["b.txt"].also == []
    (folder / "d.txt").write_text("text a")
    await run(shelf, reader, folder)
    (folder / "b.txt").write_text("changed")
    report = await run(shelf, reader, folder)
    assert (report.added, report.replaced, report.renamed) == (1, 0, 0)
    assert content(shelf) == {"b.txt": "changed", "c.txt": "text c", "d.txt": "text a"}
    assert ids(shelf)["text a"] == before["text a"]


async def test_sha256_decides_not_size_and_time(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    status = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("text z")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.utime(folder / "b.txt", (1, 1))
    report = await run(shelf, reader, folder)
    assert (report.replaced, report.unchanged) == (1, 2)
    assert content(shelf)["a.txt"] == "text z"


async def test_prune_removes_what_has_gone_from_the_folder_and_nothing_else(
    record: Record, reader: ReaderPool, folder: Path, tmp_path: Path
) -> None:
    shelf = Shelves(record)
    outside = tmp_path / "docs-other"
    outside.mkdir()
    (outside / "e.txt").write_text("text e")
    await run(shelf, reader, outside)
    (folder / "bad.pdf").write_text("no pdf")
    await run(shelf, reader, folder)
    (outside / "e.txt").unlink()
    (folder / "a.txt").unlink()
    (folder / "bad.pdf").unlink()
    report = await run(shelf, reader, folder, extensions=[".txt"])
    assert (report.vanished, report.pruned) == ([f"{folder}/a.txt"], 0)
    # What was not looked for this time is there all the same.
    report = await run(shelf, reader, folder, extensions=[".md"], prune=True)
    assert "its disk may be missing" in report.notes[0]
    report = await run(shelf, reader, folder, prune=True)
    assert (report.vanished, report.pruned, report.passages) == ([], 1, 3)
    assert sorted(content(shelf)) == ["b.txt", "c.txt", "e.txt"]
    assert {path for _, _, path in record.removals.pending(9)} != set()


async def test_an_empty_or_missing_folder_prunes_nothing(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    shelf = Shelves(record)
    await run(shelf, reader, folder)
    folder.rename(folder.with_name("away"))
    for _ in range(2):
        report = await run(shelf, reader, folder, prune=True)
        assert (report.pruned, len(report.vanished)) == (0, 3)
        assert "its disk may be missing" in report.notes[0]
        folder.mkdir(exist_ok=True)
    assert len(content(shelf)) == 3


async def test_only_what_is_said_to_have_changed_is_looked_at(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    """As while watching: the rest keeps the digest that the record has."""
    from memtui.api.library import LoadRequest
    from memtui.library.load import Loader
    from memtui.library.progress import Meter

    shelf = Shelves(record)
    await run(shelf, reader, folder)
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"new {name}")
    (folder / "d.txt").write_text("text d")
    request = LoadRequest(name="s", directory=str(folder), prune=True)
    loader = Loader(request, shelf.source_id, shelf, reader, Meter(lambda _: None))
    loader.changed = {str(folder / "a.txt")}
    report = await loader.run()
    assert (report.replaced, report.added, report.unchanged) == (1, 1, 2)
    for path in folder.iterdir():
        path.unlink()
    loader = Loader(request, shelf.source_id, shelf, reader, Meter(lambda _: None))
    loader.changed = {str(folder)}
    assert (await loader.run()).pruned == 4  # the folder is known to be there


async def test_other_pages_of_the_same_file_are_other_content(
    record: Record, reader: ReaderPool, folder: Path
) -> None:
    from tests.library.helpers import make_pdf

    make_pdf(folder / "p.pdf", ["one", "two"])
    shelf = Shelves(record)
    await run(shelf, reader, folder, pages="1")
    assert documents(shelf)["p.pdf"].only_pages == "1"
    assert (await run(shelf, reader, folder, pages="1")).unchanged == 4
    report = await run(shelf, reader, folder)
    assert (report.replaced, report.unchanged) == (1, 3)
    assert documents(shelf)["p.pdf"].only_pages == ""
