"""Earlier messages of the user, found by a part of them: the history search of the prompt."""

import itertools
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from memtui.api.errors import MemtuiError
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.picker import MOST, Choice, Picker

_LENGTH = 100  # characters of a message that are shown


class Earlier(Picker):
    """Returns the message that was chosen. `sent` are known, newest first; `older` are read."""

    CSS_PATH: ClassVar = [Picker.CSS_PATH, Path(__file__).with_name("earlier.tcss")]
    BINDINGS = bindings("earlier")
    PLACEHOLDER = "Type a part of a message"
    NOTHING = "no message has that"

    def __init__(self, sent: Iterable[str], older: AsyncIterator[Sequence[str]]) -> None:
        self.texts = dict.fromkeys(sent)  # in their order, each once
        super().__init__("your earlier messages", [Choice(text, text) for text in self.texts])
        self.older: AsyncIterator[Sequence[str]] | None = older
        self.wrong = ""  # why older ones cannot be read

    def on_mount(self) -> None:
        super().on_mount()
        self._read_older()

    @work(exit_on_error=False)
    async def _read_older(self) -> None:
        """Page by page, until there is no more or somebody has chosen."""
        assert self.older is not None
        try:
            async for page in self.older:
                self.texts.update(dict.fromkeys(page))
                self._grow()
        except MemtuiError as error:
            self.wrong = str(error)
        self.older = None
        self._grow()

    def _grow(self) -> None:
        """What has been read since stands at the end: the row under the cursor stays."""
        options = self.query_one(OptionList)
        at = options.highlighted
        self.choices = [Choice(text, text) for text in self.texts]
        self._fill(self.query_one(Input).value)
        if at is not None and at < len(self.shown):
            options.highlighted = at

    def matching(self, typed: str) -> list[Choice]:
        words = _patterns(typed)
        found = (
            choice
            for choice in self.choices or ()
            if all(word.search(choice.title) for word in words)
        )
        return list(itertools.islice(found, MOST))

    def _fill(self, typed: str) -> None:
        super()._fill(typed)
        options = self.query_one(OptionList)
        if self.older is not None:
            if not self.shown:
                options.clear_options()
            reading = Content.styled("reading older ones …", "$muted")
            options.add_option(Option(reading, None, True))
        elif self.wrong:
            options.add_option(Option(safe.line(self.wrong, "$error"), None, True))

    def line(self, choice: Choice, typed: str) -> Content:
        spans = [found.span() for word in _patterns(typed) for found in word.finditer(choice.title)]
        return safe.snippet(choice.title, spans, _LENGTH, "", "$accent bold")


def _patterns(typed: str) -> list[re.Pattern[str]]:
    return [re.compile(re.escape(word), re.IGNORECASE) for word in typed.split()]
