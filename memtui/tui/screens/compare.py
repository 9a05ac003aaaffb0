"""A question about a text that is to be replaced: the old one in red, the new one in green."""

import difflib

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from memtui.tui import safe
from memtui.tui.screens.confirm import Confirm

MOST = 1000
"""Lines of a text that are compared."""


class Compare(Confirm):
    """True for yes. The arrows scroll; y and n answer."""

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, title: str, before: str, after: str, yes: str) -> None:
        super().__init__(title, "", yes)
        self.before = before
        self.after = after

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large") as box:
            box.border_title = Content(self.heading)
            with VerticalScroll(classes="difference"):
                text = Content("\n").join(difference(self.before, self.after))
                yield Static(text, markup=False, classes="text")
            with Horizontal(classes="buttons"):
                yield Button(Content(f"{self.yes} (y)"), id="yes", variant="error", compact=True)
                yield Button(Content("No (n)"), id="no", compact=True)


def difference(before: str, after: str) -> list[Content]:
    """Line by line: what goes, what comes, and what stays."""
    lines: list[Content] = []
    for line in difflib.ndiff(before.splitlines()[:MOST], after.splitlines()[:MOST]):
        if line[:2] != "? ":
            style = {"+": "$success", "-": "$error"}.get(line[0], "$muted")
            sign = Content.styled(line[0] + " ", style)
            lines.append(sign + safe.text(line[2:], style, 4000))
    return lines
