"""A reply while it arrives: what cannot change any more is laid out once, the rest each time.

However long a line, a block of code or a table grows, only its last few thousand characters are
laid out again with the next token.
"""

import re

from textual.content import Content

from memtui.tui import prose, safe

UNSETTLED = 3000
"""Characters that may wait for the end of their paragraph."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n", re.MULTILINE)
_CURSOR = " ▍"


class Streamed:
    """The lines of one growing text. `of` says which, and how wide: with another, begin anew."""

    def __init__(self, of: object = None, width: int = 0) -> None:
        self.of = of
        self.width = width
        self._lines: list[Content] = []
        self._done = 0  # characters that are laid out for good
        self._fence = ""  # what closes the block of code that they end in

    def lines(self, text: str) -> list[Content]:
        """`text` begins with all that it was before."""
        while self._settle(text[self._done : safe.LONGEST]):
            pass
        if len(text) > safe.LONGEST:
            rest = Content.styled(f"({len(text) - self._done:,} more characters)", "italic $muted")
            return [*self._lines, rest]
        return [*self._lines, *self._laid_out(text[self._done :] + _CURSOR)]

    def _settle(self, tail: str) -> bool:
        """Lay out what of `tail` is whole, or too long to wait; whether anything was."""
        if self._fence:
            closing = re.search(rf"^ {{0,3}}{self._fence}+[ \t]*$\n?", tail, re.MULTILINE)
            if closing is not None:
                self._take(tail[: closing.start()], closing.end(), gap=True)
                self._fence = ""
                return True
            return self._take_long(tail)
        cut = tail.rfind("\n\n")
        opened = self._open_block(tail[: max(0, cut)])
        if opened is not None:
            cut = opened.start()  # an open block of code is the last paragraph
        if cut > 0:
            self._take(tail[:cut], cut, gap=True)
            return True
        if len(tail) > UNSETTLED and (opened := self._open_block(tail)) is not None:
            if opened.start():
                self._take(tail[: opened.start()], opened.start())
                return True
            self._take_long(tail)
            self._fence = opened[1]
            return True
        return self._take_long(tail)

    @staticmethod
    def _open_block(text: str) -> re.Match[str] | None:
        """The line that begins a block of code which `text` does not end."""
        opened: re.Match[str] | None = None
        for fence in _FENCE.finditer(text + "\n"):
            if opened is None:
                opened = fence
            elif fence[1].startswith(opened[1]) and fence[0].strip() == fence[1]:
                opened = None
        return opened

    def _take_long(self, tail: str) -> bool:
        """What is too long, up to the end of a line or of a word, if it has any."""
        if len(tail) <= UNSETTLED:
            return False
        cut = tail.rfind("\n") + 1 or tail.rfind(" ") + 1 or len(tail)
        self._take(tail[:cut], cut)
        return True

    def _take(self, text: str, length: int, gap: bool = False) -> None:
        if text.strip():
            self._lines += self._laid_out(text)
        if gap and (text.strip() or self._fence):
            self._lines.append(Content(""))
        self._done += length

    def _laid_out(self, text: str) -> list[Content]:
        if self._fence:
            return prose.lines(f"{self._fence}\n{text}", [], self.width)
        if self._done and text.startswith("|"):  # more rows of a table
            return prose.plain_lines(text.rstrip("\n"), self.width)
        return prose.lines(text, [], self.width)
