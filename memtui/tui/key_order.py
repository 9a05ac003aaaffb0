"""Keys in the order they were pressed: what one leads to is done before the next is looked at."""

from textual import events
from textual.app import App
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from memtui.tui.widgets.prompt import Prompt

LONGEST = 0.5
"""Seconds that keys wait for a field or screen, which may be gone."""


class KeyOrder(App[int]):
    """Textual runs a binding when its key has come all the way up from the focused widget; the
    letters after it would be in that widget by then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[events.Event] | None = []  # keys and pastes that wait; None: none does
        self._first: tuple[events.Key, Widget] | None = None  # what they wait for, and where
        self._longest: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._in_turn(event)
        else:
            await super().on_event(event)

    async def _in_turn(self, event: events.Event) -> None:
        focused = self.focused
        if self._held is not None:
            self._held.append(event)
        elif not self.screen.is_mounted:  # its keys are about what it has not made yet
            self._held = [event]
            self._wait_for(self.screen)
        elif not isinstance(event, events.Key) or focused is None:
            await super().on_event(event)
        elif not isinstance(focused, Input | TextArea):
            await self._lead(event)
        elif _is_letter(event, focused):
            await super().on_event(event)
        else:  # the letters before it wait in the field's own queue
            self._held, self._first = [], (event, focused)
            self._wait_for(focused)

    def _wait_for(self, widget: Widget) -> None:
        """Until it has done what is in its queue."""
        self._longest = self.set_timer(LONGEST, self.let_go)
        widget.call_later(self.call_later, self.let_go)

    async def _lead(self, key: events.Key) -> None:
        """To what it is bound to; without a binding, to the widget that has the focus."""
        for first in (True, False):
            if await self._check_bindings(key.key, priority=first):
                return
        await super().on_event(key)

    async def let_go(self) -> None:
        """The keys that wait have their turn, until one of them makes the others wait again."""
        if self._longest is not None:
            self._longest.stop()
            self._longest = None
        first, self._first = self._first, None
        held, self._held = self._held or [], None
        if first is not None:
            key, field = first
            await (self._lead(key) if self.focused is field else self._in_turn(key))
        for event in held:
            await self._in_turn(event)


def _is_letter(key: events.Key, field: Widget) -> bool:
    """Whether the field takes the key itself. The prompt sees to the order of all its keys."""
    if isinstance(field, Prompt) or key.is_printable:
        return True
    return isinstance(field, TextArea) and key.key in ("enter", "tab")
