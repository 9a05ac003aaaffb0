"""Pictures of the mind's tabs, wide and narrow, and of what an agent may do in them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from memtui.api.agents import TurnRequest
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.api.context import ContextWindow
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import PRESSURE, Block
from memtui.tui.mind.context import ContextList, ContextTab
from memtui.tui.mind.found import HitsList
from memtui.tui.mind.memory import MemoryList
from memtui.tui.mind.versions import Versions
from memtui.tui.widgets.mind import Mind
from tests import homes
from tests.tui.conftest import MIDDLE, SMALL, WIDE, until

HUMAN = "Name: Ada. She counts herons at the mill every Sunday and wants short answers."
LATER = "Name: Ada Lovelace. She counts ospreys at the mill every Sunday and wants short answers."
FIGURES = {"system": 1400, "statistics": 60, "core": 420, "tools": 1100, "messages": 900}

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(scope="module")
def shelf() -> Iterator[Path]:
    with homes.made() as home:
        homes.furnish(home)
        asyncio.run(_remember())
        yield home


async def _remember() -> None:
    """The reader has learnt something, in three edits, and has a block that is nearly full."""
    async with Client() as client:
        agent = next(one for one in await client.agents() if one.name == homes.READER)
        for text in (HUMAN, LATER, f"{LATER}\nShe sees well at night."):
            await client.change_block(agent.id, "human", BlockChange(value=text))
        await client.change_block(agent.id, "human", BlockChange(limit=120))
        await client.turn(agent.id, TurnRequest(text="Where does the kestrel nest?"))


@pytest.fixture(autouse=True)
def home(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(shelf, monkeypatch)


@pytest.fixture(autouse=True)
def counted(measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of tokens depend on the day."""
    read = ContextTab.read

    async def rounded(self: ContextTab, client: Client, agent_id: str) -> ContextWindow:
        window: ContextWindow = await read(self, client, agent_id)
        for part in window.parts:
            part.tokens = FIGURES.get(part.name, 300)
        return window

    monkeypatch.setattr(ContextTab, "read", rounded)


async def memory(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f8")
    await until(pilot, lambda: isinstance(app.focused, MemoryList) and len(app.focused.rows) > 1)


async def context(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f4", "3")
    await until(pilot, lambda: isinstance(app.focused, ContextList) and len(app.focused.rows) > 1)


async def hits(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f4", "4")
    await until(pilot, lambda: isinstance(app.focused, HitsList) and app.focused.rows)


async def folded(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.store.parts_before = FIGURES | {"messages": 9800, "results": 2400}
    await context(app, pilot)


async def history(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await memory(app, pilot)
    app.query_one(MemoryList).choose("block:human")
    await pilot.press("h")
    await until(pilot, lambda: isinstance(app.focused, Versions) and len(app.focused.rows) > 2)


async def over_limit(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await memory(app, pilot)
    app.query_one(MemoryList).choose("block:human")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.focused, TextArea) and app.focused.id != "prompt")
    await pilot.press(*" She likes long walks.", "ctrl+s")


def block(*blocks: Block) -> Steps:
    """What the agent did last."""

    async def steps(app: MemtuiApp, pilot: Pilot[Any]) -> None:
        for one in blocks:
            app.store.add_block(Block(**vars(one)))
        await pilot.press("f4")
        mind = app.query_one(Mind)
        await until(pilot, lambda: app.focused is mind)
        app.main.draw({"mind"})
        mind.choose(blocks[-1].key)

    return steps


EDIT = Block("e1", "memory", "human", LATER, before=HUMAN, folded=False, edit=1)
PRESSED = Block(
    "e2", "event", PRESSURE, "Warning: the conversation will soon be cut.", folded=False
)
SUMMARY = Block("e3", "event", "summary", "Ada asked about ospreys and kestrels.", folded=False)
ERROR = Block(
    "e4", "tool", "core_memory_replace", folded=False, ok=False,
    arguments={"label": "human", "old_content": "Bob", "new_content": "Grace"},
    result='{"status": "Failed", "message": "The block human does not contain Bob."}',
)  # fmt: skip
CALL = Block(
    "e5", "tool", "read_file", folded=False, ms=4,
    arguments={"path": "notes/walks.md", "lines": {"from": 1, "to": 20}},
    result='{"status": "OK", "message": {"lines": ["# Walks", "Two herons"], "more": false}}',
)  # fmt: skip

STATES: list[tuple[str, tuple[int, int], Steps]] = [
    *((f"{steps.__name__}-{size[0]}", size, steps)
      for steps in (memory, context, hits) for size in (WIDE, MIDDLE, SMALL)),
    ("folded", WIDE, folded),
    ("folded-100", MIDDLE, folded),
    ("history", WIDE, history),
    ("history-80", SMALL, history),
    ("over-limit", WIDE, over_limit),
    ("over-limit-80", SMALL, over_limit),
    ("edit", WIDE, block(EDIT)),
    ("edit-100", MIDDLE, block(EDIT)),
    ("pressure-summary", WIDE, block(PRESSED, SUMMARY)),
    ("error", MIDDLE, block(ERROR)),
    ("call", SMALL, block(CALL)),
]  # fmt: skip


@pytest.mark.parametrize(("size", "steps"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_tab(snap_compare: Any, size: tuple[int, int], steps: Steps) -> None:
    app = MemtuiApp(agent=homes.agent_id(homes.READER))

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.blocks)
        await steps(app, pilot)
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)
