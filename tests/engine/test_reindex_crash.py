"""A crash at every call of a reindex that changes a store, then a new start.

The real record and the real Milvus Lite, with a cheap embedder. The n-th call dies before or
after it has done its work, and from then on no call gets through, as after kill -9. The engine's
parts are then made anew on the same stores, and every passage must be in both exactly once.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths
from memtui.archive import Archive
from memtui.engine import indexes
from memtui.engine.hub import Hub
from memtui.engine.jobs import Jobs
from memtui.engine.parts import Parts
from memtui.engine.reindex import Reindex
from memtui.engine.shelf import PartsIndex, PartsVectors
from memtui.library.indexing import Indexer
from memtui.record import NewDocument, NewPassage, Record
from memtui.record.building import Building
from memtui.record.passages import Passages
from memtui.record.removals import Removals
from tests.library import helpers
from tests.library.test_crash import Crash, Fuse

CHANGES = {
    Building: ("begin", "describe", "abandon", "serve", "gone", "mark_indexed"),
    Passages: ("mark_indexed",),
    Removals: ("done",),
    Archive: ("open", "write", "remove", "drop", "retire", "become"),
}


def guarded(fuse: Fuse, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        last = fuse.step()
        result = method(*args)
        if last:
            raise Crash
        return result

    return call


class Hashed(helpers.Embedder):
    """An embedder by the name of a model. `meanwhile` is called with the first texts."""

    tokens = 0
    dimension = helpers.DIMENSION

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = self.slug = model
        self.meanwhile: Callable[[], object] = lambda: None

    async def probe(self) -> int:
        return self.dimension

    async def embed(self, texts: Any) -> Any:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        await asyncio.to_thread(meanwhile)
        return await super().embed(texts)

    def set_threads(self, count: int) -> None:
        pass

    async def close(self) -> None:
        pass


class Engine:
    """The parts that a reindex needs, joined as the engine joins them."""

    def __init__(self) -> None:
        self.parts = Parts(config.load())
        self.record = self.parts.record
        self.record.open()
        self.parts.choose()
        self.parts.gate.set()
        vectors, index = PartsVectors(self.parts), PartsIndex(self.parts)
        passages, removals = self.record.passages, self.record.removals
        self.indexer = Indexer(passages, removals, vectors, index, batch=2)
        self.indexer.start()
        hub = Hub(lambda by_app: None)
        self.jobs = Jobs(self.record, hub)
        self.reindex = Reindex(self.parts, self.indexer, self.jobs)

    async def ended(self) -> None:
        """The job, ended in order or by a crash."""
        job = await self.reindex.begin()
        run = self.jobs._running[job.id]
        assert run.task is not None
        with suppress(Crash):
            await run.task
            assert run.job.state == "done"

    async def close(self) -> None:
        await self.indexer.stop()
        await self.parts.close()
        self.record.close()


@asynccontextmanager
async def opened() -> AsyncIterator[Engine]:
    engine = Engine()
    try:
        yield engine
    finally:
        await engine.close()


def add(record: Record, source: str, name: str) -> None:
    found = record.sources.by_name(source) or record.sources.create(source)
    passages = [NewPassage(ordinal, f"{name} {ordinal}") for ordinal in range(3)]
    record.documents.add(found.id, NewDocument(name, name, "text", name, 1), passages)


def change(record: Record) -> None:
    """What happens during the reindex: a load, and a source that is deleted."""
    if (gone := record.sources.by_name("gone")) is not None:
        record.sources.delete(gone.id)
        add(record, "kept", "late")


async def verify(engine: Engine) -> None:
    archive, record = await engine.parts.archive(), engine.record
    assert engine.parts.spec.model == "new"
    assert record.passages.totals() == (6, 6)
    assert archive.scopes() == set(record.passages.scopes())
    for scope in record.passages.scopes():
        assert archive.ids(scope) == set(record.passages.ids(scope))
        assert archive.count(scope) == len(record.passages.ids(scope))
    assert record.building.description() is None
    assert record.building.retired() == []
    folders = [path.name for path in (paths.data_dir() / "milvus.db" / "collections").iterdir()]
    assert folders == [engine.parts.spec.collection]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_crash_at_every_call(
    home: Path, tmp_path: Path, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile: list[Record] = []

    def embedder_of(settings: config.Config, spec: Any = None) -> Hashed:
        made = Hashed(spec.model if spec else settings.text("embedding.model"))
        if meanwhile:
            made.meanwhile = partial(change, meanwhile.pop())
        return made

    monkeypatch.setattr(indexes, "embedder_of", embedder_of)
    config.save({"embedding.model": "old"})
    async with opened() as engine:
        add(engine.record, "kept", "first")
        add(engine.record, "gone", "second")
        engine.indexer.wake()
        await engine.indexer.wait()
    config.save({"embedding.model": "new"})
    original = tmp_path / "original"
    shutil.copytree(paths.data_dir(), original)
    at = 0
    while True:
        at += 1
        assert at < 60
        shutil.rmtree(paths.data_dir())
        shutil.copytree(original, paths.data_dir())
        fuse = Fuse(at, before)
        with pytest.MonkeyPatch.context() as patch:
            async with opened() as engine:
                await engine.parts.archive()
                await engine.indexer.wait()
                for group, names in CHANGES.items():
                    for name in names:
                        patch.setattr(group, name, guarded(fuse, getattr(group, name)))
                meanwhile.append(engine.record)
                await engine.ended()
        async with opened() as engine:
            change(engine.record)
            if engine.parts.spec.model == "old":
                await engine.ended()
            engine.indexer.wake()
            await engine.indexer.wait()
            await verify(engine)
        if not fuse.burnt:
            break
    assert at > 10
