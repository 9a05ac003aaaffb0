"""`python -m tests.benchmarks.panes`: the app's own widgets and styles, with nothing behind them.

All are there in the first frame; no configuration is read and no engine is looked for.
"""

from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer, Static

from memtui.tui import app as memtui_app
from memtui.tui import layout, themes
from memtui.tui.actions import bindings
from memtui.tui.store import Store
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.panes import Pane, Tabs
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.status import Status
from memtui.tui.widgets.transcript import Transcript


class PanesScreen(Screen[None]):
    BINDINGS = bindings("main")

    def compose(self) -> ComposeResult:
        store = Store()
        yield Tabs(id="tabs")
        with Horizontal(id="panes"):
            with Pane("sources"):
                yield Sources(store)
            with Pane("chat"):
                yield Static("", id="trouble", markup=False)
                yield Transcript(store)
                yield Static("", id="empty", markup=False)
                yield Status(store)
                yield Completion(store)
                yield Horizontal(Static("❯", id="sign"), Prompt(), id="input")
            with Pane("mind"):
                yield Mind(store)
        yield Static("", id="too-small", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Tabs).fill("chat")
        for hidden in ("#trouble", "#completion", "#transcript"):
            self.query_one(hidden).display = False
        self.query_one(Prompt).focus()


class Panes(App[None]):
    CSS_PATH = Path(memtui_app.__file__).with_name("app.tcss")
    HORIZONTAL_BREAKPOINTS = layout.HORIZONTAL
    VERTICAL_BREAKPOINTS = layout.VERTICAL
    BINDINGS = bindings("app")

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(themes.DARK)
        self.theme = themes.DARK.name

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        return {**themes.variables_for(variables), **variables}

    def get_default_screen(self) -> Screen[Any]:
        return PanesScreen(id="main")


if __name__ == "__main__":
    Panes().run()
