"""kill -9 of the engine at any moment of a conversation: at most the step in flight is gone."""

import asyncio
import os
import random
import signal
from typing import Any

import pytest

from memtui.api import launch
from memtui.api.agents import Message, NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import UnavailableError
from tests.fakes import Reply, call, say
from tests.homes import engine_pid
from tests.proof.conftest import Scripted, last

LONGEST = 0.25
"""Seconds after the message until the latest kill; a turn takes about as long."""


def script(body: dict[str, Any]) -> Reply:
    """A turn of four steps: two memories, a look at them, an answer."""
    envelope = last(body)
    if body["messages"][-1]["role"] != "tool":
        told = str(envelope.get("message"))
        return call("archival_memory_insert", "Kept.", content=told, request_heartbeat=True)
    done = body["messages"][-2]["tool_calls"][0]["function"]["name"]
    if done == "archival_memory_insert":
        return call("core_memory_append", name="human", content="x", request_heartbeat=True)
    if done == "core_memory_append":
        return call("conversation_search", query="number", request_heartbeat=True)
    return say("I have kept that.")


def check(history: list[Message], told: list[str]) -> None:
    """Every message that was answered is there once, and no call is without its result."""
    said = [message.text for message in history if message.kind == "user"]
    assert [text for text in said if text in told] == told
    waiting: list[str] = []
    for message in history:
        if message.kind == "assistant" and message.tool is not None:
            waiting.append(message.tool.id)
        elif message.kind == "tool":
            assert message.tool_call_id == waiting.pop()
    assert not waiting


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(10, marks=pytest.mark.timeout(400)),
        pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
async def test_at_most_the_step_in_flight_is_gone(scripted: Scripted, kills: int) -> None:
    chance = random.Random(kills)
    told: list[str] = []
    with scripted(script):
        async with Client() as client:
            agent = await client.add_agent(NewAgent())
        for number in range(kills):
            pid = await asyncio.to_thread(engine_pid)
            assert pid is not None
            async with Client() as client:
                steady = f"Steady number {number}."
                reply = await client.turn(agent.id, TurnRequest(text=steady))
                assert reply.status == "done", reply.problem
                told.append(steady)
                shaky = TurnRequest(text=f"Shaky number {number}.")
                turn = asyncio.create_task(client.turn(agent.id, shaky))
                await asyncio.sleep(chance.uniform(0, LONGEST))
                os.kill(pid, signal.SIGKILL)
                try:
                    await turn
                    told.append(shaky.text)
                except UnavailableError:
                    pass
            assert await asyncio.to_thread(launch.wait_until_gone, 20)
            async with Client() as client:
                check(await client.messages(agent.id, limit=1000), told)
