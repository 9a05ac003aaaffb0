"""Pictures of the inspector over the real engine; `test_inspector_held` has what it cannot hold."""

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from memtui.tui.app import MemtuiApp
from memtui.tui.inspector.passage import PassagePane
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.scope import ScopeForm
from memtui.tui.screens.write_to import WriteTo
from memtui.tui.widgets.mind import Mind
from tests import homes
from tests.tui.conftest import MIDDLE, SMALL, TINY, WIDE, until
from tests.tui.inspected import furnished_home, opened

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    with furnished_home() as home:
        yield home


@pytest.fixture(autouse=True)
def home(furnished: Path, measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs from machine to machine is held still."""
    homes.enter(furnished, monkeypatch)
    see = PassagePane.see

    def seen(self: PassagePane, shown: Any, agent: str) -> None:
        text = re.sub(r"Quotations [0-9a-f]{8}", "Quotations 0123abcd", shown.text)
        text = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d [AP]M", "2026-01-02 03:04:05 AM", text)
        text = re.sub(r'"score": [0-9.]+', '"score": 0.5', text)
        moved = len(shown.text) - len(text)
        assert abs(moved) < 100
        hits = [m.start() for m in re.finditer(r'\{"cite"', text)][: len(shown.spans)]
        spans = [(start, text.index("}", start) + 1) for start in hits]
        see(self, shown.model_copy(update={"text": text, "context": text, "spans": spans}), agent)

    monkeypatch.setattr(PassagePane, "see", seen)


async def searched(app: MemtuiApp, pilot: Pilot[Any], query: str = "church tower") -> Inspector:
    screen = await opened(app, pilot)
    screen.query_one(Input).value = query
    await until(pilot, lambda: screen.question.text == query and screen._typing is None)
    await until(pilot, lambda: not screen.searching)
    return screen


async def empty(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await opened(app, pilot)


async def hybrid(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await searched(app, pilot)
    await pilot.press("enter", "p")
    app.clear_notifications()


async def light(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-light"
    await hybrid(app, pilot)


async def ansi(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-ansi"
    await hybrid(app, pilot)


async def text(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    screen = await searched(app, pilot)
    await pilot.press("f6", "f6")
    await until(pilot, lambda: screen.question.mode == "text" and not screen.searching)


async def compare(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    screen = await searched(app, pilot)
    await pilot.press("enter", "c")
    await until(pilot, lambda: screen.others)
    await pilot.press("c")
    await until(pilot, lambda: screen.other == "text" and not screen.searching)


async def seen(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    mind = app.main.query_one(Mind)
    block = next(block for block in app.store.blocks if block.hits)
    app.main.open_inspector(block=block)
    await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.shown)
    assert mind.rows
    await pilot.press("f9")
    await until(pilot, lambda: app.screen.query_one(PassagePane).text)


async def nothing_found(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    screen = await opened(app, pilot)
    await pilot.press("f6", "f6", *"xyzzy")
    await until(pilot, lambda: not screen.searching and screen.outcome and screen._typing is None)


async def reading(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await searched(app, pilot)
    await pilot.press("enter", "enter")


async def where(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await searched(app, pilot)
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(app.screen, ScopeForm) and app.screen.documents)
    await pilot.press(*"nowhere", "enter")


async def export(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await hybrid(app, pilot)
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, WriteTo))


STATES: list[tuple[str, tuple[int, int], Steps]] = [
    ("empty", WIDE, empty),
    ("hybrid", WIDE, hybrid),
    ("hybrid-middle", MIDDLE, hybrid),
    ("hybrid-small", SMALL, hybrid),
    ("hybrid-tiny", TINY, hybrid),
    ("light", WIDE, light),
    ("ansi", WIDE, ansi),
    ("text", WIDE, text),
    ("compare", WIDE, compare),
    ("compare-small", SMALL, compare),
    ("seen", WIDE, seen),
    ("seen-small", SMALL, seen),
    ("nothing-found", MIDDLE, nothing_found),
    ("reading-small", SMALL, reading),
    ("where", MIDDLE, where),
    ("where-small", SMALL, where),
    ("export", MIDDLE, export),
]


@pytest.mark.parametrize(("size", "steps"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_screen(snap_compare: Any, size: tuple[int, int], steps: Steps) -> None:
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        await steps(app, pilot)
        app.clear_notifications()
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)
