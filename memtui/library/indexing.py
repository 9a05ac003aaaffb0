"""The background task that gives passages their vectors: record → embedder → archive → mark.

Everything may be cut off at any point and is repeated: a passage stays pending in the record
until the archive has acknowledged it, a removal until the archive has carried it out. Both go
through one lane, removals first, so that an old batch never revives what was deleted.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memtui.api.errors import MemtuiError, UnavailableError
from memtui.library.ports import Index, PassageQueue, RemovalQueue, Vectors
from memtui.library.threads import finish

BATCH = 256
"""Most rows that are written, and flushed, together."""

BATCH_SECONDS = 3.0
"""A batch is written after this time however small it is, so that a slow embedder's work shows."""

QUIET, LATEST = 0.5, 5.0
"""Seconds without news after which `wake_later` wakes, and in any case since the first news."""

CATCH_UP = 0.5
"""Seconds that a search waits at most for the vectors of what was added just before it."""

PATIENCE = 3.0
"""Seconds that `wait` waits for an archive or embedder that is away."""

LEAVING = 5.0
"""Seconds that `leave` waits at most for what is under way."""

URGENT = ("recall_", "agent_")
"""Scopes of one message or memory each, which the next search should find."""

_REMOVALS = 500
_SLICES_AHEAD = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_IDLE = 60.0  # seconds between two looks without having been woken

_log = logging.getLogger(__name__)
Pending = tuple[str, str, str]


@dataclass(slots=True)
class _Batch:
    """Rows with their vectors; `last` when nothing more was pending."""

    last: bool = False
    ids: list[str] = field(default_factory=list)
    vectors: list[Any] = field(default_factory=list)


