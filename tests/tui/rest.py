"""When the app is at rest, told by its event loop and not by the clock.

Textual's pilot takes a process that used no processor for a moment for one that has done: on a
machine with other work, that is also one that had no turn. Here the app is at rest when nothing in
its loop can run and no timer is due soon. What an engine of its own or a thread has yet to answer
is not seen: tests wait for that with `until`.
"""

import asyncio
import math

import textual.app
import textual.pilot
import textual.screen

FRAME = 1 / 250  # seconds: a test waits for every frame that is due
SOON = 0.01  # seconds: above a frame, below what turns, blinks or is debounced


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
        if wait > SOON:
            return
        await asyncio.sleep(max(wait, 0))


textual.screen.UPDATE_PERIOD = FRAME
textual.app.wait_for_idle = at_rest
textual.pilot.wait_for_idle = at_rest
