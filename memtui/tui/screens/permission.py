"""May this tool be called? With its arguments, as plain text."""

import json
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from memtui.api.tools import PermissionRequest

PAUSE = 1.0
"""Seconds before a key counts: whoever was typing when the question came has not answered it."""

_ANSWERS = (
    ("once", "Once (o)"),
    ("always", "Always (a)"),
    ("never", "Never (n)"),
)


class Permission(Modal[str]):
    """`once`, `always` or `never`; None for closing it, not this time; `gone`: too late."""

    BINDINGS = bindings("permission")
    AUTO_FOCUS = "#permission-arguments"

    def __init__(self, request: "PermissionRequest") -> None:
        super().__init__()
        self._early = None  # what is typed before it is seen is lost
        self.request = request
        self.armed = False
        self._gone = self._left = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content("permission")
            box.border_subtitle = Content("esc not this time")
            question = safe.line(self.request.agent or "The agent", "bold", 80)
            question += Content(" wants to call ") + safe.line(self.request.tool, "bold", 80)
            question += Content.styled("\nAlways and never hold for this agent.", "$muted")
            yield Static(question, id="permission-question", markup=False, classes="text")
            with VerticalScroll(id="permission-arguments"):
                yield Static(self._arguments(), markup=False)
            with Horizontal(id="permission-answers", classes="buttons"):
                for answer, label in _ANSWERS:
                    yield Button(Content(label), id=answer, compact=True, disabled=True)

    def _arguments(self) -> Content:
        lines: list[Content] = []
        for name, value in self.request.arguments.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(safe.line(f"{name}:", "$muted", 80) + Content(" ") + safe.text(shown))
        return Content("\n").join(lines) if lines else Content.styled("no arguments", "$muted")

    def on_mount(self) -> None:
        self.set_timer(PAUSE, self._arm)

    def _arm(self) -> None:
        self.armed = True
        for button in self.query(Button):
            button.disabled = False

    def gone(self) -> None:
        """Nobody waits for an answer any more: close, as soon as nothing lies above."""
        self._gone = True
        if self.app.screen is self:
            self._leave("gone")

    def on_screen_resume(self) -> None:
        if self._gone:
            self._leave("gone")

    def _leave(self, answer: str | None) -> None:
        """Once: an answer and the news that it is too late may come together."""
        if not self._left:
            self._left = True
            self.dismiss(answer)

    def action_answer(self, answer: str) -> None:
        if self.armed:
            self._leave(answer)

    def action_close(self) -> None:
        if self.armed:
            self._leave(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.action_answer(event.button.id or "")
