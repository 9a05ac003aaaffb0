"""Which files a load is about: those named, or those in a folder."""

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from memtui.api.errors import UsageError
from memtui.api.library import LoadFailure, LoadRequest
from memtui.api.plain import plain_line
from memtui.library.readers import DEFAULT_EXTENSIONS

IGNORE = ".memtuiignore"
"""A file in the folder that is loaded, with more patterns to leave out."""

_NAMED = 5  # pipes and devices named in a note; the rest is counted

Excluded = Callable[[str, bool], bool]
"""(path within the folder, whether it is a folder) -> whether it is to be left out."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """`path` may hold surrogate escapes (a name that is not UTF-8); `key` and `name` never do.

    `url` is where a web page was fetched from; its text lies at `path` for the time of the load.
    `pages` chooses pages, and `password` opens the file, where it is one that has these.
    """

    path: str
    size: int
    url: str = ""
    pages: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """For people: one line of harmless text."""
        if self.url:
            parts = urlsplit(self.url)
            return show(unquote(Path(parts.path).name)) or parts.hostname or show(self.url)
        return show(Path(self.path).name)

    @property
    def key(self) -> str:
        """For the record: valid text, different for different paths."""
        return self.url or key(self.path)


@dataclass(slots=True)
class Found:
    files: list[FoundFile] = field(default_factory=list)
    failures: list[LoadFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fail(self, path: str, sentence: str) -> None:
        self.failures.append(LoadFailure(path=show(path), reason=sentence))


def key(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def show(path: str) -> str:
    """A path for people: harmless text on one line."""
    return plain_line(key(path))


def find(request: LoadRequest) -> Found:
    """The files of `request`, each once, sorted by path, and a sentence for each that is none.

    Two names of one file count once; the first in order of path is kept.
    """
    found = Found()
    candidates = list(request.paths)
    extensions = {_extension(name) for name in request.extensions or DEFAULT_EXTENSIONS}
    if request.directory is not None:
        try:
            excluded = _excluded(request.directory, request.exclude)
        except UsageError as error:
            found.fail(request.directory, str(error))
            return found
        candidates += _walk(request.directory, request.recursive, extensions, excluded, found)
    seen: set[tuple[int, int]] = set()
    for path in sorted(set(candidates), key=os.fsencode):
        status = _regular(path, found)
        if status is not None and (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            found.files.append(
                FoundFile(path, status.st_size, pages=request.pages, password=request.password)
            )
    if request.directory is not None and not found.files and not found.failures:
        listed = ", ".join(sorted(extensions))
        found.fail(
            request.directory,
            f"The folder {show(request.directory)} holds no file that ends in {listed}. Choose "
            "others with --extensions, or add --recursive for the folders in it.",
        )
    return found


def _extension(text: str) -> str:
    text = text.strip().lower()
    return text if text.startswith(".") or not text else f".{text}"


def _regular(path: str, found: Found) -> os.stat_result | None:
    """The status of a regular file, else None and the reason noted."""
    name = show(Path(path).name or path)
    try:
        status = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        found.fail(path, f"{show(path)} does not exist. Check the path.")
        return None
    except (OSError, ValueError) as error:
        found.fail(path, f"{name} cannot be read: {_reason(error)}.")
        return None
    if stat.S_ISDIR(status.st_mode):
        found.fail(path, f"{name} is a folder. Load a folder with --input-dir.")
        return None
    if not stat.S_ISREG(status.st_mode):
        found.fail(
            path, f"{name} is a pipe, a socket or a device. Save what it gives to a file first."
        )
        return None
    return status


def _excluded(directory: str, patterns: Iterable[str]) -> Excluded:
    """What `patterns` and the folder's own .memtuiignore leave out, as in a .gitignore.

    Raises UsageError for an impossible pattern.
    """
    lines = list(patterns)
    with suppress(OSError, ValueError):  # a folder that cannot be read is told by the walk
        own = Path(directory, IGNORE)
        if own.is_file():
            lines = [*own.read_text("utf-8", "replace").splitlines(), *lines]
    if not lines:
        return lambda path, folder: False
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore import GitIgnorePatternError

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except GitIgnorePatternError as error:
        raise UsageError(
            f"{show(str(error)).removesuffix('.')}. Patterns of --exclude and {IGNORE} are those "
            "of a .gitignore, such as drafts/ or *.bak."
        ) from None
    return lambda path, folder: spec.match_file(f"{path}/" if folder else path)


def _walk(
    directory: str,
    recursive: bool,
    extensions: Collection[str],
    excluded: Excluded,
    found: Found,
) -> Iterator[str]:
    """Regular files of these extensions, hidden ones left out; each folder once.

    Links to folders come last, in order of path: which of its names a file gets is always the same.
    """
    seen: set[tuple[int, int]] = set()
    waiting, links, special = [directory], list[str](), list[str]()
    while waiting or links:
        if not waiting:
            links.sort(key=os.fsencode, reverse=True)
            waiting.append(links.pop())
        folder = waiting.pop()
        try:
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue  # a loop of symbolic links
            seen.add((status.st_dev, status.st_ino))
            entries = list(os.scandir(folder))
        except (OSError, ValueError) as error:
            found.fail(folder, _folder_problem(folder, error))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                is_folder = entry.is_dir()
                if (is_folder and not recursive) or excluded(
                    os.path.relpath(entry.path, directory), is_folder
                ):
                    continue
                if is_folder:
                    (links if entry.is_symlink() else waiting).append(entry.path)
                elif Path(entry.name).suffix.lower() in extensions:
                    # A broken link will be named as missing.
                    if entry.is_file() or not Path(entry.path).exists():
                        yield entry.path
                    else:
                        special.append(show(entry.path))
            except OSError as error:
                found.fail(entry.path, f"{show(entry.name)} cannot be read: {_reason(error)}.")
    if special:
        special.sort()
        more = f" and {len(special) - _NAMED} more" if len(special) > _NAMED else ""
        named = ", ".join(special[:_NAMED]) + more
        found.notes.append(f"Left out, being pipes, sockets or devices: {named}.")


def _folder_problem(folder: str, error: OSError | ValueError) -> str:
    shown = show(folder)
    if isinstance(error, FileNotFoundError):
        return f"The folder {shown} does not exist. Check the path."
    if isinstance(error, NotADirectoryError):
        return f"{shown} is not a folder. Load files with --input-files."
    return f"The folder {shown} cannot be read: {_reason(error)}."


def _reason(error: OSError | ValueError) -> str:
    text = (error.strerror if isinstance(error, OSError) else "") or "its name is impossible"
    return text[:1].lower() + text[1:]
