"""Jump mode: a letter over everything that can have the focus; the letter goes there."""

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from memtui.tui.screens.modal import Modal
from memtui.tui.widgets.panes import Tab

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""In the order in which they are given away: those under the fingers first."""


def targets(screen: Screen[object]) -> dict[str, Widget]:
    """What is seen of `screen` and can have the focus, and the tabs of the panes, by letter."""
    tabs = [tab for tab in screen.query(Tab) if tab.parent is not None and tab.region]
    seen = [
        widget
        for widget in (*tabs, *screen.focus_chain)
        if widget.region and screen.region.overlaps(widget.region) and widget.display
    ]
    return dict(zip(LETTERS, seen, strict=False))


class Jump(Modal[Widget]):
    """Returns the widget whose letter was pressed. Any other key closes it."""

    CSS_PATH: ClassVar = [Modal.CSS_PATH, Path(__file__).with_name("jump.tcss")]
    AUTO_FOCUS = ""

    def __init__(self, below: Screen[object]) -> None:
        super().__init__()
        self._early = None  # nothing here ever has the focus
        self._shown_at = below.size
        self.targets = targets(below)

    def compose(self) -> ComposeResult:
        for letter, widget in self.targets.items():
            sign = Static(f" {letter} ", classes="jump", markup=False)
            sign.styles.offset = (max(0, widget.region.x), max(0, widget.region.y))
            yield sign

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(self.targets.get(event.key))

    def on_click(self, event: events.Click) -> None:
        for widget in self.targets.values():
            if widget.region.contains(event.screen_x, event.screen_y):
                self.dismiss(widget)
                return
        self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        """The letters would stand in the wrong places."""
        if event.size != self._shown_at:
            self.dismiss(None)


def go(widget: Widget | None) -> None:
    if isinstance(widget, Tab):
        widget.post_message(Tab.Pressed(widget.pane))
    elif widget is not None and widget.is_attached:
        widget.screen.set_focus(widget)
