"""The base of all modals: a framed box in the middle; Esc closes it without a result."""

from pathlib import Path
from typing import TypeVar

from textual import events
from textual.screen import ModalScreen
from textual.widget import Widget

from memtui.tui.actions import bindings

T = TypeVar("T")


class Modal(ModalScreen[T | None]):
    CSS_PATH = Path(__file__).with_name("modal.tcss")
    BINDINGS = bindings("modal")
    AUTO_FOCUS = "Input, OptionList, Rows, VerticalScroll, Button"

    def __init__(self) -> None:
        super().__init__()
        # Keys pressed before anything had the focus; None from then on.
        self._early: list[events.Key] | None = []

    def _forward_event(self, event: events.Event) -> None:
        """The app gives keys to the screen itself only while nothing in it has the focus."""
        if isinstance(event, events.Key) and self._early is not None and self.app.app_focus:
            self._early.append(event)
        else:
            super()._forward_event(event)

    def watch_focused(self, focused: Widget | None) -> None:
        if focused is not None and self._early is not None:
            early, self._early = self._early, None
            for event in early:
                focused._forward_event(event)

    def action_close(self) -> None:
        self.dismiss(None)
