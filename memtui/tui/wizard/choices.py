"""A step with ready answers above its fields: choosing one fills them."""

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
    """A ready answer: the values it means. Without any, one goes to the fields."""

    title: str
    detail: str
    values: dict[str, str]


class ChoiceStep(Step):
    _shown: tuple[Way, ...] = ()

    def ways(self) -> list[Way]:
        raise NotImplementedError

    def above(self) -> Iterator[Widget]:
        yield OptionList(id="ways", compact=True, markup=False)

    def begin(self) -> None:
        self.show_ways()
        options = self.query_one("#ways", OptionList)
        at = [self.is_chosen(way) for way in self._shown]
        options.highlighted = at.index(True) if True in at else 0
        self.screen.set_focus(options)  # now: keys typed before `focus()` works would be lost

    def is_chosen(self, way: Way) -> bool:
        if way.values:
            return all(self.draft.get(key).strip() == value for key, value in way.values.items())
        return not any(self.is_chosen(other) for other in self._shown if other.values)

    def show_ways(self) -> None:
        options = self.query_one("#ways", OptionList)
        at = options.highlighted
        self._shown = tuple(self.ways())
        options.clear_options()
        width = max(len(way.title) for way in self._shown)
        options.add_options(Option(self._line(way, min(width, 36))) for way in self._shown)
        for line in self.waiting():
            options.add_option(Option(Content.styled(line, "$muted"), disabled=True))
        options.highlighted = at

    def waiting(self) -> list[str]:
        """What more may come."""
        return []

    def _line(self, way: Way, width: int) -> Content:
        mark = ("● ", "$accent") if self.is_chosen(way) else ("○ ", "$muted")
        title = safe.line(way.title, "", width)
        gap = " " * (width - title.cell_length + 2)
        return Content.styled(*mark) + title + Content(gap) + safe.line(way.detail, "$muted", 100)

    def changed(self, key: str) -> None:
        if tuple(self.ways()) == self._shown:
            for index, way in enumerate(self._shown):
                options = self.query_one("#ways", OptionList)
                width = min(max(len(one.title) for one in self._shown), 36)
                options.replace_option_prompt_at_index(index, self._line(way, width))
        else:
            self.show_ways()

    @on(OptionList.OptionSelected, "#ways")
    def way_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._shown):
            self.take(self._shown[event.option_index])

    def take(self, way: Way) -> None:
        for key, value in way.values.items():
            self.fill(key, value)
        self.screen.set_focus(self.query(Field).first().input)
