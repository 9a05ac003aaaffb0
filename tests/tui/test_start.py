"""Start-up: what is imported before the first frame, what opens, and what gets lost (nothing)."""

import subprocess
import sys

import pytest
from textual.events import Key, Paste
from textual.widgets import OptionList

from memtui import config
from memtui.api.events import TurnStarted
from memtui.tui.screens.load import Load
from memtui.tui.screens.welcome import Welcome
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.wizard.screen import Wizard
from tests.tui.conftest import Open, ScriptedApp, until

HEAVY = ("httpx", "pydantic", "litellm", "pymilvus", "numpy", "fastapi", "markdown_it",
         "memtui.api.client", "memtui.api.agents", "memtui.tui.screens.load")  # fmt: skip


def test_nothing_heavy_before_the_first_frame() -> None:
    code = f"import sys, memtui.tui.app; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_keys_typed_before_the_prompt_are_not_lost() -> None:
    class Early(ScriptedApp):
        def on_mount(self) -> None:
            for key in ("x", "backspace", *"early", "ctrl+j", *"bird", "enter", *"next"):
                self.post_message(Key(key, key if len(key) == 1 else None))
            self.post_message(Paste(" one\n"))

    app = Early(agent="a1")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.store.last_ended)
        assert app.client.requests[0].text == "early\nbird"
        assert app.query_one(Prompt).text == "next one\n"


@pytest.mark.parametrize("key", ["ctrl+t", "f1", "f4", "f8", "f9", "f10", "ctrl+f", "ctrl+l"])
async def test_a_key_before_there_is_anything_is_for_what_there_will_be(key: str) -> None:
    """The shell is filled first: then the key opens what it opens, over the whole main screen."""

    class Early(ScriptedApp):
        def on_mount(self) -> None:
            self.post_message(Key(key, None))

    app = Early(agent="a1")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        if key in ("f4", "f8"):
            await until(pilot, lambda: app.main.pane == "mind")
        else:
            await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_the_last_agent_opens_without_a_greeting(opened: Open) -> None:
    config.save({"ui.theme": "memtui-light"})
    async with opened(agent=None) as (app, pilot):
        await until(pilot, lambda: app.store.agent is not None)
        assert app.current_theme.name == "memtui-light"
        assert not app.client.requests


async def test_a_persona_makes_a_new_agent_that_greets(opened: Open) -> None:
    async with opened(agent=None, persona="memgpt_doc", setup=_unspoken) as (app, pilot):
        await until(pilot, lambda: "turn:login" in app.client.calls)
        assert app.client.requests[0].persona == "memgpt_doc"


async def test_a_draft_is_ready_in_the_prompt(opened: Open) -> None:
    async with opened(draft="What is this?") as (app, _pilot):
        assert app.query_one(Prompt).text == "What is this?"


async def test_any_agent_greets_that_has_not_spoken_yet(opened: Open) -> None:
    async with opened(setup=_unspoken) as (app, pilot):
        await until(pilot, lambda: "turn:login" in app.client.calls)


def _unspoken(app: ScriptedApp) -> None:
    app.client.store_messages.clear()


def _nothing(app: ScriptedApp) -> None:
    app.client.store_agents.clear()
    app.client.store_sources.clear()


async def test_the_welcome_and_its_ways(opened: Open) -> None:
    async with opened(agent=None, setup=_nothing) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        assert app.screen.query_one(OptionList).option_count == 3
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Load))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_the_welcome_leads_to_the_wizard(opened: Open) -> None:
    async with opened(agent=None, setup=_nothing) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Wizard))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and app.store.agent is not None)


async def test_a_broken_configuration_is_told_and_survived(opened: Open) -> None:
    from memtui import paths

    paths.private_dir(paths.config_dir())
    paths.config_file().write_text("not = toml =")
    async with opened() as (app, pilot):
        await until(pilot, lambda: app._notifications)
        assert any("not valid TOML" in note.message for note in app._notifications)


async def test_an_event_for_another_agent_is_no_business_of_ours(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.emit(TurnStarted(agent_id="other", turn_id="t", text="x"))
        await pilot.pause(0.2)
        assert len(app.store.items) == 1  # the greeting
