"""Runs one call of a tool in a process of its own, and ends it, whatever it does."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memtui.agent.tools.base import ToolError

OUTPUT = 400_000
"""Bytes of a worker's reply; it keeps far below that itself."""

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
"""In the names of environment variables."""


@dataclass(frozen=True)
class Limits:
    """What a call may take. Memory is address space in bytes, where the system has such a limit."""

    seconds: float = 30.0
    memory: int = 512_000_000


async def run(request: dict[str, Any], folder: Path, limits: Limits) -> str:
    """The text that the tool returned. Raises ToolError: it failed, or took more than it may.

    `request` is what `worker` takes but for the limits; `folder` is its working directory.
    """
    name = request["tool"]
    line = json.dumps({**request, "memory": limits.memory, "seconds": limits.seconds})
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "memtui.engine.outside.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
            env=_environment(),
        )
    except OSError as error:
        raise ToolError(f"{name} could not be started: {error.strerror}.") from None
    try:
        async with asyncio.timeout(limits.seconds):
            reply = await _converse(process, line.encode("ascii") + b"\n")
    except TimeoutError:
        raise ToolError(
            f"{name} took more than {limits.seconds:g} seconds, so it was ended."
        ) from None
    finally:
        _kill(process.pid)
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.shield(process.wait())
    try:
        said = json.loads(reply)
        ok, text = bool(said["ok"]), str(said["text"])
    except (ValueError, KeyError, TypeError):
        raise ToolError(
            f"{name} broke off. It may have needed more than {limits.memory // 1_000_000} MB."
        ) from None
    if not ok:
        raise ToolError(text or f"{name} failed.")
    return text


def _environment() -> dict[str, str]:
    """The engine's, without its keys: a tool has no business with them."""
    inherited = os.environ.copy()  # another thread's import may be changing the original
    return {name: value for name, value in inherited.items() if not _SECRET.search(name)}


def _kill(pid: int) -> None:
    """End the worker and all that it started. On Linux it stays the parent of what wants to
    outlive it (see `worker`), elsewhere only its process group is known.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGSTOP)  # it starts nothing any more
    for one in (*_below(pid), pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _below(pid: int) -> list[int]:
    """The processes that descend from `pid`, where there is a Linux /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # after the name in brackets: the state, then the parent
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = children.get(pid, [])
    for one in found:  # it grows meanwhile
        found += children.get(one, [])
    return found


async def _converse(process: asyncio.subprocess.Process, line: bytes) -> bytes:
    """Send the request and read the reply; the input stays open, so that it ends with us."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(line)
        await process.stdin.drain()
    reply = bytearray()
    while len(reply) <= OUTPUT and (piece := await process.stdout.read(65536)):
        reply += piece
    return bytes(reply)
