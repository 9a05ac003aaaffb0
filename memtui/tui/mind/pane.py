"""The mind pane: a row of tabs, and below it the one that is shown.

A tab is made when it is shown first, and asks the engine only while it is shown.
"""

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from memtui.tui.actions import bindings
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.panes import Pane

if TYPE_CHECKING:
    from memtui.tui.mind.tab import MindTab
    from memtui.tui.store import Store

TABS = ("activity", "memory", "context", "hits")
_SHORT = {"activity": "Act", "memory": "Mem", "context": "Ctx", "hits": "Hits"}
_FULL = 38  # columns from which the names are whole


class TabBar(Static):
    """One row with the tabs' names, the shown one marked; a click shows another."""

    class Pressed(Message):
        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self) -> None:
        super().__init__("", id="mind-tabs", markup=False)
        self.shown = TABS[0]

    def mark(self, shown: str) -> None:
        self.shown = shown
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        row = Content("")
        for number, name in enumerate(TABS, 1):
            text = name.title() if self.size.width >= _FULL else _SHORT[name]
            style = "bold $foreground on $selected" if name == self.shown else "$muted"
            label = Content.assemble((f"{number} ", "$muted"), (f"{text} ", style))
            row += label
        self.update(row, layout=False)

    def on_click(self, event: events.Click) -> None:
        at = 0
        for name in TABS:
            at += len(name.title() if self.size.width >= _FULL else _SHORT[name]) + 3
            if event.x < at:
                self.post_message(self.Pressed(name))
                return


class MindPane(Pane):
    BINDINGS = bindings("mind_tabs")

    def __init__(self, store: "Store") -> None:
        self.store = store
        self.shown = TABS[0]
        self._tabs: dict[str, MindTab] = {}
        super().__init__("mind")

    def fill(self) -> None:
        self.mount(TabBar(), Mind(self.store))

    def on_tab_bar_pressed(self, event: TabBar.Pressed) -> None:
        event.stop()
        self.show_tab(event.tab)

    def show_tab(self, name: str) -> None:
        """Show it and give it the focus."""
        self.shown = name
        self.query_one(TabBar).mark(name)
        mind = self.query_one(Mind)
        mind.display = name == TABS[0]
        if name not in self._tabs and name != TABS[0]:
            self._tabs[name] = _make(name, self.store)
            self.mount(self._tabs[name])
        for known, tab in self._tabs.items():
            tab.display = known == name
        if name == TABS[0]:
            mind.update()
        else:
            self._tabs[name].stale = True
            self._tabs[name].look()
        self.focus_shown()

    def focus_shown(self) -> None:
        """Now, or as soon as the tab is there."""
        tab = self._tabs.get(self.shown)
        if tab is None:
            self.screen.set_focus(self.query_one(Mind))
        elif tab.ready:
            self.screen.set_focus(tab.target)
        else:
            tab.memtui.main.await_focus()

    def draw(self, parts: set[str]) -> None:
        """Draw what of the shown tab has changed; the others find out when they are shown."""
        tab = self._tabs.get(self.shown)
        if tab is None:
            if "mind" in parts:
                self.query_one(Mind).update()
        elif tab.HEARS & parts or tab.another_agent():
            tab.stale = True
            tab.look()


def _make(name: str, store: "Store") -> "MindTab":
    if name == "memory":
        from memtui.tui.mind.memory import MemoryTab

        return MemoryTab(store)
    if name == "context":
        from memtui.tui.mind.context import ContextTab

        return ContextTab(store)
    from memtui.tui.mind.found import HitsTab

    return HitsTab(store)
