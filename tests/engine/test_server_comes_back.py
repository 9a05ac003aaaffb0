"""The Milvus server dies in the middle of a load and of a chat, and comes back."""

import asyncio
from pathlib import Path

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.events import Problem
from memtui.api.library import LoadRequest
from memtui.api.search import SearchRequest
from memtui.engine.engine import Engine
from tests import servers

NOTES = 150


@pytest.mark.parametrize("kind", ["lite_server", pytest.param("milvus", marks=pytest.mark.server)])
async def test_nothing_is_lost_or_doubled(
    kind: str,
    request: pytest.FixtureRequest,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server: servers.Server = request.getfixturevalue(kind)
    monkeypatch.setenv("MEMTUI_ARCHIVE__URI", server.uri)
    monkeypatch.setenv("MEMTUI_ARCHIVE__TOKEN", server.token)
    for number in range(NOTES):
        (tmp_path / f"{number}.txt").write_text(
            f"Copper {number} melts at {1000 + number} degrees."
        )
    engine = Engine("")
    engine.indexer._batch = 16  # many writes, so that the kill comes between them
    engine.indexer.patience = 0.5
    said: list[str] = []
    emit = engine.hub.emit
    monkeypatch.setattr(
        engine.hub,
        "emit",
        lambda event: (
            said.append(event.text) if isinstance(event, Problem) else None,
            emit(event),
        ),
    )
    await engine.begin()
    engine.answered()
    try:
        await engine.parts.archive()
        job = await engine.loads.begin(LoadRequest(name="notes", directory=str(tmp_path)))
        passages = engine.record.passages
        while passages.totals()[1] < NOTES // 5:
            await asyncio.sleep(0.01)
        agent = await engine.agents.create(NewAgent(name="A"))
        await engine.agents.attach(agent.id, job.source_id or "")
        await asyncio.to_thread(server.kill)

        turn = asyncio.create_task(
            engine.agents.turn(
                agent.id, TurnRequest(text="At how many degrees does copper 7 melt?")
            )
        )
        reply = await engine.finder.search(SearchRequest(query="copper 7"))
        assert reply.hits[0].text == "Copper 7 melts at 1007 degrees."
        assert "Only the words were searched" in reply.problem
        assert server.uri in reply.problem
        assert "1007" in (await turn).reply
        while (job := await engine.jobs.get(job.id)).state in ("waiting", "running"):
            await asyncio.sleep(0.02)
        assert job.state == "done"
        assert any(f"{server.uri} cannot be reached. Start it" in text for text in said)
        assert any("found by its words, not yet by its meaning" in n for n in job.report.notes)

        await asyncio.to_thread(server.start)
        engine.indexer.patience = 120
        await engine.indexer.wait()
        archive = await engine.parts.archive()
        assert passages.totals()[0] == passages.totals()[1] > NOTES
        for scope in passages.scopes():
            assert await asyncio.to_thread(archive.ids, scope) == set(passages.ids(scope))
            assert await asyncio.to_thread(archive.count, scope) == len(passages.ids(scope))
        found = await engine.finder.search(SearchRequest(query="copper 7"))
        assert found.problem == ""
        assert found.hits[0].dense_rank is not None
    finally:
        await engine.end()
