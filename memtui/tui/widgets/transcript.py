"""The conversation: a window of laid-out items over the store's data."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.message import Message

from memtui.tui import format as fmt
from memtui.tui import prose, safe
from memtui.tui.actions import bindings
from memtui.tui.store import Item, Store
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.agents import Citation

FIRST, STEP, MOST = 30, 20, 60
"""Items laid out: at first, more at a time when scrolling up, at most while at the end."""

_LABELS = {"you": ("you", "$primary"), "agent": ("agent", "$secondary")}
_GUTTER = 8


class Transcript(Rows[Item]):
    BINDINGS = bindings("transcript")
    HELP = "The conversation. Arrows scroll; ← → choose a citation, Enter opens its passage."

    class Older(Message):
        """Items older than those in the store are wanted."""

    class Cited(Message):
        """The passage of a citation is to be opened."""

        def __init__(self, passage_id: str) -> None:
            super().__init__()
            self.passage_id = passage_id

    def __init__(self, store: Store) -> None:
        super().__init__(id="transcript")
        self.store = store
        self._first = ""  # key of the first item laid out
        self._citation: Citation | None = None
        # of the streamed item: its key and the width, characters laid out, their lines
        self._head: tuple[tuple[int, int], int, list[Content]] = ((0, 0), 0, [])

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

    def update(self) -> None:
        items = self.store.items
        first = self._first_at()
        if first is None or (self._at_end and len(items) - first > MOST):
            first = max(0, len(items) - FIRST)
        self._first = items[first].key if items else ""
        self.show(items[first:])

    def _first_at(self) -> int | None:
        """Where the first item laid out is; looked for from the end, which is near."""
        items = self.store.items
        return next((i for i in range(len(items) - 1, -1, -1) if items[i].key == self._first), None)

    def on_rows_reached_top(self, event: Rows.ReachedTop) -> None:
        event.stop()
        items = self.store.items
        if first := self._first_at():
            self._first = items[max(0, first - STEP)].key
            self.update()
        elif self.store.oldest is not None:
            self.post_message(self.Older())

    def selectable(self, row: Item) -> bool:
        return False

    def stamp(self, row: Item) -> Hashable:
        block = self.store.block(row.block)
        mine = self._citation is not None and any(c is self._citation for c in row.citations)
        chosen = id(self._citation) if mine else 0
        return (row.version, row.state, row.live, block.version if block else 0, chosen)

    def draw(self, row: Item, width: int) -> list[Content]:
        gutter = _GUTTER if width >= 56 else 2
        room = width - gutter - 1
        if row.kind == "agent":
            if row.live:
                body = self._streamed(row, room)
            else:
                body = prose.lines(row.text, row.citations, room, self._citation)
        elif row.kind == "you":
            body = prose.plain_lines(row.text, room, "$muted" if row.state else "")
            if row.state == "queued":
                body.append(Content.styled("waits until the agent has finished", "italic $muted"))
            elif row.state == "failed":
                body.append(Content.styled("was not sent", "italic $error"))
        elif row.kind == "activity":
            body = [self._activity(row, room)]
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
        return lines if row.kind == "activity" else [*lines, Content("")]

    def _streamed(self, row: Item, width: int) -> list[Content]:
        """What has arrived: whole paragraphs are laid out once, the last one each time."""
        cut = row.text.rfind("\n\n")
        if cut > 0 and row.text.count("```", 0, cut) % 2:
            cut = row.text.rfind("```", 0, cut)  # an open block of code is the last paragraph
        cut = max(0, cut)
        if self._head[0] != (id(row), width) or self._head[1] > cut:
            self._head = ((id(row), width), 0, [])
        key, done, lines = self._head
        if cut > done:
            lines = [*lines, *prose.lines(row.text[done:cut], [], width), Content("")]
            self._head = (key, cut, lines)
        return [*lines, *prose.lines(row.text[cut:] + " ▍", [], width)]

    def _activity(self, row: Item, width: int) -> Content:
        """One line about what the agent did, so that the chat reads well by itself."""
        block = self.store.block(row.block)
        if block is None:
            return Content("")
        query = block.arguments.get("query")
        if block.hits or block.title.endswith("_search") or block.title.endswith("_date"):
            where = "the conversation" if block.title.startswith("conversation") else "the archive"
            found = fmt.count(len(block.hits), "hit")
            if block.total > len(block.hits):
                found = f"{len(block.hits)} of {fmt.count(block.total, 'hit')}"
            words = [f"searched {where}", found if block.hits else "nothing found"]
            if isinstance(query, str) and query:
                words.append(f"“{query}”")
        else:
            words = [_DONE.get(block.title, f"ran {block.title}")]
        if not block.ok:
            words.insert(1, "failed")
        text = Content("▸ ").stylize("$faint") + safe.line(" · ".join(words), "$muted")
        return text.truncate(width, ellipsis=True)

    # citations

    def _citations(self) -> "list[Citation]":
        return [
            cited
            for item in self.rows
            for cited in sorted(item.citations, key=lambda cited: cited.start)
            if cited.verified and cited.passage_id
        ]

    def _step(self, step: int) -> None:
        cited = self._citations()
        if not cited:
            self.notify("No answer here cites a passage.", markup=False)
            return
        at = next((i for i, c in enumerate(cited) if c is self._citation), None)
        if at is not None:
            self._citation = cited[(at + step) % len(cited)]
        elif step < 0:
            self._citation = cited[-1]
        else:  # the first one of the last answer that has any
            last = [item for item in self.rows if any(c in cited for c in item.citations)][-1]
            self._citation = next(c for c in cited if any(c is mine for mine in last.citations))
        self._at_end = False
        self.show(self.rows)
        for number, item in enumerate(self.rows):
            if any(c is self._citation for c in item.citations):
                self._show_row(number)

    def on_blur(self) -> None:
        if self._citation is not None and self.screen.is_current:
            self._citation = None
            self.show(self.rows)
            self._at_end = self.scroll_y >= self.max_scroll_y

    def action_previous_citation(self) -> None:
        self._step(-1)

    def action_next_citation(self) -> None:
        self._step(1)

    def action_select(self) -> None:
        if self._citation is not None and self._citation.passage_id:
            self.post_message(self.Cited(self._citation.passage_id))
        else:
            self.notify("← and → choose a citation; Enter opens its passage.", markup=False)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if passage_id := event.meta.get("passage"):
            self.post_message(self.Cited(str(passage_id)))

    def action_cursor_up(self) -> None:
        self.scroll_relative(y=-1, animate=False, immediate=True)

    def action_cursor_down(self) -> None:
        self.scroll_relative(y=1, animate=False, immediate=True)


_DONE = {
    "archival_memory_insert": "wrote to its archive",
    "core_memory_append": "edited its core memory",
    "core_memory_replace": "edited its core memory",
    "pause_heartbeats": "paused its heartbeats",
}
