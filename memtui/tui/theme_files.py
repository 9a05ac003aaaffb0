"""The user's own themes: TOML files in the configuration folder's `themes/`.

    dark = true
    primary = "#8fb4ee"        # also secondary, accent, foreground, background, surface, panel,
    background = "#15171c"     # success, warning, error; `primary` alone is enough
    [variables]
    muted = "#8d95a5"          # also faint, line, raised, selected, and any of Textual's

The name of a theme is that of its file without `.toml`. A colour is written as in CSS.
"""

import tomllib
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from memtui import paths
from memtui.api.plain import plain_line
from memtui.tui import themes

COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success",
    "warning", "error", "boost",
)  # fmt: skip

_STYLES = ("bold", "italic", "underline", "reverse", "dim", "none", "not", "strike")


class ThemeError(ValueError):
    """What is wrong with a theme's file, as a sentence."""


Stamps = dict[Path, tuple[int, int]]


def stamps() -> Stamps:
    """Each file with what changes when it is written. A few system calls, no reading."""
    found: Stamps = {}
    try:
        for path in paths.themes_dir().iterdir():
            if path.suffix == ".toml" and not path.name.startswith("."):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
    except OSError:
        pass  # there is no such folder, or a file went while it was looked at
    return dict(sorted(found.items()))


def unknown(name: str) -> str:
    """Nothing when there is a theme of that name, else a sentence with those that there are."""
    own = {theme.name for theme in (themes.DARK, themes.LIGHT, themes.ANSI)}
    names = {*BUILTIN_THEMES, *own, *(path.stem for path in stamps())}
    if name in names:
        return ""
    return f"There is no theme {plain_line(name, 60)!r}. There are {', '.join(sorted(names))}."


def read(path: Path) -> Theme:
    """Raises ThemeError."""
    shown = plain_line(str(path), 300)
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ThemeError(f"The theme {shown} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        why = plain_line(str(error), 200)
        raise ThemeError(f"The theme {shown} is not valid TOML: {why}. Mend it.") from None
    try:
        return _theme(path.stem, table)
    except ThemeError as error:
        raise ThemeError(f"The theme {shown} cannot be used: {error}") from None


def _theme(name: str, table: dict[str, Any]) -> Theme:
    if not all(char.isalnum() or char in "-_." for char in name):
        raise ThemeError("a theme's name has letters, digits, - and _ only. Rename the file.")
    variables = table.pop("variables", {})
    dark = table.pop("dark", True)
    if not isinstance(dark, bool):
        raise ThemeError(f"dark is true or false, not {dark!r}.")
    for key in table:
        if key not in COLOURS:
            raise ThemeError(f"there is no key {key!r}. There are dark, {', '.join(COLOURS)}.")
    if "primary" not in table:
        raise ThemeError('it has no primary colour. Add primary = "#8fb4ee", or another one.')
    if not isinstance(variables, dict):
        raise ThemeError("variables is a table: [variables], and a line for each below it.")
    for key, value in table.items():
        _check(key, value)
    for key, value in variables.items():
        if not key.endswith("-style"):
            _check(f"variables.{key}", value)
        elif not isinstance(value, str) or set(value.split()) - set(_STYLES):
            raise ThemeError(f"variables.{key} is made of {', '.join(_STYLES)}, not {value!r}.")
    return Theme(name=name, dark=dark, variables=variables, **table)


def _check(key: str, value: object) -> None:
    """That a value is a colour; `#8fb4ee 30%` has its opacity behind it."""
    colour, _, opacity = str(value).partition(" ")
    try:
        if not isinstance(value, str) or (opacity and not opacity.strip("% ").isdigit()):
            raise ValueError
        Color.parse(colour)
    except (ColorParseError, ValueError):
        shown = plain_line(repr(value), 60)
        raise ThemeError(f'{key} is {shown}; a colour is written "#8fb4ee" or "teal".') from None
