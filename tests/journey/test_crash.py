"""kill -9 of the engine, at any time: what was saved is whole, and the same command goes on."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memtui.api import launch
from memtui.api.agents import Message, NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import UnavailableError
from memtui.api.library import Job, Progress
from tests.engine.helpers import memtui, memtui_json
from tests.journey.listening import listening
from tests.journey.stores import verify

Phase = Callable[[Progress], bool]

FILES = 12
LOAD = ("load", "directory", "--name", "reports")
PHASES: list[Phase] = [
    lambda progress: True,
    lambda progress: progress.passages > 0,
    lambda progress: progress.doing == "embedding",
    lambda progress: progress.indexed > 0,
]


@pytest.fixture(autouse=True)
def _lingers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(FILES):
        paragraphs = [
            f"Paragraph {part} of report {number} tells of the {part * 7 + number}th voyage. " * 12
            for part in range(7)
        ]
        (made / f"{number:02}.txt").write_text("\n\n".join(paragraphs))
    return made


def load(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "memtui", *LOAD, "--input-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def kill_in(phase: Phase, command: "subprocess.Popen[str]", known: set[str]) -> bool:
    """Kill the engine as soon as a job not `known` is in the phase, or has ended; whether it was
    still running."""
    async with Client() as client:
        pid = (await client.status()).pid
        assert pid
        while True:
            job: Job | None = next((j for j in await client.jobs() if j.id not in known), None)
            ended = job is not None and job.state not in ("waiting", "running")
            if job is not None and (ended or phase(job.progress)):
                known.add(job.id)
                os.kill(pid, signal.SIGKILL)
                return not ended
            assert job is not None or command.poll() is None, "the load never began"
            await asyncio.sleep(0.01)


def settle(folder: Path) -> None:
    """The same command again, to its end; then both stores are compared."""
    done = memtui(*LOAD, "--input-dir", str(folder))
    found = memtui_json("search", "the voyage", "--source", "reports")
    assert found["hits"][0]["dense_rank"] is not None
    memtui("engine", "stop")
    (passages,) = verify(folder.iterdir()).values()
    assert done.stdout == f"Loaded {passages} passages and {FILES} documents from reports\n"


@pytest.mark.timeout(400)
def test_kill_9_during_a_load(folder: Path) -> None:
    known: set[str] = set()
    in_time = 0
    for phase in PHASES:
        command = load(folder)
        killed = asyncio.run(kill_in(phase, command, known))
        _, errors = command.communicate(timeout=60)
        assert command.returncode == 1 or not killed, errors
        assert "Traceback" not in errors
        in_time += killed
    assert in_time >= 2, "the engine was too quick to be killed: the test proves nothing"
    settle(folder)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kill_9_25_times(folder: Path) -> None:
    chance = random.Random(25)
    for number in range(25):
        if number % 5 == 4:  # also while documents are replaced
            changed = folder / f"{number // 5:02}.txt"
            changed.write_text(changed.read_text() + f"\n\nEdition {number}.")
        command = load(folder)
        time.sleep(chance.uniform(0.2, 2.5))
        if path := launch.running_socket():
            asyncio.run(kill_listening_at(path))
        _, errors = command.communicate(timeout=60)
        assert "Traceback" not in errors
    settle(folder)


async def kill_listening_at(path: Path) -> None:
    client = Client()
    try:
        os.kill((await client.status()).pid or 0, signal.SIGKILL)
    finally:
        await client.close()


@pytest.mark.timeout(400)
async def test_kill_9_during_a_turn(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Copper melts at 1085 degrees Celsius.")
    await asyncio.to_thread(
        memtui, "load", "directory", "--name", "note", "--input-files", str(note)
    )
    question = TurnRequest(text="At what temperature does copper melt?")
    async with Client() as client:
        (source,) = await client.sources()
        agent = await client.add_agent(NewAgent(source_ids=[source.id]))
        for moment in ("tool.called", "tool.returned"):
            pid = (await client.status()).pid
            assert pid
            async with listening(client) as heard:
                turn = asyncio.create_task(client.turn(agent.id, question))
                await heard.until(lambda events, moment=moment: moment in events.types())  # type: ignore[misc]
                os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(UnavailableError):  # it may have been quicker
                    await turn
            whole(await client.messages(agent.id))
            assert (await client.status()).pid != pid
        reply = await client.turn(agent.id, question)
        assert "1085" in reply.reply
        history = await client.messages(agent.id)
        whole(history)
        said = sum(m.kind == "user" or (m.kind == "assistant" and bool(m.text)) for m in history)
        assert (await client.agent(agent.id)).recall == said
        await client.delete_source(source.id)  # returns when the archive has nothing left to do
        await client.stop_engine()
    assert not [scope for scope in verify([]) if scope.startswith("source_")]


def whole(history: list[Message]) -> None:
    """No call is without its result."""
    for before, after in zip(history, [*history[1:], None], strict=False):
        if before.tool is not None:
            assert after is not None
            assert (after.kind, after.tool_call_id) == ("tool", before.tool.id)
