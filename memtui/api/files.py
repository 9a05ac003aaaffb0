"""Writing what the engine sends to a file of the user's."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from memtui.api.errors import StorageError, UsageError
from memtui.api.history import ExportFormat


def format_of(path: Path) -> ExportFormat:
    """`.jsonl` is JSON Lines, anything else Markdown."""
    return "jsonl" if path.suffix.lower() == ".jsonl" else "markdown"


def target(text: str) -> tuple[Path, bool]:
    """The file that is meant, `~` expanded, and whether it exists.

    Raises UsageError when that is something else than a file.
    """
    try:
        path = Path(text).expanduser().absolute()
        there = path.exists()
        is_file = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{text} cannot be a file: {why}. Name another one.") from None
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file in it.")
    if there and not is_file:
        raise UsageError(f"{path} is no ordinary file. Name another one.")
    return path, there


async def save(pieces: AsyncIterator[bytes], path: Path) -> int:
    """Write `pieces` to `path`, readable by its owner alone, whole or not at all; the bytes.

    A file that is there is replaced. Raises StorageError when it cannot be written, and what the
    pieces raise.
    """
    temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}")
    size = 0
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = await asyncio.to_thread(os.open, temporary, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            async for piece in pieces:
                size += await asyncio.to_thread(file.write, piece)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}. Name another file, or free "
            "some space."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return size
