"""The one stream of events, from everything that happens to every client."""

import asyncio
from collections.abc import AsyncIterator

from memtui.api.events import Event, Resync

BACKLOG = 10_000
"""Events a slow client may fall behind before it is told to read everything again."""


class Hub:
    """`emit` from the event loop's thread; `emit_soon` from any other."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Event | None]] = set()
        self._loop = asyncio.get_running_loop()
        self.closed = False

    def emit(self, event: Event) -> None:
        for queue in self._queues:
            if queue.qsize() >= BACKLOG:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Resync())
            else:
                queue.put_nowait(event)

    def emit_soon(self, event: Event) -> None:
        self._loop.call_soon_threadsafe(self.emit, event)

    async def listen(self) -> AsyncIterator[Event | None]:
        """Events from now on; None now and then, as a sign of life; ends when the hub closes."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield None
            while not self.closed:
                try:
                    event = await asyncio.wait_for(queue.get(), 15)
                except TimeoutError:
                    yield None
                else:
                    if event is not None:
                        yield event
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        self.closed = True
        for queue in self._queues:
            queue.put_nowait(None)
