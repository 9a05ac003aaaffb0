"""A setting's field: its label and value on one line, and beside it what is wrong with it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from memtui import config
from memtui.tui import safe


class Field(Vertical):
    """The input's name is the setting's key."""

    def __init__(
        self, key: str, label: str, value: str, example: str = "", secret: bool = False
    ) -> None:
        super().__init__(classes="field")
        self.key = key
        self.label, self.value, self.example, self.secret = label, value, example, secret

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(self.label, markup=False)
            yield Input(
                "" if self.value == _unsaid(self.key) else self.value,
                placeholder=safe.line(self.example).plain,
                password=self.secret,
                name=self.key,
                compact=True,
                select_on_focus=False,
            )
        yield Static("", classes="beside", markup=False)

    @property
    def input(self) -> Input:
        return self.query_one(Input)

    def say(self, sentence: str) -> None:
        """Stand beside the field until the value changes."""
        beside = self.query_one(".beside", Static)
        beside.display = bool(sentence)
        beside.update(safe.text(sentence, "$error", 600))


def as_setting(key: str, typed: str) -> str:
    """The setting's value for what is in its field."""
    return typed if typed.strip() else _unsaid(key)


def _unsaid(key: str) -> str:
    """The value of an empty field: a number says that nothing was chosen by being 0."""
    return "0" if type(config.declared(key).default) is int else ""
