"""The draft of a message in the user's own editor, which has the terminal meanwhile."""

import asyncio
import os
import shlex
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain, plain_line


def editor(environment: Mapping[str, str]) -> list[str]:
    """The command of the user's editor. Raises MemtuiError."""
    for name in ("VISUAL", "EDITOR"):
        if written := environment.get(name, "").strip():
            try:
                return shlex.split(written) or [written]
            except ValueError:
                raise MemtuiError(
                    f"{name} is {plain_line(written, 100)}, where a quotation mark is missing. Set "
                    "it to a command, and open memtui again."
                ) from None
    raise MemtuiError(
        "No editor is named. Set EDITOR to the one you use, EDITOR=nano for example, and open "
        "memtui again."
    )


async def edit(app: App[Any], draft: str) -> str:
    """What the user makes of `draft`. Raises MemtuiError, and then nothing has changed."""
    command = editor(os.environ)
    with tempfile.TemporaryDirectory(prefix="memtui-") as folder:  # only its owner may enter
        file = Path(folder) / "message.md"
        file.touch(mode=0o600)
        file.write_text(draft, encoding="utf-8", errors="replace")
        try:
            with _suspended(app):
                wrong = await _run(command, file)
        except SuspendNotSupported:
            raise MemtuiError(
                "memtui cannot give this terminal to an editor. Write the message here; ctrl+j "
                "begins a new line."
            ) from None
        if wrong:
            raise MemtuiError(f"{plain_line(command[0], 80)} {wrong}")
        try:
            written = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            raise MemtuiError("The editor left no file, so the message is as it was.") from None
    return plain(written).removesuffix("\n")


async def _run(command: list[str], file: Path) -> str:
    """What went wrong with it. Raises nothing: that would leave the app suspended."""
    try:
        process = await asyncio.create_subprocess_exec(*command, str(file))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return (
            f"could not be started: {reason}. Set VISUAL or EDITOR to an editor that is there, and "
            "open memtui again."
        )
    status = await process.wait()
    return f"ended with status {status}, so the message is as it was." if status else ""


@contextmanager
def _suspended(app: App[Any]) -> Iterator[None]:
    """The app goes on, but draws nothing; ctrl+c is the editor's."""
    with app.batch_update(), app.suspend():
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
    app.refresh(layout=True)
