"""The one stream of events, from everything that happens to every client."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from memtui.api.events import Event, Resync, Subscribed

BACKLOG = 10_000
"""Events a slow client may fall behind before it is told to read everything again."""

SIGN_OF_LIFE = 15.0
"""Seconds without an event after which a listener hears that the engine is there."""


class Hub:
    """Use it on the event loop. `attended` hears whether anybody listens, when that changes."""

    def __init__(self, attended: Callable[[bool], object] = lambda listens: None) -> None:
        self._queues: set[asyncio.Queue[Event | None]] = set()
        self._attended = attended
        self._answering = 0
        self.closed = False

    def emit(self, event: Event) -> None:
        for queue in self._queues:
            if queue.qsize() >= BACKLOG:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Resync())
            else:
                queue.put_nowait(event)

    async def listen(self, answers: bool = False) -> AsyncGenerator[Event | None, None]:
        """`Subscribed`, then every event; None now and then, as a sign of life.

        `answers`: a person is there who can answer what an agent's tools ask.

        Ends when the hub closes, after what was emitted until then. Close the iterator
        (`contextlib.aclosing`) when it is left before that.
        """
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._queues.add(queue)
        self._answering += answers
        if len(self._queues) == 1:
            self._attended(True)
        try:
            yield Subscribed()
            while not (self.closed and queue.empty()):
                event = None
                # Not asyncio.wait_for: in Python 3.11 that may swallow a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SIGN_OF_LIFE):
                        event = await queue.get()
                yield event
        finally:
            self._queues.discard(queue)
            self._answering -= answers
            if not self._queues:
                self._attended(False)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._queues)

    @property
    def answering(self) -> bool:
        """Whether anybody listens who can answer a question."""
        return self._answering > 0

    def close(self) -> None:
        self.closed = True
        for queue in self._queues:
            queue.put_nowait(None)
