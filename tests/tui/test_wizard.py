"""The wizard over a real engine, a real Milvus Lite and a scripted model server over HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static, TextArea

from memtui import config, paths
from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.welcome import Welcome
from memtui.tui.wizard import model
from memtui.tui.wizard.screen import Wizard
from memtui.tui.wizard.step import Step
from tests import homes
from tests.fakes import ScriptedServer, plain
from tests.tui.conftest import until
from tests.tui.wizards import (
    KEY,
    another,
    begin,
    beside,
    field,
    fill,
    outcome,
    seen,
    serving,
    step,
    to,
    wizard,
)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A home with an engine that has been started once; each test configures it anew."""
    with homes.made() as home:
        yield home


@pytest.fixture(autouse=True)
def home(place: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(place, server, monkeypatch)


async def test_the_whole_wizard(server: ScriptedServer) -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        options = app.screen.query_one("#ways", OptionList)
        assert "qwen3" in str(options.get_option_at_index(1).prompt)
        await pilot.press("down", "enter")
        assert field(app, "llm.model").input.value == "openai/qwen3"
        assert field(app, "llm.api_base").input.value == server.api_base
        await fill(app, pilot, "llm.api_key", KEY)
        said = await outcome(app, pilot)
        assert "Hello, Ada!" in said
        assert "calls tools" in said
        assert "8,192" in said
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in seen(app)
        await to(app, pilot, "embeddings")
        assert "384" in await outcome(app, pilot)
        await to(app, pilot, "archive")
        said = await outcome(app, pilot)
        assert "Milvus Lite" in said
        assert "made, written and deleted" in said
        await to(app, pilot, "agent")
        await pilot.press("down", "enter")
        app.screen.query_one(TextArea).focus()
        await pilot.press(*"Ada. ")
        await to(app, pilot, "look")
        await pilot.press("down")
        assert app.theme == "memtui-light"
        await to(app, pilot, "review")
        shown = str(app.screen.query_one("#difference", Static).content)
        assert '+model = "openai/qwen3"' in shown
        assert '+theme = "memtui-light"' in shown
        assert KEY not in seen(app)
        assert not config.is_configured()
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not app.is_running)
    now = config.load()
    assert now.text("llm.model") == "openai/qwen3"
    assert now.text("llm.api_key") == KEY
    assert now.text("ui.theme") == "memtui-light"
    assert KEY not in paths.config_file().read_text()
    assert paths.credentials_file().stat().st_mode & 0o777 == 0o600
    async with Client() as client:  # others are pictured without it
        await client.delete_template("personas", now.text("agent.persona"))


async def test_the_cursor_chooses_and_what_was_typed_comes_back(server: ScriptedServer) -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        await until(pilot, lambda: step(app).draft.found is not None)
        options = app.screen.query_one("#ways", OptionList)
        await pilot.press("down", "down")
        await until(pilot, lambda: "● another" in seen(app))
        assert field(app, "llm.model").input.value == ""
        await fill(app, pilot, "llm.model", "groq/mine")
        options.focus()
        await pilot.press("up")
        await until(pilot, lambda: "● qwen3" in seen(app))
        assert field(app, "llm.api_base").input.value == server.api_base
        await pilot.press("down", "ctrl+n")  # at once, and it counts
        await until(pilot, lambda: step(app).NAME == "embeddings")
        assert step(app).draft.get("llm.model") == "groq/mine"
        assert step(app).draft.get("llm.api_base") == ""
        await to(app, pilot, "archive")
        await pilot.press("down")
        await until(pilot, lambda: "● a Milvus server" in seen(app))
        assert field(app, "archive.uri").input.value == "http://localhost:19530"
        await pilot.press("up")
        await until(pilot, lambda: "● Milvus Lite" in seen(app))
        assert step(app).draft.changes() == {"llm.model": "groq/mine"}


