"""The settings screen: all of the declarations, found by typing, changed in place."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from memtui import config, paths
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.settings import SettingsScreen
from memtui.tui.widgets.mind import Mind
from tests.tui.conftest import Open, ScriptedApp, until


async def settings(app: MemtuiApp, pilot: Pilot[Any], query: str = "") -> SettingsScreen:
    await pilot.press(*f"/settings {query}".rstrip(), "enter")
    await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and app.screen.shown)
    screen = app.screen
    assert isinstance(screen, SettingsScreen)
    return screen


def wrong(screen: SettingsScreen) -> str:
    shown = screen.query_one("#settings-wrong", Static)
    return str(shown.content) if shown.display else ""


async def test_every_setting_is_there_and_is_found_by_its_words(opened: Open) -> None:
    async with opened() as (app, pilot):
        screen = await settings(app, pilot)
        assert {key for key in screen.shown if key} == set(config.SETTINGS)
        await pilot.press(*"notif")
        await until(pilot, lambda: screen.shown == [None, "ui.notify"])
        await pilot.press(*" nonsense")
        await until(pilot, lambda: not screen.shown)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_value_is_changed_and_holds_at_once(opened: Open) -> None:
    async with opened() as (app, pilot):
        screen = await settings(app, pilot, "ui.theme")
        await pilot.press("enter", "enter")
        value = screen.query_one("#settings-value", Input)
        assert value.has_focus
        assert value.value == "memtui-dark"
        value.value = ""
        await pilot.press(*"no-such", "enter")
        assert "no theme" in wrong(screen)
        value.value = "memtui-light"
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "memtui-light")
        assert config.load().text("ui.theme") == "memtui-light"
        assert "reload" in app.client.calls
        assert not wrong(screen)
        assert "memtui-light" in str(
            screen.query_one("#settings-list", OptionList).get_option_at_index(1).prompt
        )
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.theme == "memtui-dark")


async def test_a_wrong_value_is_told_beside_its_field(opened: Open) -> None:
    async with opened() as (app, pilot):
        screen = await settings(app, pilot, "engine.linger")
        await pilot.press("enter", "enter")
        screen.query_one("#settings-value", Input).value = "soon"
        await pilot.press("enter")
        assert "a number" in wrong(screen)
        await pilot.press("1")
        await until(pilot, lambda: not wrong(screen))
        await pilot.press("escape")
        assert screen.query_one("#settings-list").has_focus
        assert not config.is_configured()


async def test_a_secret_is_never_shown(opened: Open) -> None:
    config.save({"llm.api_key": "sk-very-secret-key-1234"})
    async with opened() as (app, pilot):
        screen = await settings(app, pilot, "llm.api_key")
        assert "saved" in seen(app)
        await pilot.press("enter", "enter", "enter")
        assert wrong(screen)
        await pilot.press(*"sk-another-key", "enter")
        await until(pilot, lambda: config.load().text("llm.api_key") == "sk-another-key")
        assert "sk-" not in seen(app)
        assert "1234" not in seen(app)
        assert "sk-" not in paths.config_file().read_text()


async def test_the_key_and_the_palette_open_it(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("alt+comma")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        titles = [command.title for command in app.get_system_commands(app.main)]
        assert any(title.startswith("Settings") for title in titles)


async def test_a_further_model_is_among_them(opened: Open) -> None:
    config.save({"models.fast.model": "groq/x"})
    async with opened() as (app, pilot):
        screen = await settings(app, pilot, "fast")
        assert "models.fast.model" in screen.shown


def seen(app: MemtuiApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


Steps = Callable[[ScriptedApp, Pilot[Any]], Awaitable[None]]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "small"])
@pytest.mark.parametrize("state", ["all", "wrong"])
def test_picture(
    snap_compare: Any,
    still: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: tuple[int, int],
    state: str,
) -> None:
    monkeypatch.delenv("MEMTUI_ENGINE__LINGER")
    app = ScriptedApp(agent="a1")

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.agent and app.query(Mind))
        screen = await settings(app, pilot, "llm.max" if state == "wrong" else "")
        if state == "wrong":
            await pilot.press("enter", "enter")
            screen.query_one("#settings-value", Input).value = "soon"
            await pilot.press("enter")
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)
