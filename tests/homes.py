"""Homes that many tests share, each with an engine of its own: starting one takes seconds."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memtui import paths
from memtui.api import launch
from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import MemtuiError
from memtui.api.library import LoadRequest
from tests.engine.helpers import make_pdf

BIRDS = [
    "The kestrel is a small falcon. It hovers over open fields while it looks for voles. "
    "Its nest is a hole in a wall, or one that crows have left.",
    "The osprey lives near lakes. The osprey eats fish, which it catches with its feet. "
    "It builds a large nest of sticks on the top of a tree.",
    "The peregrine falcon takes other birds in flight. Pigeons are most of what it eats, also "
    "in cities, where it nests on towers.",
]
QUESTION = "What does the osprey eat?"
READER, NEWCOMER = "PoliteButterfly", "QuietOwl"
"""An agent that has answered QUESTION from `birds`, and one with nothing but its greeting."""


def enter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process, and the engines it starts, see `home` and nothing of the user's."""
    for name in list(os.environ):
        if name.startswith("MEMTUI_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MEMTUI_HOME", str(home / "memtui"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@contextmanager
def inside(home: Path) -> Iterator[None]:
    """Use the engine of `home` instead of one for this test alone.

    A fixture that does so takes `home` before: it is undone before `home` ends its own engine.
    """
    with pytest.MonkeyPatch.context() as patch:
        enter(home, patch)
        yield


@contextmanager
def made() -> Iterator[Path]:
    """An empty home, whose engine is ended and whose files are gone afterwards."""
    # Socket paths are limited to about 100 bytes, which pytest's folders exceed.
    folder = Path(tempfile.mkdtemp(prefix="mt"))
    try:
        with inside(folder):
            yield folder
            end_engine()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def furnish(home: Path) -> None:
    """Two sources: `birds`, a PDF, and `notes`, which has a file that cannot be read."""
    papers, notes = home / "papers", home / "notes"
    papers.mkdir()
    notes.mkdir()
    birds = make_pdf(papers / "birds.pdf", BIRDS)
    (notes / "walks.md").write_text("# Walks\n\nOn Sunday we saw two herons at the mill.\n")
    (notes / "towers.txt").write_text("The tower by the river is 31 metres high.\n")
    (notes / "broken.pdf").write_text("This is no PDF.\n")
    asyncio.run(_fill(birds, notes))


def agent_id(name: str) -> str:
    async def find() -> str:
        async with Client() as client:
            return next(agent.id for agent in await client.agents() if agent.name == name)

    return asyncio.run(find())


async def _fill(birds: Path, notes: Path) -> None:
    async with Client() as client:
        for request in (
            LoadRequest(name="birds", paths=[str(birds)]),
            LoadRequest(name="notes", directory=str(notes)),
        ):
            await _load(client, request)
    await add_agent(NEWCOMER, [])
    reader = await add_agent(READER, ["birds"])
    async with Client() as client:
        await client.turn(reader, TurnRequest(text=QUESTION))


async def add_agent(name: str | None, sources: list[str]) -> str:
    """The id of a new agent that has greeted; `sources` are names."""
    async with Client() as client:
        ids = [source.id for source in await client.sources() if source.name in sources]
        new = NewAgent(name=name, persona="memgpt_doc", source_ids=ids)
        agent = await client.add_agent(new)
        await client.turn(agent.id, TurnRequest(kind="login"))
        return agent.id


async def load_text(folder: Path, name: str) -> str:
    """A small source called `name`."""
    file = folder / "text.txt"
    file.write_text("Nothing much is in here.")
    async with Client() as client:
        await _load(client, LoadRequest(name=name, paths=[str(file)]))
    return name


async def _load(client: Client, request: LoadRequest) -> None:
    job = await client.load(request)
    while job.state in ("waiting", "running"):
        await asyncio.sleep(0.05)
        job = await client.job(job.id)
    assert job.state == "done", job


def engine_pid() -> int | None:
    """The process id of the running engine of this home, asked of the engine itself."""
    if launch.running_socket() is None:
        return None

    async def ask() -> int | None:
        client = Client()
        try:
            return (await client.status()).pid
        finally:
            await client.close()

    return asyncio.run(ask())


def end_engine() -> None:
    """End this home's engine in order, and by force when it does not go."""
    if not paths.lock_file().exists():
        return
    pid = None
    if launch.running_socket() is not None:

        async def stop() -> int | None:
            client = Client()
            try:
                pid = (await client.status()).pid
                await client.stop_engine(20)
            finally:
                await client.close()
            return pid

        try:
            pid = asyncio.run(stop())
        except MemtuiError as error:
            print(f"the engine did not stop in order: {error}")
    if not launch.wait_until_gone(20):
        if pid:
            os.kill(pid, signal.SIGKILL)
        raise AssertionError("the engine outlived its test")
