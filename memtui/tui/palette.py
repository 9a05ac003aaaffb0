"""The command palette: whatever a key can do on the screen it was opened on, under its words."""

import contextlib
from collections.abc import Iterator
from inspect import unwrap
from typing import TYPE_CHECKING

from textual import work
from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen

from memtui.tui.actions import ACTIONS, KEYS_ONLY, Action, key_sign

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp


class Palette(CommandPalette):
    """Textual's own, which ended the app when it was closed while it was still gathering."""

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP, exit_on_error=False)
    async def _gather_commands(self, search_value: str) -> None:
        with contextlib.suppress(NoMatches):
            await unwrap(CommandPalette._gather_commands)(self, search_value)

    def _watch__list_visible(self) -> None:
        if self.query(CommandList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(CommandList):
            await super()._watch__show_busy()


_DECLARED = {action.id: action for action in ACTIONS}


def commands(app: "MemtuiApp", screen: Screen[object]) -> Iterator[SystemCommand]:
    """Each action once, to be run by the widget that has its key, the focused one if several do.

    An action with a title of its own is offered wherever its widget is; another one only while
    its widget is seen, for it is about what is chosen there. `screen` is not the app's while this
    is asked: the palette is.
    """
    for action, node in offered(app, screen):

        async def run(name: str = action.run, node: DOMNode = node) -> None:
            await app.run_action(name, node, {"screen": screen})

        key = key_sign(app.keymap_text.get(action.id, action.keys).split(",")[0])
        if action.palette:
            yield SystemCommand(action.palette, f"{key}  {action.help}", run)
        else:
            yield SystemCommand(action.help, key, run)


def offered(app: "MemtuiApp", screen: Screen[object]) -> Iterator[tuple[Action, DOMNode]]:
    """The actions that the palette has on `screen`, and the node that runs each."""
    seen: set[object] = set()
    for node in _nodes(app, screen):
        for bindings in node._bindings.key_to_bindings.values():
            for binding in bindings:
                action = _DECLARED.get(binding.id or "")
                if action is None or action.id in KEYS_ONLY or action.id in seen:
                    continue
                if not action.palette and not _is_seen(node):
                    continue
                target, name, parameters = app._parse_action(action.run, node, {"screen": screen})
                does = (target, name, parameters)
                if does not in seen and target.check_action(name, parameters) is not False:
                    seen |= {action.id, does}
                    yield action, node


def _nodes(app: "MemtuiApp", screen: Screen[object]) -> Iterator[DOMNode]:
    yield from (screen.focused or screen).ancestors_with_self
    yield from screen.walk_children()
    yield app


def _is_seen(node: DOMNode) -> bool:
    return all(one.display for one in node.ancestors_with_self)
