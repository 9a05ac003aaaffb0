"""Numbers, sizes and durations as text. All of the app's formatting of time goes through here."""

import os
from datetime import datetime

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


def moment(at: datetime) -> str:
    """When something was, as one says it: `now`, `5 min ago`, `3 h ago`, `12 Mar`, `2024-03-12`."""
    now = datetime.now().astimezone()
    seconds = (now - at).total_seconds()
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 24 * 3600:
        return f"{seconds // 3600:.0f} h ago"
    then = at.astimezone()
    return f"{then.day} {then:%b}" if then.year == now.year else f"{then:%Y-%m-%d}"


def money(dollars: float) -> str:
    """`$1.20`, `$0.004`."""
    return f"${dollars:,.2f}" if dollars >= 0.095 else f"${dollars:.2g}"


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


def size(number: int) -> str:
    """Bytes: `812 B`, `5.1 kB`, `3.2 MB`."""
    if number < 1000:
        return f"{number} B"
    for unit in ("kB", "MB"):
        number_of = number / (1e3 if unit == "kB" else 1e6)
        if number_of < 1000:
            return f"{number_of:.1f} {unit}"
    return f"{number / 1e9:.1f} GB"


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


_ACTIVITIES = {
    "archival_memory_search": "searching the archive",
    "conversation_search": "searching the conversation",
    "conversation_search_date": "searching the conversation",
    "archival_memory_insert": "writing to the archive",
    "core_memory_append": "editing its memory",
    "core_memory_replace": "editing its memory",
    "pause_heartbeats": "pausing",
}


def activity_of(tool: str) -> str:
    """What an agent does that calls it, for the status line."""
    return _ACTIVITIES.get(tool, f"running {tool}")


def copied(what: str) -> str:
    """Nobody answers to OSC 52: whether it was heard is not known."""
    return f"Copied {what}, as far as the terminal lets programs copy."
