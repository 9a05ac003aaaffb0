"""What was found in the conversation, marked where it stands."""

from textual.content import Content
from textual.geometry import Region

from memtui.tui.finding import Finding, Piece, Place, pieces
from memtui.tui.store import Store
from memtui.tui.widgets.window import Window

FOUND, CHOSEN = "$accent bold underline", "bold $background on $warning"
"""How what was found is marked; the chosen place."""


class Found(Window):
    def __init__(self, store: Store, *, id: str) -> None:
        super().__init__(store, id=id)
        self._finding: Finding | None = None
        self._pieces: dict[str, tuple[list[Content], list[list[Piece]]]] = {}

    def label_room(self) -> int:
        """Cells before the text, for who says it."""
        return 8 if self._width >= 56 else 2

    @property
    def top(self) -> str:
        """The key of the first row in view."""
        anchor = self._anchor()
        return anchor[0] if anchor is not None else ""

    def mark(self, finding: Finding | None) -> None:
        """Mark what `finding` finds, the place that it has chosen otherwise than the others."""
        self._finding = finding
        self._pieces.clear()
        self._strips.clear()
        self.refresh()

    def reveal(self, place: Place) -> None:
        """Show a place that was found."""
        at = self._where(place.key)
        if at is None:
            return
        self._lay_out_around(at)
        self._at_end = False
        found = self._found(place.key)
        index = self._index_of(place.key)
        if index is None or not self._width:
            return
        line = found[min(place.number, len(found) - 1)][0][0] if found else 0
        region = Region(0, self._starts[index] + line, 1, 1)
        if not self._in_sight(region.y):
            self.scroll_to_region(
                region, animate=False, immediate=True, force=True, x_axis=False, center=True
            )

    def _in_sight(self, line: int) -> bool:
        return self.scroll_offset.y <= line < self.scroll_offset.y + self.size.height

    def _found(self, key: str) -> list[list[Piece]]:
        """Each occurrence in the lines of a row that is laid out."""
        index = self._at.get(key)
        finding = self._finding
        if finding is None or index is None or self.rows[index].kind not in ("you", "agent"):
            return []
        lines = self._drawn[key][1]
        known = self._pieces.get(key)
        if known is None or known[0] is not lines:
            gutter = self.label_room()
            found = pieces([line.plain[gutter:].rstrip() for line in lines], finding)
            known = self._pieces[key] = (lines, found)
        return known[1]

    def with_marks(self, key: str, number: int, line: Content) -> Content:
        if self._finding is None:
            return line
        found, gutter = self._found(key), self.label_room()
        place = self._finding.place
        chosen = min(place.number, len(found) - 1) if place and place.key == key else None
        for which, occurrence in enumerate(found):
            style = CHOSEN if which == chosen else FOUND
            for at, start, end in occurrence:
                if at == number:
                    line = line.stylize(style, start + gutter, end + gutter)
        return line
