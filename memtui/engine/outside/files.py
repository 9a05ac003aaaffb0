"""Text files below one folder, and nowhere else."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from memtui.engine.outside import OutsideError

MOST = 500
"""Characters that one call reads; the original's limit."""


class Files:
    """`folder` is where the files are. What lies in one of `closed` is left alone, unless
    `folder` itself does."""

    def __init__(self, folder: Path, closed: Sequence[Path] = ()) -> None:
        self._folder = folder.resolve()
        self._closed = [
            path
            for path in (one.resolve() for one in closed)
            if not self._folder.is_relative_to(path)
        ]

    def read_from_text_file(self, filename: str, line_start: int, num_lines: int = 1) -> str:
        """Reads lines of a text file, 500 characters at most.

        Args:
            filename: The file's name in the folder of your files.
            line_start: The first line to read, counted from 1.
            num_lines: How many lines to read.
        """
        if line_start < 1 or num_lines < 1:
            raise OutsideError("line_start and num_lines must be 1 or more.")
        lines: list[str] = []
        room, number = MOST, 0
        with os.fdopen(
            self._open(filename, os.O_RDONLY), encoding="utf-8", errors="replace"
        ) as file:
            for number, line in enumerate(file, start=1):
                if number >= line_start + num_lines:
                    break
                if number < line_start:
                    continue
                text = line.rstrip("\n")
                lines.append(text[:room])
                room -= len(text)
                if room < 0:
                    lines.append(f"[cut in line {number}: {MOST} characters are read at a time]")
                    break
        if not lines:
            raise OutsideError(f"{filename} has {number} lines, so there is no line {line_start}.")
        return "\n".join(lines)

    def append_to_text_file(self, filename: str, content: str) -> str:
        """Adds text at the end of a text file, which is made when there is none.

        Args:
            filename: The file's name in the folder of your files.
            content: What to add.
        """
        descriptor = self._open(filename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(descriptor, "ab") as file:
            file.write(f"{content}\n".encode("utf-8", "replace"))
        return f"Added {len(content):,} characters to {filename}."

    def _open(self, filename: str, flags: int) -> int:
        """A descriptor of a regular file below the folder, wherever links lead.

        The path is opened step by step without following any link that was put there meanwhile.
        """
        try:
            wanted = (self._folder / filename).resolve()
        except (OSError, RuntimeError, ValueError):
            raise OutsideError("filename is no path. Give the name of a file.") from None
        outside = not wanted.is_relative_to(self._folder) or wanted == self._folder
        if outside or any(wanted.is_relative_to(path) for path in self._closed):
            raise OutsideError(
                "That file is outside of the folder that you may use. Give the name of a file in "
                "it, without a path."
            )
        *folders, name = wanted.relative_to(self._folder).parts
        try:
            at = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                for part in folders:
                    below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
                    os.close(at)
                    at = below
                safe = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY  # a pipe or device does nothing
                descriptor = os.open(name, flags | safe, 0o600, dir_fd=at)
            finally:
                os.close(at)
        except OSError as error:
            raise OutsideError(f"{filename} cannot be opened: {error.strerror}.") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OutsideError(f"{filename} is not a regular file.")
        return descriptor
