"""What the engine does in the background: with progress, cancellable, remembered."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from memtui.api.errors import MemtuiError, UnavailableError
from memtui.api.events import JobProgress, SourceChanged
from memtui.api.library import Job, JobKind, JobState, LoadReport, Source
from memtui.engine.hub import Hub
from memtui.record import Record

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Run:
    """A job under way, as its work sees it. `report`, if any, is kept however the job ends."""

    job: Job
    hub: Hub
    report: LoadReport | None = None
    task: asyncio.Task[None] | None = None

    def tell(self, **changes: object) -> None:
        """Note what has changed of the job, and let every client know."""
        self.job = self.job.model_copy(update=changes)
        self.hub.emit(JobProgress(job=self.job))


Work = Callable[[Run], Awaitable[None]]
"""Returns when the job is done; raises MemtuiError with the sentence when it has failed."""


class Jobs:
    """The jobs of this engine, whatever they do. They keep it from ending."""

    def __init__(self, record: Record, hub: Hub) -> None:
        self._record = record
        self._hub = hub
        self._running: dict[str, Run] = {}
        self.ending = False  # whether the engine stops
        self._unrecorded: dict[str, Job] = {}  # ended, but the disk was full

    def busy(self) -> int:
        return len(self._running)

    def running(self) -> list[Job]:
        return [run.job for run in self._running.values()]

    async def list(self) -> list[Job]:
        live = self._unrecorded | {job_id: run.job for job_id, run in self._running.items()}
        stored = await asyncio.to_thread(self._record.jobs.list)
        return [live.get(job.id, job) for job in stored]

    async def get(self, job_id: str) -> Job:
        if job_id in self._running:
            return self._running[job_id].job
        if job_id in self._unrecorded:
            return self._unrecorded[job_id]
        return await asyncio.to_thread(self._record.jobs.get, job_id)

    async def begin(self, work: Work, kind: JobKind = "load", source: Source | None = None) -> Job:
        """Begin a job, of a source perhaps. `work` calls `tell(state="running")` when it is its
        turn. Raises UnavailableError when the engine is stopping."""
        self.check_going()
        source_id, name = (source.id, source.name) if source is not None else (None, "")
        job = await asyncio.to_thread(self._record.jobs.create, source_id, name, kind)
        run = Run(job, self._hub)
        self._running[job.id] = run
        self._hub.emit(JobProgress(job=job))
        run.task = asyncio.create_task(self._run(run, work))
        await asyncio.sleep(0)  # it begins: a task that is cancelled before that never ends a job
        return job

    def check_going(self) -> None:
        if self.ending:
            raise UnavailableError("The engine is stopping. Give the same command again.")

    async def cancel(self, job_id: str) -> Job:
        if job_id in self._running:
            task = self._running[job_id].task
            assert task is not None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        return await self.get(job_id)

    async def amend(self, job: Job) -> Job:
        """Record that an ended job ended as `job` says, after all."""
        changed = await asyncio.to_thread(
            self._record.jobs.update, job.id, state=job.state, report=job.report
        )
        self._hub.emit(JobProgress(job=changed))
        return changed

    async def end(self) -> None:
        """Stop all jobs; the same command again goes on where they stopped."""
        self.ending = True
        for job_id in list(self._running):
            await self.cancel(job_id)

    async def _run(self, run: Run, work: Work) -> None:
        state: JobState = "done"
        error = ""
        try:
            self.check_going()
            await work(run)
        except asyncio.CancelledError:
            state = "interrupted" if self.ending else "cancelled"
        except MemtuiError as problem:
            state, error = "failed", str(problem)
        except Exception as problem:
            logger.exception("%s %s failed", run.job.kind, run.job.id)
            state = "failed"
            error = f"The {run.job.kind} met an error it did not expect ({type(problem).__name__})."
        ending = asyncio.create_task(self._end(run, state, error))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:  # too late: it has ended
            await asyncio.wait([ending])

    async def _end(self, run: Run, state: JobState, error: str) -> None:
        """Record how a job ended, and let everyone know."""
        job = run.job
        try:
            await asyncio.to_thread(
                self._record.jobs.update,
                job.id, state=state, error=error, report=run.report, progress=job.progress,
            )  # fmt: skip
        except MemtuiError as problem:
            logger.error("the end of %s %s could not be recorded: %s", job.kind, job.id, problem)
            self._unrecorded[job.id] = job
        run.tell(state=state, error=error, report=run.report, ended_at=datetime.now(UTC))
        del self._running[job.id]
        if job.id in self._unrecorded:
            self._unrecorded[job.id] = run.job
        if job.source_id is not None:
            self._hub.emit(SourceChanged(source_id=job.source_id))
