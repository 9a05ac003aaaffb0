"""The slash commands about history, memory, prompt and model, with Pilot over the real engine."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from memtui.api.client import Client
from memtui.api.history import ModelName
from memtui.tui import commands
from memtui.tui.app import MemtuiApp
from memtui.tui.mind.context import ContextList, ContextTab
from memtui.tui.mind.memory import MemoryList
from memtui.tui.screens.compare import Compare
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.tui.conftest import WIDE, answer, until

Opened = Callable[..., AbstractAsyncContextManager[tuple[MemtuiApp, Pilot[Any]]]]
ANSWERED = ["agent", "you", "agent", "activity"]


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


@pytest.fixture
def opened() -> Opened:
    """The app on a new agent that has greeted and answered one question from `birds`."""

    @asynccontextmanager
    async def open_app() -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
        agent = await homes.add_agent(None, ["birds"])
        async with Client() as client:
            await client.turn(agent, homes.TurnRequest(text=homes.QUESTION))
        app = MemtuiApp(agent=agent)
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
            yield app, pilot

    return open_app


async def say(app: MemtuiApp, pilot: Pilot[Any], text: str) -> None:
    app.clear_notifications()
    app.query_one(Prompt).insert(text)
    await pilot.press("enter")


def told(app: MemtuiApp) -> str:
    return " ".join(note.message for note in app._notifications)


def kinds(app: MemtuiApp) -> list[str]:
    return [item.kind for item in app.store.items]


async def read(app: MemtuiApp, pilot: Pilot[Any], text: str) -> str:
    """Say `text`, and the text of the screen that this opens."""
    await say(app, pilot, text)
    await until(pilot, lambda: isinstance(app.screen, Reading))
    shown = app.screen.query_one(".text", Static)
    await until(pilot, lambda: str(shown.render()))
    content = str(shown.render())
    await pilot.press("escape")
    return content


async def test_taken_out_and_brought_back(opened: Opened) -> None:
    async with opened() as (app, pilot):
        assert kinds(app) == ANSWERED
        await say(app, pilot, "/pop 100")
        await until(pilot, lambda: kinds(app) == [])
        await until(pilot, lambda: "were taken out" in told(app))
        await say(app, pilot, "/undo")
        await until(pilot, lambda: kinds(app) == ANSWERED)
        await until(pilot, lambda: "Undone: " in told(app) and "were taken out" in told(app))
        await say(app, pilot, "/undo")
        await until(pilot, lambda: "nothing to undo" in told(app))
        assert app.store.agent is not None
        async with Client() as another:  # what is done in another terminal is seen in this one
            await another.pop(app.store.agent.id, 100)
            await until(pilot, lambda: kinds(app) == [])
            await another.undo(app.store.agent.id)
            await until(pilot, lambda: kinds(app) == ANSWERED)


async def test_said_again(opened: Opened) -> None:
    async with opened() as (app, pilot):
        texts = [item.text for item in app.store.items]
        for way in ("/retry", ""):
            before = answer(app)
            ended = app.store.last_ended
            if way:
                await say(app, pilot, way)
            else:
                await pilot.press("f7")
            await until(pilot, lambda ended=ended: app.store.last_ended != ended)
            await until(pilot, lambda before=before: before not in app.store.items)
            assert [item.text for item in app.store.items] == texts
            assert len({item.key for item in app.store.items}) == len(texts)
        await say(app, pilot, "/undo")
        await until(pilot, lambda: "sent again" in told(app))
        await until(pilot, lambda: [item.text for item in app.store.items] == texts)


async def test_rewritten(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await say(app, pilot, "/rewrite It eats herring [birds p. 2].")
        await until(pilot, lambda: "herring" in answer(app).text)
        assert [one.verified for one in answer(app).citations] == [True]
        await say(app, pilot, "/rethink I prefer herring.")
        await until(pilot, lambda: any(b.text == "I prefer herring." for b in app.store.blocks))
        content = await read(app, pilot, "/dump 2")
        assert "I prefer herring." in content
        assert "[2] agent" in content
        assert "It eats herring" in content
        assert "archival_memory_search" in await read(app, pilot, "/dump")
        raw = json.loads(f"[{await read(app, pilot, '/dumpraw')}]")
        assert raw[0]["role"] == "system"
        assert "I prefer herring." in [message["content"] for message in raw]
        assert len(json.loads(f"[{await read(app, pilot, '/dumpraw 2')}]")) == 2


async def test_a_system_prompt_is_compared_first(opened: Opened) -> None:
    async with opened() as (app, pilot):
        for key, swapped in (("n", False), ("y", True)):
            await say(app, pilot, "/systemswap Be kind.\nBe [bold]brief[/].")
            await until(pilot, lambda: isinstance(app.screen, Compare))
            text = str(app.screen.query_one(".text", Static).render())
            assert "+ Be [bold]brief[/]." in text
            assert "- You" in text
            await pilot.press(key)
            if swapped:
                await until(pilot, lambda: "was exchanged" in told(app))
        await say(app, pilot, "/undo")
        await until(pilot, lambda: "The system prompt was exchanged." in told(app))


async def test_what_is_remembered_and_saved(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await say(app, pilot, "/memory")
        await until(pilot, lambda: app.query(MemoryList))
        listed = app.query_one(MemoryList)
        await until(pilot, lambda: len(listed.rows) > 1)
        drawn = [line.plain for row in listed.rows for line in listed.draw(row, 80)]
        content = "\n".join(drawn)
        for part in (
            "persona",
            "1 user",
            "can be searched",
            "0 passages the agent wrote itself",
            "1 source, 3 passages",
        ):
            assert part in content, content  # fmt: skip
        await pilot.press("f3")
        await say(app, pilot, "/save")
        await until(pilot, lambda: "messages are saved; the last change was at " in told(app))


async def test_the_context_window_is_shown(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await say(app, pilot, "/context")
        await until(pilot, lambda: app.query(ContextTab) and app.query_one(ContextTab).window)
        tab = app.query_one(ContextTab)
        listed = app.query_one(ContextList)
        drawn = "\n".join(line.plain for row in listed.rows for line in listed.draw(row, 80))
        for part in ("core memory", "of 16,384 tokens", "offline: "):
            assert part in drawn, drawn
        sent = "\n".join(part.text for part in tab.window.parts) if tab.window else ""
        assert "<persona" in sent
        assert homes.QUESTION in sent


async def test_events(opened: Opened) -> None:
    async with opened() as (app, pilot):
        for command, kind in (("/heartbeat", "heartbeat"), ("/memorywarning", "alert")):
            ended = app.store.last_ended
            await say(app, pilot, command)
            await until(pilot, lambda ended=ended: app.store.last_ended != ended)
            assert f"] {kind}" in await read(app, pilot, "/dump")


async def test_summarised_on_request(opened: Opened) -> None:
    async with opened() as (app, pilot):
        assert app.store.agent is not None
        async with Client() as client:
            await client.turn(app.store.agent.id, homes.TurnRequest(text="And the kestrel?"))
        await say(app, pilot, "/summarize")
        await until(pilot, lambda: "messages were summarised." in told(app))
        assert "] summary" in await read(app, pilot, "/dump")
        await say(app, pilot, "/undo")
        await until(pilot, lambda: "Undone: " in told(app))
        assert "] summary" not in await read(app, pilot, "/dump")


async def test_a_copy_is_opened(opened: Opened) -> None:
    async with opened() as (app, pilot):
        first = app.store.agent
        assert first is not None
        await say(app, pilot, f"/fork Second {first.name}")
        await until(pilot, lambda: app.store.agent and app.store.agent.id != first.id)
        await until(pilot, lambda: kinds(app) == ANSWERED)
        await until(pilot, lambda: f"a copy of {first.name}" in told(app))


async def test_export_asks_before_it_replaces(opened: Opened, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        path = tmp_path / "talk.md"
        await say(app, pilot, f"/export {path}")
        await until(pilot, lambda: "Wrote " in told(app))
        assert homes.QUESTION in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        for key, kept in (("n", True), ("y", False)):
            path.write_text("mine")
            await say(app, pilot, f"/export {path}")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press(key)
            if not kept:
                await until(pilot, lambda: "Wrote " in told(app))
            assert (path.read_text() == "mine") is kept
        lines = tmp_path / "talk.jsonl"
        await say(app, pilot, f"/export {lines}")
        await until(pilot, lambda: "Wrote " in told(app))
        assert [json.loads(line)["type"] for line in lines.read_text().splitlines()][:2] == [
            "agent", "message",
        ]  # fmt: skip
        await say(app, pilot, f"/export {tmp_path}")
        await until(pilot, lambda: "is a folder. Name a file" in told(app))
        for wrong, sentence in (
            ("/no/such/place.md", "cannot be written: No such file"),
            ("~nobody-of-that-name/x.md", "cannot be a file"),
            ("x" * 300, "File name too long"),
        ):
            await say(app, pilot, f"/export {wrong}")
            await until(pilot, lambda sentence=sentence: sentence in told(app))
        assert {one.name for one in tmp_path.iterdir()} == {"talk.md", "talk.jsonl"}


async def test_a_wrong_use_says_what_is_expected(opened: Opened) -> None:
    async with opened() as (app, pilot):
        for text, sentence in (
            ("/pop three", "/pop takes a whole number"),
            ("/pop 0", "/pop takes a whole number"),
            ("/dump ٣", "/dump takes a whole number"),
            ("/rethink", "/rethink expects the new thought"),
            ("/rewrite", "/rewrite expects the new reply"),
            ("/systemswap", "/systemswap expects the new system prompt"),
            ("/retry now", "/retry takes nothing after it."),
        ):
            await say(app, pilot, text)
            await until(pilot, lambda sentence=sentence: sentence in told(app))
            assert app.query_one(Prompt).text.strip() == text
            app.query_one(Prompt).text = ""
        assert kinds(app) == ANSWERED


async def test_a_model_of_its_own(opened: Opened) -> None:
    async with opened() as (app, pilot):
        app.query_one(Prompt).insert("/model ")
        await until(pilot, lambda: app.store.models is not None)
        completion = app.query_one(Completion)
        await until(pilot, lambda: [e.title for e in completion.entries] == ["default", "offline"])
        await pilot.press("down", "enter")
        await until(pilot, lambda: "uses offline from now on" in told(app))
        assert app.store.agent is not None
        assert app.store.agent.model == "offline"
        await say(app, pilot, "/model not\ta name")
        await until(pilot, lambda: "The name of a model is " in told(app))
        await say(app, pilot, "/model default")
        await until(pilot, lambda: app.store.agent and app.store.agent.model is None)
        # What was typed is meant, even if something longer is offered.
        app.store.models = [ModelName(name="offline-2")]
        await say(app, pilot, "/model offline")
        await until(pilot, lambda: app.store.agent and app.store.agent.model == "offline")


async def test_two_slashes_begin_a_message(opened: Opened) -> None:
    async with opened() as (app, pilot):
        ended = app.store.last_ended
        await say(app, pilot, "//etc is a folder")
        await until(pilot, lambda: app.store.last_ended != ended)
        assert [item.text for item in app.store.items if item.kind == "you"][-1] == (
            "/etc is a folder"
        )
        app.main._remembered = ""
        app.main.draw({"chat"})
        await pilot.press("up")
        assert app.query_one(Prompt).text == "//etc is a folder"
    assert commands.parse("/pop  3") == ("pop", "3")
    assert commands.parse("/rewrite\nlines") == ("rewrite", "lines")
    assert commands.parse("//x") is commands.parse("x") is None
    assert commands.parse("/ x") == ("", "x")
    assert commands.message(commands.typed("/x")) == "/x"
