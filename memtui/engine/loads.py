"""Loads as jobs: which source they go into, which of them wait, and what is left of futile ones."""

import asyncio
import contextlib
import logging
from collections import defaultdict

from memtui.api.errors import MemtuiError, NotFoundError, UsageError
from memtui.api.events import SourceChanged
from memtui.api.library import Job, LoadReport, LoadRequest, Source
from memtui.api.names import check_name
from memtui.engine.hub import Hub
from memtui.engine.jobs import Jobs, Run
from memtui.engine.parts import Parts
from memtui.engine.shelf import RecordShelf
from memtui.library.indexing import Indexer
from memtui.library.load import load
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
        self._new: set[str] = set()  # sources that these loads made, and nothing is in yet
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._gate = asyncio.Lock()  # held while loads begin and end: no source goes in between
        self._resting: asyncio.Task[None] | None = None

    def loading(self) -> set[str]:
        """The ids of the sources that are being loaded."""
        return {source_id for source_id, number in self._under_way.items() if number}

    async def begin(self, request: LoadRequest) -> Job:
        """Begin a load. Raises UsageError for an impossible name or nothing to load."""
        check_name(request.name, "name of the source")
        if not request.paths and not request.directory:
            raise UsageError("Nothing to load. Name files with --input-files or a folder.")
        async with self._gate:
            self._jobs.check_going()
            source = await finish(self._source, request)
            job = await self._jobs.begin(lambda run: self._run(run, request, source), source=source)
            self._under_way[source.id] += 1
        self._hub.emit(SourceChanged(source_id=source.id))
        return job

    def _source(self, request: LoadRequest) -> Source:
        with self._record.write():
            found = self._record.sources.by_name(request.name)
            if found is None:
                found = self._record.sources.create(request.name, request.description)
                self._new.add(found.id)
        return found

    async def _run(self, run: Run, request: LoadRequest, source: Source) -> None:
        run.report = report = LoadReport()
        try:
            async with self._locks[source.id]:
                run.tell(state="running")
                await load(
                    request,
                    source.id,
                    RecordShelf(self._record),
                    self._parts.readers,
                    lambda progress: run.tell(progress=progress.model_copy()),
                    self._indexer,
                    report,
                )
            if not report.passages:
                raise MemtuiError(_why_nothing(report))
        finally:
            ending = asyncio.create_task(self._end(source.id, report))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                await asyncio.wait([ending])
                raise

    async def _end(self, source_id: str, report: LoadReport) -> None:
        """A load that found nothing leaves no source behind that it made."""
        async with self._gate:
            self._under_way[source_id] -= 1
            if report.passages:
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
        if not self.loading():
            await self._parts.readers.rest()


def _why_nothing(report: LoadReport) -> str:
    """The sentence about a load after which nothing is in the source."""
    if not report.failures:
        return "There was nothing to load. Name files, or a folder that holds some."
    first = report.failures[0].reason
    if len(report.failures) == 1:
        return first
    return f"None of {len(report.failures)} files could be loaded; the first: {first}"
