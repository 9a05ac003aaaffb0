"""Random keys, sizes and events, sent through the driver as a terminal sends them.

Whatever they were, nothing breaks and nothing stays stuck: Esc leads back to the prompt, and a
message is answered. `MEMTUI_SEED` chooses other keys.
"""

import asyncio
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen

from memtui import paths
from memtui.api.errors import ConflictError
from memtui.api.events import (
    AgentChanged,
    HistoryChanged,
    JobProgress,
    MemoryEdited,
    PermissionAsked,
    PermissionSettled,
    Problem,
    Resync,
    SourceChanged,
    TurnQueued,
)
from memtui.api.library import Job, Progress
from memtui.tui.actions import ACTIONS
from memtui.tui.app import MemtuiApp
from memtui.tui.widgets.prompt import Prompt
from tests.tui.conftest import Open, ScriptedApp, answer, until
from tests.tui.scripted import NOW, ScriptedClient, turn_events

LEAVING = {"ctrl+q", "ctrl+z", "ctrl+g"}
"""They end the app, suspend it, or start another program."""

SIZES = ((140, 45), (120, 36), (100, 30), (99, 29), (80, 24), (40, 10), (30, 6), (12, 4), (1, 1))

TYPED = [*"abcdefghijklmnopqrstuvwxyzAG0123456789/.@ ?[]é日", "space"]


def all_keys() -> list[str]:
    """Every key that anything is bound to, and what text fields take."""
    bound = {key.strip() for action in ACTIONS for key in action.keys.split(",")}
    moves = {"tab", "shift+tab", "backspace", "home", "end", "escape", "enter", "ctrl+a", "ctrl+k"}
    return sorted((bound | moves) - LEAVING)


def key_event(key: str) -> events.Key:
    if key == "space":
        return events.Key("space", " ")
    return events.Key(key, key if len(key) == 1 else None)


def engine_events(choice: random.Random, number: int) -> list[Any]:
    """Something that the engine might say at any time."""
    job = Job(id="j9", source_id="s2", source="manual", created_at=NOW,
              state=choice.choice(["running", "done", "failed"]),
              progress=Progress(bytes=number, bytes_total=1000))  # fmt: skip
    asked = {"id": f"r{number}", "agent_id": "a1"}
    return choice.choice(
        [
            turn_events(f"question {number}", turn=f"x{number}"),
            turn_events(f"question {number}", turn=f"x{number}")[: choice.randrange(1, 9)],
            [TurnQueued(agent_id="a1", turn_id=f"q{number}", text="later", ahead=1)],
            [AgentChanged(agent_id="a1"), AgentChanged(agent_id="a2", deleted=True)],
            [HistoryChanged(agent_id="a1"), Resync()],
            [SourceChanged(source_id=choice.choice(["s1", "s2", "s3"])), JobProgress(job=job)],
            [Problem(text=f"Problem {number % 5} [/] \x1b[2J")],
            [MemoryEdited(agent_id="a1", label="human", before="a", after="b", author="agent",
                          version=number)],
            [PermissionAsked(**asked, agent="P", turn_id="t", tool="http_request", arguments={}),
             PermissionSettled(**asked, answer="gone")],
        ]
    )  # fmt: skip


