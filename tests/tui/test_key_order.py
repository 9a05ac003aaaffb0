"""A burst of keys does what the same keys do one by one."""

from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.events import Key, Paste
from textual.widgets import Input, OptionList, TextArea

from memtui.tui.key_order import KeyOrder
from memtui.tui.screens.inspector import Inspector
from tests.tui.conftest import Open, until


class Form(KeyOrder):
    BINDINGS: ClassVar = [("f9", "swap", "swap"), ("f8", "remove", "remove")]

    def compose(self) -> ComposeResult:
        yield Input("old", id="one")
        yield Input(id="two")
        yield TextArea(id="three", tab_behavior="focus")
        yield OptionList("a", "b", "c")

    def on_mount(self) -> None:
        self.call_after_refresh(self.let_go)

    def action_swap(self) -> None:
        self.set_focus(self.query_one("#three"))

    async def action_remove(self) -> None:
        """Waits for the end of the field in which the key was pressed."""
        await self.query_one("#one").remove()
        self.set_focus(self.query_one("#two"))


def burst(app: App[int], *keys: str) -> None:
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize(
    ("keys", "one", "two", "three"),
    [
        (("end", "ctrl+u", *"new"), "new", "", ""),
        (("end", *"er", "home", *"c"), "colder", "", ""),
        (("end", "backspace", *"x", "tab", *"y", "shift+tab", "end", *"z"), "olxz", "y", ""),
        (("tab", "tab", *"a", "enter", *"b", "left", *"c", "shift+tab", *"d"), "old", "d", "a\ncb"),
        (("f9", *"it", "tab", "down", "down"), "old", "", "it"),
    ],
)
async def test_fields(keys: tuple[str, ...], one: str, two: str, three: str) -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.set_focus(app.query_one("#one"))
        burst(app, *keys)
        await until(pilot, lambda: app.query_one("#one", Input).value == one)
        await until(pilot, lambda: app.query_one("#two", Input).value == two)
        await until(pilot, lambda: app.query_one("#three", TextArea).text == three)
        if "down" in keys:
            await until(pilot, lambda: app.query_one(OptionList).highlighted == 1)


async def test_a_field_that_goes_takes_no_key_with_it() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.set_focus(app.query_one("#one"))
        burst(app, "f8", *"here")
        app.post_message(Paste(" too"))
        await until(pilot, lambda: app.query_one("#two", Input).value == "here too")


async def test_the_inspectors_query(opened: Open) -> None:
    async with opened() as (app, pilot):
        burst(app, "ctrl+f", *"towerx", "backspace", "ctrl+u", *"nest")
        await until(pilot, lambda: isinstance(app.screen, Inspector))
        await until(pilot, lambda: app.screen.query_one(Input).value == "nest")


@pytest.mark.parametrize("key", ["ctrl+p", "ctrl+f", "alt+w", "ctrl+t", "ctrl+l"])
async def test_a_screen_that_is_closed_and_opened_again_at_once(opened: Open, key: str) -> None:
    async with opened() as (app, pilot):
        for _ in range(3):
            burst(app, key, "escape")
        burst(app, key)
        await pilot.pause(0.2)
        assert app.is_running
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
        await pilot.press(key)
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_keys_of_a_screen_that_is_not_made_yet(opened: Open) -> None:
    async with opened() as (app, pilot):
        before = app.theme
        burst(app, "ctrl+t", "down", "down", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1 and app.theme != before)
        assert app.is_running
