"""The mouse, as a terminal reports it: everything that can be clicked, turned and dragged over."""

import base64
import re
import sys
from pathlib import Path

import pytest

from tests.engine.helpers import make_pdf, memtui
from tests.journey.terminal import Terminal
from tests.journey.test_tutorial import PAGES

APP = [sys.executable, "-m", "memtui", "run", "--persona", "memgpt_doc"]
ESCAPE, CTRL_C, CTRL_F, CTRL_Q = "\x1b", "\x03", "\x06", "\x11"

LEFT, DRAG, UP, DOWN = 0, 32, 64, 65


class Mouse:
    """Reports in the SGR form, at where a text stands on the screen."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def at(self, text: str, which: int = 0) -> tuple[int, int]:
        """Column and line of `text`, which waits until it is there; -1 is the last such place."""
        self.terminal.wait_for(text)
        lines = self.terminal.screen.display
        found = [(m.start(), y) for y, line in enumerate(lines)
                 for m in re.finditer(re.escape(text), line)]  # fmt: skip
        return found[which]

    def report(self, button: int, x: int, y: int, end: str = "M") -> None:
        self.terminal.type(f"\x1b[<{button};{x + 1};{y + 1}{end}")

    def press(self, x: int, y: int) -> None:
        self.report(LEFT, x, y)
        self.report(LEFT, x, y, "m")

    def click(self, text: str, which: int = 0, right: int = 0) -> None:
        """Click on `text`, or `right` of where it begins."""
        x, y = self.at(text, which)
        self.press(x + right, y)

    def turn(self, button: int, text: str, below: int, times: int = 60) -> None:
        """Turn the wheel `below` lines below `text`."""
        x, y = self.at(text)
        for _ in range(times):
            self.report(button, x, y + below)

    def drag(self, x: int, y: int, to: tuple[int, int]) -> None:
        self.report(LEFT, x, y)
        self.report(DRAG, x + 1, y)
        self.report(DRAG, *to)
        self.report(LEFT, *to, "m")


def copied(terminal: Terminal, seen: int) -> list[str]:
    """What was given to the terminal's clipboard after `seen` bytes."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)", terminal.raw[seen:])
    return [base64.b64decode(one).decode() for one in found]


def copy(terminal: Terminal) -> str:
    seen = len(terminal.raw)
    terminal.type(CTRL_C)
    terminal.wait_until(lambda _: bool(copied(terminal, seen)), "the clipboard")
    return copied(terminal, seen)[0]


