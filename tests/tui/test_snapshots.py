"""Pictures of the screens. `pytest tests/tui --snapshot-update` makes them anew; look at each one
that has changed.

All are of the app over the real engine, in a home that is furnished once. What differs from
machine to machine (times, scores) is held still. `test_held.py` has the states that no engine
can hold.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from memtui.tui.app import MemtuiApp
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.picker import Picker
from memtui.tui.screens.reading import Reading
from memtui.tui.screens.welcome import Welcome
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.mind import Mind
from tests import homes
from tests.tui.conftest import MIDDLE, SMALL, TINY, WIDE, until

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of a new home for each test."""


pytestmark = pytest.mark.usefixtures("measured")


async def nothing(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    pass


async def passage(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f6", "enter")
    await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)


async def citation(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f6")


async def completion(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("/")
    await until(pilot, lambda: app.query_one(Completion).display)


async def documents(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2", "down", "enter")
    await until(pilot, lambda: app.store.shelf.documents)


async def picker(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press(*"/attach", "enter")
    await until(pilot, lambda: isinstance(app.screen, Picker))


async def agents(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f9")
    await until(pilot, lambda: isinstance(app.screen, Agents) and app.screen.looked)


async def load_error(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+l", *"/no/such/paper.pdf", "enter")
    await until(pilot, lambda: app.screen.query_one("#path-wrong").display)


async def light(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-light"


async def maximised(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f4", "f5")


def opens(screen: type[Any], *keys: str) -> Steps:
    async def steps(app: MemtuiApp, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, screen))

    return steps


async def delete(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await opens(Confirm, "f2", "d")(app, pilot)
    question = app.screen
    assert isinstance(question, Confirm)
    await until(pilot, lambda: "loses it" in question.text or "No agent" in question.text)


def presses(*keys: str) -> Steps:
    async def steps(app: MemtuiApp, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)

    return steps


STATES: list[tuple[str, tuple[int, int], Steps]] = [
    ("answer", WIDE, nothing),
    ("answer-middle", MIDDLE, nothing),
    ("answer-small", SMALL, nothing),
    ("answer-tiny", TINY, nothing),
    ("too-small", (20, 5), nothing),
    ("light", WIDE, light),
    ("citation", MIDDLE, citation),
    ("mind-small", SMALL, presses("f4")),
    ("mind-tiny", TINY, presses("f4")),
    ("mind-maximised", WIDE, maximised),
    ("sources-small", SMALL, presses("f2")),
    ("documents", MIDDLE, documents),
    ("passage", WIDE, passage),
    ("passage-tiny", TINY, passage),
    ("completion", MIDDLE, completion),
    ("completion-tiny", TINY, completion),
    ("picker", MIDDLE, picker),
    ("agents", TINY, agents),
    ("load-error", MIDDLE, load_error),
    ("load-tiny", TINY, load_error),
    ("delete", MIDDLE, delete),
    ("help", MIDDLE, opens(Reading, "f1")),
]


@pytest.mark.parametrize(("size", "steps"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_screen(
    furnished: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Any,
    size: tuple[int, int],
    steps: Steps,
) -> None:
    homes.enter(furnished, monkeypatch)
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        await steps(app, pilot)
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [MIDDLE, TINY], ids=["middle", "tiny"])
def test_welcome(
    bare: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int]
) -> None:
    homes.enter(bare, monkeypatch)
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.store.connected and isinstance(app.screen, Welcome))
        await until(pilot, lambda: app.screen.query_one(OptionList).has_focus)
        # behind it, what is said while the engine starts is drawn over at the next frame
        empty = app.main.query_one("#empty", Static)
        await until(pilot, lambda: "starting" not in str(empty.content))
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_nothing_attached(
    furnished: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any
) -> None:
    homes.enter(furnished, monkeypatch)
    app = MemtuiApp(agent=homes.agent_id(homes.NEWCOMER))

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)

    assert snap_compare(app, terminal_size=WIDE, run_before=before)
