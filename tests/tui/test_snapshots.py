"""Pictures of the screens. `pytest tests/tui/test_snapshots.py --snapshot-update` makes them anew;
look at each one that has changed.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from memtui.api.events import JobProgress, MemoryEdited, MessageDelta, SourceChanged, TurnStarted
from memtui.api.library import Job, Progress
from memtui.tui import format as fmt
from memtui.tui.screens.passage import Passage
from memtui.tui.widgets.completion import Completion
from tests.tui.conftest import ScriptedApp, until
from tests.tui.scripted import NOW, REPLY, agent, source

WIDE, MIDDLE, SMALL, TINY = (140, 45), (100, 30), (80, 24), (40, 10)
Steps = Callable[[ScriptedApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing blinks, turns or counts."""
    monkeypatch.setattr(fmt, "elapsed", lambda seconds: "3 s")
    monkeypatch.setattr(fmt, "spinner", lambda seconds: "◐")
    for widget in (TextArea, Input):
        monkeypatch.setattr(widget, "cursor_blink", False)


async def ask(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await pilot.press(*"hello", "enter")
    await until(pilot, lambda: app.store.last_ended)


async def empty(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    pass


async def streaming(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    app.client.store_sources += [
        source(3, "a thesis with a very long name", "loading", passages=345, indexed=214),
        source(4, "日本語の文書", "failed", passages=0, failed=1),
        source(5, "nothing in it", "empty", passages=0),
    ]
    progress = Progress(
        pages=214, passages=345, indexed=200, bytes=9, bytes_total=9, rate=12, seconds_left=11
    )
    job = Job(id="j1", source_id="s3", source="thesis", state="running", created_at=NOW,
              progress=progress)  # fmt: skip
    ids: dict[str, Any] = {"agent_id": "a1", "turn_id": "t7"}
    app.client.emit(
        SourceChanged(source_id="s3"),
        JobProgress(job=job),
        TurnStarted(**ids, text="Tell me more. 你好，世界 🦋"),
        MessageDelta(**ids, step=0, text=REPLY[:220]),
    )
    await until(pilot, lambda: len(app.store.sources) == 5 and app.store.turn)
    await pilot.press(*"and this one waits", "enter")
    await until(pilot, lambda: app.store.queue)


async def passage(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await ask(app, pilot)
    await pilot.press("f4", "up", "up", "enter")
    await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)


async def completion(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await ask(app, pilot)
    await pilot.press("/")
    await until(pilot, lambda: app.query_one(Completion).display)


async def documents(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2", "down", "enter")
    await until(pilot, lambda: "s2" in app.store.documents)


async def load_error(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+l", *"/no/such/paper.pdf", "enter")
    await until(pilot, lambda: app.screen.query_one("#path-wrong").display)


async def gone(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await ask(app, pilot)
    app.client.die()
    await until(pilot, lambda: app.store.trouble)


async def memory_edit(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    await ask(app, pilot)
    app.client.emit(
        MemoryEdited(agent_id="a1", label="human", before="First name: Chad\nLikes: tea",
                     after="First name: Ada\nLikes: tea", author="agent", version=2)
    )  # fmt: skip
    await until(pilot, lambda: app.store.blocks[-1].kind == "memory")


def keys(*names: str) -> Steps:
    async def steps(app: ScriptedApp, pilot: Pilot[Any]) -> None:
        await ask(app, pilot)
        await pilot.press(*names)
        await pilot.pause(0.2)

    return steps


def _nothing(app: ScriptedApp) -> None:
    app.client.store_agents.clear()
    app.client.store_sources.clear()


def _long_names(app: ScriptedApp) -> None:
    app.client.store_agents[0] = agent("An agent whose name goes on and on " * 4)
    app.client.store_sources[0] = source(1, "長い名前の文書" * 10)


STATES: list[tuple[str, tuple[int, int], Steps, dict[str, Any]]] = [
    ("empty", WIDE, empty, {}),
    ("answer", WIDE, ask, {}),
    ("answer-middle", MIDDLE, ask, {}),
    ("answer-small", SMALL, ask, {}),
    ("answer-tiny", TINY, ask, {}),
    ("too-small", (20, 5), empty, {}),
    ("streaming", WIDE, streaming, {}),
    ("streaming-small-sources", SMALL, keys("f2"), {}),
    ("mind-small", SMALL, keys("f4"), {}),
    ("mind-maximised", WIDE, keys("f4", "f5"), {}),
    ("memory-edit", WIDE, memory_edit, {}),
    ("long-names", MIDDLE, ask, {"setup": _long_names}),
    ("documents", MIDDLE, documents, {}),
    ("light", WIDE, keys("ctrl+t"), {}),
    ("engine-gone", MIDDLE, gone, {}),
    ("passage", WIDE, passage, {}),
    ("passage-small", SMALL, passage, {}),
    ("completion", MIDDLE, completion, {}),
    ("picker", MIDDLE, keys(*"/attach", "enter"), {}),
    ("load-error", MIDDLE, load_error, {}),
    ("load-tiny", TINY, load_error, {}),
    ("delete", MIDDLE, keys("f2", "d"), {}),
    ("memory", WIDE, keys("f8"), {}),
    ("help", MIDDLE, keys("f1"), {}),
    ("model", MIDDLE, keys("f10"), {}),
    ("welcome", MIDDLE, empty, {"setup": _nothing, "agent": None}),
    ("welcome-tiny", TINY, empty, {"setup": _nothing, "agent": None}),
]


@pytest.mark.parametrize(
    ("size", "steps", "options"), [state[1:] for state in STATES], ids=[s[0] for s in STATES]
)
def test_screen(
    snap_compare: Any, home: Path, size: tuple[int, int], steps: Steps, options: dict[str, Any]
) -> None:
    app = ScriptedApp(agent=options.get("agent", "a1"))
    if "setup" in options:
        options["setup"](app)

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.connected)
        if "agent" in options:
            await until(pilot, lambda: len(app.screen_stack) > 1)
        else:
            await until(pilot, lambda: app.store.agent is not None)
        await steps(app, pilot)
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=before)