class Indexer:
    """`start()` it on the event loop, `wake()` it when there is work, `stop()` it at the end.

    `report` hears sentences: what it waits for, and "" once that is over.
    """

    def __init__(
        self,
        passages: PassageQueue,
        removals: RemovalQueue,
        embedder: Vectors,
        index: Index,
        report: Callable[[str], None] = lambda sentence: None,
        batch: int = BATCH,
        pause: float = _FIRST_PAUSE,
        patience: float = PATIENCE,
    ) -> None:
        self.passages = passages
        self.removals = removals
        self.embedder = embedder
        self.index = index
        self._report = report
        self._batch = batch
        self._first_pause = pause
        self.patience = patience
        self._work = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._latest = 0.0  # when that timer fires, whatever is added until then
        self._news = asyncio.Condition()
        self._changes = 0  # counted, so that none between a look and a wait is missed
        self._task: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._in_flight: dict[str, str] = {}  # ids, and the scope of each
        self._ready: deque[Pending] = deque()  # read from the record, for the next slices
        self._error: MemtuiError | None = None
        self._away: tuple[float, UnavailableError] | None = None  # since when, and why
        self._paused = False
        self._trouble = ""

    def start(self) -> None:
        if self._task is None:
            self._work.set()
            self._task = asyncio.create_task(self._run(), name="indexer")

    def wake(self) -> None:
        """There is something to index or to remove. Call it on the event loop."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._work.set()

    def wake_later(self) -> None:
        """There is something to index that its words find meanwhile: once it has been quiet.

        Writing vectors at once doubled the time that a turn took besides the model's.
        """
        now = asyncio.get_running_loop().time()
        if self._later is None:
            self._latest = now + LATEST
        else:
            self._later.cancel()
        at = min(now + QUIET, self._latest)
        self._later = asyncio.get_running_loop().call_at(at, self.wake)

    async def catch_up(self, scope: str) -> None:
        """Give what waits in `scope` its vectors, if that takes no longer than CATCH_UP."""
        if self._away or self._error or not await finish(self.passages.pending, 1, scope):
            return
        with contextlib.suppress(MemtuiError, TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                await self.wait(scope)

    async def leave(self, scope: str) -> None:
        """Until no more of `scope` is written, which the record has left out just before."""
        ready = [row for row in self._ready if row[1] != scope]
        self._ready.clear()
        self._ready.extend(ready)
        if self._away or self._error:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING), self._news:
                await self._news.wait_for(lambda: scope not in self._in_flight.values())

    def counts(self, scope: str) -> tuple[int, int]:
        """Passages of `scope`, and how many of them have a vector. Blocks."""
        return self.passages.counts(scope)

    async def stop(self) -> None:
        """End after the call in progress; what is not done is done by the next indexer."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        tasks = [task for task in (self._task, self._writing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = self._writing = None
        self._away = None
        await self._tell()

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Stopped inside, while embedder or index are exchanged; whoever waits, waits on."""
        self._paused = True
        await self.stop()
        try:
            yield
        finally:
            self._paused = False
            self.start()

    async def wait(self, scope: str | None = None) -> None:
        """Until nothing of `scope` (None: of all) is pending and no removal is.

        Raises the MemtuiError that keeps the indexer from going on; when the archive or the
        embedder is only unavailable, after some seconds. The indexer itself tries again for ever.
        """
        self._error = None
        self._work.set()
        while True:
            seen = self._changes
            if await self._is_done(scope):
                return
            if self._error is not None:
                raise self._error
            if self._away is not None and time.monotonic() - self._away[0] >= self.patience:
                raise UnavailableError(str(self._away[1]))
            if self._task is None and not self._paused:
                raise UnavailableError("Indexing has been stopped. It goes on at the next start.")
            if self._task is not None and self._task.done():
                self._task.result()
                raise UnavailableError("Indexing has ended. Restart memtui.")
            # The time limit is for what others do: they may have deleted the rest of the scope.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5), self._news:
                    while self._changes == seen:
                        await self._news.wait()

    async def _is_done(self, scope: str | None) -> bool:
        if await finish(self.removals.pending, 1):
            return False
        if scope is None:
            return not await finish(self.passages.pending, 1)
        total, indexed = await finish(self.passages.counts, scope)
        return indexed >= total

    async def _run(self) -> None:
        pause = self._first_pause
        try:
            while True:
                try:
                    await self._until_idle()
                    pause = self._first_pause
                    self._works()
                    await self._sleep(_IDLE)
                except UnavailableError as error:
                    self._is_away(error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                except Exception as error:  # noqa: BLE001 - one bad day must not end the indexer
                    await self._give_up(error)
                    await self._sleep(_IDLE)
        finally:
            await self._tell()

    async def _tell(self) -> None:
        """Let those who wait look again."""
        self._changes += 1
        async with self._news:
            self._news.notify_all()

    async def _sleep(self, seconds: float) -> None:
        # Not asyncio.wait_for: in Python 3.11 that may swallow a cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._work.wait()

    async def _until_idle(self) -> None:
        """Embed a batch while the former one is written, until there is neither."""
        try:
            while True:
                self._work.clear()
                batch = await self._gather()
                await self._written()
                if not batch.ids and not await finish(self.removals.pending, 1):
                    if batch.last:
                        return
                    continue  # the former write has carried out what stopped the gathering
                self._writing = asyncio.create_task(self._write(batch))
                if not batch.ids:
                    await self._written()
        except BaseException:
            if self._writing is not None:
                await asyncio.wait({self._writing})
                if not self._writing.cancelled():
                    self._writing.exception()  # seen; what it could not do is done again
            self._writing = None
            self._in_flight.clear()
            raise

    async def _written(self) -> None:
        """The former batch is in the archive and marked. Raises what kept it from that."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def _gather(self) -> _Batch:
        """Embed up to a batch; something urgent ends it early.

        The embedder always has the next slice before it has done the former: it never waits.
        """
        batch = _Batch()
        began = time.monotonic()
        self._ready.clear()
        slices: deque[tuple[list[str], asyncio.Future[Any]]] = deque()
        taking = True
        try:
            while taking or slices:
                taking = taking and time.monotonic() - began < BATCH_SECONDS
                while taking and len(slices) < _SLICES_AHEAD:
                    taking = await self._take(batch, slices)
                if slices:
                    ids, vectors = slices.popleft()
                    batch.vectors += list(await vectors)
                    batch.ids += ids
        finally:
            for _, vectors in slices:
                vectors.cancel()
            await asyncio.gather(*(vectors for _, vectors in slices), return_exceptions=True)
        return batch

    async def _take(
        self, batch: _Batch, slices: deque[tuple[list[str], asyncio.Future[Any]]]
    ) -> bool:
        """Give the embedder the next slice; whether another may follow it into this batch."""
        room = self._batch - len(batch.ids) - sum(len(ids) for ids, _ in slices)
        removals = await finish(self.removals.pending, 1)
        if room <= 0 or removals:
            return False  # what was deleted must not be found much longer
        urgent, rows = await self._next(min(self.embedder.at_once, room))
        if not rows:
            batch.last = not slices  # those under way may leave time for more
            return False
        ids = [id for id, _, _ in rows]
        self._in_flight.update((id, scope) for id, scope, _ in rows)
        texts = [text for _, _, text in rows]
        slices.append((ids, asyncio.ensure_future(self.embedder.embed(texts))))
        return not urgent

    async def _next(self, limit: int) -> tuple[bool, Sequence[Pending]]:
        for prefix in URGENT:
            if fresh := await self._pending(limit, prefix):
                return True, fresh
        if not self._ready:
            self._ready.extend(await self._pending(self._batch, None))
        return False, [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]

    async def _pending(self, limit: int, prefix: str | None) -> Sequence[Pending]:
        # Those in flight are still pending in the record, and come first.
        rows = await finish(self.passages.pending, limit + len(self._in_flight), prefix)
        return [row for row in rows if row[0] not in self._in_flight][:limit]

    async def _write(self, batch: _Batch) -> None:
        """The one lane: removals, then rows that still exist, then their mark."""
        pause = self._first_pause
        while True:
            try:
                await finish(self._carry_out, batch)
                break
            except UnavailableError as error:
                # The vectors are kept: embedding is what costs.
                self._is_away(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._works()
        for id in batch.ids:
            self._in_flight.pop(id, None)
        await self._tell()

    def _carry_out(self, batch: _Batch) -> None:
        while removals := self.removals.pending(_REMOVALS):
            by_scope: dict[str, list[str]] = {}
            for _, scope, passage_id in removals:
                if passage_id is None:
                    self.index.drop(scope)
                else:
                    by_scope.setdefault(scope, []).append(passage_id)
            for scope, ids in by_scope.items():
                self.index.remove(scope, ids)
            self.removals.done([removal for removal, _, _ in removals])
        if not batch.ids:
            return
        rows = self.passages.many(batch.ids)
        pairs = zip(batch.ids, batch.vectors, strict=True)
        kept = [(rows[id], vector) for id, vector in pairs if id in rows]
        if kept:
            self.index.write([row for row, _ in kept], [vector for _, vector in kept])
            self.passages.mark_indexed([row.id for row, _ in kept])

    async def _give_up(self, error: Exception) -> None:
        if not isinstance(error, MemtuiError):
            _log.error("indexing failed", exc_info=error)
            error = MemtuiError(
                f"Indexing stopped unexpectedly ({type(error).__name__}). The log says more."
            )
        self._error = error
        self._say(str(error))
        await self._tell()

    def _is_away(self, error: UnavailableError) -> None:
        since = self._away[0] if self._away is not None else time.monotonic()
        self._away = since, error
        self._say(str(error))

    def _works(self) -> None:
        self._away = None
        self._say("")

    def _say(self, sentence: str) -> None:
        if sentence != self._trouble:
            self._trouble = sentence
            self._report(sentence)
