"""The app over an engine in memory. `test_engine.py` has it over the real one."""

import asyncio
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
from memtui.tui.session import Session
from tests.tui import library
from tests.tui.scripted import ScriptedClient


class ScriptedApp(MemtuiApp):
    """Tests look at `client` for what was asked of the engine."""

    client: ScriptedClient

    def make_session(self, spawn: Any, wake: Any) -> Session:
        self.client = ScriptedClient()

        async def connect() -> Any:
            return self.client

        return Session(self.store, spawn, wake, connect)


WIDE, MIDDLE, SMALL, TINY = (140, 45), (100, 30), (80, 24), (40, 10)


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 30.0) -> None:
    """Let the app run until `true()`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)
    await pilot.pause()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """For pictures: nothing blinks, turns or counts."""
    monkeypatch.setattr(fmt, "elapsed", lambda seconds: "3 s")
    monkeypatch.setattr(fmt, "spinner", lambda seconds: "◐")
    for widget in (TextArea, Input):
        monkeypatch.setattr(widget, "cursor_blink", False)


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    """A home that `library` furnished, with its engine running. One for each file: what tests add
    to it would be in the pictures of others.
    """
    with library.made() as home:
        library.furnish(home)
        yield home


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
