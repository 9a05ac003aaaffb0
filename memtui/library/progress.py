"""How far a load is, told at most ten times a second by a ticker of its own."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from memtui.api.library import Progress

TICK = 0.1


class Meter:
    """Counts go into `progress`; `tell` hears a copy whenever it changed, at most every TICK."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self.progress = Progress()
        self._tell = tell
        self._told: Progress | None = None
        self._first: tuple[float, int] | None = None

    @contextlib.asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Tell while the block runs, and once at its end."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
            self.tell()

    def counted(self, passages: int, indexed: int) -> None:
        """Note the passages, and those that have a vector; rate and time left follow."""
        self.progress.passages, self.progress.indexed = passages, indexed
        now = time.monotonic()
        if self._first is None:
            self._first = (now, indexed)
        began, before = self._first
        if now > began and indexed > before:
            rate = (indexed - before) / (now - began)
            left = max(0, passages - indexed)
            self.progress.rate = round(rate, 1)
            # While files are still read, nobody knows how many passages will follow.
            done = self.progress.files >= self.progress.files_total
            self.progress.seconds_left = round(left / rate, 1) if done else None

    def tell(self) -> None:
        if self.progress != self._told:
            self._told = self.progress.model_copy()
            self._tell(self._told)

    async def _tick(self) -> None:
        while True:
            self.tell()
            await asyncio.sleep(TICK)
