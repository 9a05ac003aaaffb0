"""When the app is at rest, told by its event loop and not by the clock.

Textual's pilot takes a process that used no processor for a moment for one that has done: on a
machine with other work, that is also one that had no turn. Here the app is at rest when nothing in
its loop can run, no timer is due soon, and the engine has answered what it was asked. What comes of
itself (a load, a turn) is not seen, nor what a thread does: tests wait for that with `until`.
"""

import asyncio
import math
from typing import Any

import textual.app
import textual.pilot
import textual.screen

from memtui.api.client import Client

FRAME = 1 / 250  # seconds: a test waits for every frame that is due
SOON = 0.01  # seconds: above a frame, below what turns, blinks or is debounced

_asked = 0  # requests without an answer
_send = Client._send


async def _counted(self: Client, *args: Any, **options: Any) -> Any:
    global _asked
    _asked += 1
    try:
        return await _send(self, *args, **options)
    finally:
        _asked -= 1


async def at_rest(_least: float = 0, most: float = 1.0) -> None:
    """Return when the loop has nothing left to run, or after `most` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + most
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        times = [one.when() for one in loop._scheduled if not one.cancelled()]  # type: ignore[attr-defined]
        wait = min(times, default=math.inf) - loop.time()
        if wait <= SOON:
            await asyncio.sleep(max(wait, 0))
        elif _asked:
            await asyncio.sleep(FRAME)
        else:
            return


Client._send = _counted  # type: ignore[method-assign]
textual.screen.UPDATE_PERIOD = FRAME
textual.app.wait_for_idle = at_rest
textual.pilot.wait_for_idle = at_rest
