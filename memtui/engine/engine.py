"""The engine: everything wired together, with a beginning and an end."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Collection
from typing import ParamSpec, TypeVar

from memtui import __version__, config
from memtui.api.errors import MemtuiError, NotFoundError, StorageError, UnavailableError
from memtui.api.events import Problem, SourceChanged
from memtui.api.library import Source
from memtui.api.system import Check, EngineStatus
from memtui.engine.agents import Agents, not_yet_gone
from memtui.engine.blocks import Blocks
from memtui.engine.context import Contexts
from memtui.engine.doctor import examine
from memtui.engine.finder import Finder
from memtui.engine.heartbeats import Heartbeats
from memtui.engine.history import History
from memtui.engine.hub import Hub
from memtui.engine.jobs import Jobs
from memtui.engine.lean import keep_lean
from memtui.engine.loads import Loads
from memtui.engine.models import Models
from memtui.engine.outside.toolbox import Toolbox
from memtui.engine.parts import Parts, reader_limits
from memtui.engine.reindex import Reindex
from memtui.engine.shelf import PartsIndex, PartsVectors
from memtui.engine.shelves import Shelves
from memtui.engine.sight import Sight
from memtui.library.indexing import Indexer
from memtui.search import terms

logger = logging.getLogger(__name__)
FIRST_REQUEST = 1.0
"""Seconds to wait for the first request before heavy imports begin: they hold the interpreter."""

P = ParamSpec("P")
T = TypeVar("T")


class Engine:
    """`environment` is the fingerprint of the settings and keys it was started with."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.hub = Hub(self.attended)
        self.problem: MemtuiError | None = None
        try:
            settings = config.load()
        except config.ConfigError as error:
            self.problem = MemtuiError(str(error))
            settings = config.Config({})
        self.settings = settings
        self.parts = Parts(settings)
        self.record = self.parts.record
        self.models = Models(settings)
        self.indexer = Indexer(
            self.record.passages,
            self.record.removals,
            PartsVectors(self.parts),
            PartsIndex(self.parts),
            report=self._indexer_says,
        )
        self.parts.refilled = self.indexer.wake
        self.finder = Finder(self.parts)
        self.jobs = Jobs(self.record, self.hub)
        self.loads = Loads(self.parts, self.indexer, self.jobs, self.hub)
        self.shelves = Shelves(self.record, self.loads, self.jobs, self.hub)
        self.reindex = Reindex(self.parts, self.indexer, self.jobs)
        self.toolbox = Toolbox(self.record, self.hub, lambda: self.settings)
        self.blocks = Blocks(self.record, self.hub)
        self.agents = Agents(
            self.parts, self.finder, self.indexer, self.models, self.toolbox, self.hub
        )
        self.contexts = Contexts(self.parts, self.agents, self.models, self.toolbox, self.hub)
        self.history = History(self.record, self.agents, self.models, self.indexer, self.hub)
        self.sight = Sight(
            self.record, self.finder, self.agents, self.contexts, self.indexer, self.hub
        )
        self.heartbeats = Heartbeats(self.record, self.agents.turns, self.hub)
        self._background: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._opening = asyncio.Lock()

    def _indexer_says(self, sentence: str) -> None:
        self.loads.waits_for(sentence)
        if sentence:
            logger.warning("indexing: %s", sentence)
            self.hub.emit(Problem(text=sentence))

    @property
    def linger(self) -> float:
        # One that cannot work makes room at once for one that may.
        return self.settings.number("engine.linger") if self.problem is None else 0.0

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call of the record in a thread."""
        return await asyncio.to_thread(function, *args, **kwargs)

    # life

    async def begin(self) -> None:
        if self.problem:
            return
        try:
            await asyncio.to_thread(self._open_record)
        except MemtuiError as error:
            logger.error("the record cannot be opened: %s", error)
            self.problem = error
            return
        self.indexer.start()
        self.heartbeats.start()
        self._start(self._warm_up())
        self._start(keep_lean())
        self._start(self.reindex.go_on())

    def _open_record(self) -> None:
        self.record.open()
        self.record.jobs.interrupt_running()
        self.record.agents.delete_temporary()
        made_by = str(terms.VERSION)
        if self.record.meta("terms") != made_by:
            with self.record.write():
                self.record.passages.rebuild_text()
                self.record.set_meta("terms", made_by)
        self.parts.choose()

    def _start(self, work) -> None:  # type: ignore[no-untyped-def]
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _warm_up(self) -> None:
        """What takes seconds, after the first request has been answered."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.parts.gate.wait(), FIRST_REQUEST)
        self.parts.gate.set()
        await self._prepare()

    async def _prepare(self) -> None:
        """Open the archive and import what the model needs, and say what does not work."""
        try:
            await self.parts.archive()
        except MemtuiError as error:
            logger.warning("the archive cannot be opened: %s", error)
            self.hub.emit(Problem(text=str(error)))
        await self.models.prepare()

    def answered(self) -> None:
        """The first request has been answered: heavy imports may begin."""
        asyncio.get_running_loop().call_later(0.02, self.parts.gate.set)

    async def quiet(self) -> None:
        """Interrupt turns and loads, so that whoever waits for one gets its answer."""
        self.parts.stopping()
        await self.heartbeats.stop()
        await asyncio.gather(self.agents.turns.end(), self.jobs.end())
        self.hub.close()

    async def end(self) -> None:
        """Stop everything at a point where it can go on later; every process we started ends."""
        began = time.monotonic()
        await self.quiet()
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.indexer.stop()
        await self.parts.close()
        await asyncio.to_thread(self.record.close)
        logger.info("closed in %.2f s", time.monotonic() - began)

    async def reload(self) -> None:
        """Read the settings again; a new archive or embedding model is opened in place."""
        try:
            settings = config.load()
        except config.ConfigError as error:
            raise MemtuiError(str(error)) from None
        async with self._reloading:
            changed = self.parts.unusable or any(
                settings[key] != self.settings[key]
                for key in config.SETTINGS
                if key.startswith(("archive.", "embedding."))
            )
            building = self.reindex.job() if changed else None
            if building is not None:
                await self.jobs.cancel(building.id)
            self.settings = self.parts.settings = self.models.settings = settings
            self.parts.readers.limits = reader_limits(settings)
            if self.problem is not None:
                self.problem = None
                await self.begin()
            elif changed:
                async with self.indexer.paused():
                    await self.parts.follow_settings()
                if building is not None:
                    await self.reindex.begin_again()
                if sentence := (await asyncio.to_thread(self.reindex.plan)).sentence:
                    self.hub.emit(Problem(text=sentence))
        self._start(self._prepare())

    def attended(self, by_app: bool) -> None:
        """Leave a core to the app while one is open, and take all of them otherwise."""
        self.parts.set_beside_app(by_app)

    # what the routes ask

    async def check_open(self) -> None:
        """Raises what keeps the record from being opened; what could be mended is tried again."""
        if self.problem is None:
            return
        async with self._opening:
            if isinstance(self.problem, StorageError | UnavailableError):
                self.problem = None
                await self.begin()
        if self.problem is not None:
            raise self.problem

    def busy(self) -> bool:
        if self.problem is not None:
            return False
        return bool(self.jobs.busy() or self.agents.turns.busy())

    def status(self) -> EngineStatus:
        return EngineStatus(
            running=True,
            pid=os.getpid(),
            version=__version__,
            jobs=self.jobs.busy(),
            linger=self.linger,
            environment=self.environment,
            model=self.models.name(),
            problem=str(self.problem or ""),
        )

    async def sources(self) -> list[Source]:
        loading = self.loads.loading()
        sources = await asyncio.to_thread(self.record.sources.list)
        return [
            source.model_copy(update={"state": "loading", "waits": ""})
            if source.id in loading
            else source.model_copy(update={"waits": self.loads.waits})
            if source.state == "embedding" and self.loads.waits
            else source
            for source in sources
        ]

    async def delete_source(self, source_id: str) -> None:
        source = await asyncio.to_thread(self.record.sources.get, source_id)
        for job in await self.jobs.list():
            if job.source_id == source_id and job.state in ("waiting", "running"):
                await self.jobs.cancel(job.id)
        with contextlib.suppress(NotFoundError):  # a load that found nothing took it along
            await asyncio.to_thread(self.record.sources.delete, source_id)
        self.hub.emit(SourceChanged(source_id=source_id, deleted=True))
        try:
            await self.indexer.wait(f"source_{source_id}")
        except MemtuiError as error:
            raise not_yet_gone(source.name, error) from None

    async def doctor(self, only: Collection[str] = ()) -> list[Check]:
        return await examine(self, only)
