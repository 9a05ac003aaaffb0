"""The list of agents in one request, and their names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from tests import homes


@pytest.fixture(autouse=True)
def home(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(bare, monkeypatch)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client() as made:
        yield made


async def test_what_was_said_last_and_how_much_is_remembered(client: Client) -> None:
    silent = await client.add_agent(NewAgent(name="Silent"))
    talker = await client.add_agent(NewAgent(name="Talker", persona="memgpt_doc"))
    await client.turn(talker.id, TurnRequest(text="What does the osprey eat?"))
    found = {agent.id: agent for agent in await client.overview()}
    assert list(found) == [talker.id, silent.id]
    one = found[talker.id]
    last = [m for m in await client.messages(talker.id) if m.kind in ("user", "assistant")
            and m.text][-1]  # fmt: skip
    assert (one.said, one.said_by) == (last.text[:300], "assistant")
    assert one.said_at == last.created_at
    assert one.memory == sum(len(block.value) for block in talker.blocks)
    assert one.memory_limit == sum(block.limit for block in talker.blocks)
    assert not one.busy
    other = found[silent.id]
    assert (other.said, other.said_by, other.said_at) == ("", "", None)
    assert other.memory > 0


async def test_what_was_taken_back_was_not_said_last(client: Client) -> None:
    agent = await client.add_agent(NewAgent(name="Corrected"))
    await client.turn(agent.id, TurnRequest(kind="login"))
    before = (await client.overview())[0].said
    await client.turn(agent.id, TurnRequest(text="Never mind."))
    messages = await client.messages(agent.id)
    await client.pop(agent.id, len([m for m in messages if m.id > 0 and m.kind != "login"]) - 1)
    assert (await client.overview())[0].said in (before, "")


async def test_another_name(client: Client) -> None:
    one = await client.add_agent(NewAgent(name="One"))
    await client.add_agent(NewAgent(name="Two"))
    assert (await client.rename_agent(one.id, "Uno")).name == "Uno"
    assert (await client.rename_agent(one.id, "Uno")).name == "Uno"
    with pytest.raises(ConflictError, match="named Two already"):
        await client.rename_agent(one.id, "Two")
    with pytest.raises(UsageError):
        await client.rename_agent(one.id, " \x1b[2J")
    with pytest.raises(NotFoundError):
        await client.rename_agent("nobody", "Three")
    assert (await client.agent(one.id)).name == "Uno"
