"""Nested key-value retrieval, as in the MemGPT paper (§3.2.2): 140 pairs of UUIDs, a value may be
the key of another pair, and the last value of the chain is asked for. The model knows nothing but
what its tool returns: it looks a key up, and goes on until what it found is the key of no pair.
"""

import asyncio
import itertools
import json
import random
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from tests.fakes import Reply, call, say
from tests.proof.conftest import Scripted, last

PAIRS, DEPTHS = 140, range(7)
_PAIR = re.compile(r"key ([0-9a-f-]{36}) has the value ([0-9a-f-]{36})")
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def chains(seed: int, each: int) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    """All pairs, and (nestings, first key, last value) of `each` chains of every depth."""
    chance = random.Random(seed)

    def new() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    pairs: dict[str, str] = {}
    asked = []
    for depth in DEPTHS:
        for _ in range(each):
            links = [new() for _ in range(depth + 2)]
            pairs.update(itertools.pairwise(links))
            asked.append((depth, links[0], links[-1]))
    while len(pairs) < PAIRS:
        pairs[new()] = new()
    return pairs, asked


def follow(body: dict[str, Any]) -> Reply:
    """Look a key up; what was found may be a key itself; if it is not, it is the answer."""
    message = last(body)["message"]
    if isinstance(message, str):
        return _look_up(_KEY.findall(message)[0])
    looked_up = json.loads(body["messages"][-2]["tool_calls"][0]["function"]["arguments"])["query"]
    for hit in message["hits"]:
        for key, value in _PAIR.findall(hit["text"]):
            if key == looked_up:
                return _look_up(value)
    return say(looked_up, "It is the key of no pair, so it is the last value.")


def _look_up(key: str) -> Reply:
    return call("archival_memory_search", f"I look {key} up.", query=key, request_heartbeat=True)


@pytest.mark.parametrize(
    "each", [1, pytest.param(5, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
async def test_every_chain_is_followed_to_its_end(
    tmp_path: Path, scripted: Scripted, each: int
) -> None:
    pairs, asked = chains(seed=2310, each=each)
    assert len(pairs) == PAIRS
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number, (key, value) in enumerate(pairs.items()):
        (folder / f"{number}.txt").write_text(f"The key {key} has the value {value}.")
    wrong = []
    with scripted(follow):
        async with Client() as client:
            job = await client.load(LoadRequest(name="pairs", directory=str(folder)))
            assert job.source_id is not None
            new = NewAgent(source_ids=[job.source_id])
            agent = await client.add_agent(new)
            while (job := await client.job(job.id)).state in ("waiting", "running"):
                await asyncio.sleep(0.05)
            assert job.report is not None
            assert job.report.passages == PAIRS
            for depth, first, value in asked:
                question = f"What is the last value that the key {first} leads to?"
                reply = await client.turn(agent.id, TurnRequest(text=question))
                if reply.reply != value:
                    wrong.append((depth, reply.reply, value, reply.problem))
            await client.stop_engine()
    assert not wrong
