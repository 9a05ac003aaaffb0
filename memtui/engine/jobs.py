"""Loads as jobs: in the background, with progress, cancellable, remembered."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from datetime import UTC, datetime

from memtui.api.errors import MemtuiError, NotFoundError, UnavailableError, UsageError
from memtui.api.events import JobProgress, SourceChanged
from memtui.api.library import Job, JobState, LoadReport, LoadRequest, Source
from memtui.api.names import check_name
from memtui.engine.hub import Hub
from memtui.engine.parts import Parts
from memtui.engine.shelf import RecordShelf
from memtui.library.indexing import Indexer
from memtui.library.load import load
from memtui.library.threads import finish

logger = logging.getLogger(__name__)
REST = 30.0
"""Seconds after the last load for which a reader stays: its start is half of a short load."""


class Jobs:
    """The loads of this engine. Loads of one source wait for each other; others run together."""

    def __init__(self, parts: Parts, indexer: Indexer, hub: Hub) -> None:
        self._parts = parts
        self._record = parts.record
        self._indexer = indexer
        self._hub = hub
        self._running: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._ending = False
        self._new: set[str] = set()  # sources that these loads made, and nothing is in yet
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._gate = asyncio.Lock()  # held while loads begin and end: no source goes in between
        self._unrecorded: dict[str, Job] = {}  # ended, but the disk was full
        self._resting: asyncio.Task[None] | None = None

    def busy(self) -> int:
        return len(self._running)

    async def list(self) -> list[Job]:
        live = self._unrecorded | {job_id: job for job_id, (job, _) in self._running.items()}
        stored = await asyncio.to_thread(self._record.jobs.list)
        return [live.get(job.id, job) for job in stored]

    async def get(self, job_id: str) -> Job:
        if job_id in self._running:
            return self._running[job_id][0]
        if job_id in self._unrecorded:
            return self._unrecorded[job_id]
        return await asyncio.to_thread(self._record.jobs.get, job_id)

    def loading(self) -> set[str]:
        """The ids of the sources that are being loaded."""
        return {job.source_id for job, _ in self._running.values() if job.source_id}

    async def load(self, request: LoadRequest) -> Job:
        """Begin a load. Raises UsageError for an impossible name or nothing to load."""
        check_name(request.name, "name of the source")
        if not request.paths and not request.directory:
            raise UsageError("Nothing to load. Name files with --input-files or a folder.")
        async with self._gate:
            if self._ending:
                raise UnavailableError("The engine is stopping. Give the same command again.")
            source = await finish(self._source, request)
            job = await asyncio.to_thread(self._record.jobs.create, source.id, source.name)
            task = asyncio.create_task(self._run(job, request, source))
            self._running[job.id] = (job, task)
        self._hub.emit(SourceChanged(source_id=source.id))
        self._hub.emit(JobProgress(job=job))
        return job

    def _source(self, request: LoadRequest) -> Source:
        with self._record.write():
            found = self._record.sources.by_name(request.name)
            if found is None:
                found = self._record.sources.create(request.name, request.description)
                self._new.add(found.id)
        return found

    async def cancel(self, job_id: str) -> Job:
        if job_id in self._running:
            task = self._running[job_id][1]
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        return await self.get(job_id)

    async def end(self) -> None:
        """Stop all jobs; the same load again goes on where they stopped."""
        self._ending = True
        for job_id in list(self._running):
            await self.cancel(job_id)
        if self._resting is not None:
            self._resting.cancel()

    async def _run(self, job: Job, request: LoadRequest, source: Source) -> None:
        report = LoadReport()
        state: JobState = "done"
        error = ""
        try:
            async with self._locks[source.id]:
                self._tell(job.id, state="running")
                await load(
                    request,
                    source.id,
                    RecordShelf(self._record),
                    self._parts.readers,
                    lambda progress: self._tell(job.id, progress=progress.model_copy()),
                    self._indexer,
                    report,
                )
        except asyncio.CancelledError:
            state = "interrupted" if self._ending else "cancelled"
        except MemtuiError as problem:
            state, error = "failed", str(problem)
        except Exception as problem:
            logger.exception("load %s failed", job.id)
            state = "failed"
            error = f"The load met an error it did not expect ({type(problem).__name__})."
        if state == "done" and not report.passages:
            state, error = "failed", _why_nothing(report)
        ending = asyncio.create_task(self._end(job.id, source.id, state, error, report))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:  # too late: it has ended
            await asyncio.wait([ending])

    async def _end(
        self, job_id: str, source_id: str, state: JobState, error: str, report: LoadReport
    ) -> None:
        """Record how a load ended, and let everyone know."""
        async with self._gate:
            if report.passages:
                self._new.discard(source_id)
            # A load that found nothing leaves no source behind that it made.
            futile = source_id in self._new and not any(
                job.source_id == source_id for job, _ in self._running.values() if job.id != job_id
            )
            recorded = True
            try:
                await asyncio.to_thread(
                    self._store, job_id, source_id if futile else None, state, error, report
                )
            except MemtuiError as problem:
                logger.error("the end of load %s could not be recorded: %s", job_id, problem)
                recorded = False
            self._tell(job_id, state=state, error=error, report=report, ended_at=datetime.now(UTC))
            job, _ = self._running.pop(job_id)
            if not recorded:
                self._unrecorded[job_id] = job
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.create_task(self._rest())
        self._hub.emit(SourceChanged(source_id=source_id))

    async def _rest(self) -> None:
        await asyncio.sleep(REST)
        if not self._running:
            await self._parts.readers.rest()

    def _tell(self, job_id: str, **changes: object) -> None:
        """Note what has changed, and let every client know."""
        job, task = self._running[job_id]
        job = job.model_copy(update=changes)
        self._running[job_id] = (job, task)
        self._hub.emit(JobProgress(job=job))

    def _store(
        self, job_id: str, futile: str | None, state: JobState, error: str, report: LoadReport
    ) -> None:
        """`futile` is the id of a source to delete: nothing came into it."""
        progress = self._running[job_id][0].progress
        self._record.jobs.update(job_id, state=state, error=error, report=report, progress=progress)
        if futile is not None:
            with contextlib.suppress(NotFoundError):
                self._record.sources.delete(futile)
            self._new.discard(futile)


def _why_nothing(report: LoadReport) -> str:
    """The sentence about a load after which nothing is in the source."""
    if not report.failures:
        return "There was nothing to load. Name files, or a folder that holds some."
    first = report.failures[0].reason
    if len(report.failures) == 1:
        return first
    return f"None of {len(report.failures)} files could be loaded; the first: {first}"
