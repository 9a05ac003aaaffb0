"""What a source holds already: which content, under which names; and what has become of those."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memtui.api.library import Document

UNREADABLE = {"failed", "scanned", "empty"}


@dataclass(slots=True, eq=False)
class Entry:
    """A document. `content` says what was read of which file: two are the same if these are."""

    id: str
    content: str
    names: list[str]
    readable: bool = True
    wrong: bool = False  # something is noted about it


def content(sha256: str, only_pages: str = "") -> str:
    return f"{sha256} {only_pages}" if only_pages else sha256


class Catalogue:
    """The documents of a source by name and by content, kept in step with what a load records."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._by_name: dict[str, Entry] = {}
        self._by_content: dict[str, Entry] = {}
        for document in documents:
            self.put(
                Entry(
                    document.id,
                    content(document.sha256, document.only_pages),
                    [document.path, *document.also],
                    document.state not in UNREADABLE,
                    bool(document.error),
                )
            )

    def named(self, name: str) -> Entry | None:
        return self._by_name.get(name)

    def holding(self, what: str) -> Entry | None:
        """The document with this content, if it could be read."""
        return self._by_content.get(what)

    def entries(self) -> list[Entry]:
        return list({entry.id: entry for entry in self._by_name.values()}.values())

    def put(self, entry: Entry) -> None:
        """It takes its names from those that had them; one that is left without any goes."""
        self.rename({entry: entry.names})
        if entry.readable:
            self._by_content[entry.content] = entry

    def rename(self, wanted: Mapping[Entry, list[str]]) -> None:
        """All at once: they may change places."""
        for entry in wanted:
            for name in entry.names:
                self._by_name.pop(name, None)
        for entry, names in wanted.items():
            for name in names:
                before = self._by_name.get(name)
                if before is not None and before is not entry:
                    before.names = [one for one in before.names if one != name]
                    if not before.names:
                        self.drop(before)
                self._by_name[name] = entry
            entry.names = names

    def drop(self, entry: Entry) -> None:
        for name in entry.names:
            self._by_name.pop(name, None)
        if self._by_content.get(entry.content) is entry:
            del self._by_content[entry.content]


@dataclass(slots=True)
class Moves:
    """`names` are the new ones by entry; `renamed` of the files are old ones under a new name,
    `twins` (name, earlier name) have the content of another."""

    names: dict[Entry, list[str]] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)
    twins: list[tuple[str, str]] = field(default_factory=list)


def moves(catalogue: Catalogue, contents: Mapping[str, str], present: Collection[str]) -> Moves:
    """Where known content has gone. `contents` of the files that are `present`, by name.

    A name counts as lost when its file has gone or has other content now; content that is found
    under new names has been renamed as often as it has lost names, and copied beyond that.
    Blocks: it asks the disk.
    """
    found = Moves()
    now: dict[Entry, list[str]] = {}
    for name, what in contents.items():
        entry = catalogue.holding(what)
        if entry is not None:
            now.setdefault(entry, []).append(name)
    for entry in catalogue.entries():
        here = now.get(entry, [])
        kept = [
            name
            for name in entry.names
            if name in here or (name not in contents and (name in present or not gone(name)))
        ]
        new = [name for name in here if name not in entry.names]
        if not kept and not new:
            continue
        lost = len(entry.names) - len(kept)
        found.renamed.update(new[:lost])
        found.twins += [(name, (kept or new)[0]) for name in new[lost:]]
        if kept + new != entry.names or (here and entry.wrong):
            found.names[entry] = kept + new
    return found


def gone(name: str) -> bool:
    """Whether the file of this name is no more; one that cannot be looked at counts as there."""
    if "://" in name:
        return False
    # A name that is not UTF-8 is written with \xNN for its bytes: it may be either.
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), name.encode())
    for path in {name.encode(), raw}:
        try:
            Path(path.decode("utf-8", "surrogateescape")).stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError):
            return False
        return False
    return True
