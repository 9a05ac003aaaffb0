"""Choose one of several by typing part of its name."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from memtui.api.errors import MemtuiError
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal


@dataclass(frozen=True)
class Choice:
    key: str
    title: str
    detail: str = ""


MOST = 200
"""Rows that are shown."""

Read = Callable[[], Awaitable[Sequence[Choice]]]


class Picker(Modal[str]):
    """Returns the key of the choice. Rows that have to be asked for are given as a function.

    An Enter before they are there chooses as soon as they are.
    """

    CLICK_CLOSES = True
    BINDINGS = bindings("picker")
    PLACEHOLDER = "Type to filter"
    NOTHING = "nothing of that name"

    def __init__(self, title: str, choices: Sequence[Choice] | Read, hint: str = "") -> None:
        super().__init__()
        self.heading = title
        self.choices: list[Choice] | None = None if callable(choices) else list(choices)
        self.read = choices if callable(choices) else None
        self.hint = hint
        self.shown: list[Choice] = []
        self._steps = 0  # down and up, before there was a row
        self._entered = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content(self.hint or "enter choose · esc close")
            yield Input(placeholder=self.PLACEHOLDER, id="filter", compact=True)
            yield OptionList(id="choices", compact=True, markup=False)

    def on_mount(self) -> None:
        self._fill("")
        if self.read is not None:
            self._read(self.read)

    @work(exit_on_error=False)
    async def _read(self, read: Read) -> None:
        try:
            self.choices = list(await read())
        except MemtuiError as error:
            options = self.query_one(OptionList)
            options.clear_options()
            options.add_option(Option(safe.text(str(error), "$error"), None, True))
            return
        self._fill(self.query_one(Input).value)
        for _ in range(abs(self._steps)):
            self._step(1 if self._steps > 0 else -1)
        if self._entered:
            self.choose()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, typed: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        if self.choices is None:
            options.add_option(Option(Content.styled("reading …", "$muted"), None, True))
            return
        self.shown = self.matching(typed)
        options.add_options(Option(self.line(choice, typed)) for choice in self.shown[:MOST])
        if self.shown:
            options.highlighted = 0
        else:
            options.add_option(Option(Content.styled(self.NOTHING, "$muted"), None, True))

    def matching(self, typed: str) -> list[Choice]:
        """What has all of the words, first what begins with them."""
        words = typed.casefold().split()
        found = [
            choice for choice in self.choices or ()
            if all(word in f"{choice.title} {choice.detail}".casefold() for word in words)
        ]  # fmt: skip
        found.sort(key=lambda choice: not choice.title.casefold().startswith(typed.casefold()))
        return found

    def line(self, choice: Choice, typed: str) -> Content:
        title = safe.line(choice.title, "", 60)
        return title + (
            Content("  ") + safe.line(choice.detail, "$muted", 80) if choice.detail else ""
        )

    def action_down(self) -> None:
        self._step(1)

    def action_up(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        options = self.query_one(OptionList)
        if self.choices is None:
            self._steps += step
        elif step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def on_input_submitted(self) -> None:
        self.choose()

    def choose(self) -> None:
        if self.choices is None:
            self._entered = True
            return
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.shown):
            self.dismiss(self.shown[at].key)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_index < len(self.shown):
            self.dismiss(self.shown[event.option_index].key)
