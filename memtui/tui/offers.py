"""What a word with an @ may become: a source, or a path of the file system."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from memtui.tui import files
from memtui.tui import format as fmt
from memtui.tui.mentions import Word, written
from memtui.tui.store import Store

MOST = 50
"""Entries that are offered at once."""

_PLACES = (("./", "files here"), ("../", "files one folder up"), ("~/", "your files"))


@dataclass(frozen=True)
class Entry:
    """`value` is what the prompt, or the word in it, will hold; `ready`: nothing more follows.

    `free`: other values than those offered may be meant, so Enter takes what was typed.
    """

    value: str
    title: str
    detail: str
    ready: bool = False
    free: bool = False


@dataclass(frozen=True)
class Folder:
    """What was read of a folder, which is called as it was typed: `~/papers/`."""

    typed: str
    names: Sequence[tuple[str, bool]] = ()


def folder_of(word: Word) -> str:
    """The folder that a path begins with, as it was typed; empty while there is none."""
    return word.typed[: word.typed.rfind("/") + 1]


def read(typed: str) -> Folder:
    """Reads the disk. A folder that cannot be read has nothing in it."""
    try:
        return Folder(typed, files.names(os.path.expanduser(typed)))  # noqa: PTH111 - may be ""
    except (OSError, ValueError):
        return Folder(typed)


def sources(word: Word, store: Store) -> list[Entry]:
    """The sources that are attached, then the others; none once the name is complete."""
    part = word.typed.casefold()
    found = [source for source in store.sources if part in source.name.casefold()]
    if any(source.name.casefold() == part for source in found):
        return []
    entries = []
    for source in found:
        attached = store.attached(source.id)
        detail = fmt.count(source.passages, "passage") + ("" if attached else ", not attached")
        begins = source.name.casefold().startswith(part)
        title = f"{'●' if attached else '○'} {source.name}"
        entry = Entry(f"{written(source.name)} ", title, detail, True)
        entries.append((not attached, not begins, source.name.casefold(), entry))
    return [entry for *_, entry in sorted(entries, key=lambda one: one[:3])][:MOST]


def places(word: Word) -> list[Entry]:
    """Where paths begin, while that is all that was typed."""
    return [
        Entry(f"@{path}", path, detail)
        for path, detail in _PLACES
        if path.startswith(word.typed) and "/" not in word.typed
    ]


def paths(word: Word, folder: Folder) -> list[Entry]:
    """What is in the folder: first what begins with the part that was typed, then what has it.

    Hidden files are offered after a dot; none once the name of a file is complete.
    """
    typed = word.typed[len(folder.typed) :]
    part, entries = typed.casefold(), []
    for name, is_folder in folder.names:
        folded = name.casefold()
        if part not in folded or (name.startswith(".") and not part.startswith(".")):
            continue
        if name == typed and not is_folder:
            return []
        path = folder.typed + name
        value = written(f"{path}/", open=True) if is_folder else f"{written(path)} "
        entry = Entry(value, f"{name}/" if is_folder else name, "", not is_folder)
        entries.append((not folded.startswith(part), not is_folder, folded, entry))
    return [entry for *_, entry in sorted(entries, key=lambda one: one[:3])][:MOST]
