"""What every step of the wizard looks like."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from memtui.tui import format as fmt
from memtui.tui.app import MemtuiApp
from memtui.tui.wizard import embeddings
from memtui.tui.wizard.screen import Wizard
from memtui.tui.wizard.step import Step
from tests import homes
from tests.fakes import ScriptedServer
from tests.tui.conftest import until
from tests.tui.wizards import KEY, begin, fill, outcome, seen, serving, to


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
