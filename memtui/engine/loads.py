"""Loads as jobs: which source they go into, which of them wait, and what is left of futile ones."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import aclosing

from memtui.api.errors import MemtuiError, NotFoundError, UsageError
from memtui.api.events import SourceChanged
from memtui.api.library import (
    Document,
    Job,
    LoadCost,
    LoadReport,
    LoadRequest,
    Progress,
    Source,
)
from memtui.api.names import check_name
from memtui.embedding import estimated_cost, is_local, spent
from memtui.engine.hub import Hub
from memtui.engine.jobs import Jobs, Run
from memtui.engine.parts import Parts
from memtui.engine.shelf import RecordShelf
from memtui.library import files, watch
from memtui.library.indexing import Indexer
from memtui.library.load import Loader
from memtui.library.progress import Meter
from memtui.library.threads import finish

logger = logging.getLogger(__name__)
REST = 30.0
"""Seconds for which a reader process outlives the last load: its start is half of a short one."""


class Loads:
    """The loads of this engine. Loads of one source wait for each other; others run together."""

    def __init__(self, parts: Parts, indexer: Indexer, jobs: Jobs, hub: Hub) -> None:
        self._parts = parts
        self._record = parts.record
        self._indexer = indexer
        self._jobs = jobs
        self._hub = hub
        self._under_way: dict[str, int] = defaultdict(int)  # loads by id of their source
        self._loaders: dict[str, Loader] = {}  # those at work, by id of their source
        self._watches: dict[str, LoadRequest] = {}  # by id of their job
        self._new: set[str] = set()  # sources that these loads made, and nothing is in yet
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._telling: dict[str, Callable[[], None]] = {}  # by id of their job
        self.waits = ""  # what keeps passages from getting their vectors
        self._gate = asyncio.Lock()  # held while loads begin and end: no source goes in between
        self._resting: asyncio.Task[None] | None = None

    def loading(self) -> set[str]:
        """The ids of the sources that are being loaded, not only watched."""
        return set(self._loaders)

    def waits_for(self, sentence: str) -> None:
        """Say in each load what its vectors wait for; "" when they are made again."""
        self.waits = sentence
        for tell in self._telling.values():
            tell()

    async def documents(self, source_id: str | None = None) -> list[Document]:
        """Those of the record; while a load runs, with the files that wait and are read."""
        loaders = [at for of, at in self._loaders.items() if source_id in (None, of)]
        live = {document.id: document for loader in loaders for document in loader.live()}
        found = []
        for document in await asyncio.to_thread(self._record.documents.list, source_id):
            now = live.pop(document.id, None)
            # What is in the record can be searched, whether it has been compared yet or not.
            if now is not None and now.state != "waiting" and document.state != "embedding":
                document = document.model_copy(update={"state": now.state})
            found.append(document)
        return sorted([*found, *live.values()], key=lambda one: (one.source, one.path))

    async def begin(self, request: LoadRequest, remember: bool = True) -> Job:
        """Begin a load, which `remember` keeps for doing it again. A watch that goes on already is
        taken up again.

        Raises UsageError for an impossible name, nothing to load, and a folder that is to be
        followed but is not there.
        """
        check_name(request.name, "name of the source")
        if not request.paths and not request.directory and not request.urls:
            raise UsageError("Nothing to load. Name files with --input-files or a folder.")
        if request.prune or request.watch:
            if request.directory is None:
                raise UsageError("Only folders are pruned or watched. Name one with --input-dir.")
            await asyncio.to_thread(watch.identity, request.directory)
        async with self._gate:
            self._jobs.check_going()
            for job_id, other in self._watches.items():
                if other == request:
                    return await self._jobs.get(job_id)
            source = await finish(self._source, request, remember)
            job = await self._jobs.begin(lambda run: self._run(run, request, source), source=source)
            self._under_way[source.id] += 1
            if request.watch:
                self._watches[job.id] = request
        self._hub.emit(SourceChanged(source_id=source.id))
        return job

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job; the last load of a source also when it ended before its vectors were made:
        they could not be made at once, or the engine was killed."""
        running = any(job.id == job_id for job in self._jobs.running())
        job = await self._jobs.cancel(job_id)
        source_id = job.source_id
        if running or source_id is None or source_id in self._loaders:
            return job
        last = next((one for one in await self._jobs.list() if one.source_id == source_id), None)
        embedding = [
            one.id for one in await finish(self._record.sources.list) if one.state == "embedding"
        ]
        if job != last or source_id not in embedding:
            return job
        report = job.report or LoadReport()
        await self._leave(source_id, report)
        job = job.model_copy(update={"state": "cancelled", "report": report})
        job = await self._jobs.amend(job)
        self._hub.emit(SourceChanged(source_id=source_id))
        return job

    async def _leave(self, source_id: str, report: LoadReport) -> None:
        """Let nothing more of the source be embedded, and have `report` say so."""
        await finish(self._record.passages.leave_out, f"source_{source_id}")
        await self._indexer.leave(f"source_{source_id}")
        with contextlib.suppress(NotFoundError):
            source = await finish(self._record.sources.get, source_id)
            report.notes += [source.waits] if source.waits else []

    def cost(self, request: LoadRequest) -> LoadCost:
        """What embedding will cost about: a character for each byte of the files that are not
        loaded yet, in their present size. Blocks."""
        model = self._parts.spec.model
        if is_local(model):
            return LoadCost(model=model)
        source = self._record.sources.by_name(request.name)
        loaded = self._record.documents.list(source.id) if source and not request.replace else []
        known = {document.path: document.size for document in loaded if document.passages}
        new = [one for one in files.find(request).files if known.get(one.key) != one.size]
        return LoadCost(model=model, cost=estimated_cost(model, sum(one.size for one in new)))

    def _source(self, request: LoadRequest, remember: bool) -> Source:
        with self._record.write():
            found = self._record.sources.by_name(request.name)
            if found is None:
                found = self._record.sources.create(request.name, request.description)
                self._new.add(found.id)
            if remember:
                self._record.sources.remember(found.id, request)
        return found

    async def _run(self, run: Run, request: LoadRequest, source: Source) -> None:
        try:
            if request.watch:
                await self._watch(run, request, source)
            else:
                report = await self._load(run, request, source)
                if not report.passages:
                    raise MemtuiError(_why_nothing(report))
        finally:
            ending = asyncio.create_task(self._end(run, source.id))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                await asyncio.wait([ending])
                raise

    async def _load(
        self, run: Run, request: LoadRequest, source: Source, changed: Collection[str] | None = None
    ) -> LoadReport:
        run.report = report = LoadReport()
        embedder = self._parts.embedder
        before = spent(embedder)

        def tell(progress: Progress) -> None:
            now = {"cost": spent(embedder) - before, "doing": self.waits or progress.doing}
            run.tell(progress=progress.model_copy(update=now))

        meter = Meter(tell)
        async with self._locks[source.id]:
            run.tell(state="running")
            shelf = RecordShelf(self._record)
            reader, indexer = self._parts.readers, self._indexer
            loader = Loader(request, source.id, shelf, reader, meter, indexer, report, changed)
            self._loaders[source.id] = loader
            self._telling[run.job.id] = lambda: tell(meter.progress)
            try:
                await finish(self._record.passages.take_up, loader.scope)
                return await loader.run()
            except asyncio.CancelledError:
                if not self._jobs.ending:  # else it goes on at the next start
                    await self._leave(source.id, report)
                    meter.counted(*await finish(indexer.counts, loader.scope))
                    meter.tell()
                raise
            finally:
                del self._loaders[source.id], self._telling[run.job.id]

    async def _watch(self, run: Run, request: LoadRequest, source: Source) -> None:
        """Load, and load again whatever changes in the folder, until cancelled."""
        assert request.directory is not None
        done = LoadReport()
        async with aclosing(watch.batches(request.directory, request.recursive)) as batches:
            async for changed in batches:
                try:
                    report = await self._load(run, request, source, changed or None)
                finally:
                    run.report = done = _joined(done, run.report or LoadReport())
                request = request.model_copy(update={"prune": True, "replace": False})
                self._hub.emit(SourceChanged(source_id=source.id))
                watching = run.job.progress.model_copy(update={"doing": "watching"})
                run.tell(report=run.report, progress=watching)
                logger.info("watched %s: %s passages", source.id, report.passages)

    async def _end(self, run: Run, source_id: str) -> None:
        """A load that found nothing leaves no source behind that it made."""
        async with self._gate:
            self._under_way[source_id] -= 1
            self._watches.pop(run.job.id, None)
            if run.report is not None and run.report.passages:
                self._new.discard(source_id)
            if source_id in self._new and not self._under_way[source_id]:
                try:
                    with contextlib.suppress(NotFoundError):
                        await asyncio.to_thread(self._record.sources.delete, source_id)
                    self._new.discard(source_id)
                except MemtuiError as problem:
                    logger.error("an empty source could not be deleted: %s", problem)
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.create_task(self._rest())

    async def _rest(self) -> None:
        await asyncio.sleep(REST)
        if not self._loaders:
            await self._parts.readers.rest()


def _joined(before: LoadReport, last: LoadReport) -> LoadReport:
    """What was done in all; what there is to say of files, from the last time."""
    counts = ("added", "replaced", "renamed", "pruned")
    sums = {name: getattr(before, name) + getattr(last, name) for name in counts}
    return last.model_copy(update=sums)


def _why_nothing(report: LoadReport) -> str:
    """The sentence about a load after which nothing is in the source."""
    if not report.failures:
        return "There was nothing to load. Name files, or a folder that holds some."
    first = report.failures[0].reason
    if len(report.failures) == 1:
        return first
    return f"None of {len(report.failures)} files could be loaded; the first: {first}"
