"""The app over an engine in memory. `test_engine.py` has it over the real one."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from memtui.tui import format as fmt
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import Item
from memtui.tui.session import Session
from memtui.tui.widgets.sources import Sources
from tests import homes
from tests.tui import rest  # noqa: F401  # `rest` is what the pilot waits for
from tests.tui.scripted import ScriptedClient


class ScriptedApp(MemtuiApp):
    """Tests look at `client` for what was asked of the engine."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.client = ScriptedClient()
        super().__init__(*args, **kwargs)

    def make_session(self, spawn: Any, wake: Any) -> Session:
        async def connect() -> Any:
            return self.client

        return Session(self.store, spawn, wake, connect)


@pytest.fixture(autouse=True)
def unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal draws lines and signs, whatever the machine's own locale."""
    for name in ("LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


_AGAIN = re.compile(r"-(small|middle|100|80)\]$")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is pictured wide is pictured in other sizes too: all but the main screen in the long
    form, for a picture takes two seconds."""
    for item in items:
        pictured = "snap_compare" in getattr(item, "fixturenames", ())
        main = item.path.name in ("test_snapshots.py", "test_held.py")
        if pictured and not main and _AGAIN.search(item.name):
            item.add_marker(pytest.mark.slow)


WIDE, MIDDLE, SMALL, TINY = (140, 45), (100, 30), (80, 24), (40, 10)


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 30.0) -> None:
    """Let the app run until `true()`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)
    await pilot.pause()


async def unfold(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """In the sources: the first one, down to the passage of its second page."""

    sources = app.main.query_one(Sources)

    async def go(kind: str, number: int = 0) -> None:
        """To the row itself: the sources may be read anew between two keys."""
        await until(pilot, lambda: len([r for r in sources.rows if r.kind == kind]) > number)
        sources.choose(sources.key([r for r in sources.rows if r.kind == kind][number]))

    await pilot.press("right")
    await go("document")
    await pilot.press("right")
    await go("section", 1)
    await pilot.press("right")
    await go("passage")


def answer(app: MemtuiApp) -> Item:
    """What the agent said last."""
    return next(item for item in reversed(app.store.items) if item.kind == "agent")


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """For pictures: nothing blinks, turns or counts."""
    monkeypatch.setattr(fmt, "elapsed", lambda seconds: "3 s")
    monkeypatch.setattr(fmt, "spinner", lambda seconds: "◐")
    for widget in (TextArea, Input):
        monkeypatch.setattr(widget, "cursor_blink", False)


@pytest.fixture
def measured(still: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For pictures: times, scores and sizes do not depend on the machine."""
    monkeypatch.setattr(fmt, "milliseconds", lambda ms: "41 ms")
    monkeypatch.setattr(fmt, "moment", lambda at: "5 min ago")
    monkeypatch.setattr(fmt, "score", lambda value: "0.50")
    monkeypatch.setattr(fmt, "gauge", lambda fraction, width: "█".ljust(width))


@pytest.fixture
def fresh(home: Path | None) -> Iterator[Path]:
    """A home of its own with an engine that stays for as long as the test."""
    with homes.made() as folder:
        yield folder


Open = Callable[..., AbstractAsyncContextManager[tuple[ScriptedApp, Pilot[Any]]]]


@pytest.fixture
def opened() -> Open:
    """`async with opened() as (app, pilot)`: the app with an agent open and the prompt ready."""

    @asynccontextmanager
    async def open_app(
        size: tuple[int, int] = (140, 45),
        setup: Callable[[ScriptedApp], Awaitable[None] | None] | None = None,
        **options: Any,
    ) -> AsyncIterator[tuple[ScriptedApp, Pilot[Any]]]:
        app = ScriptedApp(**({"agent": "a1"} | options))
        if setup:
            setup(app)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.main.filled and app.store.connected)
            if "agent" not in options:
                await until(pilot, lambda: app.store.agent is not None)
            yield app, pilot

    return open_app
