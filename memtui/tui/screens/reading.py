"""Screens that are only read, the help among them."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from memtui.tui.actions import ACTIONS, PLACES, key_sign
from memtui.tui.commands import COMMANDS
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reading(Modal[None]):
    """Text in a box, scrolled by the arrows."""

    CLICK_CLOSES = True
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, title: str, make: Callable[[int], Content]) -> None:
        """`make` is called with the width there is, in cells."""
        super().__init__()
        self.heading = title
        self.make = make

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box large") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content("↑ ↓ scroll · esc close")
            yield Static("", markup=False, classes="text")

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        for text in self.query(".text").results(Static):  # none, when it was closed meanwhile
            text.update(self.make(max(20, text.size.width)))


class Help(Reading):
    def __init__(self, keymap: "Mapping[str, str]", hint: str, here: list[str]) -> None:
        super().__init__("help", partial(help_text, keymap, hint, here))


def table(left: str, right: str, width: int) -> list[Content]:
    """A key and its sentence, the sentence wrapped beside the key."""
    column = min(28, width // 3)
    key = Content.styled(f"  {left}", "$accent")
    lines = Content(right).wrap(max(8, width - column))
    if key.cell_length >= column:
        return [key, *(Content(" " * column) + line for line in lines)]
    blank = Content(" " * column)
    return [
        (blank if number else key.pad_right(column - key.cell_length)) + line
        for number, line in enumerate(lines)
    ]


def here(screen: Screen[Any], focused: Widget | None) -> tuple[str, list[str]]:
    """The HELP of what has the focus, and the places whose keys it has, the nearest first."""
    hint, places = "", list[str]()
    for node in (focused or screen).ancestors_with_self:
        hint = hint or str(getattr(node, "HELP", "") or "")
        for binding in node._bindings.key_to_bindings.values():
            for one in binding:
                place = str(one.id or "").split(".")[0]
                if place in _WHERES and place not in ("app", "main", *places):
                    places.append(place)
    return hint, places


def help_text(keymap: "Mapping[str, str]", hint: str, here: list[str], width: int) -> Content:
    """All keys as they are now: those of what has the focus first; and all slash commands."""
    lines: list[Content] = [Content(hint), Content("")] if hint else []
    if here:
        lines += _keys("Here", here, keymap, width)
    for place in PLACES:
        if place not in (*here, "app"):
            wheres = ["app", "main"] if place == "main" else [place]
            lines += _keys(PLACES[place], wheres, keymap, width)
    lines.append(Content.styled("Commands in the prompt", "bold $primary"))
    for command in COMMANDS:
        name = f"/{command.name} {command.takes}".strip()
        lines += table(name, command.help, width)
    lines += [
        Content(""),
        Content.styled("The names of actions for ui.keymap", "bold $primary"),
        Content.styled("  " + ", ".join(action.id for action in ACTIONS), "$muted"),
    ]
    return Content("\n").join(lines)


def _keys(
    heading: str, wheres: list[str], keymap: "Mapping[str, str]", width: int
) -> list[Content]:
    """A heading, the keys of `wheres`, and an empty line."""
    lines = [Content.styled(heading, "bold $primary")]
    for where in wheres:
        for action in ACTIONS:
            if action.where == where:
                keys = keymap.get(action.id, action.keys).split(",")
                lines += table(" ".join(key_sign(key) for key in keys), action.help, width)
    return [*lines, Content("")]


_WHERES = {action.where for action in ACTIONS}
