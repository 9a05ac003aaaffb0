"""A long life: an engine's memory does not grow with its turns, nor does the work of one."""

import math
import os
from pathlib import Path
from typing import Any

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from tests.fakes import Reply, call, say
from tests.proof.conftest import Scripted, last

GROWTH, SLOWER = 1.10, 1.5
FEW = 10
"""Turns whose work is measured together: the least of several such is what a turn takes when
nothing else keeps the processor's caches."""


def script(body: dict[str, Any]) -> Reply:
    """Two steps: something is kept, or looked up, and an answer of some length."""
    envelope = last(body)
    if body["messages"][-1]["role"] == "tool":
        return say("I have done that, and this is what I think about it. " * 8, "I answer.")
    told = str(envelope.get("message"))
    if told.endswith("?"):
        return call("conversation_search", "I look.", query=told, request_heartbeat=True)
    return call("archival_memory_insert", "I keep it.", content=told, request_heartbeat=True)


def resident(pid: int) -> int:
    """The process's memory in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def worked(pid: int) -> float:
    """Seconds of CPU that the process has taken: unlike the clock, others do not slow it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize(
    ("turns", "settled"),
    [
        pytest.param(200, 100, marks=pytest.mark.timeout(300)),
        pytest.param(2000, 200, marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
async def test_neither_memory_nor_work_grows(scripted: Scripted, turns: int, settled: int) -> None:
    stretch = settled // 2
    memory: list[int] = []
    work: list[float] = []
    with scripted(script):
        async with Client() as client:
            agent = await client.add_agent(NewAgent())
            pid = (await client.status()).pid
            assert pid is not None
            least, before = math.inf, worked(pid)
            for turn in range(1, turns + 1):
                kind = "What did I say about number {}?" if turn % 2 else "Number {} is blue."
                reply = await client.turn(agent.id, TurnRequest(text=kind.format(turn)))
                assert reply.status == "done", reply.problem
                if turn % FEW == 0:
                    now = worked(pid)
                    least, before = min(least, now - before), now
                if turn % stretch == 0:
                    memory.append(resident(pid))
                    work.append(least)
                    least = math.inf
            detail = await client.agent(agent.id)
            assert detail.archival == turns // 2
            summaries = [
                m for m in await client.messages(agent.id, limit=1000) if m.kind == "summary"
            ]
            assert summaries
            await client.stop_engine()
    print(f"memory {[m >> 20 for m in memory]} MB, work {[round(w, 2) for w in work]} s")
    assert max(memory[1:]) <= GROWTH * memory[1]
    # the first stretch has the imports in it
    assert work[-1] <= SLOWER * work[1]
