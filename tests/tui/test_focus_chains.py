"""Every screen and pane, opened as a user opens it: what its keys do wherever the focus can be.

The keys are pressed, and the palette's entries run, while the app only writes down what it would
do: that the deeds themselves are right is for the tests of each screen.
"""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

import memtui.tui
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.api.tools import PermissionRequest
from memtui.tui import palette
from memtui.tui.actions import ACTIONS, KEYS_ONLY, Action, key_sign
from memtui.tui.app import MemtuiApp
from memtui.tui.mind.editor import BlockEditor
from memtui.tui.mind.versions import Versions
from memtui.tui.screens import permission
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.ask import Ask
from memtui.tui.screens.compare import Compare
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.earlier import Earlier
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.jump import Jump
from memtui.tui.screens.load import Load
from memtui.tui.screens.modal import Modal
from memtui.tui.screens.new_agent import NewAgentForm
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.picker import Picker
from memtui.tui.screens.problems import Problems
from memtui.tui.screens.reading import Help, Reading
from memtui.tui.screens.report import Report
from memtui.tui.screens.scope import ScopeForm
from memtui.tui.screens.settings import SettingsScreen
from memtui.tui.screens.theme import ThemePicker
from memtui.tui.screens.welcome import Welcome
from memtui.tui.screens.write_to import WriteTo
from memtui.tui.widgets.mind import Mind
from memtui.tui.wizard.screen import STEPS, Wizard
from tests import homes
from tests.tui.conftest import MIDDLE, until

DECLARED = {action.id: action for action in ACTIONS}

