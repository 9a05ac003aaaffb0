"""The frames of the three panes, and the row of tabs that stands for them when narrow."""

from textual import events
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

NAMES = ("sources", "chat", "mind")


class Pane(Vertical, can_focus=False):
    """A framed pane."""

    class Pressed(Message):
        """A click on the frame, or on its title."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, name: str, *children: Widget) -> None:
        super().__init__(*children, id=name, classes="pane")
        self.border_title = Content("memtui" if name == "chat" else name)
        self._title = self._note = Content("")

    def name_it(self, title: Content) -> None:
        """Set the title, when it is another one: it draws the whole pane."""
        if not title.is_same(self._title):
            self._title = title
            self.border_title = title

    def note(self, text: Content) -> None:
        """The same for the line at the bottom."""
        if not text.is_same(self._note):
            self._note = text
            self.border_subtitle = text

    def on_click(self, event: events.Click) -> None:
        if event.widget is self and self.id:
            self.post_message(self.Pressed(self.id))


class Tab(Static):
    class Pressed(Message):
        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, pane: str, key: str) -> None:
        text = Content.assemble((f" {key} ", "$muted"), f"{pane} ")
        super().__init__(text, id=f"tab-{pane}", classes="tab")
        self.pane = pane

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self.pane))


class Tabs(Horizontal):
    """One row: the panes' names, the shown one marked."""

    def fill(self, shown: str) -> None:
        self.mount(*(Tab(name, f"f{number}") for number, name in enumerate(NAMES, 2)))
        self.mark(shown)

    def mark(self, shown: str) -> None:
        for tab in self.query(Tab):
            tab.set_class(tab.pane == shown, "-shown")
