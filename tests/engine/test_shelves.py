"""What is asked of a source that is there: in pieces, renamed, and loaded once more."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.api.library import Job, LoadRequest, RetryRequest
from memtui.engine.engine import Engine
from tests.engine.helpers import make_pdf
from tests.engine.test_loads import ended, hold


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for name in "abc":
        (made / f"{name}.txt").write_text(f"The ship {name} came home.")
    return made


async def load(engine: Engine, **request: Any) -> Job:
    return await ended(engine, await engine.loads.begin(LoadRequest(name="ships", **request)))


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


async def test_documents_come_in_pages_and_by_name(engine: Engine, folder: Path) -> None:
    (folder / "ÄRGER.txt").write_text("There was trouble with the ropes.")
    source = (await load(engine, directory=str(folder))).source_id
    assert source is not None
    page = await engine.shelves.documents(source, 1, 2)
    assert page.total == 4
    assert [one.name for one in page.documents] == ["b.txt", "c.txt"]
    named = await engine.shelves.documents(None, 0, 10, "ärger TXT")
    assert [one.name for one in named.documents] == ["ÄRGER.txt"]
    assert named.total == 1


async def test_the_sources_that_have_a_path(engine: Engine, folder: Path) -> None:
    (folder / "same.txt").write_text((folder / "a.txt").read_text())
    source = (await load(engine, directory=str(folder))).source_id
    for path, found in (
        (folder, [source]), (folder / "a.txt", [source]), (folder / "same.txt", [source]),
        (folder / "d.txt", []), (folder.with_name("doc"), []), (folder.with_name("do%"), []),
    ):  # fmt: skip
        assert engine.record.outline.sources_with(str(path)) == found, path


async def test_a_page_shows_what_a_load_still_reads(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold(engine, monkeypatch, "c.txt")
    job = await engine.loads.begin(LoadRequest(name="ships", directory=str(folder)))
    assert job.source_id is not None
    await until(lambda: engine.loads.loading())
    async with asyncio.timeout(30):
        while True:
            page = await engine.shelves.documents(job.source_id, 0, 10, "c.txt")
            if page.documents and page.documents[0].state == "reading":
                break
            await asyncio.sleep(0.02)
    assert page.total == 1
    with pytest.raises(ConflictError, match="being loaded"):
        await engine.shelves.rename(job.source_id, "boats")
    go_on.set()
    await ended(engine, job)


async def test_sections_are_pages_or_headings(engine: Engine, tmp_path: Path) -> None:
    pdf = make_pdf(tmp_path / "book.pdf", ["The first page.", "The second page."])
    text = tmp_path / "notes.md"
    text.write_text("# Ropes\n\nRopes are long.\n\n# Sails\n\nSails are white.\n")
    job = await load(engine, paths=[str(pdf), str(text)])
    book, notes = (await engine.shelves.documents(job.source_id, 0, 10)).documents
    sections = engine.record.outline.sections(book.id)
    assert [(one.page, one.first, one.passages) for one in sections] == [(1, 0, 1), (2, 1, 1)]
    headings = engine.record.outline.sections(notes.id)
    assert sum(one.passages for one in headings) == notes.passages
    assert "Ropes" in headings[0].title
    (second,) = engine.record.outline.passages(book.id, 1, 5)
    assert "second" in second.text
    assert second.document_path == str(pdf)
    with pytest.raises(NotFoundError):
        engine.record.outline.sections("nothing")


async def test_the_same_loads_again(engine: Engine, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("An other ship.")
    await load(engine, directory=str(folder), password="secret")
    job = await load(engine, paths=[str(other)])
    assert job.source_id is not None
    assert "secret" not in str(engine.record.sources.loads(job.source_id))
    (folder / "d.txt").write_text("The ship d came home, too.")
    other.write_text("An other ship, which has sails.")
    await engine.shelves.rename(job.source_id, "boats")
    again = [await ended(engine, one) for one in await engine.shelves.reload(job.source_id)]
    assert [one.report.added + one.report.replaced for one in again if one.report] == [1, 1]
    assert (await engine.shelves.documents(job.source_id, 0, 9)).total == 5
    assert [one.name for one in await engine.sources()] == ["boats"]


async def test_a_rename_wants_a_free_name(engine: Engine, folder: Path) -> None:
    job = await load(engine, directory=str(folder))
    assert job.source_id is not None
    engine.record.sources.create("taken")
    with pytest.raises(ConflictError, match="taken"):
        await engine.shelves.rename(job.source_id, "taken")
    with pytest.raises(UsageError):
        await engine.shelves.rename(job.source_id, "")
    with pytest.raises(NotFoundError):
        await engine.shelves.rename("nothing", "new")


async def test_what_failed_is_tried_again(engine: Engine, folder: Path) -> None:
    broken = folder / "broken.pdf"
    broken.write_text("This is no PDF.")
    job = await load(engine, directory=str(folder))
    assert job.source_id is not None
    make_pdf(broken, ["Now it is one."])
    again = await ended(engine, await engine.shelves.retry(job.source_id, RetryRequest()))
    assert again.report is not None
    assert (again.report.added, again.report.unchanged) == (1, 0)
    with pytest.raises(UsageError, match="could be read"):
        await engine.shelves.retry(job.source_id, RetryRequest())
    assert len(engine.record.sources.loads(job.source_id)) == 1


async def test_a_watch_follows_the_folder_that_was_loaded(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    job = await load(engine, paths=[str(folder / "a.txt")])
    assert job.source_id is not None
    with pytest.raises(UsageError, match="Only a folder"):
        await engine.shelves.watch(job.source_id)
    await load(engine, directory=str(folder))
    watch = await engine.shelves.watch(job.source_id)
    assert (await engine.shelves.watch(job.source_id)).id == watch.id
    await engine.jobs.cancel(watch.id)


async def test_a_load_says_what_its_vectors_wait_for(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold(engine, monkeypatch, "c.txt")
    job = await engine.loads.begin(LoadRequest(name="ships", directory=str(folder)))
    await until(lambda: engine.loads.loading())
    engine._indexer_says("Milvus at http://localhost:19530 does not answer.")
    assert "does not answer" in (await engine.jobs.get(job.id)).progress.doing
    engine._indexer_says("")
    assert "does not answer" not in (await engine.jobs.get(job.id)).progress.doing
    go_on.set()
    await ended(engine, job)
