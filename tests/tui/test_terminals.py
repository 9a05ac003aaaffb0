"""Several terminals on one agent: what is done in one is seen in the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from memtui.api.agents import NewAgent, QueuedTurn, TurnRequest
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.api.events import TurnEnded, TurnQueued, TurnStarted
from memtui.tui.app import MemtuiApp
from memtui.tui.mind.memory import MemoryList
from memtui.tui.store import Store
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.tui.conftest import answer, until
from tests.tui.scripted import agent

Two = tuple[MemtuiApp, MemtuiApp, Pilot[Any], Pilot[Any]]


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(furnished, monkeypatch)


@asynccontextmanager
async def both() -> AsyncIterator[Two]:
    """Two apps on one new agent that has greeted."""
    made = await homes.add_agent(None, ["birds"])
    one, other = MemtuiApp(agent=made), MemtuiApp(agent=made)
    async with one.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: one.store.agent is not None and one.store.items)
        async with other.run_test(size=(100, 30)) as second:
            await until(second, lambda: other.store.agent is not None and other.store.items)
            yield one, other, pilot, second


def said(app: MemtuiApp) -> list[tuple[str, str]]:
    return [(i.kind, i.text) for i in app.store.items if i.kind in ("you", "agent")]


async def test_messages_attachments_and_names() -> None:
    async with both() as (one, other, pilot, second):
        one.query_one(Prompt).insert(homes.QUESTION)
        await pilot.press("enter")
        await until(second, lambda: other.store.last_ended and len(said(other)) == 3)
        await until(pilot, lambda: said(one) == said(other))
        assert answer(other).citations

        notes = next(s for s in other.store.sources if s.name == "notes")
        await other.session.attach(notes)
        await until(pilot, lambda: one.store.attached(notes.id))

        assert one.store.agent is not None
        await other.session.rename_agent(one.store.agent.id, "Renamed")
        for app, its in ((one, pilot), (other, second)):
            await until(its, lambda app=app: app.store.agent and app.store.agent.name == "Renamed")

        gone = one.store.agent.id
        one.query_one(Prompt).text = "not sent yet"
        async with Client() as client:
            await client.add_agent(NewAgent(name="Left"))
            await client.delete_agent(gone)
        for app, its in ((one, pilot), (other, second)):
            await until(its, lambda app=app: app.store.agent and app.store.agent.id != gone)
            assert any("Renamed was deleted" in p.sentence for p in app.told.problems)
        assert one.query_one(Prompt).text == "not sent yet"


async def test_an_edit_of_the_memory_and_its_undo() -> None:
    async with both() as (one, other, pilot, second):
        for its in (pilot, second):
            await its.press("f8")
        await until(pilot, lambda: "Likes tides." not in human(one) != "")
        assert other.store.agent is not None
        client = await other.session.client()
        change = BlockChange(value="Likes tides.")
        await client.change_block(other.store.agent.id, "human", change)
        for app, its in ((one, pilot), (other, second)):
            await until(its, lambda app=app: human(app) == "Likes tides.")
        shown = one.query_one(MemoryList)
        (row,) = (row for row in shown.rows if row.block and row.block.label == "human")
        shown.cursor = row.key
        shown.action_undo_last()
        for app, its in ((one, pilot), (other, second)):
            await until(its, lambda app=app: human(app) not in ("", "Likes tides."))


def human(app: MemtuiApp) -> str:
    """The block as the memory tab shows it; empty while it does not."""
    if not (shown := app.query(MemoryList)):
        return ""
    blocks = (row.block for row in shown.first().rows)
    return next((block.value for block in blocks if block and block.label == "human"), "")


async def test_what_waits_in_another_terminal_is_seen() -> None:
    """Both send at once: one message waits in the engine, and both terminals show that."""
    async with both() as (one, other, pilot, _):
        assert one.store.agent is not None
        agent_id = one.store.agent.id
        async with Client() as client:
            turns = [
                asyncio.create_task(client.turn(agent_id, TurnRequest(text=f"{text} osprey?")))
                for text in ("Where is the", "What eats the", "How big is the")
            ]
            await asyncio.gather(*turns)
        await until(pilot, lambda: len(said(one)) == len(said(other)) == 7)
        wanted = [text for kind, text in said(one) if kind == "you"]
        assert len(wanted) == 3
        assert said(one) == said(other)
        assert not any(item.state for app in (one, other) for item in app.store.items)


def waiting(store: Store) -> list[str]:
    return [item.text for item in store.items if item.state == "queued"]


def test_the_queue_of_the_engine() -> None:
    ids = {"agent_id": "a1"}
    store = Store()
    store.agent = agent()
    store.apply([TurnStarted(**ids, turn_id="t1", text="first")])
    store.apply([TurnQueued(**ids, turn_id="t2", text="second", ahead=1)])
    store.apply([TurnQueued(**ids, turn_id="t3", text="third", ahead=2)])
    assert waiting(store) == ["second", "third"]
    assert store.waiting_here() == []

    store.agent = agent(queued=[QueuedTurn(turn_id="t3", text="third")])
    store.match_queue()  # the second was taken back
    assert waiting(store) == ["third"]

    store.apply([TurnEnded(**ids, turn_id="t1", status="done")])
    store.apply([TurnStarted(**ids, turn_id="t3", text="third")])
    assert waiting(store) == []
    store.match_queue()  # what was read before that
    assert waiting(store) == []
    assert [item.text for item in store.items if item.kind == "you"] == ["first", "third"]


def test_a_message_of_another_terminal_is_not_taken_for_mine() -> None:
    from memtui.tui.conversation import Item

    store = Store()
    store.agent = agent()
    mine = store.add_item(Item("mine1", "you", "from here", turn="mine"))
    store.apply([TurnStarted(agent_id="a1", turn_id="t1", text="from there")])
    assert mine.turn == "mine"
    store.apply([TurnQueued(agent_id="a1", turn_id="t2", text="from here", ahead=1)])
    assert (mine.turn, mine.state) == ("t2", "queued")
    assert [item.text for item in store.items] == ["from there", "from here"]
