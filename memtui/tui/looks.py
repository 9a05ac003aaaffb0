"""How the app looks: its themes, those of the user, their colours on few, and plain ASCII."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.app import App
from textual.filter import LineFilter, Monochrome

from memtui import config
from memtui.tui import signs, themes
from memtui.tui.told import Severity

POLL = 2.0
"""Seconds between two looks at the files of the user's themes."""


class Looks(App[int]):
    """The part of the app that is about its looks. `problems` are told after the first frame."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self._plain = signs.Plain(signs.needed())
        self._theme_stamps: dict[Path, tuple[int, int]] = {}

    def dress(self, settings: config.Config) -> None:
        """Register the themes and take the configured one."""
        for theme in (themes.DARK, themes.LIGHT, themes.ANSI):
            self.register_theme(theme)
        self._plain.enabled = bool(settings["ui.ascii"]) or self._plain.enabled
        self.problems += self.read_themes()
        if self.no_color:
            self.theme = themes.ANSI.name
            return
        name = settings.text("ui.theme")
        if name not in self.available_themes:
            self.problems.append(
                f"ui.theme is {name!r}, which does not exist. ctrl+t chooses one of "
                f"{', '.join(sorted(self.available_themes))}."
            )
            name = themes.DARK.name
        self.theme = name

    def watch_themes(self) -> None:
        self.set_interval(POLL, self.refresh_themes)

    def tell(self, sentence: str, severity: Severity = "information") -> None:
        raise NotImplementedError

    # what Textual asks for

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [one for one in super().get_line_filters() if not isinstance(one, Monochrome)]
        if self.no_color:
            filters.append(signs.Colourless())
        return [*filters, self._plain] if self._plain.enabled else filters

    def suit_terminal(self) -> None:
        """Colours that it does not have come out as others, black on black among them."""
        if self.console.color_system == "standard":
            self.theme = themes.ANSI.name

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        missing = themes.variables_for(variables)
        complete = {**missing, **variables}
        self.theme_variables = complete
        return complete

    # the user's themes

    def read_themes(self) -> list[str]:
        """Read the files that have changed; what is wrong with them, in sentences."""
        from memtui.tui import theme_files

        wrong: list[str] = []
        now = theme_files.stamps()
        changed = [path for path, stamp in now.items() if self._theme_stamps.get(path) != stamp]
        gone = set(self._theme_stamps) - set(now)
        self._theme_stamps = now
        for path in changed:
            try:
                theme = theme_files.read(path)
            except theme_files.ThemeError as error:
                wrong.append(str(error))
                continue
            self.register_theme(theme)
            if theme.name == self.theme:
                self._watch_theme(theme.name)  # the same name, other colours
        for path in gone:
            if path.stem != self.theme and path.stem in self._registered_themes:
                self.unregister_theme(path.stem)
        return wrong

    def refresh_themes(self) -> None:
        from memtui.tui import theme_files

        if theme_files.stamps() != self._theme_stamps:
            for sentence in self.read_themes():
                self.tell(sentence, "warning")

    # choosing one

    def action_themes(self) -> None:
        from memtui.tui.screens.theme import ThemePicker

        if any(isinstance(screen, ThemePicker) for screen in self.screen_stack):
            return
        if self.no_color:
            self.tell("NO_COLOR is set, so there are no colours to choose.")
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.theme = name
                self.run_worker(self._save_theme(name), group="save", exit_on_error=False)

        self.refresh_themes()
        self.push_screen(ThemePicker(), chosen)

    async def _save_theme(self, name: str) -> None:
        if not await asyncio.to_thread(config.is_configured):
            return
        try:
            await self.save_settings({"ui.theme": name})
        except (config.ConfigError, OSError) as error:
            self.tell(str(error), "warning")

    async def save_settings(self, changes: dict[str, str]) -> None:
        raise NotImplementedError
