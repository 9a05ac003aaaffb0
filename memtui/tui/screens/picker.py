"""Choose one of several by typing part of its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal


@dataclass(frozen=True)
class Choice:
    key: str
    title: str
    detail: str = ""


class Picker(Modal[str]):
    """Returns the key of the choice."""

    BINDINGS = bindings("picker")

    def __init__(self, title: str, choices: Sequence[Choice], hint: str = "") -> None:
        super().__init__()
        self.heading = title
        self.choices = list(choices)
        self.hint = hint
        self.shown = self.choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content(self.hint or "enter choose · esc close")
            yield Input(placeholder="Type to filter", id="filter", compact=True)
            yield OptionList(id="choices", compact=True, markup=False)

    def on_mount(self) -> None:
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, typed: str) -> None:
        words = typed.casefold().split()
        self.shown = [
            choice for choice in self.choices
            if all(word in f"{choice.title} {choice.detail}".casefold() for word in words)
        ]  # fmt: skip
        self.shown.sort(key=lambda choice: not choice.title.casefold().startswith(typed.casefold()))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(self._line(choice)) for choice in self.shown[:200])
        if self.shown:
            options.highlighted = 0
        else:
            options.add_option(Option(Content.styled("nothing of that name", "$muted"), None, True))

    @staticmethod
    def _line(choice: Choice) -> Content:
        title = safe.line(choice.title, "", 60)
        return title + (
            Content("  ") + safe.line(choice.detail, "$muted", 80) if choice.detail else ""
        )

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def on_input_submitted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.shown):
            self.dismiss(self.shown[at].key)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_index < len(self.shown):
            self.dismiss(self.shown[event.option_index].key)
