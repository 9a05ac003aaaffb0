"""Deep memory retrieval, in kind (MemGPT paper §3.1.1): what a person said in the first of five
sessions is asked for in the sixth, in other words. Six hundred messages and a window of 8,192
tokens lie between; the same person said the like of others. The first page of
`conversation_search` must hold it, every time.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.search import SearchRequest
from tests.fakes import Reply, call, say
from tests.proof.conftest import Scripted, last
from tests.proof.facts import FACTS, OTHERS

SESSIONS, MESSAGES = 5, 600


def sessions() -> Iterator[list[str]]:
    """What the user says: the facts, then four sessions about others."""
    facts = [shape.format(what) for shape, what, _, _ in FACTS]
    yield facts
    left = MESSAGES // 2 - len(facts)
    talk: list[str] = []
    for turn in range(left):
        again, number = divmod(turn, len(FACTS))
        shape, _, others, _ = FACTS[number]
        who, what = OTHERS[(number + again) % len(OTHERS)], others[again % len(others)]
        talk.append(f"{who} told me: “{shape.format(what)}”")
    size = -(-left // (SESSIONS - 1))
    yield from (talk[start : start + size] for start in range(0, left, size))


def script(body: dict[str, Any]) -> Reply:
    """Whatever is asked is looked up; whatever is told is acknowledged."""
    envelope = last(body)
    message = envelope.get("message")
    if body["messages"][-1]["role"] == "tool":
        return say("I have looked it up.")
    if envelope.get("type") == "user_message" and str(message).endswith("?"):
        return call("conversation_search", query=message, request_heartbeat=True)
    return say("I understand, and I will remember that." if message else "Hello!")


async def vectors_of(client: Client, agent_id: str, said: str) -> None:
    """Wait until what was said has its vector, and so all that was said before it."""
    wanted = SearchRequest(query=said, mode="dense", k=20, agent_id=agent_id, conversation=True)
    while True:
        reply = await client.search(wanted)
        if any(hit.text == said and hit.dense_rank for hit in reply.hits):
            return
        await asyncio.sleep(0.2)


@pytest.mark.timeout(400)
async def test_every_fact_is_on_the_first_page(scripted: Scripted) -> None:
    missed = []
    with scripted(script):
        async with Client() as client:
            agent = await client.add_agent(NewAgent())
            for session in sessions():
                await client.turn(agent.id, TurnRequest(kind="login"))
                for said in session:
                    reply = await client.turn(agent.id, TurnRequest(text=said))
                    assert reply.status == "done", reply.problem
            await vectors_of(client, agent.id, said)
            count = (await client.agent(agent.id)).recall
            assert count >= MESSAGES
            for shape, what, _, question in FACTS:
                reply = await client.turn(agent.id, TurnRequest(text=question))
                (step,) = [step for step in reply.steps if step.tool == "conversation_search"]
                assert len(step.hits) <= 5
                if not any(shape.format(what) == hit.text for hit in step.hits):
                    missed.append((question, [hit.text for hit in step.hits]))
            await client.stop_engine()
    assert not missed
