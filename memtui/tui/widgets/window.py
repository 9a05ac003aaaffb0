"""The part of a conversation that is laid out: a window over the data, however long it is."""

from itertools import pairwise

from textual.message import Message

from memtui.tui.conversation import Item
from memtui.tui.store import Store
from memtui.tui.widgets.rows import Rows

FIRST, STEP, MOST = 30, 20, 60
"""Items laid out: at first, more at a time when scrolling up, at most while at the end."""

_ABOVE = ("agent", "activity")  # what a tool line follows without an empty line


class Window(Rows[Item]):
    class Older(Message):
        """Items older than those in the store are wanted."""

    class Newer(Message):
        """So many messages have come below what is being read; 0: none is left unseen."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class ReachedBottom(Message):
        """The end of what is laid out has come near, and there is more in the store."""

    def __init__(self, store: Store, *, id: str) -> None:
        super().__init__(id=id)
        self.store = store
        self._first = ""  # key of the first item laid out
        self._last = ""  # of the last one, when those at the end are not laid out
        self._tight: set[str] = set()  # keys of the rows right above a tool line of theirs
        self._seen = ""  # key of the last item that was at the end while the end was in view
        self._newer = 0

    def update(self) -> None:
        items = self.store.items
        first = self._where(self._first)
        last = self._where(self._last) if self._last else None
        end = len(items) if last is None else last + 1
        if last is None:
            self._last = ""
        if first is None or (self._at_end and not self._last and end - first > MOST):
            first, end, self._last = max(0, len(items) - FIRST), len(items), ""
        self._first = items[first].key if items else ""
        self.follows = not self._last  # what comes is below what is laid out
        self._tight = {
            row.key
            for row, below in pairwise(items[first:end])
            if below.kind == "activity" and row.turn == below.turn and row.kind in _ABOVE
        }
        self.show(items[first:end])
        self._count_newer()

    def _count_newer(self) -> None:
        items, count = self.store.items, 0
        at_end = self._at_end and not self._last
        if at_end or self.store.item(self._seen) is None:
            self._seen = items[-1].key if items else ""
        else:
            for item in reversed(items):
                if item.key == self._seen:
                    break
                count += item.kind in ("you", "agent")
        if count != self._newer:
            self._newer = count
            self.post_message(self.Newer(count))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._newer and self._at_end:
            self._count_newer()
        if (
            self._last
            and new_value > old_value
            and new_value + self.size.height > self.max_scroll_y
        ):
            self.post_message(self.ReachedBottom())

    def _where(self, key: str) -> int | None:
        """Where an item is; looked for from the end, which is near."""
        items = self.store.items
        return next((i for i in range(len(items) - 1, -1, -1) if items[i].key == key), None)

    def on_rows_reached_top(self, event: Rows.ReachedTop) -> None:
        event.stop()
        items = self.store.items
        if first := self._where(self._first):
            self._first = items[max(0, first - STEP)].key
            self.update()
        elif self.store.oldest is not None:
            self.post_message(self.Older())

    def on_window_reached_bottom(self, event: ReachedBottom) -> None:
        event.stop()
        if (last := self._where(self._last)) is not None:
            later = self.store.items[last + 1 :][:STEP]
            self._last = later[-1].key if len(later) == STEP else ""
            self.update()

    def to_end(self) -> None:
        if self._last:
            self._first = self._last = ""
            self._at_end = True
            self.update()
        super().to_end()

    def action_scroll_end(self) -> None:
        self.to_end()

    def _lay_out_around(self, at: int) -> None:
        """Make the item at `at` one of those that are laid out."""
        items = self.store.items
        first, last = self._where(self._first), self._where(self._last)
        if first is None or not first <= at <= (len(items) - 1 if last is None else last):
            end = at + FIRST // 2
            self._first = items[max(0, at - FIRST // 2)].key
            self._last = items[end].key if end < len(items) - 1 else ""
            self._at_end = False
            self.update()
