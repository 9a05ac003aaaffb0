"""One question with one line as its answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from memtui.api.errors import MemtuiError
from memtui.tui import safe
from memtui.tui.screens.form import Form

Answer = Callable[[str], Awaitable[Any]]


class Ask(Form[Any]):
    """Returns what `carry_out` made of the answer; what it raises stands below the field.

    Of a `secret` answer only dots are seen.
    """

    AUTO_FOCUS = "Input"

    def __init__(
        self,
        title: str,
        label: str,
        value: str,
        done: str,
        carry_out: Answer,
        secret: bool = False,
    ) -> None:
        super().__init__()
        self.secret = secret
        self.heading, self.label, self.value, self.done = title, label, value, done
        self.carry_out = carry_out

    def compose(self) -> ComposeResult:
        with Vertical(classes="box small") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content(f"enter {self.done.lower()} · esc close")
            yield Label(safe.text(self.label, limit=400), markup=False)
            yield Input(self.value, id="answer", compact=True, password=self.secret)
            yield Static("", id="answer-wrong", classes="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content(self.done), id="done", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    async def finish(self) -> None:
        try:
            result = await self.carry_out(self.query_one(Input).value.strip())
        except MemtuiError as error:
            self.say_wrong("answer", str(error))
            return
        self.dismiss(result)