THEIRS = {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
"""Keys of Textual's lists, fields and boxes, which pass them on where there is nothing to move."""

MAY_HIDE = {
    ("ctrl+z", "None", "app.suspend"),  # in a text it takes back what was typed
    ("ctrl+s", "block_editor.save", "main.find_text"),  # as in every editor
    # Esc leaves what is nearest
    ("escape", "find.leave", "main.escape"),
    ("escape", "block_editor.leave", "main.escape"),
    ("escape", "versions.back", "main.escape"),
    # the arrows move in a list, and from field to field elsewhere
    ("down", "rows.down", "inspector.down"),
    ("up", "rows.up", "inspector.up"),
    ("down", "rows.down", "form.next"),
    ("up", "rows.up", "form.previous"),
}
"""(key, the nearer action, the one behind it) that may share a key."""


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of a new home for each test."""


@pytest.fixture(autouse=True)
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn: that was a third of the time, and is for the pictures."""
    monkeypatch.setattr(Compositor, "render_update", lambda *_, **__: None)


class Watch:
    """Looks at the chains of one app, and remembers what was in them."""

    def __init__(self, app: MemtuiApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot
        self.screens: set[type[Screen[Any]]] = set()
        self.met: set[str] = set()
        self.wrong: list[str] = []
        self.done: list[object] | None = None  # what the app would have done
        self._dispatch = app._dispatch_action
        app._dispatch_action = self._noted  # type: ignore[method-assign]

    async def _noted(self, node: DOMNode, name: str, parameters: Any) -> bool:
        bound = [one for found in node._bindings.key_to_bindings.values() for one in found]
        ours = any(one.id and one.action.split("(")[0] == name for one in bound)
        if self.done is None or not (ours or node in (self.app, self.app.screen)):
            return await self._dispatch(node, name, parameters)
        self.done.append((node, name, parameters))
        return True

    async def look(self) -> None:
        """At each widget of the screen that can have the focus."""
        screen = self.app.screen
        self.screens.add(type(screen))
        before = screen.focused
        for widget in [*screen.focus_chain] or [None]:
            if widget is None or widget.is_attached:
                screen.set_focus(widget, scroll_visible=False)
                self._clashes(screen, widget)
                await self._press(screen)
        screen.set_focus(before)
        await self.pilot.pause()

    def _clashes(self, screen: Screen[Any], widget: Widget | None) -> None:
        taken: dict[str, Binding] = {}
        for _, bindings in screen._modal_binding_chain:
            for key, found in bindings.key_to_bindings.items():
                for binding in found:
                    other = taken.setdefault(key, binding)
                    pair = (key, str(other.id), str(binding.id))
                    hides = other.action != binding.action and not binding.priority
                    theirs = other.id is None and key in THEIRS
                    if hides and binding.id and not theirs and pair not in MAY_HIDE:
                        self.wrong.append(f"{type(screen).__name__}, {widget}: {pair}")

    async def _press(self, screen: Screen[Any]) -> None:
        """Each action that has not been met does by its key what is declared, and so it does
        from the palette."""
        for node, bindings in screen._modal_binding_chain:
            for key, found in bindings.key_to_bindings.items():
                for action in (DECLARED[one.id] for one in found if one.id in DECLARED):
                    types = isinstance(screen.focused, Input | TextArea) and typed(key)
                    if action.id not in self.met and not types:
                        await self._try(screen, key, action, node)

    async def _try(self, screen: Screen[Any], key: str, action: Action, node: DOMNode) -> None:
        expected = [_parsed(self.app, screen, action, node)]
        # The prompt runs its keys itself, in the order they were typed.
        by_key = expected
        if action.where != "prompt":
            by_key = await self._does(self._key(key))
        if by_key != expected:
            return  # it is hidden here
        self.met.add(action.id)
        if action.id in KEYS_ONLY:
            return
        same = [
            one
            for one, at in palette.offered(self.app, screen)
            if [_parsed(self.app, screen, one, at)] == expected
        ]
        if not same:
            self.wrong.append(f"{type(screen).__name__}: no palette entry for {action.id}")
            return
        titles = {command.title: command for command in self.app.get_system_commands(screen)}
        command = titles[same[0].palette or same[0].help]
        by_palette = await self._does(command.callback())  # type: ignore[misc]
        if by_palette != by_key:
            self.wrong.append(f"{action.id}: {by_key} by key, {by_palette} by palette")

    async def _key(self, key: str) -> None:
        """Faster than the pilot, which waits until all is drawn."""
        self.app.simulate_key(key)
        for _ in range(100):
            await asyncio.sleep(0)
            if self.done:
                break

    async def _does(self, work: Any) -> list[object]:
        self.done = []
        await work
        done, self.done = self.done, None
        return done


def typed(key: str) -> bool:
    """Whether a text field would write it."""
    return len(key_sign(key)) == 1 and key_sign(key) not in "↑↓←→"


def _parsed(app: MemtuiApp, screen: Screen[Any], action: Action, node: DOMNode) -> object:
    """What an action comes to: a node, the name of its method, and its arguments."""
    return app._parse_action(action.run, node, {"screen": screen})


def all_screens() -> Iterator[type[Screen[Any]]]:
    """That memtui has and that are opened themselves, not only derived from."""
    for module in pkgutil.walk_packages(memtui.tui.__path__, "memtui.tui."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and issubclass(kind, Screen):
                yield kind


async def test_every_key_in_every_place(
    furnished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    homes.enter(furnished, monkeypatch)
    async with Client() as client:
        reader = next(one.id for one in await client.agents() if one.name == homes.READER)
        await client.change_block(reader, "human", BlockChange(value="Name: Ada"))
    app = MemtuiApp(agent=reader)
    async with app.run_test(size=MIDDLE) as pilot:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        watch = Watch(app, pilot)

        async def at(kind: type[Screen[Any]], *keys: str, made: Modal[Any] | None = None) -> None:
            """Open a screen, look at it, and leave it."""
            before = app.screen
            if made is not None:
                app.push_screen(made)
            await go(*keys, to=lambda: isinstance(app.screen, kind) and app.screen.is_attached)
            await until(pilot, lambda: app.screen.focused or kind is Jump)
            await watch.look()
            await go("escape", to=lambda: app.screen is before)

        async def go(*keys: str, to: Callable[[], object]) -> None:
            await pilot.press(*keys)
            await until(pilot, to)

        # the panes of the main screen
        await watch.look()
        for tab in ("2", "3", "4"):
            await go("f4", tab, to=lambda: app.focused)
            await watch.look()
        await go("f4", "2", "down", "h", to=lambda: isinstance(app.focused, Versions))
        await watch.look()
        await pilot.press("escape")
        await go("f8", "enter", to=lambda: app.query(BlockEditor) and app.focused)
        await watch.look()
        await go("escape", "1", "f3", to=lambda: app.focused)
        await pilot.press("ctrl+s", *"osprey")
        await watch.look()
        await pilot.press("escape", "f2")
        await pilot.press("f", *"birds")
        await watch.look()
        await go("escape", "f3", to=lambda: app.focused)

        # what is opened from it
        await at(Help, "f1")
        await at(ThemePicker, "ctrl+t")
        await at(palette.Palette, "ctrl+p")
        await at(Jump, "ctrl+o")
        app.tell("Something went wrong.", "error")
        await at(Problems, "f11")
        await at(Report, "f12")
        await at(Passage, "f6", "enter")
        await go("f3", to=lambda: app.focused)
        await at(Load, "ctrl+l")
        await at(Earlier, "ctrl+r")
        await at(SettingsScreen, "alt+comma")
        await at(Picker, *"/attach", "enter")
        await at(Compare, *"/systemswap x", "enter")
        await at(Reading, *"/dump", "enter")
        await at(Confirm, "f2", "d")
        await at(Ask, "n")
        await go("f3", to=lambda: app.focused)
        await at(Welcome, made=Welcome())
        monkeypatch.setattr(permission, "PAUSE", 0.001)
        asked = PermissionRequest(id="r1", agent_id=reader, turn_id="t", tool="http_request")
        await at(permission.Permission, made=permission.Permission(asked))

        await go("f9", to=lambda: isinstance(app.screen, Agents) and app.screen.looked)
        await watch.look()
        await at(NewAgentForm, "n")
        await at(Ask, "e")
        await pilot.press("escape")

        await go("ctrl+f", to=lambda: isinstance(app.screen, Inspector) and app.focused)
        await go(*"osprey", to=lambda: app.screen.hits)  # type: ignore[attr-defined]
        await watch.look()
        await at(ScopeForm, "f7")
        await go("f3", to=lambda: app.focused)
        await at(WriteTo, "p", "e")
        await go("f8", to=lambda: app.screen.others)  # type: ignore[attr-defined]
        await watch.look()
        await go("escape", "escape", "escape", to=lambda: app.screen is app.main)

        await go("alt+w", to=lambda: isinstance(app.screen, Wizard) and app.focused)
        for _ in STEPS:
            await watch.look()
            await pilot.press("ctrl+n")
            await asyncio.sleep(0.05)
            await pilot.pause()

    assert not watch.wrong, "\n".join(sorted(set(watch.wrong)))
    assert {kind for kind in all_screens() if not kind.__subclasses__()} <= watch.screens
    assert set(DECLARED) - watch.met == set()
