"""Tell the terminal that something long has ended, when nobody looks at it."""

import os
from typing import TYPE_CHECKING, Any

from memtui.api.plain import plain_line

if TYPE_CHECKING:
    from textual.app import App

LONG = 10.0
"""Seconds after which the end of something is worth a notification."""

WAYS = ("auto", "osc9", "osc777", "bell", "off")
"""What `ui.notify` may be. `auto`: OSC 9, which terminals that do not know it ignore; the bell
inside tmux and screen, which pass nothing else on."""

_BELL = "\a"


def sequence(way: str, title: str, text: str) -> str:
    """What is written to the terminal. Neither text can end the sequence or begin another."""
    title, text = (plain_line(part, 200) for part in (title, text))
    if way == "auto":
        way = "bell" if "TMUX" in os.environ or "STY" in os.environ else "osc9"
    if way == "osc9":
        return f"\x1b]9;{title}: {text}{_BELL}"
    if way == "osc777":
        # Its parts are separated by semicolons.
        return f"\x1b]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}{_BELL}"
    return _BELL if way == "bell" else ""


def call(app: "App[Any]", way: str, text: str, seconds: float) -> None:
    """Say that something has ended after `seconds`, if that is long and nobody looks."""
    if seconds < LONG or app.app_focus or app._driver is None:
        return
    if written := sequence(way, "memtui", text):
        app._driver.write(written)
        app._driver.flush()
