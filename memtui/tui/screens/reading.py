"""Screens that are only read: the help, and the agent's core memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import ACTIONS, PLACES, key_sign
from memtui.tui.commands import COMMANDS
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memtui.api.history import Remembered
    from memtui.tui.store import Store


class Reading(Modal[None]):
    """Text in a box, scrolled by the arrows."""

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
        text = self.query_one(".text", Static)
        text.update(self.make(max(20, text.size.width)))


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


def help_text(keymap: "Mapping[str, str]", hint: str, width: int) -> Content:
    """All keys as they are now, and all slash commands."""
    lines: list[Content] = []
    if hint:
        lines += [Content.styled(hint, "$foreground"), Content("")]
    seen: set[str] = set()
    for place in ("main", "prompt", "sources", "transcript", "mind", "rows", "passage"):
        heading = PLACES[place]
        if heading not in seen:
            lines += (
                [Content(""), Content.styled(heading, "bold $primary")]
                if seen
                else [Content.styled(heading, "bold $primary")]
            )
            seen.add(heading)
        wheres = ("app", "main") if place == "main" else (place,)
        for action in ACTIONS:
            if action.where in wheres:
                keys = keymap.get(action.id, action.keys).split(",")
                signs = " ".join(key_sign(key) for key in keys)
                lines += table(signs, action.help, width)
    lines += [Content(""), Content.styled("Commands in the prompt", "bold $primary")]
    for command in COMMANDS:
        name = f"/{command.name} {command.takes}".strip()
        lines += table(name, command.help, width)
    lines += [
        Content(""),
        Content.styled("The names of actions for ui.keymap", "bold $primary"),
        Content.styled("  " + ", ".join(action.id for action in ACTIONS), "$muted"),
    ]
    return Content("\n").join(lines)


def memory_text(store: "Store", remembered: "Remembered", width: int) -> Content:
    """Each block with how full it is, then what else is remembered."""
    lines: list[Content] = []
    for block in remembered.blocks:
        done, rest = fmt.bar(len(block.value) / max(1, block.limit), 16)
        lines += [
            Content.assemble(
                (plain_line(block.label, 40), "bold $primary"), "  ",
                (done, "$secondary"), (rest, "$line"),
                (f"  {len(block.value):,} of {block.limit:,} characters", "$muted"),
            ),
            safe.text(block.value or "(empty)", limit=8000),
            Content(""),
        ]  # fmt: skip
    total = sum(remembered.messages.values())
    kinds = ", ".join(f"{fmt.count(n)} {kind}" for kind, n in remembered.messages.items())
    rows = [
        ("recall", f"{fmt.count(total, 'message')}" + (f": {kinds}" if kinds else "")),
        ("", f"{fmt.count(remembered.recall)} can be searched, "
             f"{fmt.count(remembered.context)} are in the context"),
        ("archive", f"{fmt.count(remembered.archival, 'passage')} the agent wrote itself"),
        ("attached", f"{fmt.count(remembered.sources, 'source')}, "
                     f"{fmt.count(remembered.attached, 'passage')}"),
    ]  # fmt: skip
    lines.append(Content.styled("Beyond core memory", "bold $primary"))
    for name, text in rows:
        label = Content.styled(f"{name:<10}", "$muted")
        wrapped = Content(text).wrap(max(10, width - 10))
        lines += [
            (Content(" " * 10) if number else label) + line for number, line in enumerate(wrapped)
        ]
    if remembered.first:
        lines += [Content(""), Content.styled("Its own archive begins with", "bold $primary")]
        for number, text in enumerate(remembered.first, start=1):
            lines.append(Content.styled(f"{number:>2}  ", "$muted") + safe.line(text, "", 400))
    return Content("\n").join([*lines, *_window(store, width)])


def _window(store: "Store", width: int) -> list[Content]:
    """The context window by part, as it was sent last."""
    if not (store.parts and store.window):
        return []
    lines = [Content(""), Content.styled("Context window", "bold $primary")]
    for name, number in store.parts.items():
        done, _ = fmt.bar(number / store.window, max(4, width // 3))
        lines.append(
            Content.styled(f"{name:<10}", "$muted")
            + Content(f"{fmt.tokens(number):>6}  ")
            + Content.styled(done, "$secondary")
        )
    used = sum(store.parts.values())
    total = f"{fmt.tokens(used):>6}  of {fmt.tokens(store.window)} tokens"
    return [*lines, Content.styled(f"{'in all':<10}", "$muted") + Content(total)]
