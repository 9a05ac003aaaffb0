"""Numbers, sizes and durations as text. All of the app's formatting of time goes through here."""

import os

from memtui.api.plain import plain_line

FULL, EMPTY = "━", "─"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def count(number: int, noun: str = "", plural: str = "") -> str:
    """`1,044`, `1 page`, `13 pages`."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """`0.8 s`, `12 s`, `3:04 min`, `2:10 h`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def milliseconds(ms: float) -> str:
    """`41 ms`, `1.2 s`; nothing for an unknown time."""
    if ms <= 0:
        return ""
    return f"{ms:.0f} ms" if ms < 1000 else duration(ms / 1000)


def elapsed(seconds: float) -> str:
    """How long something has been going on, in whole seconds."""
    return f"{int(seconds)} s" if seconds < 60 else duration(seconds)


def spinner(seconds: float) -> str:
    """A turning circle, four frames a second."""
    return "◐◓◑◒"[int(seconds * 4) % 4]


def tokens(number: int) -> str:
    """`812`, `5.1k`, `128k`."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 9950 else f"{number / 1000:.0f}k"


def bar(fraction: float, width: int) -> tuple[str, str]:
    """The done and the open part of a bar of `width` cells."""
    done = round(min(1.0, max(0.0, fraction)) * width)
    return FULL * done, EMPTY * (width - done)


def gauge(fraction: float, width: int) -> str:
    """A solid bar in steps of an eighth cell, padded to `width` cells."""
    eighths = round(min(1.0, max(0.0, fraction)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def score(value: float) -> str:
    """`0.83`; a search's fused scores go up to 1."""
    return f"{value:.2f}"


def path(value: str) -> str:
    """`~/papers/memgpt.pdf`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - the text of a path, which may be anything
    return "~" + value[len(home) :] if home != "/" and value.startswith(f"{home}/") else value


def page(number: int | None, end: int | None = None, label: str | None = None) -> str:
    """`p. 3`, `p. 3–4`, `p. iv (4)`; nothing without pages."""
    if number is None:
        return ""
    if label and label != str(number):
        return f"p. {plain_line(label, 12)} ({number})"
    return f"p. {number}–{end}" if end and end > number else f"p. {number}"
