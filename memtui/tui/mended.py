"""Mistakes of Textual 8.2 that would end the app, or take one key for another, mended."""

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from textual import events
from textual._context import visible_screen_stack
from textual._xterm_parser import XTermParser
from textual.await_complete import AwaitComplete
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.widgets import OptionList

_move_page = OptionList._move_page
_dismiss = Screen.dismiss
_render = Screen.render
_keys_of = XTermParser._sequence_to_key_events

# Enter with Alt as most terminals send it, also through a terminal that was not raw yet; with
# Shift and Alt as xterm does (modifyOtherKeys).
_ENTERS = {
    "\x1b\r": "alt+enter",
    "\x1b\n": "alt+enter",
    "\x1b[27;2;13~": "shift+enter",
    "\x1b[27;3;13~": "alt+enter",
}


def _move_page_when_there_is_one(self: OptionList, direction: Any) -> None:
    """A list that has not been laid out yet has no lines: Textual's own raises KeyError."""
    if self._index_to_line:
        _move_page(self, direction)


def _render_over_the_one_below(self: Screen[Any]) -> RenderableType:
    """A translucent screen shows what is right below it. Textual's own takes the next of a list
    that is one for all screens: when only some of them are drawn anew, one is drawn below itself.
    """
    stack, background = self.app.screen_stack, self.styles.background
    at = stack.index(self) if self in stack else 0
    if at and background.a < 1:
        return BackgroundScreen(stack[at - 1], background)
    visible_screen_stack.set([])
    return _render(self)


def _dismiss_if_on_top(self: Screen[Any], result: Any = None) -> AwaitComplete:
    """Textual's own takes away whatever lies on top, and answers a second time later."""
    return _dismiss(self, result) if self.is_active else AwaitComplete()


def _keys_with_alt(self: XTermParser, sequence: str, alt: bool = False) -> Iterable[events.Key]:
    """Textual's own takes some for a plain Enter, forgets the Alt of a key whose name is longer
    than a letter, and has text fields write the letters.
    """
    if sequence in _ENTERS:
        return [events.Key(_ENTERS[sequence], None)]
    keys = _keys_of(self, sequence, alt)
    return [_with_alt(key) for key in keys] if alt else keys


def _with_alt(key: events.Key) -> events.Key:
    return events.Key(f"alt+{key.key.removeprefix('alt+')}", None)


def mend() -> None:
    OptionList._move_page = _move_page_when_there_is_one  # type: ignore[method-assign]
    Screen.dismiss = _dismiss_if_on_top  # type: ignore[method-assign]
    Screen.render = _render_over_the_one_below  # type: ignore[method-assign]
    XTermParser._sequence_to_key_events = _keys_with_alt  # type: ignore[method-assign]
