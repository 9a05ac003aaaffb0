"""A tree of folders to choose files from, or the files that a search has found."""

from collections.abc import Hashable
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.files import Entry
from memtui.tui.widgets.rows import Rows


@dataclass(frozen=True)
class FileRow:
    """`entry` None: a hint."""

    key: str
    entry: Entry | None = None
    depth: int = 0
    open: bool = False
    marked: bool = False
    text: str = ""


class Folders(Rows[FileRow]):
    """`marked` are the chosen paths, and whether each is a folder."""

    BINDINGS = bindings("folders")
    HELP = "Space chooses a file or a folder, Enter unfolds a folder."
    follows = False
    uniform = True

    class Marked(Message):
        """Something was chosen, or not any more."""

    class Unfolded(Message):
        """The folder of this path is to be read."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__(id="folders")
        self.marked: dict[str, bool] = {}
        self.entries: list[Entry] = []
        self.inside: dict[str, list[Entry]] = {}  # by path of an unfolded folder
        self.hint = ""
        self.name_of_offer: str | None = None  # what had been typed for it

    def offer(self, entries: list[Entry], hint: str = "") -> None:
        self.entries, self.hint = entries, hint
        self.inside.clear()
        self.update()
        self.scroll_home(animate=False, immediate=True)
        self.cursor = self.key(self.rows[0]) if entries else None

    def update(self) -> None:
        rows: list[FileRow] = []
        for entry in self.entries:
            self._add(rows, entry, 0)
        if self.hint or not rows:
            rows.append(FileRow("hint", text=self.hint or "nothing of that name"))
        self.show(rows)

    def _add(self, rows: list[FileRow], entry: Entry, depth: int) -> None:
        inside = self.inside.get(entry.path)
        is_open, marked = inside is not None, entry.path in self.marked
        rows.append(FileRow(entry.path, entry, depth, is_open, marked))
        for below in inside or ():
            self._add(rows, below, depth + 1)

    def stamp(self, row: FileRow) -> Hashable:
        return row

    def selectable(self, row: FileRow) -> bool:
        return row.entry is not None

    def draw(self, row: FileRow, width: int) -> list[Content]:
        if row.entry is None:
            return [safe.line(row.text, "$muted").truncate(width, ellipsis=True)]
        mark = ("✓ ", "$success") if row.marked else ("  ", "")
        sign = ("▾ " if row.open else "▸ ") if row.entry.folder else "  "
        begin = Content.assemble(mark, ("  " * row.depth + sign, "$muted"))
        right = "" if row.entry.folder else f" {fmt.size(row.entry.size)}"
        room = max(3, width - begin.cell_length - len(right))
        name = row.entry.name + ("/" if row.entry.folder else "")
        label = safe.line(name, "bold" if row.marked else "").truncate(room, ellipsis=True)
        label = label.pad_right(max(0, room - label.cell_length))
        return [begin + label + Content.styled(right, "$muted")]

    def mark(self, path: str, folder: bool) -> None:
        """Choose it, or take that back."""
        if path in self.marked:
            del self.marked[path]
        else:
            self.marked[path] = folder
        self.update()
        self.post_message(self.Marked())

    def toggle(self, row: FileRow) -> None:
        if row.entry is not None:
            self.mark(row.entry.path, row.entry.folder)

    def put(self, path: str, entries: list[Entry]) -> None:
        """What is in an unfolded folder."""
        self.inside[path] = entries
        self.update()

    def action_unfold(self) -> None:
        row = self.current
        if row is not None and row.entry is not None and row.entry.folder and not row.open:
            self.post_message(self.Unfolded(row.entry.path))

    def action_fold_back(self) -> None:
        row = self.current
        if row is not None and row.open:
            del self.inside[row.key]
            self.update()

    def action_select(self) -> None:
        row = self.current
        if row is None or row.entry is None:
            return
        if not row.entry.folder:
            self.toggle(row)
        elif row.open:
            self.action_fold_back()
        else:
            self.action_unfold()

    def action_cursor_up(self) -> None:
        """From the first row to the field above."""
        if self.rows and self.cursor == self.key(self.rows[0]):
            self.screen.focus_previous()
        else:
            super().action_cursor_up()
