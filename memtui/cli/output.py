"""Printing: data on stdout, everything else on stderr, all of it safe for a terminal.

Text from documents, models and files goes through `plain`; JSON keeps every character, the
unprintable ones as escapes.
"""

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from memtui.api.plain import plain, plain_line

if TYPE_CHECKING:
    from datetime import datetime


def prepare() -> None:
    """Characters that the terminal's encoding lacks become `?`, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def abandon() -> None:
    """Send what is left in stdout's buffer nowhere: its reader has gone, or the disk is full."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):  # no real stdout
        pass


def line(text: str = "") -> None:
    """Outside text on stdout."""
    print(plain(text))


def note(text: str) -> None:
    """A sentence for the person, on stderr."""
    print(plain(text), file=sys.stderr, flush=True)


def data(value: Any) -> None:
    """`value` (models, and lists of them) as JSON on stdout."""
    import json

    text = json.dumps(_jsonable(value), indent=2, ensure_ascii=False)
    print(re.sub(r"[^\x20-\x7e\n]", _escaped, text))


def _jsonable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if char.isprintable() and _encodable(char):
        return char
    import json

    return json.dumps(char)[1:-1]


def _encodable(char: str) -> bool:
    try:
        char.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def fancy(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that understands cursor movement."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """`text`, which must be plain already, in bold where stdout can show it."""
    if fancy(sys.stdout) and not os.environ.get("NO_COLOR"):
        return f"\x1b[1m{text}\x1b[0m"
    return text


def width(text: str) -> int:
    """The cells that `text` takes on a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns on stdout; numbers to the right. On a terminal the last column is cut."""
    cells = [[plain_line(str(cell)) for cell in row] for row in rows]
    widths = [
        max(width(header), *(width(row[column]) for row in cells), 0)
        for column, header in enumerate(headers)
    ]
    right = [
        bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        for column in range(len(headers))
    ]
    room = 0
    if sys.stdout is not None and sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * (len(widths) - 1)
    for number, row in enumerate([list(headers), *cells]):
        if room >= 10:
            row[-1] = plain_line(row[-1], room)
        padded = [
            " " * (widths[column] - width(cell)) + cell
            if right[column]
            else cell + " " * (widths[column] - width(cell))
            for column, cell in enumerate(row)
        ]
        text = "  ".join(padded).rstrip()
        print(bold(text) if number == 0 else text)


def fields(pairs: Sequence[tuple[str, object]]) -> None:
    """`name  value` lines on stdout; empty values are left out."""
    shown = [(name, plain_line(str(value))) for name, value in pairs if value not in (None, "")]
    longest = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name:<{longest}}  {value}")


def when(moment: "datetime") -> str:
    """A moment in the person's own time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def count(number: int, one: str, many: str = "") -> str:
    """`1 passage`, `1,044 passages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
