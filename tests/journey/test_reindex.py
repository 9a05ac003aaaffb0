"""`memtui reindex` as a person meets it: asked for, killed, gone on, done."""

import asyncio
import json
import os
import random
import signal
from pathlib import Path

import pytest

from memtui.api.client import Client
from memtui.api.library import LoadRequest
from tests.embedding.folder import make_model
from tests.engine.helpers import memtui
from tests.journey.stores import verify

DOCUMENTS = 40

pytestmark = pytest.mark.usefixtures("home", "in_process")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(DOCUMENTS):
        (made / f"{number:03}.txt").write_text(f"Report {number} tells of voyage {number * 7}.")
    return made


async def killed(chance: random.Random, folder: Path) -> bool:
    """Begin or go on, load something new meanwhile, and kill the engine at some moment of it;
    False: it was done before."""
    async with Client() as client:
        if not (await client.reindex_plan()).needed:
            return False
        job = await client.reindex()
        pid = (await client.status()).pid
        assert pid
        number = len(list(folder.iterdir()))
        (folder / f"{number:03}.txt").write_text(f"Report {number} came late.")
        await client.load(LoadRequest(name="reports", directory=str(folder)))
        while job.state in ("waiting", "running") and not job.progress.indexed:
            await asyncio.sleep(0.005)
            job = await client.job(job.id)
        await asyncio.sleep(chance.uniform(0, 0.8))
        os.kill(pid, signal.SIGKILL)
        return True


async def finished() -> int:
    """The next start alone goes on. Returns how many jobs it took."""
    async with Client() as client:
        while (await client.reindex_plan()).needed:
            await asyncio.sleep(0.05)
        return sum(job.kind == "reindex" for job in await client.jobs())


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_kill_9_at_random_moments(
    folder: Path, tmp_path: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    memtui("load", "directory", "--name", "reports", "--input-dir", str(folder))
    models = ["builtin", str(make_model(tmp_path / "mine"))]
    chance = random.Random(kills)
    jobs = 0
    for _ in range(kills):
        models.reverse()
        said = memtui("configure", "--set", f"embedding.model={models[0]}").stderr
        if "Run `memtui reindex`" in said:
            while asyncio.run(killed(chance, folder)):
                if chance.random() < 0.5:
                    break
            jobs = asyncio.run(finished())
    assert jobs >= kills
    said = memtui("load", "directory", "--name", "reports", "--input-dir", str(folder)).stderr
    assert "unchanged" in said
    memtui("engine", "stop")
    (passages,) = verify(folder.iterdir()).values()
    assert passages == len(list(folder.iterdir()))


def test_the_commands_say_what_is_to_be_done_and_what_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    for file in list(folder.iterdir())[3:]:
        file.unlink()
    assert "0 passages indexed" in memtui("reindex").stdout
    memtui("load", "directory", "--name", "reports", "--input-dir", str(folder))
    model = make_model(tmp_path / "mine")
    said = memtui("configure", "--set", f"embedding.model={tmp_path}/none").stderr
    assert f"It is saved as it is, but: There is no folder {tmp_path}/none" in said
    assert f"There is no folder {tmp_path}/none" in memtui("reindex", check=False).stderr
    assert memtui("search", "voyage").stderr == ""
    said = memtui("configure", "--set", f"embedding.model={model}").stderr
    assert "mine, 384 dimensions" in said
    said = said.splitlines()[-1]
    assert f"The settings name {model} in " in said
    assert "Run `memtui reindex` (/reindex in the app) to move to it (3 passages)" in said
    assert said.strip() in memtui("engine", "status").stdout
    assert f"FAIL  index: {said.strip()}" in memtui("doctor", check=False).stdout
    done = memtui("reindex")
    assert f"3 passages indexed with {model} in " in done.stdout
    assert "FAIL" not in memtui("doctor").stdout
    job = json.loads(memtui("reindex", "--json").stdout)
    assert (job["kind"], job["state"], job["progress"]["indexed"]) == ("reindex", "done", 3)
    memtui("engine", "stop")
