"""A folder that is watched: what changes in it, in small batches, until it is no more."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

from memtui.api.errors import UsageError
from memtui.library.files import show

SETTLE = 300
"""Milliseconds without a change that end a batch: an editor's saving is several changes."""

LONGEST = 3000
"""Milliseconds after which a batch ends however much goes on."""

_LOOK = 2000  # milliseconds between two looks at the folder itself


async def batches(folder: str, recursive: bool) -> AsyncGenerator[set[str], None]:
    """The paths that changed, each time some have; hidden ones are left out.

    The first is empty, once watching has begun, so that nothing in between is missed. Raises
    UsageError when the folder has gone or has become another.
    """
    from watchfiles import awatch  # its compiled part costs a moment

    place = identity(folder)
    changes = awatch(
        folder,
        watch_filter=lambda _, path: not _hidden(path, folder),
        debounce=LONGEST,
        step=SETTLE,
        rust_timeout=_LOOK,
        yield_on_timeout=True,
        recursive=recursive,
        ignore_permission_denied=True,
    )
    next_batch = asyncio.ensure_future(anext(changes))
    try:
        await asyncio.sleep(0)  # it has begun now
        yield set()
        while True:
            batch = await next_batch
            if await asyncio.to_thread(identity, folder) != place:
                raise _gone(folder)
            if batch:
                yield {_as_asked(path, folder) for _, path in batch}
            next_batch = asyncio.ensure_future(anext(changes))
    finally:
        next_batch.cancel()
        await asyncio.gather(next_batch, return_exceptions=True)
        await changes.aclose()


def identity(folder: str) -> tuple[int, int]:
    """What tells a folder from another that takes its place, such as an empty mount point.

    Raises UsageError when there is none.
    """
    try:
        status = Path(folder).stat()
        os.scandir(folder).close()
    except (OSError, ValueError):
        raise _gone(folder) from None
    return status.st_dev, status.st_ino


def _as_asked(path: str, folder: str) -> str:
    """Some systems tell a path with its symbolic links resolved."""
    real = os.path.realpath(folder)
    return folder + path.removeprefix(real) if path.startswith(real) else path


def _hidden(path: str, folder: str) -> bool:
    inside = os.path.relpath(_as_asked(path, folder), folder)
    return inside != "." and any(part.startswith(".") for part in Path(inside).parts)


def _gone(folder: str) -> UsageError:
    return UsageError(
        f"The folder {show(folder)} is not there, or not as it was. Nothing was removed from its "
        "source; check the folder, or whether its disk is there, and give the command again."
    )
