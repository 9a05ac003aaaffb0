"""How a hit is drawn in the mind, in two lines."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.inspector.said import kind, when, who

if TYPE_CHECKING:
    from memtui.api.search import Hit
    from memtui.tui.conversation import Block


def draw(hit: "Hit", width: int) -> list[Content]:
    """A bar for the score, the place, and a line of the text with the matched terms."""
    cells = 5 if width >= 36 else 3
    score = Content.styled(fmt.gauge(hit.score, cells), "$primary on $line")
    figure = Content.styled(fmt.score(hit.score).removeprefix("0").rjust(5), "$muted")
    page = fmt.page(hit.page, hit.page_end, hit.page_label) or when(hit)
    name = hit.document or hit.source or who(hit) or kind(hit.scope)
    room = max(4, width - 2 - cells - figure.cell_length - 2 - (len(page) + 1 if page else 0))
    place = safe.line(name)
    if place.cell_length > room:  # the ending of a file's name says the least
        place = safe.line(PurePath(name).stem).truncate(room, ellipsis=True)
    place = place.pad_right(max(0, room - place.cell_length))
    first = Content("").join([Content("  "), score, figure, Content("  "), place])
    if page:
        first += Content.styled(f" {page}", "$accent")
    text = safe.snippet(hit.text, hit.terms, max(10, width * 2), "$muted", "$foreground bold")
    return [first, (Content("  ") + text).truncate(width, ellipsis=True)]


def query(block: "Block") -> Content:
    """What a call searched for, in quotation marks; nothing for another call."""
    asked = block.arguments.get("query")
    return safe.line(f"“{asked}”", "", 200) if isinstance(asked, str) else Content("")