def clashes(screen: Screen[Any]) -> list[str]:
    """Keys that two nodes of the present focus chain want, both by a binding of ours.

    Text fields and lists that come with Textual are nearer than the screen, and may take a key;
    what has the same name (`rows.down`, `inspector.down`) does the same.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    node = screen.focused or screen
    for one in node.ancestors_with_self:
        for key, bound in one._bindings.key_to_bindings.items():
            for binding in bound:
                if binding.id is None:
                    continue
                other = found.setdefault(key, binding.id)
                if other.split(".")[1] != binding.id.split(".")[1]:
                    wrong.append(f"{key}: {other} and {binding.id}")
        if one is screen and screen.is_modal:
            break
    return wrong


@pytest.fixture(autouse=True)
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine in memory does not play, it refuses."""

    def missing(client: ScriptedClient, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def refuse(*_: Any, **__: Any) -> Any:
            raise ConflictError(f"{name} is not played here.")

        return refuse

    monkeypatch.setattr(ScriptedClient, "__getattr__", missing, raising=False)


@pytest.fixture(autouse=True)
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """/exit and the palette's entry lead out of the app, which is a test of its own."""
    monkeypatch.setattr(MemtuiApp, "leave", lambda app: app.tell("It would end."))


async def rampage(
    app: MemtuiApp,
    pilot: Pilot[Any],
    presses: int,
    seed: int,
    happen: Callable[[random.Random, int], None],
) -> None:
    """`happen` is what comes from elsewhere at the same time."""
    choice = random.Random(seed)
    keys = all_keys()
    driver = app._driver
    assert driver is not None
    done: list[str] = []
    for number in range(presses):
        what = choice.random()
        if what < 0.03:
            width, height = choice.choice(SIZES)
            size = Size(width, height)
            driver._size = (width, height)
            driver.send_message(events.Resize(size, size))
            done.append(f"{width}x{height}")
        elif what < 0.08:
            happen(choice, number)
            done.append("events")
        elif what < 0.10:
            driver.send_message(choice.choice([events.AppBlur(), events.AppFocus()]))
            done.append("focus")
        elif what < 0.12:
            driver.send_message(events.Paste("a paste\nof [b]two[/b] lines \x1b[2J"))
            done.append("paste")
        else:
            key = choice.choice(TYPED if what < 0.4 else keys)
            driver.send_message(key_event(key))
            done.append(key)
        if number % 5 == 0:
            await asyncio.sleep(0)
        if number % 40 == 0:
            await pilot.pause()
            assert app.is_running, done[-60:]
            assert app._exception is None, done[-60:]
            assert not clashes(app.screen), clashes(app.screen)
        if len(app.screen_stack) > 12:
            raise AssertionError(f"screens pile up: {app.screen_stack} after {done[-60:]}")
    await pilot.pause()


async def calm(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """Esc, again and again, and the prompt has the focus."""
    assert app._exception is None
    await pilot.resize_terminal(120, 36)
    app.app_focus = True
    for _ in range(200):
        await pilot.pause(0.02)
        field = app.focused
        if len(app.screen_stack) == 1 and isinstance(field, Prompt) and not app.store.queue:
            break
        await pilot.press("escape")
    assert len(app.screen_stack) == 1, app.screen_stack
    assert isinstance(app.focused, Prompt), app.focused
    app.query_one(Prompt).text = ""
    await until(pilot, lambda: app.store.turn is None)


def nothing_broke() -> None:
    log = paths.state_dir() / "app.log"
    assert not log.exists(), log.read_text()[-4000:]


async def comes_back(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    """A message is answered."""
    app.client.pause.set()
    app.client.emit(*turn_events("the end", turn="last"))  # whatever turn was left open is over
    await calm(app, pilot)
    if app.store.agent is None:
        app.do(app.open_something("a1"), "open")
        await until(pilot, lambda: app.store.agent is not None)
    before = len(app.client.requests)
    app.query_one(Prompt).insert("Are you there?")
    await pilot.press("enter")
    await until(pilot, lambda: len(app.client.requests) > before)
    await until(pilot, lambda: app.store.turn is None and answer(app).kind == "agent")
    nothing_broke()


def seeds() -> list[int]:
    return [int(os.environ.get("MEMTUI_SEED", "5"))]


@pytest.mark.parametrize("seed", seeds())
async def test_a_thousand_random_keys(opened: Open, seed: int) -> None:
    async with opened(size=(120, 36)) as (app, pilot):

        def happen(choice: random.Random, number: int) -> None:
            app.client.emit(*engine_events(choice, number))

        await rampage(app, pilot, 1_000, seed, happen)
        await comes_back(app, pilot)
