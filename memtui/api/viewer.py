"""Opening the file of a passage in the user's or the system's viewer, at its page."""

import asyncio
import re
import shlex
import sys
from pathlib import Path

from memtui import config
from memtui.api.errors import MemtuiError, UnavailableError, UsageError
from memtui.api.library import Passage
from memtui.api.plain import plain_line

SECONDS = 3.0
"""How long a viewer is given to say that it cannot show the file; it may stay open for hours."""


def program() -> str:
    return "open" if sys.platform == "darwin" else "xdg-open"


def command(path: str | None, page: int | None = None) -> list[str]:
    """What opens it; empty when there is no such file or page of the web.

    The system's viewer gets an address with `#page=`, which browsers understand, while another
    viewer may begin at page 1: hence the setting. Raises ConfigError.
    """
    if not path or path.startswith(("https://", "http://")):
        return [program(), path] if path else []
    if not path.startswith("/"):
        return []
    own = config.load().text("ui.pdf_viewer")
    if own and path.lower().endswith(".pdf"):
        put = {"{path}": path, "{page}": str(page or 1)}
        words = config.command_words("ui.pdf_viewer", own)
        return [re.sub(r"\{(?:path|page)\}", lambda found: put[found[0]], word) for word in words]
    return [program(), path if page is None else f"{Path(path).as_uri()}#page={page}"]


def opener(passage: Passage) -> str:
    """A shell command that opens the passage's file, at its page where there is one."""
    return shlex.join(command(passage.document_path, passage.page))


async def show(path: str | None, page: int | None = None) -> None:
    """Open the file. Raises UsageError, UnavailableError or MemtuiError when that fails."""
    try:
        words = command(path, page)
    except config.ConfigError as error:
        raise MemtuiError(str(error)) from None
    if not path or not words:
        raise UsageError("This text is in memtui's memory only: there is no file to open.")
    if path.startswith("/") and not await asyncio.to_thread(Path(path).exists):
        raise UnavailableError(
            f"{plain_line(path, 300)} is not there any more. Its text is kept; load the file "
            "again from where it is now."
        )
    name = plain_line(words[0], 80)
    nowhere = asyncio.subprocess.DEVNULL
    try:
        viewer = await asyncio.create_subprocess_exec(
            *words, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except (OSError, ValueError):
        raise MemtuiError(
            f"There is no {name} here to open files with. ui.pdf_viewer may name a viewer. The "
            f"file is {plain_line(path, 300)}"
        ) from None
    try:
        status = await asyncio.wait_for(viewer.wait(), SECONDS)
    except TimeoutError:
        return
    if status:
        raise MemtuiError(
            f"{name} could not open it (status {status}): this machine may have no viewer for it, "
            f"or no screen. The file is {plain_line(path, 300)}"
        )
