"""The line in which one types what to find in the conversation."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from memtui.api.finding import LONGEST
from memtui.tui.actions import bindings


class FindField(Input):
    BINDINGS = bindings("find")
    HELP = "Type what to find in the conversation. Enter and ↓ go on, ↑ goes back, Esc closes."

    class Step(Message):
        """To the next place, or with -1 to the one before."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Left(Message):
        """Nothing more is to be found."""

    def __init__(self) -> None:
        super().__init__(id="find-field", compact=True, max_length=LONGEST)

    def action_next(self) -> None:
        self.post_message(self.Step(1))

    def action_previous(self) -> None:
        self.post_message(self.Step(-1))

    def action_leave(self) -> None:
        self.post_message(self.Left())


class FindBar(Horizontal):
    DEFAULT_CSS = """
    FindBar { display: none; height: 1; margin: 0 1 0 0; background: $raised; }
    FindBar #find-sign { width: 6; padding: 0 0 0 1; color: $primary; }
    FindBar FindField { width: 1fr; height: 1; border: none; padding: 0; background: $raised; }
    FindBar #find-count { width: auto; padding: 0 1; color: $muted; }
    """

    def compose(self) -> ComposeResult:
        yield Static("find", id="find-sign", markup=False)
        yield FindField()
        yield Static("", id="find-count", markup=False)

    def tell(self, text: str, style: str = "$muted") -> None:
        self.query_one("#find-count", Static).update(Content.styled(text, style) if text else "")
