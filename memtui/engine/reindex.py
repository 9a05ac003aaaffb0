"""Building the vector index anew from the record, beside the one that serves, as a job.

It goes on by itself at the next start of the engine when that was killed or stopped; a job that
was cancelled or has failed goes on with the next `memtui reindex`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from memtui.api.errors import MemtuiError, UnavailableError
from memtui.api.library import Job
from memtui.api.system import ReindexPlan
from memtui.archive import Archive
from memtui.embedding import Embedder, estimated_cost, is_local, spent
from memtui.engine import indexes
from memtui.engine.indexes import Spec
from memtui.engine.jobs import Jobs, Run
from memtui.engine.parts import REFILLING, Parts
from memtui.engine.shelf import ArchiveIndex
from memtui.library.indexing import Indexer
from memtui.library.progress import Meter
from memtui.library.threads import finish

logger = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at how far it is."""

AWAY = 3.0
"""Seconds after which a Milvus that is away is tried again."""

RATE = 15.0
"""Passages a second and core of the built-in model, for an estimate before the first is made."""


class Reindex:
    """One at a time."""

    def __init__(self, parts: Parts, indexer: Indexer, jobs: Jobs) -> None:
        self._parts = parts
        self._record = parts.record
        self._indexer = indexer
        self._jobs = jobs
        self._beginning = asyncio.Lock()

    def job(self) -> Job | None:
        """The job that is under way."""
        return next((job for job in self._jobs.running() if job.kind == "reindex"), None)

    async def begin(self) -> Job:
        """Begin to build the index that the settings name, or go on with it."""
        async with self._beginning:
            return self.job() or await self._jobs.begin(self._run, "reindex")

    async def go_on(self) -> None:
        """After a start: go on with what the end of the engine has interrupted."""
        building = await asyncio.to_thread(self.unfinished)
        if building is not None and not building.paused:
            with contextlib.suppress(UnavailableError):
                await self.begin()

    async def begin_again(self) -> None:
        """Go on after a change of the settings, unless they name another index since."""
        if await asyncio.to_thread(self.unfinished) is not None:
            await self.begin()

    def plan(self) -> ReindexPlan:
        """What is to be indexed anew, and what that takes. Blocks."""
        parts = self._parts
        total, indexed = self._record.passages.totals()
        stale = not parts.spec.same(parts.wanted)
        moving = self.unfinished() is not None
        if stale or moving:
            indexed = self._record.building.counts()[1] if moving else 0
        left, model = total - indexed, parts.wanted.model
        seconds = cost = None
        if not is_local(model) and left:
            cost = estimated_cost(model, self._record.passages.characters() * left // total)
        elif model == "builtin":
            seconds = left / (RATE * indexes.threads(parts.settings))
        return ReindexPlan(
            needed=stale and total > 0,
            running=self.job() is not None,
            serving=_name(parts.spec),
            wanted=_name(parts.wanted),
            passages=total,
            left=left,
            seconds=seconds,
            cost=cost,
        )

    def unfinished(self) -> Spec | None:
        """The index that is being built, or was when it was stopped. Blocks."""
        return indexes.parse(self._record.building.description(), self._parts.wanted)

    async def _run(self, run: Run) -> None:
        run.tell(state="running")
        meter = Meter(lambda progress: run.tell(progress=progress))
        try:
            async with meter.ticking():
                await self._build(run, meter)
        except BaseException:
            with contextlib.suppress(MemtuiError):
                self._jobs.check_going()  # unless the engine ends: then it goes on at its start
                await finish(self._pause)
            raise

    def _pause(self) -> None:
        if (building := self.unfinished()) is not None:
            paused = building.model_copy(update={"paused": True})
            self._record.building.describe(paused.model_dump_json())

    async def _build(self, run: Run, meter: Meter) -> None:
        parts = self._parts
        if parts.wanted.same_place(parts.spec):
            await self._serving(meter)  # only now is it known which collection serves
        if await finish(self._refilling):
            await finish(self._record.passages.take_up)
            await self._follow(self._indexer, parts.embedder, meter, self._record.passages.totals)
            return
        # A provider is asked anew: it may have another model under the same name since.
        shared = parts.wanted.same_model(parts.spec) and is_local(parts.wanted.model)
        embedder = parts.embedder if shared else indexes.embedder_of(parts.settings)
        parts.building = embedder
        archive: Archive | None = None
        try:
            meter.progress.doing = f"indexing with {embedder.model}"
            spec = await self._next(embedder)
            archive = made = await self._open(spec, meter)
            indexer = Indexer(
                self._record.building,
                self._record.building.removals,
                embedder,
                ArchiveIndex(lambda: made),
                report=lambda sentence: self._says(meter, embedder, sentence),
            )
            indexer.start()
            try:
                await self._follow(indexer, embedder, meter, self._record.building.counts)
            finally:
                await indexer.stop()
            swapping = asyncio.create_task(self._swap(spec, embedder, archive))
            try:
                await asyncio.shield(swapping)
            except asyncio.CancelledError:  # too late: it is built
                await asyncio.wait([swapping])
                await swapping
        finally:
            parts.building = None
            if embedder is not parts.embedder:
                await embedder.close()
            if archive is not None and archive is not parts.current:
                await finish(archive.close)

    async def _serving(self, meter: Meter) -> Archive:
        """The serving archive; when there is something to go on with, however long it is away."""
        while True:
            try:
                return await self._parts.archive()
            except UnavailableError as error:
                if await finish(self.unfinished) is None:
                    raise
                meter.progress.doing = str(error)
                await asyncio.sleep(AWAY)

    async def _next(self, embedder: Embedder) -> Spec:
        """The index to build; what of it has been built before is kept."""
        parts = self._parts
        dimension = await embedder.probe()
        taken = parts.spec.collection if parts.wanted.same_place(parts.spec) else ""
        spec = parts.wanted.with_dimension(dimension, taken)
        before = await finish(self.unfinished)
        building = self._record.building
        if before is not None and before.same(spec) and before.collection == spec.collection:
            await finish(building.describe, spec.model_dump_json())
        else:
            if before is not None:
                await finish(building.abandon)
            await finish(building.begin, spec.model_dump_json())
        return spec

    async def _open(self, spec: Spec, meter: Meter) -> Archive:
        parts = self._parts
        if spec.same_place(parts.spec):
            archive = (await parts.archive()).beside()
        else:
            archive = parts.another(spec)
        building = self._record.building
        began = (await finish(building.counts))[1] > 0
        while True:
            try:
                new = await finish(archive.open, spec.collection, spec.dimension)
                break
            except UnavailableError as error:
                if not began:  # the address may be wrong
                    raise
                meter.progress.doing = str(error)
                await asyncio.sleep(AWAY)
        if new:
            await finish(building.begin, spec.model_dump_json())
        elif not began:
            # It may know scopes from before, with passages that were deleted since.
            for scope in await finish(self._record.passages.scopes):
                await finish(archive.drop, scope)
        return archive

    def _refilling(self) -> bool:
        """Whether the index that serves is the right one, but new or lost, and being filled."""
        total, indexed = self._record.passages.totals()
        if indexed == total:
            self._record.set_meta(REFILLING, "")
        right = self._parts.spec.same(self._parts.wanted)
        return right and bool(self._record.meta(REFILLING) or not total)

    async def _follow(
        self,
        indexer: Indexer,
        embedder: Embedder,
        meter: Meter,
        counts: Callable[[], tuple[int, int]],
    ) -> None:
        """Until everything is in the index, however long its Milvus or its model is away."""
        before = spent(embedder)

        async def count() -> None:
            while True:
                meter.counted(*await asyncio.to_thread(counts))
                meter.progress.cost = spent(embedder) - before
                await asyncio.sleep(LOOK)

        counting = asyncio.create_task(count())
        try:
            while True:
                try:
                    await indexer.wait()
                    return
                except UnavailableError as error:
                    meter.progress.doing = str(error)
                    await asyncio.sleep(LOOK)
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
            meter.progress.cost = spent(embedder) - before
            meter.counted(*await finish(counts))

    async def _swap(self, spec: Spec, embedder: Embedder, archive: Archive) -> None:
        async with self._indexer.paused():
            await self._parts.swap(spec, embedder, archive)
        logger.info("%s serves from now on", spec.collection)

    def _says(self, meter: Meter, embedder: Embedder, sentence: str) -> None:
        meter.progress.doing = sentence or f"indexing with {embedder.model}"
        if sentence:
            logger.warning("reindex: %s", sentence)


def _name(spec: Spec) -> str:
    return f"{spec.model} in {spec.name}"
