"""The wizard over a real engine, a real Milvus Lite and a scripted model server over HTTP."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from memtui import config, paths
from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.tui import format as fmt
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.welcome import Welcome
from memtui.tui.wizard import embeddings, model
from memtui.tui.wizard.field import Field
from memtui.tui.wizard.screen import Wizard
from memtui.tui.wizard.step import Step
from tests import homes
from tests.fakes import ScriptedServer, call, fail, plain
from tests.fakes.replies import Reply
from tests.tui.conftest import until

KEY = "sk-very-secret-key-1234"


def reply(body: dict[str, Any]) -> Reply:
    if body["model"] == "refused":
        return fail(401, "Incorrect API key provided")
    return call("send_message", message="Hi.") if body.get("tools") else plain("Hello, Ada!")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(reply, models=["qwen3", "embed-small"]) as server:
        yield server


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A home with an engine that has been started once; each test configures it anew."""
    with homes.made() as home:
        yield home


@pytest.fixture(autouse=True)
def home(place: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a new home for each test: nothing is configured, the engine stays."""
    homes.enter(place, monkeypatch)
    for file in (paths.config_file(), paths.credentials_file()):
        file.unlink(missing_ok=True)
    port = int(server.api_base.split(":")[2].partition("/")[0])
    ports = {"ollama": 0, "lmstudio": 0, "llamacpp": 0, "vllm": port}
    monkeypatch.setattr(model, "PORTS", ports)


@asynccontextmanager
async def wizard(size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    app = MemtuiApp(wizard=True)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Wizard) and app.screen.query(Step))
        yield app, pilot


def step(app: MemtuiApp) -> Step:
    assert isinstance(app.screen, Wizard)
    return app.screen.step


def another(app: MemtuiApp) -> Callable[[], bool]:
    """Whether another step is seen than now."""
    now = step(app)
    return lambda: step(app) is not now


async def to(app: MemtuiApp, pilot: Pilot[Any], name: str) -> None:
    """Forth to the step."""
    while name != step(app).NAME:
        gone = another(app)
        await pilot.press("ctrl+n")
        await until(pilot, gone)
    if name == "model":
        await until(pilot, lambda: step(app).draft.found is not None)
    if name == "agent":
        await until(pilot, lambda: app.screen.query_one(TextArea).text)


def field(app: MemtuiApp, key: str) -> Field:
    return next(one for one in app.screen.query(Field) if one.key == key)


def beside(app: MemtuiApp, key: str) -> str:
    shown = field(app, key).query_one(".beside", Static)
    return str(shown.content) if shown.display else ""


async def fill(app: MemtuiApp, pilot: Pilot[Any], key: str, text: str) -> None:
    """Whole: that it can be typed is for the journeys."""
    one = field(app, key).input
    one.focus()
    one.value = text
    await pilot.pause()


async def outcome(app: MemtuiApp, pilot: Pilot[Any]) -> str:
    """What the test of this step has shown."""
    await pilot.press("f5")
    screen = app.screen
    assert isinstance(screen, Wizard)
    await until(pilot, lambda: screen._trial is None and not screen.step.testing)
    shown = screen.query_one("#tried", Static)
    return str(shown.content) if shown.display else ""


def seen(app: MemtuiApp) -> str:
    """All text on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


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


Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


def at(name: str) -> Steps:
    async def steps(app: MemtuiApp, pilot: Pilot[Any]) -> None:
        await to(app, pilot, name)

    return steps


async def model_tested(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "model")
    await pilot.press("down", "enter")
    await fill(app, pilot, "llm.api_key", KEY)
    await outcome(app, pilot)


async def model_refused(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "model")
    await pilot.press("down", "enter")
    await fill(app, pilot, "llm.model", "refused")
    await outcome(app, pilot)


async def embedding_tested(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "embeddings")
    await until(pilot, lambda: "embed-small" in seen(app))
    await outcome(app, pilot)


async def archive_tested(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "archive")
    await outcome(app, pilot)


async def archive_away(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "archive")
    await fill(app, pilot, "archive.uri", "http://127.0.0.1:9")
    await outcome(app, pilot)


async def persona_edited(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "agent")
    app.screen.query_one(TextArea).focus()
    await pilot.press(*"Ada. ")


async def reviewed(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await to(app, pilot, "model")
    await fill(app, pilot, "llm.model", "openai/gpt-4o-mini")
    await fill(app, pilot, "llm.api_key", KEY)
    await persona_edited(app, pilot)
    await to(app, pilot, "look")
    await pilot.press("down")
    await to(app, pilot, "review")


async def ansi(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-ansi"
    await model_refused(app, pilot)


async def light(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-light"
    await model_tested(app, pilot)


PICTURES: list[tuple[str, Steps]] = [
    ("welcome", at("welcome")),
    ("model", at("model")),
    ("model-tested", model_tested),
    ("model-refused", model_refused),
    ("model-ansi", ansi),
    ("model-light", light),
    ("embeddings", embedding_tested),
    ("archive", archive_tested),
    ("archive-away", archive_away),
    ("agent", persona_edited),
    ("look", at("look")),
    ("review", reviewed),
]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "small"])
@pytest.mark.parametrize("steps", [s[1] for s in PICTURES], ids=[s[0] for s in PICTURES])
def test_picture(
    snap_compare: Any,
    still: None,
    monkeypatch: pytest.MonkeyPatch,
    server: ScriptedServer,
    place: Path,
    size: tuple[int, int],
    steps: Steps,
) -> None:
    """Ports, folders and times differ from run to run: they are held still."""
    port = server.api_base.split(":")[2].partition("/")[0]
    monkeypatch.setattr(fmt, "duration", lambda seconds: "0.8 s")
    monkeypatch.setattr(fmt, "milliseconds", lambda ms: "7 ms")
    monkeypatch.setattr(embeddings, "speed", lambda rate: "42")

    class Pictured(MemtuiApp):
        def export_screenshot(self, **options: Any) -> str:
            return super().export_screenshot(**options).replace(port, "54321")

    app = Pictured(wizard=True)

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, Wizard) and app.screen.query(Step))
        await steps(app, pilot)
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)
