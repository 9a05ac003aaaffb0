"""Keys that were pressed before what they are meant for had the focus."""

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input


def hand_over(keys: Sequence[events.Event], focused: Widget) -> None:
    """Give `keys` to `focused`, which has just got the focus.

    A field selects its text when it learns of its focus. That is after these keys, and the next
    one would replace them: here it is done before.
    """
    if keys and isinstance(focused, Input) and focused.select_on_focus:
        focused.select_all()
        focused.select_on_focus = False
    for key in keys:
        focused._forward_event(key)


class EarlyKeys(Screen[Any]):
    """A screen that keeps what is pressed before anything in it has the focus.

    It stands last among the bases: style sheets know of the first one only.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[events.Event] | None = []  # None once something had the focus

    def _forward_event(self, event: events.Event) -> None:
        """The app gives keys to the screen itself only while nothing in it has the focus."""
        waits = isinstance(event, events.Key | events.Paste) and self.app.app_focus
        if waits and self._early is not None:
            self._early.append(event)
        else:
            super()._forward_event(event)

    def watch_focused(self, focused: Widget | None) -> None:
        if focused is not None and self._early is not None:
            early, self._early = self._early, None
            hand_over(early, focused)
