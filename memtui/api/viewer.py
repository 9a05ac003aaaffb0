"""Opening the file of a passage in the system's viewer, at its page."""

import asyncio
import shlex
import sys
from pathlib import Path

from memtui.api.errors import MemtuiError, UnavailableError, UsageError
from memtui.api.library import Passage
from memtui.api.plain import plain_line

SECONDS = 3.0
"""How long a viewer is given to say that it cannot show the file; it may stay open for hours."""


def program() -> str:
    return "open" if sys.platform == "darwin" else "xdg-open"


def address(path: str | None, page: int | None = None) -> str:
    """What the viewer is told to open; empty when there is no such file or page of the web.

    Browsers understand `#page=`; another viewer may begin at page 1.
    """
    if not path or path.startswith(("https://", "http://")):
        return path or ""
    if not path.startswith("/"):
        return ""
    return path if page is None else f"{Path(path).as_uri()}#page={page}"


def opener(passage: Passage) -> str:
    """A shell command that opens the passage's file, at its page where there is one."""
    path = passage.document_path or ""
    where = address(path, passage.page)
    if not where:
        return ""
    if not path.startswith("/") or passage.page is None:
        return f"{program()} {shlex.quote(where)}"
    return f"{program()} {shlex.quote(Path(path).as_uri())}'#page={passage.page}'"


async def show(path: str | None, page: int | None = None) -> None:
    """Open the file. Raises UsageError, UnavailableError or MemtuiError when that fails."""
    where = address(path, page)
    if not where:
        raise UsageError("This text is in memtui's memory only: there is no file to open.")
    if where.startswith(("/", "file:")) and not await asyncio.to_thread(Path(path or "").exists):
        raise UnavailableError(
            f"{plain_line(path or '', 300)} is not there any more. Its text is kept; load the file "
            "again from where it is now."
        )
    nowhere = asyncio.subprocess.DEVNULL
    try:
        viewer = await asyncio.create_subprocess_exec(
            program(), where, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except OSError:
        raise MemtuiError(
            f"There is no {program()} here to open files with. The file is {plain_line(where, 300)}"
        ) from None
    try:
        status = await asyncio.wait_for(viewer.wait(), SECONDS)
    except TimeoutError:
        return
    if status:
        raise MemtuiError(
            f"{program()} could not open it (status {status}): this machine may have no viewer for "
            f"it, or no screen. The file is {plain_line(where, 300)}"
        )
