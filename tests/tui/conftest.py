"""The app over an engine in memory. `test_engine.py` has it over the real one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from memtui.tui.app import MemtuiApp
from memtui.tui.session import Session
from tests.tui.scripted import ScriptedClient


class ScriptedApp(MemtuiApp):
    """Tests look at `client` for what was asked of the engine."""

    client: ScriptedClient

    def make_session(self, spawn: Any, wake: Any) -> Session:
        self.client = ScriptedClient()

        async def connect() -> Any:
            return self.client

        return Session(self.store, spawn, wake, connect)


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the app run until `true()`."""
    for _ in range(int(seconds / 0.02)):
        if true():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not come about")


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
