"""A document as its reader found it: pages of text, headings, and what there is to say about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

PAGE_SEPARATOR = "\n"
"""What joins the pages of a document. Passages' `start` and `end` count in the joined text."""

UnreadableState = Literal["failed", "scanned", "empty"]


class UnreadableError(Exception):
    """The file gives no text. `str(error)` is the sentence for the user."""

    def __init__(self, sentence: str, state: UnreadableState = "failed") -> None:
        super().__init__(sentence)
        self.state: UnreadableState = state


@dataclass(frozen=True, slots=True)
class PageText:
    """`number` counts from 1, None for a file without pages; `label` is the number as printed."""

    text: str
    number: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A section begins at character `start` of the document's text. Level 1 is the highest."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class DocumentText:
    """`headings` are in order of their start. `notes` are sentences for the load's report."""

    kind: str
    pages: Sequence[PageText]
    title: str = ""
    author: str = ""
    headings: Sequence[Heading] = ()
    notes: Sequence[str] = field(default=())

    @property
    def text(self) -> str:
        return PAGE_SEPARATOR.join(page.text for page in self.pages)

    def page_starts(self) -> list[int]:
        """Where each page begins in `text`."""
        starts, position = [], 0
        for page in self.pages:
            starts.append(position)
            position += len(page.text) + len(PAGE_SEPARATOR)
        return starts
