"""Which files a load is about: those named, or those in a folder."""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memtui.api.library import LoadFailure, LoadRequest
from memtui.api.plain import plain_line
from memtui.library.readers import DEFAULT_EXTENSIONS


@dataclass(frozen=True, slots=True)
class FoundFile:
    """`path` may hold surrogate escapes (a name that is not UTF-8); `key` and `name` never do."""

    path: str
    size: int

    @property
    def name(self) -> str:
        """For people: one line of harmless text."""
        return show(Path(self.path).name)

    @property
    def key(self) -> str:
        """For the record: valid text, different for different paths."""
        return key(self.path)


@dataclass(slots=True)
class Found:
    files: list[FoundFile] = field(default_factory=list)
    failures: list[LoadFailure] = field(default_factory=list)

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
        candidates += _walk(request.directory, request.recursive, extensions, found)
    seen: set[tuple[int, int]] = set()
    for path in sorted(set(candidates), key=os.fsencode):
        status = _regular(path, found)
        if status is not None and (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            found.files.append(FoundFile(path, status.st_size))
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


def _walk(
    directory: str, recursive: bool, extensions: Collection[str], found: Found
) -> Iterator[str]:
    """Regular files of these extensions, hidden ones left out; each folder once."""
    seen: set[tuple[int, int]] = set()
    waiting = [directory]
    while waiting:
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
                if entry.is_dir():
                    if recursive:
                        waiting.append(entry.path)
                elif Path(entry.name).suffix.lower() in extensions and (
                    # A broken link will be named as missing; pipes and devices are passed over.
                    entry.is_file() or not Path(entry.path).exists()
                ):
                    yield entry.path
            except OSError as error:
                found.fail(entry.path, f"{show(entry.name)} cannot be read: {_reason(error)}.")


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
