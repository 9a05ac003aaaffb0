"""The agents screen, over the real engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from memtui.api.agents import (
    AgentDetail,
    AgentOverview,
    AttachedSource,
    Block,
    Message,
    TurnRequest,
)
from memtui.api.client import Client
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.ask import Ask
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.new_agent import NewAgentForm, Ticked
from memtui.tui.store import Store
from memtui.tui.widgets.agents import AgentFilter, AgentRows, preview
from tests import homes
from tests.tui.conftest import until
from tests.tui.scripted import NOW
from tests.tui.test_hostile import NASTY, check

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


def names(app: MemtuiApp) -> list[str]:
    return [row.name for row in app.screen.query_one(AgentRows).rows]


async def shown(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """The screen is open and previews the agent under the cursor."""
    await until(pilot, lambda: isinstance(app.screen, Agents) and app.screen.looked)


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (120, 36), **options: Any
) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    app = MemtuiApp(**options)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        await until(pilot, lambda: app.store.turn is None)
        await pilot.press("f9")
        await shown(app, pilot)
        yield app, pilot


async def test_open_another(furnished: Path) -> None:
    async with opened() as (app, pilot):
        assert names(app)[:2] == [homes.READER, homes.NEWCOMER]
        assert "What does the osprey eat?" in str(app.screen.query_one("#agent-looked").render())
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.store.agent and app.store.agent.name == homes.NEWCOMER)


async def test_keys_before_the_agents_are_there(furnished: Path) -> None:
    app = MemtuiApp(choose=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Agents))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.store.agent is not None)
        assert app.store.agent is not None
        async with Client() as client:
            assert app.store.agent.name == (await client.agents())[1].name


async def test_the_filter(furnished: Path) -> None:
    async with opened() as (app, pilot):
        await pilot.press("slash", *"quiet")
        await until(pilot, lambda: names(app) == [homes.NEWCOMER])
        await pilot.press("down")
        assert app.focused is app.screen.query_one(AgentRows)
        await pilot.press("slash", "x")
        await until(pilot, lambda: names(app) == [])
        looked = app.screen.query_one("#agent-looked")
        assert "No agent is like that" in str(looked.render())
        app.screen.query_one(AgentFilter).value = ""
        await until(pilot, lambda: len(names(app)) > 1)


async def test_rename_copy_and_export(furnished: Path, tmp_path: Path) -> None:
    one = await homes.add_agent("Zebra", ["birds"])
    async with opened(agent=one) as (app, pilot):
        app.screen.query_one(AgentRows).choose(one)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = homes.READER
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#answer-wrong").display)
        assert "already" in str(app.screen.query_one("#answer-wrong").render())
        app.screen.query_one(Input).value = "Zebu"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Agents) and "Zebu" in names(app))
        await until(pilot, lambda: app.store.agent and app.store.agent.name == "Zebu")

        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Copy", "enter")
        await until(pilot, lambda: isinstance(app.screen, Agents) and "Copy" in names(app))

        app.screen.query_one(AgentRows).choose(one)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(Input).value == "Zebu.md"
        app.screen.query_one(Input).value = str(tmp_path / "zebu.md")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Agents))
        assert "Zebu" in (tmp_path / "zebu.md").read_text()
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = str(tmp_path / "zebu.md")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#answer-wrong").display)
    async with Client() as client:
        for agent in await client.agents():
            if agent.name in ("Zebu", "Copy"):
                await client.delete_agent(agent.id)


async def test_deleting_waits_for_the_end_and_can_be_undone(furnished: Path) -> None:
    doomed = await homes.add_agent("Doomed", [])
    kept = await homes.add_agent("Kept", [])
    async with opened(agent=kept) as (app, pilot):
        for agent_id in (kept, doomed):
            app.screen.query_one(AgentRows).choose(agent_id)
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, Agents))
            assert agent_id in app.session.leaving
        # The open one was among them: another is opened, and neither of the two.
        await until(pilot, lambda: app.store.agent and app.store.agent.id not in (kept, doomed))
        async with Client() as client:
            assert {"Doomed", "Kept"} <= {agent.name for agent in await client.agents()}
        app.screen.query_one(AgentRows).choose(kept)
        await pilot.press("u")
        assert list(app.session.leaving) == [doomed]
        await pilot.press("escape", "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    async with Client() as client:
        left = {agent.name for agent in await client.agents()}
        assert "Doomed" not in left
        assert "Kept" in left
        await client.delete_agent(kept)


async def test_who_was_spoken_with_meanwhile_is_kept(furnished: Path) -> None:
    doomed = await homes.add_agent("Doomed", [])
    async with opened() as (app, pilot):
        app.screen.query_one(AgentRows).choose(doomed)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.session.leaving)
        async with Client() as client:  # another terminal
            await client.turn(doomed, TurnRequest(text="Are you there?"))
        assert await app.session.let_go() == ["Doomed was kept: somebody has spoken with it since."]
    async with Client() as client:
        assert "Doomed" in {agent.name for agent in await client.agents()}
        await client.delete_agent(doomed)


async def test_a_crash_loses_no_agent(furnished: Path) -> None:
    doomed = await homes.add_agent("Doomed", [])
    async with opened() as (app, pilot):
        app.screen.query_one(AgentRows).choose(doomed)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.session.leaving)
        app.exit(1)  # as it ends when something breaks
    async with Client() as client:
        assert "Doomed" in {agent.name for agent in await client.agents()}
        await client.delete_agent(doomed)


async def test_a_new_one_from_the_form(furnished: Path) -> None:
    async with opened() as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewAgentForm) and app.screen.ready)
        app.screen.query_one("#agent-name", Input).value = homes.READER
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#agent-wrong").display)
        app.screen.query_one("#agent-name", Input).value = "Formed"
        app.screen.query_one("#agent-persona", Select).value = "memgpt_doc"
        ticked = app.screen.query_one(Ticked)
        ticked.focus()
        await pilot.press("space", "down", "space", "space")
        birds = next(s for s in app.store.sources if s.name == "birds")
        assert ticked.selected == [birds.id]
        app.screen.query_one("#agent-name", Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: app.store.agent and app.store.agent.name == "Formed")
        agent = app.store.agent
        assert agent is not None
        assert agent.persona == "memgpt_doc"
        assert [source.name for source in agent.sources] == ["birds"]
        await until(pilot, lambda: app.store.turn is None and app.store.items)
    async with Client() as client:
        await client.delete_agent(agent.id)


async def screen(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f9")
    await shown(app, pilot)


async def lower(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await screen(app, pilot)
    await pilot.press("down")
    await until(pilot, lambda: len(app.screen.looked) == 2)  # type: ignore[attr-defined]


async def nobody(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await screen(app, pilot)
    await pilot.press("slash", *"nobody")
    await until(pilot, lambda: not names(app))


async def form(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await screen(app, pilot)
    await pilot.press("n")
    await until(pilot, lambda: isinstance(app.screen, NewAgentForm) and app.screen.ready)


async def rename(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await screen(app, pilot)
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen, Ask))


async def delete(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await screen(app, pilot)
    await pilot.press("d")
    await until(pilot, lambda: isinstance(app.screen, Confirm))


async def deleted(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await lower(app, pilot)
    await pilot.press("d")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("y")
    await until(pilot, lambda: isinstance(app.screen, Agents))


STATES: list[tuple[str, Steps]] = [
    ("list", screen),
    ("lower", lower),
    ("nobody", nobody),
    ("form", form),
    ("rename", rename),
    ("delete", delete),
    ("deleted", deleted),
]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "small"])
@pytest.mark.parametrize("steps", [s[1] for s in STATES], ids=[s[0] for s in STATES])
def test_screen(
    measured: None, snap_compare: Any, size: tuple[int, int], steps: Steps, furnished: Path
) -> None:
    app = MemtuiApp(agent=homes.agent_id(homes.READER))

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        await steps(app, pilot)
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_text_from_outside_is_only_text() -> None:
    outside = NASTY.replace("\r\n", "") + "W" * 100_000
    values: dict[str, Any] = {
        "id": "a", "name": outside, "persona": outside, "human": outside, "model": outside,
        "created_at": NOW, "used_at": NOW,
        "sources": [AttachedSource(id="s", name=outside)],
    }  # fmt: skip
    row = AgentOverview(**values, said=outside, said_by="user", said_at=NOW)
    lines = AgentRows({}, Store()).draw(row, 60)
    assert all(line.cell_length <= 60 for line in lines)
    said = Message(id=1, agent_id="a", turn_id="t", kind="user", text=outside, created_at=NOW)
    detail = AgentDetail(**values, blocks=[Block(label=outside, value=outside)])
    for text in (*lines, preview(detail, [said], True, 50)):
        check(text.plain)
        assert len(text) < 20_000
        assert all("click" not in str(span.style) for span in text.spans)