@pytest.mark.usefixtures("server")
async def test_the_way_under_the_cursor_stays_while_servers_are_found() -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        await until(pilot, lambda: step(app).draft.found is not None)
        found, step(app).draft.found = step(app).draft.found, None
        step(app).show_ways()  # type: ignore[attr-defined]
        await pilot.press("down")
        await until(pilot, lambda: "● another" in seen(app))
        step(app).draft.found = found
        step(app).show_ways()  # type: ignore[attr-defined]
        await pilot.pause()
        options = app.screen.query_one("#ways", OptionList)
        assert options.highlighted == 2
        assert field(app, "llm.model").input.value == ""


async def test_back_and_forth_loses_nothing_and_leaving_writes_nothing() -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        await fill(app, pilot, "llm.model", "openai/mine")
        await fill(app, pilot, "llm.api_key", KEY)
        await to(app, pilot, "look")
        await fill(app, pilot, "ui.keymap", "main.load=f7")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: beside(app, "ui.keymap"))
        assert "main.retry" in beside(app, "ui.keymap")
        for _ in range(4):
            gone = another(app)
            await pilot.press("escape")
            await until(pilot, gone)
        assert step(app).NAME == "model"
        assert field(app, "llm.model").input.value == "openai/mine"
        assert field(app, "llm.api_key").input.value == KEY
        assert KEY not in seen(app)
        await pilot.press("escape")
        await until(pilot, lambda: step(app).NAME == "welcome")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "3 changes" in app.screen.text  # type: ignore[attr-defined]
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Wizard))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)
    assert not config.is_configured()


async def test_what_is_wrong_stands_beside_its_field(server: ScriptedServer, place: Path) -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        await fill(app, pilot, "llm.model", "refused")
        await fill(app, pilot, "llm.api_base", server.api_base)
        await fill(app, pilot, "llm.api_key", KEY)
        assert not await outcome(app, pilot)
        assert "refused" in beside(app, "llm.api_key")
        assert field(app, "llm.api_key").input.has_focus
        await fill(app, pilot, "llm.api_base", "http://127.0.0.1:9/v1")
        await outcome(app, pilot)
        assert "No connection" in beside(app, "llm.api_base")
        assert not beside(app, "llm.api_key")  # that was about another try
        await fill(app, pilot, "llm.model", "groq/")
        await pilot.press("ctrl+n")
        assert "Write a model" in beside(app, "llm.model")
        await fill(app, pilot, "llm.api_base", "localhost:9")
        await pilot.press("ctrl+n")
        assert "http://" in beside(app, "llm.api_base")
        await fill(app, pilot, "llm.api_base", "")
        await fill(app, pilot, "llm.context_window", "many")
        await pilot.press("ctrl+n")
        assert "whole number" in beside(app, "llm.context_window")
        await fill(app, pilot, "llm.context_window", "0")
        await fill(app, pilot, "llm.model", "offline")
        await to(app, pilot, "archive")
        (place / "file").write_text("no folder")
        await fill(app, pilot, "archive.uri", str(place / "file"))
        await outcome(app, pilot)
        assert "no folder" in beside(app, "archive.uri")
        if os.geteuid():
            (place / "locked").mkdir(mode=0o500)
            await fill(app, pilot, "archive.uri", str(place / "locked" / "milvus.db"))
            await outcome(app, pilot)
            assert "cannot be written" in beside(app, "archive.uri")
        await fill(app, pilot, "archive.uri", "http://127.0.0.1:9")
        await outcome(app, pilot)
        assert "cannot be reached" in beside(app, "archive.uri")


async def test_trying_a_place_leaves_nothing_there(place: Path) -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "archive")
        await fill(app, pilot, "archive.uri", str(place / "new" / "deep" / "milvus.db"))
        assert "made, written and deleted" in await outcome(app, pilot)
        assert not (place / "new").exists()
        await fill(app, pilot, "archive.uri", "~nobody-here/x")
        await outcome(app, pilot)
        assert "home folder" in beside(app, "archive.uri")


