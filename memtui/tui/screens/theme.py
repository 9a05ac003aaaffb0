"""Choose a theme: the one under the cursor is seen at once, in all of the app."""

from pathlib import Path
from typing import ClassVar, cast

from textual import on
from textual.widgets import OptionList

from memtui.tui import themes
from memtui.tui.looks import Looks
from memtui.tui.screens.modal import Modal
from memtui.tui.screens.picker import Choice, Picker

_OWN = {
    themes.DARK.name: "memtui's own",
    themes.LIGHT.name: "memtui's own",
    themes.ANSI.name: "the 16 colours of your terminal",
}


def known_themes(looks: Looks) -> list[tuple[str, str]]:
    """memtui's first, then the user's, then Textual's; each with whose it is."""
    user = {path.stem for path in looks._theme_stamps}
    ranked = sorted(
        looks.available_themes, key=lambda name: (name not in _OWN, name not in user, name)
    )
    return [(name, "yours" if name in user else _OWN.get(name, "")) for name in ranked]


class ThemePicker(Picker):
    """At the side, and nothing is dimmed: one chooses by looking. Esc brings back what was."""

    CSS_PATH: ClassVar = [Modal.CSS_PATH, Path(__file__).with_name("theme.tcss")]

    def __init__(self) -> None:
        super().__init__("theme", [])
        self.choices = None  # keys until then are counted

    @property
    def looks(self) -> Looks:
        return cast(Looks, self.app)

    def on_mount(self) -> None:
        self.before = self.looks.theme
        self.choices = [Choice(name, name, detail) for name, detail in known_themes(self.looks)]
        super().on_mount()
        for _ in range(abs(self._steps)):
            self._step(1 if self._steps > 0 else -1)
        if self._entered:
            self.choose()

    def _fill(self, typed: str) -> None:
        """As long as nothing is typed, the cursor is on the theme that is seen."""
        with self.prevent(OptionList.OptionHighlighted):
            super()._fill(typed)
            names = [choice.key for choice in self.shown]
            if not typed and self.looks.theme in names:
                self.query_one(OptionList).highlighted = names.index(self.looks.theme)
        if typed and self.shown:
            self.looks.theme = self.shown[0].key

    @on(OptionList.OptionHighlighted)
    def preview(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self.shown):
            self.looks.theme = self.shown[event.option_index].key

    def choose(self) -> None:
        if self.shown or self.choices is None:
            super().choose()

    def action_close(self) -> None:
        self.looks.theme = self.before
        self.dismiss(None)
