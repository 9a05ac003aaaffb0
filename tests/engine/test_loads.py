"""Loads in the engine: side by side, seen while they run, and following a folder."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.errors import UsageError
from memtui.api.library import Job, LoadReport, LoadRequest
from memtui.api.search import SearchRequest
from memtui.engine.engine import Engine

RUNNING = ("waiting", "running")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for name in "abc":
        (made / f"{name}.txt").write_text(f"The ship {name} came home.")
    return made


async def until(true: Callable[[], Any], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def ended(engine: Engine, job: Job) -> Job:
    while job.state in RUNNING:
        await asyncio.sleep(0.02)
        job = await engine.jobs.get(job.id)
    return job


async def states(engine: Engine) -> dict[str, str]:
    return {one.name: one.state for one in await engine.loads.documents()}


def hold(engine: Engine, monkeypatch: pytest.MonkeyPatch, *names: str) -> asyncio.Event:
    """The reader does not come to the end of the files `names` until the event is set."""
    read, go_on = engine.parts.readers.read, asyncio.Event()

    async def held(file: Any, *rest: Any) -> Any:
        if file.name in names:
            await go_on.wait()
        return await read(file, *rest)

    monkeypatch.setattr(engine.parts.readers, "read", held)
    return go_on


async def test_each_document_is_seen_in_its_state(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "defg":
        (folder / f"{name}.txt").write_text(f"The ship {name} came home.")
    (folder / "bad.pdf").write_text("no pdf")
    monkeypatch.setattr("memtui.library.load._TOGETHER", 1)  # few are read ahead
    go_on = hold(engine, monkeypatch, "b.txt", "c.txt")
    request = LoadRequest(name="ships", directory=str(folder))
    job = await engine.loads.begin(request)
    await until(lambda: engine.jobs.running()[0].progress.indexed)
    found = await states(engine)
    assert found["a.txt"] == "indexed"
    assert found["b.txt"] == found["c.txt"] == "reading"
    assert found["g.txt"] == "waiting"
    (source,) = await engine.sources()
    assert source.state == "loading"
    hits = (await engine.finder.search(SearchRequest(query="ship came home"))).hits
    assert [hit.document for hit in hits] == ["a.txt"], "what is there can be found"
    go_on.set()
    job = await ended(engine, job)
    assert job.state == "done"
    assert await states(engine) == {
        "bad.pdf": "failed",
        **{f"{name}.txt": "indexed" for name in "abcdefg"},
    }
    go_on.clear()
    (folder / "b.txt").write_text("The ship b was lost.")
    job = await engine.loads.begin(request)
    await until(lambda: engine.jobs.running()[0].progress.files >= 1)
    found = await states(engine)
    assert (found["a.txt"], found["b.txt"], found["g.txt"]) == ("unchanged", "reading", "indexed")
    go_on.set()
    assert (await ended(engine, job)).report == LoadReport(
        unchanged=6,
        replaced=1,
        passages=7,
        documents_as_pages=7,
        failures=(await ended(engine, job)).report.failures,  # type: ignore[union-attr]
    )


async def test_cancelling_keeps_what_is_done(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold(engine, monkeypatch, "b.txt")
    request = LoadRequest(name="ships", directory=str(folder))
    job = await engine.loads.begin(request)
    await until(lambda: engine.jobs.running()[0].progress.indexed)
    job = await engine.jobs.cancel(job.id)
    assert job.state == "cancelled"
    assert job.report is not None
    assert (job.report.added, job.report.passages) == (1, 1)
    assert await states(engine) == {"a.txt": "indexed"}
    go_on.set()
    job = await ended(engine, await engine.loads.begin(request))
    assert job.report is not None
    assert (job.report.added, job.report.unchanged) == (2, 1)


async def test_two_loads_a_search_and_a_turn_go_on_side_by_side(
    engine: Engine, tmp_path: Path
) -> None:
    jobs = []
    for name in ("ships", "mines"):
        made = tmp_path / name
        made.mkdir()
        for number in range(40):
            (made / f"{number}.txt").write_text(f"Of {name}: number {number} is out. " * 200)
        jobs.append(await engine.loads.begin(LoadRequest(name=name, directory=str(made))))
        await until(lambda: engine.jobs.running()[-1].progress.files == 40)

    def both() -> list[int]:
        return [job.progress.indexed for job in engine.jobs.running()]

    await until(lambda: len(both()) < 2 or all(both()))
    assert len(both()) == 2, "both progress, not one after the other"
    assert (await engine.finder.search(SearchRequest(query="number out"))).hits
    sources = [job.source_id for job in jobs if job.source_id]
    agent = await engine.agents.create(NewAgent(source_ids=sources))
    reply = await engine.agents.turn(agent.id, TurnRequest(text="Which of the mines is out?"))
    assert reply.status == "done"
    first = both()
    assert len(first) == 2, "nor did it wait for them"
    await until(lambda: all(now > then for now, then in zip(both(), first, strict=True)))
    for job in jobs:
        assert (await engine.jobs.cancel(job.id)).state == "cancelled"


async def test_a_watched_folder_is_followed(engine: Engine, folder: Path) -> None:
    request = LoadRequest(name="ships", directory=str(folder), recursive=True, watch=True)
    job = await engine.loads.begin(request)

    def watching() -> bool:
        return engine.jobs.running()[0].progress.doing == "watching"

    def report() -> LoadReport:
        return engine.jobs.running()[0].report or LoadReport()

    await until(watching)
    assert (report().added, (await engine.sources())[0].state) == (3, "ready")
    assert (await engine.loads.begin(request)).id == job.id, "taken up again, not begun twice"
    assert engine.busy()
    ids = {one.name: one.id for one in await engine.loads.documents()}
    # An editor saves: a hidden file beside it, which takes its place.
    (folder / ".a.txt.tmp").write_text("The ship a was lost.")
    (folder / ".a.txt.tmp").replace(folder / "a.txt")
    await until(lambda: watching() and report().replaced == 1)
    (folder / "deep").mkdir()
    (folder / "b.txt").rename(folder / "deep" / "moved.txt")
    await until(lambda: watching() and report().renamed == 1)
    (folder / "deep" / "d.txt").write_text("The ship d came home.")
    await until(lambda: watching() and report().added == 4)
    found = {one.name: one for one in await engine.loads.documents()}
    assert found.keys() == {"a.txt", "moved.txt", "c.txt", "d.txt"}
    assert found["moved.txt"].id == ids["b.txt"]
    for path in (*folder.glob("*.txt"), *folder.glob("deep/*.txt")):
        path.unlink()
    await until(lambda: watching() and report().pruned == 4)  # the folder is there, and empty
    assert await engine.loads.documents() == []
    (folder / "e.txt").write_text("The ship e came home.")
    await until(lambda: watching() and report().added == 5)
    assert (await engine.jobs.cancel(job.id)).state == "cancelled"
    (folder / "f.txt").write_text("The ship f came home.")
    await asyncio.sleep(0.6)
    assert list(await states(engine)) == ["e.txt"]
    assert not engine.busy()


async def test_a_watched_folder_that_goes_takes_nothing_along(engine: Engine, folder: Path) -> None:
    job = await engine.loads.begin(LoadRequest(name="ships", directory=str(folder), watch=True))
    await until(lambda: engine.jobs.running()[0].progress.doing == "watching")
    folder.rename(folder.with_name("away"))
    job = await ended(engine, job)
    assert job.state == "failed"
    assert f"The folder {folder} is not there" in job.error
    assert len(await states(engine)) == 3


@pytest.mark.parametrize("wanted", [{"prune": True}, {"watch": True}])
async def test_what_is_followed_is_a_folder_that_exists(
    engine: Engine, folder: Path, wanted: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="--input-dir"):
        await engine.loads.begin(LoadRequest(name="s", paths=[str(folder / "a.txt")], **wanted))
    with pytest.raises(UsageError, match="is not there"):
        await engine.loads.begin(LoadRequest(name="s", directory=f"{folder}-2", **wanted))
