"""A wizard to be driven, and the server it finds."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static, TextArea

from memtui import paths
from memtui.tui.app import MemtuiApp
from memtui.tui.wizard import model
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


@contextmanager
def serving() -> Iterator[ScriptedServer]:
    """Refuses the model `refused`; another one answers, and calls tools."""
    with ScriptedServer(reply, models=["qwen3", "embed-small"]) as server:
        yield server


def begin(place: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
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
