"""The last agent is gone: the app says what to do, and F9 leads on."""

from pathlib import Path

from textual.widgets import Static

from memtui.api.client import Client
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.welcome import Welcome
from tests import homes
from tests.tui.conftest import WIDE, until


async def test_the_last_agent_is_deleted_elsewhere(fresh: Path) -> None:
    agent = await homes.add_agent("Lonely", [])
    app = MemtuiApp(agent)
    async with app.run_test(size=WIDE) as pilot, Client() as client:
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        await client.delete_agent(agent)
        await until(pilot, lambda: app.store.agent is None)
        said = app.main.query_one("#empty", Static)
        await until(pilot, lambda: "F9 makes one" in str(said.render()))
        assert app.screen is app.main  # nothing comes between a key and what it is meant for
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, Agents) and app.focused)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and app.store.agent is not None)
