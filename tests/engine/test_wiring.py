"""The engine in this process: its parts exchanged, missing, and at rest."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from memtui import config
from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.errors import UnavailableError
from memtui.api.library import Job, LoadRequest
from memtui.api.search import SearchReply, SearchRequest
from memtui.engine.engine import Engine
from tests.engine.conftest import started


@pytest.fixture
async def engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setattr("memtui.archive.archive.CONNECT_TIMEOUT", 0.5)
    made = await started(0.2)
    yield made
    await made.end()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("Copper melts at 1085 degrees Celsius.")
    return path


async def load(engine: Engine, path: Path) -> Job:
    job = await engine.loads.begin(LoadRequest(name="note", paths=[str(path)]))
    while job.state in ("waiting", "running"):
        await asyncio.sleep(0.02)
        job = await engine.jobs.get(job.id)
    return job


async def find(engine: Engine) -> SearchReply:
    return await engine.finder.search(SearchRequest(query="How hot must copper be to melt?"))


async def test_without_milvus_the_words_are_found(engine: Engine, note: Path) -> None:
    config.save({"archive.uri": "http://127.0.0.1:1"})
    await engine.reload()
    job = await load(engine, note)
    assert (job.state, job.error) == ("done", "")
    assert job.report is not None
    assert job.report.passages == 1
    assert "cannot be reached" in job.report.notes[0]
    for _ in range(3):  # now and then it tries again, and nobody waits for that
        began = time.monotonic()
        reply = await find(engine)
        assert time.monotonic() - began < 5
        assert (reply.hits[0].text_rank, reply.hits[0].dense_rank) == (1, None)
        assert "cannot be reached" in reply.problem
    (source,) = await engine.sources()
    assert (source.passages, source.indexed) == (1, 0)

    # Milvus is there again: the vectors follow by themselves.
    config.save({"archive.uri": ""})
    await engine.reload()
    await engine.parts.archive()
    await engine.indexer.wait()
    assert (await find(engine)).hits[0].dense_rank == 1


async def test_without_milvus_nothing_that_is_deleted_is_found(engine: Engine, note: Path) -> None:
    config.save({"archive.uri": "http://127.0.0.1:1"})
    await engine.reload()
    await load(engine, note)
    (source,) = await engine.sources()
    with pytest.raises(UnavailableError, match=r"note is deleted .* still in Milvus"):
        await engine.delete_source(source.id)
    assert (await find(engine)).hits == []


async def test_a_temporary_agent_leaves_nothing(engine: Engine, note: Path) -> None:
    await load(engine, note)
    (source,) = await engine.sources()
    agent = await engine.agents.create(NewAgent(temporary=True, source_ids=[source.id]))
    reply = await engine.agents.turn(agent.id, TurnRequest(text="When does copper melt?"))
    assert "1085" in reply.reply
    await engine.indexer.wait()
    scopes = {f"source_{source.id}"}
    assert set(engine.record.passages.scopes()) == scopes
    assert (await engine.parts.archive()).scopes() == scopes
    assert await engine.agents._list() == []


async def test_readers_rest_some_time_after_a_load(
    engine: Engine, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(engine, note)
    assert engine.parts.readers._idle  # the next load finds one that has begun
    monkeypatch.setattr("memtui.engine.loads.REST", 0.0)
    await load(engine, note)
    while engine.parts.readers._idle:
        await asyncio.sleep(0.01)


async def test_an_open_app_gets_a_core(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr(engine.parts.embedder, "set_threads", threads.append)
    async with aclosing(engine.hub.listen()) as first, aclosing(engine.hub.listen()) as second:
        await anext(first)
        await anext(second)
        assert threads == [3]
    assert threads == [3, 4]


async def test_a_stopping_engine_begins_nothing(engine: Engine, note: Path) -> None:
    agent = await engine.agents.create(NewAgent())
    await engine.quiet()
    with pytest.raises(UnavailableError, match="stopping"):
        await engine.agents.turn(agent.id, TurnRequest(text="Hello?"))
    with pytest.raises(UnavailableError, match="stopping"):
        await load(engine, note)


async def test_it_ends_though_nobody_ever_asked(home: Path) -> None:
    """What waits for the archive to open does not wait for a first request that never comes."""
    engine = Engine("")
    await engine.begin()
    agent = await engine.agents.create(NewAgent())
    engine.record.passages.add_to_scope(f"agent_{agent.id}", "something to index")
    engine.indexer.wake()
    await asyncio.sleep(0.1)
    async with asyncio.timeout(20):
        await engine.end()
