"""A question with yes and no."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal


class Confirm(Modal[bool]):
    """True for yes. No has the focus at first."""

    CLICK_CLOSES = True
    BINDINGS = bindings("confirm")
    AUTO_FOCUS = "#no"

    def __init__(self, title: str, text: str, yes: str) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.yes = yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="box small") as box:
            box.border_title = Content(self.heading)
            yield Static(safe.text(self.text, limit=2000), markup=False, classes="text", id="asked")
            with Horizontal(classes="buttons"):
                yield Button(Content(f"{self.yes} (y)"), id="yes", variant="error", compact=True)
                yield Button(Content("No (n)"), id="no", compact=True)

    def add(self, sentence: str) -> None:
        """What is known only now."""
        self.text = f"{self.text} {sentence}"
        for asked in self.query("#asked").results(Static):  # none when it is closed already
            asked.update(safe.text(self.text, limit=2000))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        self.dismiss(True)
