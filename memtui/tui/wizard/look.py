"""The theme, which is seen at once, and the keys."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from memtui.tui import safe
from memtui.tui.actions import ACTIONS, key_sign
from memtui.tui.keymap import parse_keymap
from memtui.tui.screens.theme import known_themes
from memtui.tui.wizard.step import Step

_SHOWN = (
    "app.help", "app.palette", "main.search", "main.load", "main.sources", "main.chat",
    "main.mind", "main.maximise", "main.memory", "main.agents", "main.model", "app.quit",
)  # fmt: skip


class LookStep(Step):
    NAME: ClassVar = "look"
    TITLE: ClassVar = "How does it look?"
    LEAD: ClassVar = (
        "The theme under the cursor is seen at once. Any key can be another one: write "
        "ACTION=KEY, ACTION=KEY."
    )
    FIELDS: ClassVar = (("ui.keymap", "Keys", "main.load=ctrl+y, app.help=f1"),)

    def above(self) -> Iterator[Widget]:
        with Horizontal(id="look-both"):
            yield OptionList(id="themes", compact=True, markup=False)
            yield Static("", id="look-keys", markup=False)

    def begin(self) -> None:
        self._names = [name for name, _ in known_themes(self.memtui)]
        options = self.query_one("#themes", OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            options.add_options(
                Option(safe.line(name, "", 24) + Content("  ") + safe.line(detail, "$muted", 30))
                for name, detail in known_themes(self.memtui)
            )
            shown = self.draft.get("ui.theme")
            shown = shown if shown in self._names else self.memtui.theme
            options.highlighted = self._names.index(shown)
        self.screen.set_focus(options)  # now: keys typed before `focus()` works would be lost
        self._keys()

    @on(OptionList.OptionHighlighted, "#themes")
    def preview(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.memtui.theme = self._names[event.option_index]
        self.draft.put("ui.theme", self.memtui.theme)

    def gather(self) -> None:
        super().gather()
        at = self.query_one("#themes", OptionList).highlighted
        if at is not None and self._names[at] != self.memtui.theme:
            self.memtui.theme = self._names[at]
            self.draft.put("ui.theme", self._names[at])

    @on(OptionList.OptionSelected, "#themes")
    def taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.screen.focus_next()

    def changed(self, key: str) -> None:
        if key == "ui.keymap":
            self._keys()

    def _keys(self) -> None:
        """The most important keys, as they will be."""
        keymap, _ = parse_keymap(self.draft.get("ui.keymap"))
        table = {action.id: action for action in ACTIONS}
        lines = []
        for name in _SHOWN:
            action = table[name]
            key = key_sign(keymap.get(name, action.keys).split(",")[0])
            style = "$accent" if name in keymap else "$primary"
            lines.append(Content.assemble((f"{key:<8}", style), (action.label, "$foreground"))
                         + Content.styled(f"  {name}", "$faint"))  # fmt: skip
        self.query_one("#look-keys", Static).update(Content("\n").join(lines))
