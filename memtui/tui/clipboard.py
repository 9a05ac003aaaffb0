"""Copying where the terminal alone does not do it."""

import asyncio
import contextlib
import os
from asyncio.subprocess import DEVNULL, PIPE


def in_tmux() -> bool:
    return bool(os.environ.get("TMUX"))


async def to_tmux(text: str) -> None:
    """Into tmux's own buffer, and with -w on to the terminals that look at it. As it comes, tmux
    does not listen to the OSC 52 of programs (`set-clipboard external`).
    """
    with contextlib.suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )
        await process.communicate(text.encode("utf-8", "replace"))
