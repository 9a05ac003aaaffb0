"""Asking for the name of a file to write; one that exists is asked about."""

import asyncio
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal


class WriteTo(Modal[Path]):
    """Returns the file that may be written."""

    BINDINGS = bindings("form")
    AUTO_FOCUS = "#file"

    def __init__(self, title: str, text: str, name: str) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.name_ = name
        self._agreed: Path | None = None  # it exists, and has been asked about

    def compose(self) -> ComposeResult:
        with Vertical(classes="box small") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content("enter write · esc close")
            yield Static(safe.text(self.text, limit=600), markup=False, classes="text")
            yield Input(self.name_, id="file", compact=True)
            yield Static("", id="file-wrong", classes="wrong", markup=False)

    @on(Input.Changed)
    def typed(self) -> None:
        self._agreed = None
        self.query_one("#file-wrong").display = False

    @on(Input.Submitted)
    def submitted(self) -> None:
        self._look(self.query_one(Input).value.strip())

    @work(exclusive=True, exit_on_error=False)
    async def _look(self, typed: str) -> None:
        from memtui.api import files

        try:
            if not typed:
                raise MemtuiError("Type the name of a file.")
            path, there = await asyncio.to_thread(files.target, typed)
        except MemtuiError as error:
            self._say(str(error), "$error")
            return
        if there and path != self._agreed:
            self._agreed = path
            shown = fmt.path(str(path))
            self._say(f"{shown} exists already. Enter again replaces it.", "$warning")
            return
        self.dismiss(path)

    def _say(self, text: str, style: str) -> None:
        label = self.query_one("#file-wrong", Static)
        label.display = True
        label.update(safe.text(text, style, 600))
