"""What an agent finds again of what was said and stored, in the real record and archive."""

from datetime import timedelta

import pytest

from memtui.agent.ports import NewMessage
from memtui.api.agents import NewAgent
from memtui.api.blocks import BlockChange
from memtui.api.errors import ConflictError
from memtui.engine.engine import Engine
from memtui.engine.memory import AgentMemory


@pytest.fixture
async def memory(engine: Engine) -> AgentMemory:
    agent = await engine.agents.create(NewAgent(name="Tess"))
    return engine.agents.memory(agent.id)


def said(text: str, kind: str = "user") -> NewMessage:
    return NewMessage(kind=kind, text=text, recall=text)  # type: ignore[arg-type]


async def test_totals_are_true_on_every_page(engine: Engine, memory: AgentMemory) -> None:
    await memory.append("t1", [said(f"Heron number {n} flew by.") for n in range(130)])
    later = engine.agents.memory(memory.agent_id)
    await later.append("t2", [said("Which herons flew by?")])
    await engine.indexer.wait()  # a vector that comes between two pages changes the order
    totals, found = set(), []
    for offset in range(0, 200, 5):
        reply = await later.search_conversation("herons", offset=offset, k=5)
        totals.add(reply.total)
        assert [hit.rank for hit in reply.hits] == list(
            range(offset + 1, offset + 1 + len(reply.hits))
        )
        found += [hit.text for hit in reply.hits]
    assert totals == {len(found)}
    assert len(set(found)) == len(found) >= 99
    assert "Which herons flew by?" not in found, "it is the question itself"


async def test_what_the_agent_said_is_found_and_the_last_day_is_included(
    engine: Engine, memory: AgentMemory
) -> None:
    await memory.append("t1", [said("I keep bees."), said("Bees are fine animals!", "assistant")])
    later = engine.agents.memory(memory.agent_id)
    reply = await later.search_conversation("fine animals", offset=0, k=5)
    assert (reply.hits[0].text, reply.hits[0].section) == ("Bees are fine animals!", "assistant")
    (row, _) = await memory.in_context()
    midnight = row.created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    day = await later.search_dates(midnight, midnight + timedelta(days=1), offset=0, k=5)
    assert day.total == 2
    none = await later.search_dates(midnight - timedelta(days=1), midnight, offset=0, k=5)
    assert none.total == 0


async def test_an_insert_is_found_by_the_very_next_search(memory: AgentMemory) -> None:
    assert (await memory.search_archive("heron", offset=0, k=5)).total == 0
    await memory.insert_archival("The heron nests in the alder.", "t1")
    reply = await memory.search_archive("heron", offset=0, k=5)
    assert [hit.text for hit in reply.hits] == ["The heron nests in the alder."]
    assert reply.hits[0].created_at
    assert not memory.after_reading


async def test_an_edit_of_the_users_is_never_overwritten(
    engine: Engine, memory: AgentMemory
) -> None:
    human = next(block for block in await memory.blocks() if block.label == "human")
    change = BlockChange(value="Mine.")
    await engine.blocks.change(memory.agent_id, "human", change)
    with pytest.raises(ConflictError, match="changed just now"):
        await memory.edit_block("human", human.value + "!", "agent", "t1", before=human.value)
    await memory.edit_block("human", "Mine. And his.", "agent", "t1", before="Mine.")
    assert [v.before for v in await engine.blocks.versions(memory.agent_id)] == [
        "Mine.", human.value,
    ]  # fmt: skip
