"""Files to choose from: what a folder holds, and what is found by a part of its name.

These functions read the disk: call them on a thread. Hidden files are left out, but of `names`.
"""

import itertools
import os
import shlex
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from memtui.api.plain import plain

MOST_LISTED = 2000
MOST_NAMES = 10_000
MOST_FOUND = 200
MOST_SEEN = 60_000
"""Files and folders that a search looks at."""
SECONDS = 1.5
"""How long a search may take."""

_APART = 3  # letters between two that were typed, on average, so that it still counts
_DULL = {"node_modules", "__pycache__", "site-packages"}


@dataclass(frozen=True)
class Entry:
    """A file or a folder. `name` is what is shown of its path."""

    path: str
    name: str
    folder: bool
    size: int = 0


def listing(folder: str, part: str = "") -> list[Entry]:
    """What is in a folder, the folders first; with `part`, what bears its letters in order.

    Raises OSError.
    """
    found: list[Entry] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(found) >= MOST_LISTED:
                break
            if not entry.name.startswith("."):
                found.append(_entry(entry, entry.name))
    if part:
        scored = [(score(part, one.name), one) for one in found]
        kept = [(points, one) for points, one in scored if points is not None]
        return [one for _, one in sorted(kept, key=lambda pair: (pair[0], pair[1].name))]
    return sorted(found, key=lambda one: (not one.folder, one.name.casefold()))


def names(folder: str) -> list[tuple[str, bool]]:
    """What is in a folder, hidden files too: each name that can be typed, and whether it is a
    folder. Raises OSError.
    """
    with os.scandir(folder) as entries:
        few = itertools.islice(entries, MOST_NAMES)
        return [(entry.name, entry.is_dir()) for entry in few if typeable(entry.name)]


def typeable(name: str) -> bool:
    """Whether a name can stand in a message as it is."""
    return plain(name) == name and not set(name) & {"\n", "\t"}


def search(root: str, text: str, stop: threading.Event) -> list[Entry]:
    """What lies below `root` with the letters of `text` in its path, in order: the best first.

    Near folders are looked at first, and not more than MOST_SEEN entries.
    """
    found: list[tuple[int, str, Entry]] = []
    end = time.monotonic() + SECONDS
    for seen, entry in enumerate(_below(root)):
        if stop.is_set() or seen > MOST_SEEN or time.monotonic() > end:
            break
        name = os.path.relpath(entry.path, root)
        points = score(text, name)
        if points is not None:
            found.append((points, name, _entry(entry, name)))
    found.sort(key=lambda one: one[:2])
    return [entry for _, _, entry in found[:MOST_FOUND]]


def _below(root: str) -> "Iterator[os.DirEntry[str]]":
    folders = deque([root])
    while folders:
        try:
            with os.scandir(folders.popleft()) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name in _DULL:
                        continue
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:
            continue


def _entry(entry: "os.DirEntry[str]", name: str) -> Entry:
    try:
        folder = entry.is_dir()
        size = 0 if folder else entry.stat().st_size
    except OSError:
        folder, size = False, 0
    return Entry(entry.path, name, folder, size)


def score(text: str, name: str) -> int | None:
    """How far apart the letters of `text` stand in `name`: the less, the better; None when they
    are not all there in order. What stands together in the last part of a path is best."""
    wanted = "".join(text.casefold().split())
    path = name.casefold()
    last = path.rpartition("/")[2]
    if wanted in last:
        return last.index(wanted) + len(last) - len(wanted)
    if wanted in path:
        return 200 + len(path)
    at, gaps = -1, 0
    for letter in wanted:
        following = path.find(letter, at + 1)
        if following < 0:
            return None
        gaps += following - at - 1 if at >= 0 else 0
        at = following
    if gaps > _APART * len(wanted):
        return None
    return 1000 + 10 * gaps + len(path)


def clean_path(typed: str) -> Path:
    """A typed, pasted or dropped path: quotes, `file://` and escaped spaces are understood."""
    text = typed.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    path = Path(text).expanduser()
    if not path.exists() and "\\ " in text:
        path = Path(text.replace("\\ ", " ")).expanduser()
    return path.absolute()


def dropped(text: str) -> list[str]:
    """The paths in what a terminal pastes when several files are dropped on it; else none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        try:
            lines = shlex.split(text)
        except ValueError:
            return []
    begins = ("/", "~", "file://")
    return lines if len(lines) > 1 and all(line.startswith(begins) for line in lines) else []
