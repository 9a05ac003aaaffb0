"""From Milvus Lite to a server, which is killed in the middle of it; and to another model there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memtui import config
from memtui.embedding import Embedder
from tests.embedding.folder import make_model
from tests.engine.conftest import started
from tests.engine.test_reindex import FACTS, ended, found_by_meaning, load, whole
from tests.servers import Server

pytestmark = pytest.mark.server


@pytest.fixture(params=["lite_server", "milvus"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def _after_the_first_slice(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """It waits there for the event: a quick machine has them all before the server is killed."""
    goes_on, embed, slices = asyncio.Event(), embedder.embed, 0

    async def halting(texts: Sequence[str]) -> Any:
        nonlocal slices
        slices += 1
        if slices > 1:
            await goes_on.wait()
        return await embed(texts)

    monkeypatch.setattr(embedder, "embed", halting)
    return goes_on


async def test_from_lite_to_a_server_that_is_killed_meanwhile(
    home: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number, fact in enumerate([*FACTS, *(f"Voyage {n} went south." for n in range(37))]):
        (notes / f"{number}.txt").write_text(fact)
    engine = await started(0.2)
    try:
        await load(engine, notes)
        config.save({"archive.uri": server.uri, "archive.token": server.token})
        await engine.reload()
        assert "memtui reindex" in engine.reindex.plan().sentence
        assert await found_by_meaning(engine)
        goes_on = _after_the_first_slice(engine.parts.embedder, monkeypatch)
        job = await engine.reindex.begin()
        while not (await engine.jobs.get(job.id)).progress.passages:
            await asyncio.sleep(0.01)
        server.kill()
        await asyncio.sleep(1)
        assert await found_by_meaning(engine), "the old index serves"
        goes_on.set()
        await asyncio.to_thread(server.start)
        assert (await ended(engine, job)).state == "done"
        assert await whole(engine, 40)
        assert await found_by_meaning(engine)

        config.save({"embedding.model": str(make_model(tmp_path / "mine"))})
        await engine.reload()
        assert (await ended(engine, await engine.reindex.begin())).state == "done"
        assert await whole(engine, 40)
        client = server.client()
        assert client.list_collections() == [engine.parts.spec.collection]
        client.close()
    finally:
        await engine.end()
    engine = await started(0.2)
    try:
        assert await found_by_meaning(engine)
        assert await whole(engine, 40)
    finally:
        await engine.end()
