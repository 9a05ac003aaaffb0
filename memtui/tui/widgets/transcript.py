"""The conversation: a window of laid-out items over the store's data."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection

from memtui.api.plain import plain
from memtui.tui import format as fmt
from memtui.tui import prose
from memtui.tui.actions import bindings
from memtui.tui.conversation import Item
from memtui.tui.mind import activity
from memtui.tui.store import Store
from memtui.tui.streamed import Streamed
from memtui.tui.widgets.found import Found
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.agents import Citation

_LABELS = {"you": ("you", "$primary"), "agent": ("agent", "$secondary")}


class Transcript(Found):
    BINDINGS = bindings("transcript")
    HELP = (
        "The conversation. Arrows scroll; ← → choose a citation, [ ] a message. Enter opens the "
        "passage, or unfolds what the agent did."
    )

    class Cited(Message):
        """The passage of a citation is to be opened."""

        def __init__(self, passage_id: str) -> None:
            super().__init__()
            self.passage_id = passage_id

    class Edit(Message):
        """A message of the user is to be edited and sent again; None: there is none."""

        def __init__(self, item: Item | None) -> None:
            super().__init__()
            self.item = item

    def __init__(self, store: Store) -> None:
        super().__init__(store, id="transcript")
        # The chosen citation, and the turn of its message: at a turn's end both are read anew.
        self._citation: tuple[str, Citation] | None = None
        self._unfolded: set[str] = set()  # keys of the tool lines whose details are shown
        self._stream = Streamed()
        self._copied: tuple[str, int] = ("", 0)  # key of a message, blocks of its code copied

    def _forward_event(self, event: events.Event) -> None:
        """What has no use here is written in the prompt. The focus goes there before the app
        sends the next key: letters stay in their order.
        """
        typed = isinstance(event, events.Key) and event.is_printable
        if isinstance(event, events.Paste) or (
            typed and event.key not in self.screen.active_bindings  # type: ignore[attr-defined]
        ):
            prompt = self.screen.query_one(Prompt)
            self.screen.set_focus(prompt)
            prompt._forward_event(event)
        else:
            super()._forward_event(event)

    def selectable(self, row: Item) -> bool:
        return row.kind in ("you", "agent", "activity")

    def _choose_first(self) -> None:
        """Nothing is chosen until somebody chooses it."""

    def _jump(self, rows: Sequence[Item]) -> None:
        """To the beginning or the end is a scroll here, and chooses nothing."""

    def toggle(self, row: Item) -> None:
        """Unfold a tool line in place, or fold it."""
        if row.kind != "activity":
            return
        self._unfolded ^= {row.key}
        self._at_end = False
        self.show(self.rows)
        at = self._index_of(row.key)
        if at is not None and row.key in self._unfolded:
            self._show_row(at)

    def stamp(self, row: Item) -> Hashable:
        block = self.store.block(row.block)
        chosen = id(self._chosen_in(row))
        own = (row.key in self._unfolded, row.key in self._tight)
        return (row.version, row.state, row.live, block.version if block else 0, chosen, own)

    def draw(self, row: Item, width: int) -> list[Content]:
        gutter = self.label_room()
        room = width - gutter - 1
        if row.kind == "agent":
            if row.live:
                body = self._streamed(row, room)
            else:
                body = prose.lines(row.text, row.citations, room, self._chosen_in(row))
        elif row.kind == "you":
            body = prose.plain_lines(row.text, room, "$muted" if row.state else "")
            if row.state == "queued":
                body.append(Content.styled("waits until the agent has finished", "italic $muted"))
            elif row.state == "failed":
                body.append(Content.styled("was not sent", "italic $error"))
        elif row.kind == "activity":
            body = activity.lines(self.store.block(row.block), room, row.key in self._unfolded)
        elif row.kind == "problem":
            body = prose.plain_lines(row.text, room, "$error")
        else:
            body = prose.plain_lines(row.text, room, "italic $muted")
        label, style = _LABELS.get(row.kind, ("", ""))
        if row.kind == "problem":
            label, style = "✗", "$error"
        if gutter == 2 and label:
            label = {"you": "❯", "agent": "•"}.get(label, label)
        sign = Content.styled(label.ljust(gutter), f"bold {style}".strip())
        blank = Content(" " * gutter)
        lines = [(blank if number else sign) + line for number, line in enumerate(body)]
        tight = row.key in self._tight and row.key not in self._unfolded
        return lines if tight else [*lines, Content("")]

    def _streamed(self, row: Item, width: int) -> list[Content]:
        if self._stream.of is not row or self._stream.width != width:
            self._stream = Streamed(row, width)
        return self._stream.lines(row.text)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Without the column that says who speaks."""
        gutter = self.label_room()
        lines = [line.plain[gutter:] for at in range(len(self.rows)) for line in self._lines(at)]
        start, end = (at and Offset(max(0, at.x - gutter), at.y) for at in selection)
        return Selection(start, end).extract("\n".join(lines)), "\n"

    # citations

    def _chosen_in(self, row: Item) -> "Citation | None":
        if self._citation is None or row.turn != self._citation[0]:
            return None
        return next((cited for cited in row.citations if cited == self._citation[1]), None)

    def _citations(self) -> "list[tuple[Item, Citation]]":
        return [
            (item, cited)
            for item in self.rows
            for cited in sorted(item.citations, key=lambda cited: cited.start)
            if cited.verified and cited.passage_id
        ]

    def _step(self, step: int) -> None:
        found = self._citations()
        if not found:
            if any(item.live for item in self.rows):
                said = "The agent is still writing; what it cites can be chosen when it is done."
            elif any(item.citations for item in self.rows):
                said = "No citation here could be verified."
            else:
                said = "No answer here cites a passage."
            self.notify(said, markup=False)
            return
        at = next((n for n, (item, c) in enumerate(found) if c is self._chosen_in(item)), None)
        if at is not None:
            at = (at + step) % len(found)
        elif step < 0:
            at = len(found) - 1
        else:  # the first one of the last answer that has any
            at = next(n for n, (item, _) in enumerate(found) if item is found[-1][0])
        item, cited = found[at]
        self._citation = (item.turn, cited)
        self._at_end = False
        self.show(self.rows)
        if (number := self._index_of(self.key(item))) is not None:
            self._show_row(number)

    def on_blur(self) -> None:
        if not self.screen.is_current or self.screen.focused is self:  # which has come back
            return
        self.cursor = None
        if self._citation is not None:
            self._citation = None
            self.show(self.rows)
            self._at_end = self.scroll_y >= self.max_scroll_y

    def action_previous_citation(self) -> None:
        self._step(-1)

    def action_next_citation(self) -> None:
        self._step(1)

    def action_select(self) -> None:
        if self._citation is not None:
            self.post_message(self.Cited(str(self._citation[1].passage_id)))
        elif self.current is not None and self.current.kind == "activity":
            self.toggle(self.current)
        else:
            self.notify(
                "← and → choose a citation, [ and ] a message; Enter opens it.", markup=False
            )

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if passage_id := event.meta.get("passage"):
            self.post_message(self.Cited(str(passage_id)))
        elif event.row.kind == "activity":
            self.toggle(event.row)

    def action_previous_message(self) -> None:
        self._to_message(-1)

    def action_next_message(self) -> None:
        self._to_message(1)

    def action_edit(self) -> None:
        """The chosen message, else what the user said last before it, or before what is in view."""
        at = self._index_of(self.cursor)
        before = self.rows[: (self._shown_places()[-1] if at is None else at) + 1]
        said = next((item for item in reversed(before) if item.kind == "you"), None)
        self.post_message(self.Edit(said))

    def action_copy(self) -> None:
        if message := self._message():
            self._copy(plain(message.text), "the message")

    def action_copy_code(self) -> None:
        """The first block of code, and at each further press the next one."""
        message = self._message()
        blocks = prose.code(message.text) if message else []
        if message and blocks:
            before, number = self._copied
            number = number % len(blocks) if before == message.key else 0
            self._copied = (message.key, number + 1)
            many = f"block {number + 1} of {len(blocks)} of the code; b copies the next"
            self._copy(blocks[number], many if len(blocks) > 1 else "the code")
        elif message:
            self.notify("There is no block of code in this message.", markup=False)

    def _message(self) -> Item | None:
        """The message that is chosen, else the agent's last one of those in view, else its last."""
        if self.current is not None and self.current.kind in ("you", "agent"):
            return self.current
        in_view = [self.rows[at] for at in self._shown_places()]
        for item in [*reversed(in_view), *reversed(self.rows)]:
            if item.kind == "agent":
                return item
        self.notify("Nothing was said yet that could be copied.", markup=False)
        return None

    def _shown_places(self) -> range:
        """Places of the rows that are in view."""
        top = self.scroll_offset.y
        first = self._index_at(top)
        last = self._index_at(top + self.size.height - 1)
        count = len(self.rows)
        return range(first or 0, count if first is None or last is None else last + 1)

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(fmt.copied(what), markup=False)

    def _to_message(self, step: int) -> None:
        """The message or tool line before or after the chosen one; without one, the last one, or
        where the user is reading the first in view, and the one before.
        """
        at = self._index_of(self.cursor)
        if at is not None:
            start = at + step
        elif self._at_end and not self._last:
            start, step = len(self.rows) - 1, -1
        else:
            start = self._shown_places()[0] - (step < 0)
        for index in range(start, len(self.rows) if step > 0 else -1, step):
            if self.selectable(self.rows[index]):
                self._at_end = False
                self.choose(self.key(self.rows[index]))
                return
        if at is not None and step < 0:  # perhaps there are older ones
            self.scroll_home(animate=False, immediate=True, x_axis=False)
            self.post_message(self.ReachedTop(self))
        elif at is not None and self._last:
            self.post_message(self.ReachedBottom())

    def action_cursor_up(self) -> None:
        self.scroll_relative(y=-1, animate=False, immediate=True)

    def action_cursor_down(self) -> None:
        self.scroll_relative(y=1, animate=False, immediate=True)
