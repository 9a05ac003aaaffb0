"""A list of rows of any height, drawn line by line: one widget, however long the list.

Only what has changed is laid out again, and only visible lines are rendered, so a streamed token
costs the same in a conversation of ten messages and of ten thousand.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from memtui.tui.actions import bindings

R = TypeVar("R")


class Rows(ScrollView, Generic[R], can_focus=True):
    """Subclasses say how a row is drawn (`draw`), when anew (`stamp`), and what may be chosen."""

    BINDINGS = bindings("rows")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--cursor-blurred"}
    DEFAULT_CSS = """
    Rows {
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        & > .rows--cursor { background: $selected; }
        & > .rows--cursor-blurred { background: $raised; }
        &:ansi > .rows--cursor-blurred { text-style: underline; }
    }
    """

    class Chosen(Message):
        """Enter or a click on a row. `meta` is that of the style under the mouse."""

        def __init__(self, rows: "Rows[Any]", row: Any, meta: dict[str, Any]) -> None:
            super().__init__()
            self.rows = rows
            self.row = row
            self.meta = meta

        @property
        def control(self) -> "Rows[Any]":
            return self.rows

    class ReachedTop(Message):
        """The first row has come near: older ones may be put before it."""

        def __init__(self, rows: "Rows[Any]") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "Rows[Any]":
            return self.rows

    uniform = False
    """Whether every row is one line: then rows are drawn when they are seen, and not before."""

    follows = True
    """Whether new rows at the end keep the end in view, until the user scrolls away."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[R] = ()
        self._cursor: str | None = None
        self._at: dict[str, int] = {}  # where each key is; of uniform rows, those looked for
        self._drawn: dict[str, tuple[Hashable, list[Content]]] = {}
        self._strips: dict[tuple[str, int], Strip] = {}
        self._starts: Sequence[int] = [0]
        self._width = 0
        self._at_end = True
        self._sought = False  # the cursor's row is to be shown when the pane is

    # for subclasses

    def key(self, row: R) -> str:
        return str(getattr(row, "key"))  # noqa: B009 - R is not bound to a protocol

    def stamp(self, row: R) -> Hashable:
        """Changes whenever `row` must be laid out anew."""
        return getattr(row, "version", 0)

    def draw(self, row: R, width: int) -> list[Content]:
        """The lines of `row`, each at most `width` cells."""
        raise NotImplementedError

    def with_marks(self, key: str, number: int, line: Content) -> Content:
        """A line of the row `key` with what is marked in it just now."""
        return line

    def selectable(self, row: R) -> bool:
        return True

    def toggle(self, row: R) -> None:
        """Space on a row."""

    def cursor_moved(self) -> None:
        """The cursor is on another row."""

    # the rows

    @property
    def cursor(self) -> str | None:
        """The key of the row that is chosen."""
        return self._cursor

    @cursor.setter
    def cursor(self, key: str | None) -> None:
        if key != self._cursor:
            self._cursor = key
            self.cursor_moved()

    def show(self, rows: Sequence[R]) -> None:
        """Show `rows`; what is being read stays where it is on the screen.

        Only the lines that look different now are drawn again.
        """
        before = self._in_view()
        anchor = None if (self.follows and self._at_end) else self._anchor()
        self.rows = rows
        self._lay_out()
        self._restore(anchor)
        self._refresh_changes(before)

    def redraw(self) -> None:
        """Everything anew: the width has changed, or what `draw` depends on."""
        anchor = None if (self.follows and self._at_end) else self._anchor()
        self._drawn.clear()
        self._strips.clear()
        self._lay_out()
        self._restore(anchor)
        self.refresh()

    def _known(self, key: str) -> list[Content]:
        """The line of a uniform row as it was drawn last."""
        return self._drawn[key][1] if key in self._drawn else [_UNSEEN]

    def _lines(self, index: int) -> list[Content]:
        """The lines of a row; those of a uniform one are drawn now, unless they are known."""
        row = self.rows[index]
        key = self.key(row)
        if self.uniform:
            self._draw_row(key, row)
        return self._drawn[key][1]

    def _draw_row(self, key: str, row: R) -> None:
        """Lay the row out unless it is as it was. Lines that stay the same keep their strips."""
        stamp, before = self.stamp(row), self._drawn.get(key)
        if before is not None and before[0] == stamp:
            return
        if self.uniform and len(self._drawn) >= _MOST_DRAWN:  # scrolled through a long list
            self._drawn.clear()
            self._strips.clear()
            before = None
        lines = self.draw(row, self._width)
        for number, known in enumerate(before[1] if before else ()):
            if number < len(lines) and _same(lines[number], known):
                lines[number] = known
            else:
                self._strips.pop((key, number), None)
        self._drawn[key] = (stamp, lines)

    def _in_view(self) -> list[tuple[Content | None, bool]]:
        """What each line of the widget shows, and whether the cursor is on it."""
        top, size = self.scroll_offset.y, self.size
        view: list[tuple[Content | None, bool]] = []
        index = self._index_at(top)
        while index is not None and index < len(self.rows) and len(view) < size.height:
            key = self.key(self.rows[index])
            skipped = max(0, top - self._starts[index])
            lines = self._known(key) if self.uniform else self._drawn[key][1]
            view += [(line, key == self.cursor) for line in lines[skipped:]]
            index += 1
        return [*view, *[(None, False)] * size.height][: size.height]

    def _refresh_changes(self, before: list[tuple[Content | None, bool]]) -> None:
        if self.uniform and self._drawn:
            first = self.scroll_offset.y
            for index in range(first, min(len(self.rows), first + self.size.height)):
                self._lines(index)
        after = self._in_view()
        if len(before) != len(after) or self.text_selection is not None:
            self.refresh()
            return
        changed = [
            Region(0, y, self.size.width, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old[0] is not new[0] or old[1] != new[1]
        ]
        if changed:
            self.refresh(*changed)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:  # in a pane that has not been seen yet
            self._width, self._starts, self._drawn, self._at = 0, [0], {}, {}
            self._strips.clear()
            return
        if width != self._width:
            self._width = width
            self._drawn.clear()
            self._strips.clear()
        if self.uniform:
            self._starts = range(len(self.rows) + 1)
            if len(self._at) > _MOST_DRAWN:
                self._at.clear()
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.clear()
                self._strips.clear()
        else:
            self._at = {self.key(row): index for index, row in enumerate(self.rows)}
            self._draw_all()
        if self.cursor is not None and self._index_of(self.cursor) is None:
            self.cursor, self._sought = None, False
        size = Size(width, self._starts[-1])
        if size != self.virtual_size:
            # Not by assignment, which would lay out the whole screen for each new line.
            self.set_reactive(Rows.virtual_size, size)
            self._scroll_update(size)

    def _draw_all(self) -> None:
        starts = [0]
        for key, index in self._at.items():
            self._draw_row(key, self.rows[index])
            starts.append(starts[-1] + len(self._drawn[key][1]))
        if len(self._drawn) > len(self._at):
            self._drawn = {key: self._drawn[key] for key in self._at}
            self._strips = {at: strip for at, strip in self._strips.items() if at[0] in self._at}
        self._starts = starts

    def _anchor(self) -> tuple[str, int] | None:
        """The first visible row, and how far its first line is above the top."""
        top = self.scroll_offset.y
        index = self._index_at(top)
        if index is None:
            return None
        return self.key(self.rows[index]), top - self._starts[index]

    def _restore(self, anchor: tuple[str, int] | None) -> None:
        if not self._width:  # there is nothing of it to be seen
            return
        if anchor is None:
            if self.follows and self._at_end:
                self._to_end()
            return
        index = self._index_of(anchor[0])
        if index is not None:
            target = self._starts[index] + anchor[1]
            if target != self.scroll_offset.y:
                self.scroll_to(y=target, animate=False, immediate=True, force=True)

    def to_end(self) -> None:
        """Show the end, and keep it in view."""
        self._at_end = True
        self._to_end()

    def _to_end(self) -> None:
        # Forced: right after a resize the scroll bar is not known to be needed yet.
        self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)

    def _index_at(self, line: int) -> int | None:
        if not 0 <= line < self._starts[-1]:
            return None
        return bisect_right(self._starts, line) - 1

    # drawing

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        base = self.visual_style
        index = self._index_at(line)
        if index is None or index >= len(self.rows):
            return Strip.blank(self.size.width, base.rich_style)
        key = self.key(self.rows[index])
        number = line - self._starts[index]
        lines = self._lines(index)
        content = self.with_marks(key, number, lines[number])
        selection = self.text_selection
        span = selection.get_span(line) if selection is not None else None
        if key == self.cursor and (content or number + 1 < len(lines)):
            name = "rows--cursor" if self.has_focus else "rows--cursor-blurred"
            base = self.get_visual_style(name)
            if self.app.native_ansi_color and self.has_focus:
                base += Style(reverse=True)  # which a style sheet cannot give to a part
            strip = self._strip(content, base)
        elif span is not None:
            start, end = span
            style = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            strip = self._strip(content.stylize(style, start, None if end == -1 else end), base)
        else:
            cached = self._strips.get((key, number))
            if cached is None:
                if len(self._strips) >= _MOST_STRIPS:
                    self._strips.clear()
                cached = self._strips[(key, number)] = self._strip(content, base)
            strip = cached
        strip = strip.crop_extend(0, self.size.width, base.rich_style)
        return strip.apply_offsets(0, line)

    def _strip(self, content: Content, base: Style) -> Strip:
        return Strip(
            [
                Segment(text, (base + style).rich_style)
                for text, style in content.render(base, end="", parse_style=self._get_style)
            ]
        )

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        lines = [line.plain for at in range(len(self.rows)) for line in self._lines(at)]
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    # moving

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            self.redraw()
            if self._sought and self._width and self.cursor is not None:
                self._sought = False
                self.choose(self.cursor)
        elif self.follows and self._at_end:
            self._to_end()

    def on_focus(self) -> None:
        if self.cursor is None:
            self._choose_first()
        self.refresh()

    def _choose_first(self) -> None:
        self._jump(list(reversed(self.rows)) if self.follows else self.rows)

    def on_blur(self) -> None:
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._at_end = new_value >= self.max_scroll_y
        if new_value < old_value and new_value < self.size.height:
            self.post_message(self.ReachedTop(self))

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        at = self._index_of(self.cursor)
        return None if at is None else self.rows[at]

    def _index_of(self, key: str | None) -> int | None:
        """Where a row is; if it is not where it was, they are looked through."""
        if key is None:
            return None
        at = self._at.get(key)
        if at is not None and at < len(self.rows) and self.key(self.rows[at]) == key:
            return at
        at = next((at for at, row in enumerate(self.rows) if self.key(row) == key), None)
        if at is not None and self.uniform:
            self._at[key] = at
        return at

    def choose(self, key: str) -> None:
        """Put the cursor on the row `key` and show it."""
        self.cursor = key
        index = self._index_of(key)
        if index is not None:
            self._show_row(index)
        self.refresh()

    def _show_row(self, index: int) -> None:
        if not self._width:
            self._sought = True
            return
        start, end = self._starts[index], self._starts[index + 1]
        height = min(end - start, max(1, self.size.height))
        self.scroll_to_region(
            Region(0, start, 1, height), animate=False, immediate=True, x_axis=False
        )

    def _move(self, step: int) -> None:
        """To the next selectable row; a row taller than the view scrolls first."""
        count = len(self.rows)
        if not count or not self._width:
            return
        found = self._index_of(self.cursor)
        at = found if found is not None else -1 if step > 0 else count
        top, height = self.scroll_offset.y, self.size.height
        if 0 <= at < count:
            start, end = self._starts[at], self._starts[at + 1]
            if end - start > height or not (start < top + height and end > top):
                hidden = end > top + height if step > 0 else start < top
                if hidden:
                    self.scroll_relative(y=3 * step, animate=False, immediate=True)
                    return
        for index in range(at + step, count if step > 0 else -1, step):
            if self.selectable(self.rows[index]):
                key = self.key(self.rows[index])
                self._at[key] = index
                self.cursor = key
                self._show_row(index)
                if not any(self.selectable(self.rows[before]) for before in range(index)):
                    self.scroll_home(animate=False, immediate=True, x_axis=False)
                break
        else:
            self.scroll_relative(y=step, animate=False, immediate=True)
        self.refresh()

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_scroll_home(self) -> None:
        self._jump(self.rows)
        self.scroll_home(animate=False, immediate=True, x_axis=False)

    def action_scroll_end(self) -> None:
        self._jump(list(reversed(self.rows)))
        self._to_end()

    def _jump(self, rows: Sequence[R]) -> None:
        first = next((row for row in rows if self.selectable(row)), None)
        if first is not None:
            self.cursor = self.key(first)
            self.refresh()

    def action_select(self) -> None:
        row = self.current
        if row is not None:
            self.post_message(self.Chosen(self, row, {}))

    def action_fold(self) -> None:
        row = self.current
        if row is not None:
            self.toggle(row)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = None if offset is None else self._index_at(offset.y + self.scroll_offset.y)
        if index is None or self.screen.get_selected_text():
            return
        row = self.rows[index]
        meta = dict(event.style.meta)
        if self.selectable(row):
            self.cursor = self.key(row)
            self.refresh()
        if self.selectable(row) or meta.get("passage"):
            self.post_message(self.Chosen(self, row, meta))


_UNSEEN = Content("")
_MOST_DRAWN = 2000  # uniform rows that are kept as they were drawn

# Lines that are kept as they went to the terminal. A strip holds a dozen objects: with those of a
# long conversation kept, Python's collector stopped the app for up to 1.4 s while it was scrolled.
_MOST_STRIPS = 200


def _same(one: Content, other: Content) -> bool:
    """`Content` itself compares no styles."""
    return one is other or (one.plain == other.plain and one.spans == other.spans)
