"""Hits as the agent saw them, its own archive by hand, and what a search waits for."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memtui.api.client import Client
from memtui.api.errors import NotFoundError, UsageError
from memtui.api.search import SearchRequest, SeenRequest
from memtui.engine.waiting import WORDS, Waiting, step
from tests import homes


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(furnished, monkeypatch)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client() as client:
        yield client


async def _agent(client: Client, name: str) -> str:
    return next(agent.id for agent in await client.agents() if agent.name == name)


async def test_what_the_agent_was_shown(client: Client) -> None:
    agent_id = await _agent(client, homes.READER)
    messages = await client.messages(agent_id)
    answer = next(message for message in messages if message.hits)
    call = next(m.tool for m in messages if m.tool and m.tool.id == answer.tool_call_id)
    query = call.arguments["query"]
    for hit in answer.hits:
        seen = await client.seen(
            agent_id,
            SeenRequest(
                passage_ids=[hit.passage_id],
                turn_id=answer.turn_id,
                search=SearchRequest(query=query, agent_id=agent_id),
            ),
        )
        assert seen.shown
        assert seen.text == answer.text  # to the letter, the envelope included
        ((start, end),) = seen.spans
        part = json.loads(seen.text[start:end])
        assert part["text"] in hit.text
        assert part["cite"] == hit.citation
        assert json.loads(seen.context)["message"]["hits"]


async def test_what_it_would_be_shown(client: Client) -> None:
    agent_id = await _agent(client, homes.READER)
    search = SearchRequest(query="tower nests", agent_id=agent_id, mode="text")
    found = await client.search(search)
    hit = found.hits[-1]
    seen = await client.seen(agent_id, SeenRequest(passage_ids=[hit.passage_id], search=search))
    assert not seen.shown
    assert not seen.context
    assert json.loads(seen.text)["message"]["showing"].startswith("hits 1")
    ((start, end),) = seen.spans
    assert json.loads(seen.text[start:end])["text"] == hit.text
    # not among the hits: the result is shown, and nothing in it is marked
    other = await client.seen(agent_id, SeenRequest(passage_ids=["nowhere"], search=search))
    assert other.spans == []
    with pytest.raises(NotFoundError):
        await client.seen("nobody", SeenRequest(passage_ids=["x"], search=search))


async def test_the_own_archive_by_hand(client: Client) -> None:
    agent_id = await _agent(client, homes.NEWCOMER)
    stored = await client.store(agent_id, "  Ada counts herons. (from [walks.md]) ")
    assert stored.text == "Ada counts herons. (from [walks.md])"
    assert (await client.agent(agent_id)).archival == 1
    search = SearchRequest(query="herons", agent_id=agent_id, mode="text", within=["archive"])
    assert [hit.passage_id for hit in (await client.search(search)).hits] == [stored.id]
    for text in ("  ", "x" * 4001):
        with pytest.raises(UsageError):
            await client.store(agent_id, text)

    await client.forget(agent_id, stored.id)
    assert (await client.agent(agent_id)).archival == 0
    assert not (await client.search(search)).hits
    (undone,) = await client.undo(agent_id)
    assert undone.kind == "delete"
    assert undone.text.startswith("Deleted from archival memory: Ada counts")
    (back,) = (await client.search(search)).hits
    assert back.text == stored.text
    hybrid = search.model_copy(update={"mode": "dense"})
    for _ in range(100):
        if (await client.search(hybrid)).hits:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("no vector came back")
    with pytest.raises(NotFoundError):
        await client.forget(agent_id, stored.id)
    (quoted,) = (await client.search(SearchRequest(query="osprey lakes", k=1))).hits
    with pytest.raises(UsageError):
        await client.forget(agent_id, quoted.passage_id)


async def test_a_search_says_what_it_waits_for(client: Client) -> None:
    assert (await client.waiting("nothing-runs")).doing == []
    waiting = Waiting()

    async def inside() -> list[str]:
        with step(WORDS):
            return waiting.of("one")

    with waiting.search("one"):
        assert await asyncio.gather(inside()) == [[WORDS]]
        assert waiting.of("one") == []
    assert waiting.of("one") == []
    with waiting.search(""), step(WORDS):
        assert waiting.of("") == []
