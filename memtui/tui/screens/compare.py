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

LONGEST = 4000
"""Characters of a line that are shown."""


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
    """Line by line: what stays, what goes, what comes in its place."""
    old, new = before.splitlines()[:MOST], after.splitlines()[:MOST]
    lines: list[Content] = []
    # Not ndiff: it looks for likeness within lines, which may take minutes.
    for what, i, j, k, n in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if what == "equal":
            lines += [_line("  ", line, "$muted") for line in old[i:j]]
        else:
            lines += [_line("- ", line, "$error") for line in old[i:j]]
            lines += [_line("+ ", line, "$success") for line in new[k:n]]
    return lines


def _line(sign: str, line: str, style: str) -> Content:
    return Content.styled(sign, style) + safe.text(line, style, LONGEST)