@pytest.mark.parametrize(
    ("columns", "lines"), [(140, 45), pytest.param(80, 24, marks=pytest.mark.slow)]
)
def test_the_mouse(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int, lines: int
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    folder = tmp_path / "papers"
    folder.mkdir()
    make_pdf(folder / "tides.pdf", PAGES)
    make_pdf(folder / "birds.pdf", ["The osprey lives near lakes and eats fish."])
    memtui("load", "directory", "--name", "papers", "--input-dir", str(folder))
    with Terminal(APP, columns, lines) as terminal:
        mouse = Mouse(terminal)
        wide = columns > 100
        terminal.wait_for("❯ Message", "offline reader", "Hello")
        terminal.type("/attach papers\r")
        terminal.wait_for("Attached papers")
        terminal.type("How large is the tidal range in Lysa in spring?\r")
        terminal.wait_for("3.4 metres", "tides.pdf p. 2]", "searched the archive, 4 hits")

        # a citation, and a click beside the box that it opens
        mouse.click("tides.pdf p. 2]", right=3)
        terminal.wait_for("passage 2", "← → passages")
        mouse.press(0, 0)
        terminal.wait_until(lambda text: "← → passages" not in text, "the conversation")

        # what the agent did unfolds in place, and folds again
        mouse.click("▸ searched the archive")
        terminal.wait_for("▾ searched the archive", "birds.pdf")
        mouse.click("▾ searched the archive")
        terminal.wait_for("▸ searched the archive")

        # a place in the prompt, words in it, and words of the conversation
        mouse.click("❯", right=4)
        terminal.type("hello world")
        mouse.click("world")
        terminal.type("big ")
        terminal.wait_for("❯ hello big world")
        x, y = mouse.at("big world")
        mouse.drag(x, y, (x + 3, y))
        assert copy(terminal) == "big"
        x, y = mouse.at("“The tidal range")
        mouse.drag(x - 8, y, (x + 30, y + 1))
        said = copy(terminal)
        assert said.startswith("“The tidal range in Lysa is 3.4 metres in spring.”\n[papers,"), said
        terminal.wait_for("Copied")
        mouse.press(x + 40, y)  # which marks nothing any more
        mouse.click("hello", right=1)
        terminal.type("\x15\x0b")  # empties the line, from there to both ends
        terminal.wait_for("❯ Message")

        # the panes, by title or tab; a row of the sources, and the mark before one
        mouse.click("sources")
        terminal.wait_for("a attach")
        mouse.click("papers  ")
        mouse.click("▸ tides.pdf")
        terminal.wait_for("▾ tides.pdf", "▸ p. 2")
        mouse.click("▾ tides.pdf")
        terminal.wait_until(lambda text: "▸ p. 2" not in text, "the document folded")
        mouse.click("▸ tides.pdf", right=4)
        mouse.click("▸ p. 3")
        mouse.click("▾ p. 3", right=4)  # the name does what the mark does
        terminal.wait_for("▸ p. 3", "▸ p. 2")

        # a dialog's buttons: nothing is deleted
        terminal.type("d")
        mouse.click("No (n)", right=1)
        terminal.wait_until(lambda text: "No (n)" not in text, "the dialog closed")
        terminal.wait_for("tides.pdf")

        # the mind's tabs, its blocks, and a hit
        mouse.click("mind")
        terminal.wait_for("fold all")
        mouse.click("▾ thought")
        terminal.wait_until(lambda text: "look for “How" not in text, "the thought folded")
        for tab, wanted in (("2 Mem", "First name: Chad"), ("3 C", "of 16,384 tokens")):
            mouse.click(tab, right=2)
            terminal.wait_for(wanted)
        mouse.click("4 Hits", right=2)
        terminal.wait_until(
            lambda text: "p. 1–3" in text and "of 16,384 tokens" not in text, "the hits"
        )
        mouse.click("birds.pdf   ", -1)
        terminal.wait_for("hybrid", "esc back", "osprey")
        terminal.type(ESCAPE)
        terminal.wait_until(lambda text: "esc back" not in text, "the main screen")

        # the inspector's hits, and what its footer offers
        terminal.type(CTRL_F + "mussels")
        terminal.wait_for("❯ mussels", "birds.pdf p. 1")
        mouse.click("birds.pdf p. 1")
        terminal.wait_for("passage 1")
        terminal.type(ESCAPE)
        if not wide:  # the passage has the whole screen: back to the hits first
            terminal.wait_for("words           where")
            terminal.type(ESCAPE)
        mouse.click("chat" if not wide else "offline reader")
        terminal.wait_for("⏎ send")

        # the wheel turns what is under the mouse, whatever has the focus
        for question in (*["Why do the mussels close at noon?"] * 3, "Who eats fish?"):
            terminal.type(question + "\r")
        terminal.wait_for("4 hits", "“Who eats")
        terminal.wait_until(lambda text: "esc stop" not in text, "the last answer's end")
        mouse.turn(UP, "offline reader", below=9)
        terminal.wait_for("Hello, Chad!")
        mouse.turn(DOWN, "offline reader", below=9)
        terminal.wait_for("“Who eats")
        if not wide:
            mouse.click("mind")
        mouse.click("1 Act", right=2)
        terminal.wait_for("fold all")
        terminal.type("ff")  # all of it folded, all unfolded: now it does not fit
        mouse.turn(DOWN, "1 Act", below=9)
        terminal.wait_until(lambda text: "Someone is here" not in text, "the end of the mind")
        mouse.turn(UP, "1 Act", below=9)
        terminal.wait_for("Someone is here")
        terminal.type(CTRL_Q)
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.raw
