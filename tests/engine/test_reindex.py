"""The engine in this process moves its index: to another model, to another Milvus, or anew."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memtui import config, paths
from memtui.api.library import Job, LoadRequest
from memtui.api.search import SearchReply, SearchRequest
from memtui.engine.engine import Engine
from tests.embedding.folder import make_model
from tests.engine.conftest import started
from tests.fakes.server import DIMENSION, ScriptedServer

BUILTIN = "memtui_all_minilm_l6_v2_int8_384"
FACTS = [
    "Copper melts at 1085 degrees Celsius.",
    "The heron hunts in shallow water.",
    "A sonnet has fourteen lines.",
]


@pytest.fixture
async def engine(home: Path) -> AsyncIterator[Engine]:
    made = await started(0.2)
    yield made
    await made.end()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number, fact in enumerate(FACTS):
        (folder / f"{number}.txt").write_text(fact)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "My Model")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([]) as server:
        yield server


async def ended(engine: Engine, job: Job) -> Job:
    while job.state in ("waiting", "running"):
        await asyncio.sleep(0.02)
        job = await engine.jobs.get(job.id)
    return job


async def load(engine: Engine, folder: Path) -> None:
    request = LoadRequest(name="notes", directory=str(folder))
    assert (await ended(engine, await engine.loads.begin(request))).state == "done"


async def reindex(engine: Engine) -> Job:
    return await ended(engine, await engine.reindex.begin())


async def find(engine: Engine) -> SearchReply:
    return await engine.finder.search(SearchRequest(query="How hot must copper be to melt?"))


async def found_by_meaning(engine: Engine) -> bool:
    reply = await find(engine)
    return (reply.hits[0].text, reply.hits[0].dense_rank, reply.problem) == (FACTS[0], 1, "")


def collections(folder: str = "milvus.db") -> set[str]:
    return {path.name for path in (paths.data_dir() / folder / "collections").iterdir()}


async def whole(engine: Engine, passages: int = 3) -> bool:
    """Whether both stores have the same passages, all of them marked."""
    archive = await engine.parts.archive()
    record = engine.record.passages
    return record.totals() == (passages, passages) and all(
        archive.ids(scope) == set(record.ids(scope)) for scope in record.scopes()
    )


async def test_the_old_model_serves_until_the_new_one_has_everything(
    engine: Engine, notes: Path, model: Path
) -> None:
    await load(engine, notes)
    old = engine.parts.embedder
    config.save({"embedding.model": str(model)})
    await engine.reload()
    plan = engine.reindex.plan()
    assert (plan.needed, plan.passages, plan.left) == (True, 3, 3)
    assert "Run `memtui reindex` (/reindex in the app) to move to it (3 passages" in plan.sentence
    assert await found_by_meaning(engine)
    assert engine.parts.embedder is old
    (check,) = [check for check in await engine.doctor() if check.name == "index"]
    assert (check.ok, check.detail) == (False, plan.sentence)

    job = await reindex(engine)
    assert (job.kind, job.state, job.error) == ("reindex", "done", "")
    assert (job.progress.passages, job.progress.indexed) == (3, 3)
    assert engine.reindex.plan().sentence == ""
    assert engine.parts.embedder.model == "My Model"
    assert await found_by_meaning(engine)
    assert await whole(engine)
    (name,) = collections()
    assert name.startswith("memtui_onnx_my_model_")

    # Loaded from then on with the new model, after the next start too.
    (notes / "more.txt").write_text("The lighthouse was built of granite.")
    await load(engine, notes)
    await engine.end()
    engine = await started(0.2)
    assert await found_by_meaning(engine)
    assert await whole(engine, 4)
    assert collections() == {name}
    await engine.end()


async def test_going_back_before_it_is_built_needs_nothing(
    engine: Engine, notes: Path, model: Path
) -> None:
    await load(engine, notes)
    old = engine.parts.embedder
    config.save({"embedding.model": str(model)})
    await engine.reload()
    config.save({"embedding.model": "builtin"})
    await engine.reload()
    assert not engine.reindex.plan().needed
    assert engine.parts.embedder is old
    assert await found_by_meaning(engine)
    assert await whole(engine)


async def test_a_model_of_a_provider_and_what_it_asks_at_the_next_start(
    engine: Engine, notes: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(engine, notes)
    settings = {"embedding.model": "openai/text-embedding-3-small", "embedding.api_key": "sk-1234"}
    config.save({**settings, "embedding.api_base": "http://127.0.0.1:9/v1"})
    await engine.reload()
    job = await reindex(engine)
    assert job.state == "failed"
    assert "No connection to the embedding model openai/text-embedding-3-small" in job.error
    assert await found_by_meaning(engine), "the old one serves on"

    config.save({"embedding.api_base": server.api_base})
    await engine.reload()
    plan = engine.reindex.plan()
    assert plan.cost is not None
    assert 0 < plan.cost < 0.001
    assert (await reindex(engine)).state == "done"
    assert await whole(engine)
    assert collections() == {f"memtui_openai_text_embedding_3_small_{DIMENSION}"}
    assert len(server.others) == 2, "the dimension, and all texts at once"

    await engine.end()
    engine = await started(0.2)
    await engine.parts.archive()
    await engine.indexer.wait()
    assert len(server.others) == 2, "the dimension is remembered"
    assert (await find(engine)).hits[0].dense_rank is not None

    # Another model under the same name is noticed, and is another index.
    monkeypatch.setattr("tests.fakes.server.DIMENSION", 4)
    assert "Run `memtui reindex`" in (await find(engine)).problem
    assert (await reindex(engine)).state == "done"
    assert await whole(engine)
    assert collections() == {"memtui_openai_text_embedding_3_small_4"}
    assert (await find(engine)).problem == ""

    # Another provider's key is not for this one: its model is gone, the words are not.
    config.save({"embedding.model": "builtin", "embedding.api_key": ""})
    await engine.reload()
    await engine.end()
    server.__exit__(None, None, None)
    engine = await started(0.2)
    reply = await find(engine)
    assert reply.hits[0].text == FACTS[0]
    assert "memtui reindex` makes one with builtin" in reply.problem
    assert (await reindex(engine)).state == "done"
    assert await found_by_meaning(engine)
    assert collections() == {BUILTIN}
    await engine.end()


async def test_to_another_milvus_and_what_is_loaded_and_deleted_meanwhile(
    engine: Engine, notes: Path
) -> None:
    await load(engine, notes)
    embedder = engine.parts.embedder
    config.save({"archive.uri": "elsewhere.db"})
    await engine.reload()
    assert "elsewhere.db" in engine.reindex.plan().sentence
    assert await found_by_meaning(engine)
    go_on = asyncio.Event()
    embed = embedder.embed

    async def held(texts: list[str]):  # type: ignore[no-untyped-def]
        made = await embed(texts)
        await go_on.wait()
        return made

    patch = pytest.MonkeyPatch()
    patch.setattr(embedder, "embed", held)
    job = await engine.reindex.begin()
    assert (await engine.reindex.begin()).id == job.id, "one at a time"
    while not (paths.data_dir() / "elsewhere.db" / "collections").exists():
        await asyncio.sleep(0.01)
    patch.undo()
    (notes / "new.txt").write_text("Basalt is a volcanic rock.")
    await load(engine, notes)
    for document in engine.record.documents.list():
        if document.name == "1.txt":
            engine.record.documents.delete(document.id)
    engine.indexer.wake()
    await engine.indexer.wait()
    assert await whole(engine)
    go_on.set()
    assert (await ended(engine, job)).state == "done"
    await engine.indexer.wait()
    assert engine.parts.embedder is embedder, "it is still the right one"
    assert await found_by_meaning(engine)
    assert await whole(engine)
    assert (collections(), collections("elsewhere.db")) == (set(), {BUILTIN})


@asynccontextmanager
async def half_way(engine: Engine, notes: Path, model: Path) -> AsyncIterator[Job]:
    """Inside, a reindex has begun and cannot write."""
    await load(engine, notes)
    config.save({"embedding.model": str(model)})
    await engine.reload()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("memtui.archive.Archive.write", _never)
        job = await engine.reindex.begin()
        while not engine.record.building.description():
            await asyncio.sleep(0.01)
        yield job


async def test_cancelled_it_goes_on_from_there(engine: Engine, notes: Path, model: Path) -> None:
    async with half_way(engine, notes, model) as job:
        assert (await engine.jobs.cancel(job.id)).state == "cancelled"
    scope = engine.record.passages.scopes()[0]
    engine.record.building.mark_indexed(engine.record.passages.ids(scope)[:1])
    await engine.end()
    engine = await started(0.2)
    assert engine.reindex.job() is None, "it was cancelled: nobody begins it again"
    assert engine.reindex.plan().left == 2
    assert await found_by_meaning(engine)
    assert (await reindex(engine)).progress.indexed == 3
    # Where a mark is wrong, as ours was, nothing but building everything again helps.
    assert (await reindex(engine)).state == "done"
    assert await whole(engine)
    (name,) = collections()
    assert name.endswith("_2"), "it was built beside the one of the same model"
    await engine.end()


def _never(*_: object) -> None:
    from memtui.api.errors import UnavailableError

    raise UnavailableError("Not now.")


async def test_interrupted_it_goes_on_by_itself(engine: Engine, notes: Path, model: Path) -> None:
    async with half_way(engine, notes, model) as job:
        await engine.end()
    engine = await started(0.2)
    assert (await engine.jobs.get(job.id)).state == "interrupted"
    while (going := engine.reindex.job()) is None:
        await asyncio.sleep(0.01)
    assert (await ended(engine, going)).state == "done"
    assert await whole(engine)
    assert engine.parts.embedder.model == "My Model"
    await engine.end()


async def test_a_lost_folder_is_filled_again_and_a_moved_one_is_not(
    engine: Engine, notes: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(engine, notes)
    await engine.end()
    moved = home.with_name("moved")
    home.rename(moved)
    monkeypatch.setenv("MEMTUI_HOME", str(moved))
    engine = await started(0.2)
    await engine.parts.archive()
    assert await whole(engine), "nothing had to be indexed anew"
    await engine.end()

    shutil.rmtree(paths.data_dir() / "milvus.db")
    engine = await started(0.2)
    job = await reindex(engine)  # which does not do it a second time
    assert (job.state, job.progress.indexed) == ("done", 3)
    assert await whole(engine)
    assert await found_by_meaning(engine)
    assert collections() == {BUILTIN}
    await engine.end()


async def test_an_empty_library_just_switches(engine: Engine, notes: Path, model: Path) -> None:
    await engine.parts.archive()
    config.save({"embedding.model": str(model), "archive.uri": "elsewhere.db"})
    await engine.reload()
    assert not engine.reindex.plan().needed
    await load(engine, notes)
    assert await found_by_meaning(engine)
    assert collections("elsewhere.db") != {BUILTIN}
    # One that is not there any more is named, and the words are found.
    shutil.rmtree(model)
    await engine.end()
    engine = await started(0.2)
    reply = await find(engine)
    assert reply.hits[0].text == FACTS[0]
    assert f"There is no folder {model}" in reply.problem
    assert not engine.reindex.plan().needed
    make_model(model)  # it is there again, and is the same
    await engine.reload()
    assert await found_by_meaning(engine)
    await engine.end()
