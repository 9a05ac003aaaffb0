"""The context window: a stacked bar, its parts, and each of them to be read as it is sent."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.mind.tab import MindTab
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.client import Client
    from memtui.api.context import ContextWindow
    from memtui.tui.store import Store

NAMES = {
    "system": "system prompt",
    "statistics": "memory statistics",
    "core": "core memory",
    "tools": "tools",
    "summary": "summary",
    "messages": "messages",
    "results": "results of tools",
}

_LOOKS = {
    "system": ("█", "$primary"),
    "statistics": ("▓", "$muted"),
    "core": ("█", "$secondary"),
    "tools": ("▒", "$accent"),
    "summary": ("▓", "$warning"),
    "messages": ("█", "$success"),
    "results": ("▒", "$error"),
}
_OTHER = ("▓", "$foreground")


@dataclass(frozen=True, eq=False)
class PartRow:
    """A part of the window, or (without a name) the lines of `text`."""

    key: str
    name: str = ""
    tokens: int = 0
    before: int | None = None
    share: float = 0.0
    text: str = ""
    bars: tuple[tuple[str, Mapping[str, int], int], ...] = field(default=())


class ContextList(Rows[PartRow]):
    HELP = "What is sent to the model, part by part. Enter shows a part as it is sent."
    follows = False

    def stamp(self, row: PartRow) -> Hashable:
        return row

    def selectable(self, row: PartRow) -> bool:
        return bool(row.name)

    def draw(self, row: PartRow, width: int) -> list[Content]:
        if row.bars:
            return _bars(row, width)
        if not row.name:
            return [*safe.text(row.text, "$muted", 2000).wrap(width), Content("")]
        if row.name == RAW:
            return [Content("  ") + Content.styled(row.name, "$primary")]
        glyph, style = _LOOKS.get(row.name, _OTHER)
        figures = f"{row.tokens:>8,} {row.share:>4.0%}"
        room = max(4, width - len(figures) - 3)
        name = Content(NAMES.get(row.name, row.name)).truncate(room, ellipsis=True)
        name = name.pad_right(max(0, room - name.cell_length))
        line = Content.styled(f"{glyph} ", style) + name + Content.styled(f" {figures}", "$muted")
        lines = [line]
        if row.before is not None and row.before != row.tokens:
            was = f"before: {row.before:,}"
            lines.append(Content.styled(f"  {was}".rjust(max(4, width - 5)), "$faint"))
        return lines


def stacked(parts: Mapping[str, int], window: int, width: int) -> Content:
    """A bar of `width` cells; what is there at all has one cell at least."""
    total = max(window, sum(parts.values()), 1)
    bar, used = Content(""), 0
    for name, tokens in parts.items():
        cells = max(1, round(tokens / total * width)) if tokens else 0
        cells = min(cells, width - used)
        glyph, style = _LOOKS.get(name, _OTHER)
        bar += Content.styled(glyph * cells, style)
        used += cells
    return bar + Content.styled("─" * (width - used), "$line")


RAW = "all of it, as JSON"


def _bars(row: PartRow, width: int) -> list[Content]:
    lines: list[Content] = []
    for label, parts, window in row.bars:
        used = sum(parts.values())
        text = f"{used:,} of {window:,} tokens ({used / max(1, window):.0%})"
        head = Content.styled(f"{label}  ", "bold") if label else Content("")
        lines += (head + Content.styled(text, "$muted")).wrap(width)
        lines += [stacked(parts, window, max(4, width - 1)), Content("")]
    return lines


class ContextTab(MindTab):
    HEARS: ClassVar[set[str]] = {"window"}

    def __init__(self, store: "Store") -> None:
        super().__init__(store, "context")
        self.window: ContextWindow | None = None

    def compose(self) -> ComposeResult:
        yield ContextList(id="context-list")

    def on_mount(self) -> None:
        self._list.show([PartRow("wait", text="reading …")])

    @property
    def _list(self) -> ContextList:
        return self.query_one(ContextList)

    @property
    def target(self) -> Widget:
        return self._list

    async def read(self, client: "Client", agent_id: str) -> Any:
        return await client.context(agent_id)

    def fill(self, found: "ContextWindow | None") -> None:
        self.window = found
        if found is None:
            self._list.show([PartRow("none", text="No agent is open. F9 makes one.")])
            return
        parts = {part.name: part.tokens for part in found.parts}
        before = self.store.parts_before if parts.get("summary") else {}  # /undo takes it away
        bars = [("now" if before else "", parts, found.window)]
        if before:
            bars.insert(0, ("before the last summary", before, found.window))
        rows = [PartRow("bars", bars=tuple(bars))]
        rows += [
            PartRow(
                name, name, tokens, before.get(name, 0) if before else None,
                tokens / max(1, found.window),
            )
            for name, tokens in parts.items()
        ]  # fmt: skip
        rows += [PartRow("raw", RAW), PartRow("said", text="\n" + sentences(found))]
        self._list.show(rows)
        if self._list.cursor is None and rows:
            self._list.cursor = rows[1].key
            self._list.refresh()

    def failed(self, sentence: str) -> None:
        self._list.show([PartRow("failed", text=sentence)])

    @on(Rows.Chosen)
    def chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        from memtui.tui.screens.dump import raw_text
        from memtui.tui.screens.reading import Reading

        if self.window is None or not event.row.name:
            return
        if event.row.name == RAW:
            title = f"what {plain_line(self.window.model, 40)} is sent"
            self.app.push_screen(Reading(title, partial(raw_text, self.window.messages)))
            return
        text = next(part.text for part in self.window.parts if part.name == event.row.name)
        title = NAMES.get(event.row.name, event.row.name)
        self.app.push_screen(Reading(title, lambda _width: safe.text(text or "(nothing)")))


def sentences(view: "ContextWindow") -> str:
    """What the numbers mean, and what happens when the window is full."""
    text = f"{plain_line(view.model, 60)}: {view.reserve:,} tokens are kept free for the answer."
    if view.pressure:
        text += f" Above {view.pressure:,} the agent is warned."
    text += " What does not fit any more is folded into a summary, oldest turns first."
    if view.waiting:
        text += f" {fmt.count(view.waiting, 'message')} will be folded with the next turn."
    if not view.known:
        text += " Nobody states the size of this model's window: set llm.context_window."
    return text