async def test_servers_are_looked_for_each_time(server: ScriptedServer) -> None:
    """One may have been started since, or stopped."""
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        before = step(app).draft.found
        await to(app, pilot, "embeddings")
        gone = another(app)
        await pilot.press("escape")
        await until(pilot, gone)
        await until(pilot, lambda: step(app).draft.found is not before)


async def test_a_saved_key_goes_when_its_provider_does() -> None:
    config.save({"llm.model": "openai/x", "llm.api_key": KEY})
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        assert field(app, "llm.api_key").input.value == ""
        await fill(app, pilot, "llm.model", "groq/y")
        await to(app, pilot, "review")
        assert "was for another place" in str(app.screen.query_one("#notes", Static).content)
        assert KEY not in seen(app)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not app.is_running)
    assert config.load().text("llm.api_key") == ""


async def test_a_test_can_be_stopped() -> None:
    from tests.fakes import stall

    with ScriptedServer(lambda body: stall()) as silent:
        async with wizard() as (app, pilot):
            await to(app, pilot, "model")
            await fill(app, pilot, "llm.model", "m")
            await fill(app, pilot, "llm.api_base", silent.api_base)
            await pilot.press("f5")
            await until(pilot, lambda: silent.requests)
            await pilot.press("escape")
            await until(pilot, lambda: not step(app).testing)
            assert step(app).NAME == "model"
            assert not app.screen.query_one("#tried").display
            await fill(app, pilot, "llm.model", "n")
            assert isinstance(app.focused, Input)


async def test_a_hostile_server_is_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = "[@click=app.quit]x[/] \x1b[2J\x1b]52;c;QQ==\x07 \u202egpj\U000e0041 " + "y" * 300
    with ScriptedServer(lambda body: plain(nasty), models=[nasty]) as server:
        port = int(server.api_base.split(":")[2].partition("/")[0])
        monkeypatch.setattr(model, "PORTS", model.PORTS | {"vllm": port})
        async with wizard() as (app, pilot):
            await to(app, pilot, "model")
            await pilot.press("down", "enter")
            await outcome(app, pilot)
            shown = seen(app)
            assert "[@click=app.quit]x[/]" in shown
            assert not {"\x1b", "\x07", "\u202e", "\U000e0041"} & set(shown)
            assert "y" * 50 in shown
            assert app.is_running


async def test_on_a_first_run_the_app_goes_on_with_what_was_chosen() -> None:
    app = MemtuiApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Welcome) or app.store.agent)
        if isinstance(app.screen, Welcome):
            await pilot.press("down", "down", "enter")
        else:  # another test has made an agent
            await pilot.press("alt+w")
        await until(pilot, lambda: isinstance(app.screen, Wizard) and app.screen.query(Step))
        await to(app, pilot, "look")
        await pilot.press("down", "tab")
        await to(app, pilot, "review")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.screen is app.main and app.store.agent is not None)
        assert config.load().text("ui.theme") == "memtui-light" == app.theme


async def test_the_model_alone_is_two_steps(server: ScriptedServer) -> None:
    """An agent with a model of its own is told of: it would not follow."""
    async with Client() as client:
        agent = await client.add_agent(NewAgent(model="offline"))
    app = MemtuiApp(agent=agent.id)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, Wizard) and app.screen.query(Step))
        await until(pilot, lambda: step(app).draft.found is not None)
        assert "1 model  ─  2 review" in seen(app)
        await pilot.press("down", "enter")
        await to(app, pilot, "review")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.screen is app.main)
        assert config.load().text("llm.model") == "openai/qwen3"
        await until(pilot, lambda: any("its own" in n.message for n in app._notifications))


async def test_a_number_that_is_not_said_is_an_empty_field() -> None:
    async with wizard() as (app, pilot):
        await to(app, pilot, "model")
        window = field(app, "llm.context_window").input
        assert window.value == ""
        await fill(app, pilot, "llm.context_window", "4000")
        assert step(app).draft.get("llm.context_window") == "4000"
        await fill(app, pilot, "llm.context_window", "")
        assert step(app).draft.get("llm.context_window") == "0"
        await to(app, pilot, "embeddings")
