"""A step with ready answers above its fields: the one under the cursor fills them."""

from collections.abc import Iterator
from dataclasses import dataclass

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from memtui.tui import safe
from memtui.tui.wizard.field import Field
from memtui.tui.wizard.step import Step


@dataclass(frozen=True)
class Way:
    """A ready answer: the values it means; those it does not name are to be typed."""

    title: str
    detail: str
    values: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.title} {self.detail}"


class ChoiceStep(Step):
    _shown: tuple[Way, ...] = ()

    def ways(self) -> list[Way]:
        raise NotImplementedError

    def above(self) -> Iterator[Widget]:
        yield OptionList(id="ways", compact=True, markup=False)

    def begin(self) -> None:
        self.show_ways()
        options = self.query_one("#ways", OptionList)
        self.screen.set_focus(options)  # now: keys typed before `focus()` works would be lost

    def is_chosen(self, way: Way) -> bool:
        if way.values:
            return all(self.draft.get(key).strip() == value for key, value in way.values.items())
        return not any(self.is_chosen(other) for other in self._shown if other.values)

    def show_ways(self) -> None:
        options = self.query_one("#ways", OptionList)
        under = self._under_cursor() if options.has_focus else None
        self._shown = tuple(self.ways())
        with self.prevent(OptionList.OptionHighlighted):
            options.clear_options()
            width = max(len(way.title) for way in self._shown)
            options.add_options(Option(self._line(way, min(width, 36))) for way in self._shown)
            for line in self.waiting():
                options.add_option(Option(Content.styled(line, "$muted"), disabled=True))
        if under in self._shown:
            options.highlighted = self._shown.index(under)
        else:
            self._follow_fields()

    def _follow_fields(self) -> None:
        """The cursor is on the way that the fields hold."""
        options = self.query_one("#ways", OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            at = [self.is_chosen(way) for way in self._shown]
            options.highlighted = at.index(True) if True in at else 0

    def _under_cursor(self) -> Way | None:
        at = self.query_one("#ways", OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def waiting(self) -> list[str]:
        """What more may come."""
        return []

    def _line(self, way: Way, width: int) -> Content:
        mark = ("● ", "$accent") if self.is_chosen(way) else ("○ ", "$muted")
        title = safe.line(way.title, "", width)
        gap = " " * (width - title.cell_length + 2)
        return Content.styled(*mark) + title + Content(gap) + safe.line(way.detail, "$muted", 100)

    def changed(self, key: str) -> None:
        options = self.query_one("#ways", OptionList)
        if tuple(self.ways()) == self._shown:
            for index, way in enumerate(self._shown):
                width = min(max(len(one.title) for one in self._shown), 36)
                options.replace_option_prompt_at_index(index, self._line(way, width))
            if not options.has_focus:
                self._follow_fields()
        else:
            self.show_ways()

    @on(OptionList.OptionSelected, "#ways")
    def way_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.choose()
        first = self.query(Field).first().input
        self.screen.set_focus(first)
        first.cursor_position = len(first.value)

    @on(OptionList.OptionHighlighted, "#ways")
    def way_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_list.has_focus:
            self.choose()

    def gather(self) -> None:
        if self.query_one("#ways", OptionList).has_focus:
            self.choose()  # a key press may be quicker than the word of the one before it
        super().gather()

    def choose(self) -> None:
        """Fill the fields with the way under the cursor, or with what was typed for it before."""
        way = self._under_cursor()
        super().gather()
        before = next((one for one in self._shown if self.is_chosen(one)), None)
        if way is None or way == before:
            return
        keys = {key for one in self._shown for key in one.values}
        if before is not None:
            self.draft.typed[before.name] = {key: self.draft.get(key) for key in keys}
        values = {**dict.fromkeys(keys, ""), **way.values, **self.draft.typed.get(way.name, {})}
        for key, value in values.items():
            self.fill(key, value)
        super().gather()
