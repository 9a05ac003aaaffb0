"""One question with one line as its answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from memtui.api.errors import MemtuiError
from memtui.tui import safe
from memtui.tui.screens.modal import Modal

Answer = Callable[[str], Awaitable[Any]]


class Ask(Modal[Any]):
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

    @on(Input.Submitted)
    def submitted(self) -> None:
        if not any(worker.group == "ask" and not worker.is_finished for worker in self.workers):
            self._finish()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "done":
            self.submitted()
        else:
            self.dismiss(None)

    @work(group="ask", exit_on_error=False)
    async def _finish(self) -> None:
        try:
            result = await self.carry_out(self.query_one(Input).value.strip())
        except MemtuiError as error:
            wrong = self.query_one("#answer-wrong", Static)
            wrong.display = True
            wrong.update(safe.text(str(error), "$error", 600))
            return
        self.dismiss(result)
