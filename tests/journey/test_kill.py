"""kill -9 of the engine at random moments of a load of 200 documents: nothing missing or twice.

The documents are a sentence each, so that the embedder, which is not the subject, is quick.
"""

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest

from memtui.api.client import Client
from memtui.api.library import Job, LoadRequest, Source
from tests.engine.helpers import memtui
from tests.journey.stores import verify

DOCUMENTS = 200
SOURCE = "reports"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(DOCUMENTS):
        write(made, number, "first")
    return made


def write(folder: Path, number: int, edition: str) -> None:
    text = f"Report {number}, {edition} edition, tells of the {number * 7}th voyage."
    (folder / f"{number:03}.txt").write_text(text)


async def find(client: Client) -> Source | None:
    return next((s for s in await client.sources() if s.name == SOURCE), None)


class Chance:
    """Kills the engine again and again; `change` makes new work when a load was too quick."""

    def __init__(self, folder: Path, kills: int) -> None:
        self.folder = folder
        self.kills = kills
        self.random = random.Random(kills)
        self.editions = 0
        self.lasts = 3.0  # seconds that a load takes which nothing interrupts
        self.interrupted = False

    async def round(self) -> bool:
        """Begin or resume the load, and kill the engine at some moment of it; False: it ended."""
        async with Client() as client:
            pid = (await client.status()).pid
            assert pid
            began = time.monotonic()
            moment = began + self.random.uniform(0, self.lasts)
            request = LoadRequest(name=SOURCE, directory=str(self.folder), prune=True)
            job = await client.load(request)
            while job.state in ("waiting", "running"):
                if time.monotonic() >= moment:
                    os.kill(pid, signal.SIGKILL)
                    self.interrupted = True
                    return True
                await asyncio.sleep(0.005)
                job = await client.job(job.id)
            assert job.state == "done", job.error
            if not self.interrupted:
                self.lasts = time.monotonic() - began
            self.interrupted = False
            return False

    def begin_anew(self) -> None:
        """All is loaded: there is work again, and a load of it takes less."""
        self.interrupted, self.lasts = False, 1.0
        self.change()

    def change(self) -> None:
        """Some files change, one moves, one goes, one is copied: a load has all that to do."""
        self.editions += 1
        for number in self.random.sample(range(20, DOCUMENTS), 40):
            write(self.folder, number, f"{self.editions}th")
        files = sorted(self.folder.iterdir())
        files[0].rename(self.folder / f"moved {self.editions}.txt")
        (self.folder / f"copy {self.editions}.txt").write_bytes(files[1].read_bytes())
        files[2].unlink()


async def kill_often(folder: Path, kills: int) -> None:
    chance = Chance(folder, kills)
    while chance.kills:
        if await chance.round():
            chance.kills -= 1
            if chance.kills == kills // 2:  # the other half strikes loads of changes
                await complete(folder)
                chance.begin_anew()
        else:
            chance.change()


async def complete(folder: Path) -> Job:
    """The same command again; once all is recorded the engine is killed: its next start alone
    makes the vectors."""
    async with Client() as client:
        job = await client.load(LoadRequest(name=SOURCE, directory=str(folder), prune=True))
        while job.state in ("waiting", "running") and job.progress.doing != "embedding":
            await asyncio.sleep(0.005)
            job = await client.job(job.id)
        os.kill((await client.status()).pid or 0, signal.SIGKILL)
    async with Client() as client:
        assert (await client.job(job.id)).state in ("interrupted", "done")
        while True:
            source = await find(client)
            assert source is not None
            if source.indexed == source.passages:
                break
            await asyncio.sleep(0.1)
        return await client.job(job.id)


@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_kill_9_at_random_moments(
    folder: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    asyncio.run(kill_often(folder, kills))
    asyncio.run(complete(folder))
    files = list(folder.iterdir())
    said = memtui("load", "directory", "--name", SOURCE, "--input-dir", str(folder), "--prune")
    memtui("engine", "stop")
    contents = {file.read_bytes(): file for file in files}
    (passages,) = verify(contents.values()).values()
    assert passages == len(contents)
    assert said.stdout == f"Loaded {passages} passages and {passages} documents from {SOURCE}\n"
    assert f"{len(files):,} files, unchanged" in said.stderr
