"""A cancelled load: nothing more of its source gets a vector, until it is loaded again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memtui.api import launch
from memtui.api.client import Client
from memtui.api.errors import UnavailableError
from memtui.api.library import Job, LoadRequest, RetryRequest, Source
from memtui.api.search import SearchRequest
from memtui.engine.engine import Engine
from tests.engine.conftest import started
from tests.engine.test_loads import ended, until
from tests.homes import engine_pid

FILES = 40
QUIET = 1.0
"""Seconds in which a vector would be seen if any were still made."""


@pytest.fixture
async def engine(home: Path) -> AsyncIterator[Engine]:
    made = await start()
    yield made
    await made.end()


async def start() -> Engine:
    """An engine that writes few vectors at a time, and not fast."""
    made = await started(0.2)
    made.indexer._batch = 8
    embed = made.parts.embedder.embed

    async def slowly(texts: list[str]) -> object:
        await asyncio.sleep(0.1)
        return await embed(texts)

    made.parts.embedder.embed = slowly  # type: ignore[method-assign, assignment]
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "docs")


def fill(made: Path) -> Path:
    made.mkdir()
    for number in range(FILES):
        sections = (f"## Part {part}\n\nShip{number}x{part} came home." for part in range(5))
        (made / f"{number:02}.md").write_text("\n\n".join(sections))
    return made


async def source_of(engine: Engine, name: str = "ships") -> Source:
    return next(source for source in await engine.sources() if source.name == name)


async def indexed(engine: Engine) -> int:
    return (await source_of(engine)).indexed


async def half_way(engine: Engine, folder: Path, name: str = "ships") -> Job:
    """A load whose files are read, and of whose passages some have their vectors."""
    job = await engine.loads.begin(LoadRequest(name=name, directory=str(folder)))
    await until(lambda: engine.jobs.running()[-1].progress.doing == "embedding")
    await until(lambda: engine.jobs.running()[-1].progress.indexed)
    return job


async def cancelled(engine: Engine, folder: Path) -> Source:
    """The source of a load that was cancelled half way."""
    job = await engine.loads.cancel((await half_way(engine, folder)).id)
    assert job.state == "cancelled"
    return await source_of(engine)


async def test_nothing_more_is_embedded_until_it_is_loaded_again(
    engine: Engine, folder: Path
) -> None:
    job = await engine.loads.cancel((await half_way(engine, folder)).id)
    source = await source_of(engine)
    left = source.passages - source.indexed
    sentence = (
        f"{left} of {source.passages} passages are found by their words only: the load was "
        "cancelled. Loading it again goes on."
    )
    assert (source.state, source.waits) == ("ready", sentence)
    assert job.report is not None
    assert job.report.notes == [sentence]
    assert (job.progress.indexed, job.progress.passages) == (source.indexed, source.passages)
    await asyncio.sleep(QUIET)
    assert 0 < await indexed(engine) == source.indexed < source.passages

    states = {document.state for document in await engine.loads.documents()}
    assert states >= {"unindexed"}
    assert "embedding" not in states
    for number in (0, FILES - 1):
        reply = await engine.finder.search(SearchRequest(query=f"ship{number}x3"))
        assert f"Ship{number}x3 came home." in reply.hits[0].text

    (job,) = await engine.shelves.reload(source.id)
    assert (await ended(engine, job)).state == "done"
    source = await source_of(engine)
    assert (source.state, source.indexed, source.waits) == ("ready", source.passages, "")
    assert {document.state for document in await engine.loads.documents()} == {"indexed"}


async def test_it_stays_so_after_a_restart_and_retrying_goes_on(home: Path, folder: Path) -> None:
    engine = await start()
    source = await cancelled(engine, folder)
    await engine.end()
    engine = await start()
    await engine.parts.archive()
    await asyncio.sleep(QUIET)
    again = await source_of(engine)
    assert (again.state, again.indexed, again.waits) == ("ready", source.indexed, source.waits)
    job = await engine.shelves.retry(source.id, RetryRequest())
    assert (await ended(engine, job)).state == "done"
    assert await indexed(engine) == source.passages
    await engine.end()


async def test_an_interrupted_load_goes_on_and_can_be_cancelled_then(
    home: Path, folder: Path
) -> None:
    engine = await start()
    job = await half_way(engine, folder)
    await engine.end()
    engine = await start()
    before = await source_of(engine)
    assert before.state == "embedding"
    async with asyncio.timeout(30):
        while await indexed(engine) == before.indexed:
            await asyncio.sleep(0.05)
    assert (await engine.jobs.get(job.id)).state == "interrupted"
    job = await engine.loads.cancel(job.id)
    assert job.state == "cancelled"
    source = await source_of(engine)
    assert before.indexed < source.indexed < source.passages
    assert job.report is not None
    assert job.report.notes == [source.waits]
    assert await engine.loads.cancel(job.id) == job, "once is enough"
    await asyncio.sleep(QUIET)
    assert await source_of(engine) == source
    await engine.end()


async def test_a_load_that_could_not_wait_can_be_cancelled_later(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed, away = engine.parts.embedder.embed, asyncio.Event()

    async def not_now(texts: list[str]) -> object:
        if not away.is_set():
            raise UnavailableError("Not now.")
        return await embed(texts)

    monkeypatch.setattr(engine.parts.embedder, "embed", not_now)
    job = await engine.loads.begin(LoadRequest(name="ships", directory=str(folder)))
    job = await ended(engine, job)
    assert job.state == "done"
    assert (await source_of(engine)).state == "embedding"
    assert (await engine.loads.cancel(job.id)).state == "cancelled"
    away.set()
    engine.indexer.wake()
    await asyncio.sleep(QUIET)
    source = await source_of(engine)
    assert (source.state, source.indexed) == ("ready", 0)
    assert source.waits.startswith(f"{source.passages} of {source.passages} passages are found")


async def test_the_other_loads_go_on(engine: Engine, folder: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other")
    going = await half_way(engine, other, "others")
    first = await half_way(engine, folder)
    waiting = await engine.loads.begin(LoadRequest(name="ships", directory=str(folder)))
    assert (await engine.loads.cancel(waiting.id)).state == "cancelled"
    before = await indexed(engine)
    await until(lambda: engine.jobs.running()[-1].progress.indexed > before)
    assert (await engine.loads.cancel(first.id)).state == "cancelled"
    source = await source_of(engine)
    assert source.waits
    assert (await ended(engine, going)).state == "done"
    assert (await source_of(engine, "others")).indexed == source.passages
    assert await indexed(engine) == source.indexed


async def test_reindexing_embeds_everything(engine: Engine, folder: Path) -> None:
    source = await cancelled(engine, folder)
    job = await ended(engine, await engine.reindex.begin())
    assert (job.state, job.progress.indexed) == ("done", source.passages)
    again = await source_of(engine)
    assert (again.indexed, again.waits) == (source.passages, "")


async def test_an_index_that_is_lost_is_filled_with_everything(
    engine: Engine, folder: Path
) -> None:
    source = await cancelled(engine, folder)
    engine.record.passages.unmark_all()
    engine.indexer.wake()
    await engine.indexer.wait()
    assert await indexed(engine) == source.passages


async def test_it_can_be_pruned_watched_and_deleted(engine: Engine, folder: Path) -> None:
    source = await cancelled(engine, folder)
    for number in range(4, FILES):
        (folder / f"{number:02}.md").unlink()
    request = LoadRequest(name="ships", directory=str(folder), prune=True)
    assert (await ended(engine, await engine.loads.begin(request))).state == "done"
    pruned = await source_of(engine)
    assert (pruned.documents, pruned.state, pruned.waits) == (4, "ready", "")

    (folder / "new.md").write_text("\n\n".join(f"## New {n}\n\nNew." for n in range(100)))
    watching = await engine.shelves.watch(source.id)
    await until(lambda: engine.jobs.running()[0].progress.doing == "embedding")
    assert (await engine.loads.cancel(watching.id)).state == "cancelled"
    assert (await source_of(engine)).waits
    await engine.delete_source(source.id)
    assert await engine.sources() == []
    assert engine.record.passages.totals() == (0, 0)
    assert engine.record.meta(f"left out source_{source.id}") is None


async def test_through_the_engines_process(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, it stays so when the engine is ended; killed, it goes on by itself."""
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(60):
        said = f"Paragraph {number} tells of a voyage to many islands. " * 300
        (folder / f"{number}.md").write_text(said)
    request = LoadRequest(name="large", directory=str(folder))

    async def under_way(client: Client) -> Job:
        job = await client.load(request)
        while job.progress.doing != "embedding" or not job.progress.indexed:
            assert job.state in ("waiting", "running"), job
            await asyncio.sleep(0.05)
            job = await client.job(job.id)
        return job

    async with Client() as client:
        job = await client.cancel_job((await under_way(client)).id)
        assert job.state == "cancelled"
        (stopped,) = await client.sources()
        assert (stopped.state, stopped.waits == "") == ("ready", False)
        await client.stop_engine(20)
    async with Client() as client:
        assert (await client.search(SearchRequest(query="voyage"))).hits
        await asyncio.sleep(2 * QUIET)
        assert await client.sources() == [stopped]

        job = await client.load(request)
        while (await client.job(job.id)).progress.indexed <= stopped.indexed:
            await asyncio.sleep(0.05)
        pid = await asyncio.to_thread(engine_pid)
        assert pid
        os.kill(pid, signal.SIGKILL)
    assert await asyncio.to_thread(launch.wait_until_gone, 20)
    async with Client() as client:
        (source,) = await client.sources()
        assert source.state == "embedding"
        async with asyncio.timeout(60):
            while (await client.sources())[0].indexed <= source.indexed:
                await asyncio.sleep(0.1)
        assert (await client.cancel_job(job.id)).state == "cancelled"
        assert (await client.sources())[0].state == "ready"
