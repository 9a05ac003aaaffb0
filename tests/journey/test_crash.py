"""kill -9 of the engine, at any time: what was saved is whole, and the same command goes on."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from memtui.api.agents import Message, NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import UnavailableError
from tests.engine.helpers import memtui
from tests.journey.listening import listening
from tests.journey.stores import verify


@pytest.fixture(autouse=True)
def _lingers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")


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
