"""Builds the parts from the settings. Opening Milvus takes a second or more, so it happens in
the background and whoever needs it waits; everything else answers at once.

The index that serves stays in use when the settings name another one, until that has been built
(`memtui.engine.reindex`): vectors of two models never meet.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from memtui import config, paths
from memtui.api.errors import MemtuiError, UnavailableError
from memtui.archive import Archive
from memtui.embedding import Embedder, UnusableEmbedder
from memtui.engine import indexes
from memtui.engine.indexes import Spec
from memtui.library.reader_pool import Limits, ReaderPool
from memtui.library.threads import finish
from memtui.record import INDEX, Record
from memtui.search import terms

logger = logging.getLogger(__name__)

REFILLING = "refilling"
"""The record's note that the serving index is being filled from nothing."""

RETRY = 5.0
"""Seconds after which an archive that could not be opened is tried again."""

PATIENCE = 1.0
"""Seconds that whoever asks then waits for it; an unreachable server takes ten to be given up."""


class Parts:
    """The record, the archive, the embedder and the readers of one data directory.

    `spec` is the index that serves, `wanted` the one that the settings name.
    """

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self.record = Record(paths.record_file(), terms.index_terms)
        self.readers = ReaderPool(
            [sys.executable, "-P", "-m", "memtui.engine.reader"],
            limits=reader_limits(settings),
            private=lambda: bool(self.settings["tools.allow_private_addresses"]),
        )
        self.spec, self.embedder = self._named()
        self._serve(self.spec, self.embedder)
        self._embedding = _embedding(settings)
        self._archive = indexes.archive_of(settings, self.spec)
        self._second = False  # whether it has the second socket of the two
        self.gate = asyncio.Event()  # set once heavy imports may begin
        self._opening: asyncio.Task[Archive] | None = None
        self._failed: tuple[float, BaseException] | None = None  # when, and why
        self._closed = False
        self._beside_app = False
        self.building: Embedder | None = None  # the model of the index that is being built
        self.refilled: Callable[[], object] = lambda: None  # hears that all is to be indexed anew

    def _named(self) -> tuple[Spec, Embedder]:
        """The index that the settings name, and its model."""
        embedder = indexes.embedder_of(self.settings)
        self.wanted = indexes.wanted(self.settings, embedder)
        return self.wanted, embedder

    def _serve(self, spec: Spec, embedder: Embedder) -> None:
        if embedder is not self.embedder:
            self._embedding = _embedding(self.settings)  # what it was made with
        self.spec, self.embedder = spec, embedder
        self.record.embedding_model = embedder.model

    def choose(self) -> None:
        """Look which index serves: the one that the record's marks are about, unless nothing is
        in it yet or it is lost. Blocks."""
        before, changed = self.spec, self.unusable or _embedding(self.settings) != self._embedding
        spec, embedder = self._named()[0], self.embedder
        known = indexes.parse(self.record.meta(INDEX), spec)
        if known is not None and known.same(spec):
            spec = spec.model_copy(update=known.model_dump(include={"dimension", "collection"}))
        elif known is not None and self.record.passages.totals()[1] and not _lost(known):
            spec = known
        # A model that serves on has the key that it began with: the settings' may be another's.
        if not spec.same_model(before) or (changed and spec.same_model(self.wanted)):
            embedder = indexes.embedder_of(self.settings, spec)
        building = indexes.parse(self.record.building.description(), spec)
        if building is not None and not building.same(self.wanted):
            self.record.building.abandon()
        self._serve(spec, embedder)

    async def follow_settings(self) -> None:
        """Use what the settings name now, as far as that index serves already. Whoever asks for
        the archive from now on gets the new one, once the old one has been closed."""
        former = self.embedder
        await finish(self.choose)
        self.set_beside_app(self._beside_app)
        if former is not self.embedder:
            await former.close()  # opening may wait for it
        old = asyncio.create_task(_shut(self._opening, self._archive))
        self._archive, self._second = indexes.archive_of(self.settings, self.spec), False
        self._failed = None
        self._open_soon(old)

    def another(self, spec: Spec, settings: config.Config | None = None) -> Archive:
        """An archive in another place, while the serving one is open."""
        return indexes.archive_of(settings or self.settings, spec, second=not self._second)

    @property
    def unusable(self) -> bool:
        """Whether the model could not be used when it was looked at: it may have come since."""
        return isinstance(self.embedder, UnusableEmbedder)

    @property
    def current(self) -> Archive:
        """The archive of the serving index, open or not."""
        return self._archive

    async def archive(self) -> Archive:
        """The archive, open. Raises StorageError or UnavailableError when it cannot be opened;
        some seconds later that is tried again, without keeping anybody waiting for long."""
        task, failed = self._opening, self._failed
        if task is None or (
            task.done() and failed is not None and time.monotonic() - failed[0] > RETRY
        ):
            task = self._open_soon()
        elif task.done() and failed is None and not self._archive.is_open:
            # The server has lost the collection; it is made and filled anew.
            task = self._open_soon()
        if failed is not None and not task.done():
            await asyncio.wait([task], timeout=PATIENCE)
            if not task.done():
                raise type(failed[1])(str(failed[1]))
        return await asyncio.shield(task)

    def _open_soon(self, instead: asyncio.Task[None] | None = None) -> asyncio.Task[Archive]:
        """Open the archive in the background, once the one that it stands `instead` of is shut."""
        self._opening = asyncio.create_task(self._open(instead))
        self._opening.add_done_callback(self._opened)
        return self._opening

    def _opened(self, task: asyncio.Task[Archive]) -> None:
        if task is self._opening and not task.cancelled():
            error = task.exception()
            self._failed = None if error is None else (time.monotonic(), error)

    async def _open(self, instead: asyncio.Task[None] | None) -> Archive:
        if instead is not None:
            await asyncio.wait([instead])
        await self.gate.wait()
        if self._closed:
            raise UnavailableError("The engine is stopping. Try again: the next command starts it.")
        embedder, archive, spec = self.embedder, self._archive, self.spec
        if not spec.dimension:
            spec = spec.with_dimension(await embedder.probe())
        began = time.monotonic()
        new = await asyncio.to_thread(archive.open, spec.collection, spec.dimension)
        if await asyncio.to_thread(self._note, archive, spec, new):
            self.refilled()
        if archive is self._archive:
            self.spec = spec
        await asyncio.to_thread(self._clear_away, archive)
        logger.info("%s is open after %.2f s", spec.collection, time.monotonic() - began)
        return archive

    def _note(self, archive: Archive, spec: Spec, new: bool) -> bool:
        """The marks in the record hold for one index: note that it is this one. True when it is
        a new or another one, or has lost what it had, and is filled anew in the background."""
        record, description = self.record, spec.model_dump_json()
        known = indexes.parse(record.meta(INDEX), spec)
        if known is None or not known.same(spec):
            # It may know scopes from before, with passages that were deleted since.
            for scope in record.passages.scopes():
                archive.drop(scope)
            with record.write():
                record.building.begin(description)
                record.building.serve()
                record.set_meta(REFILLING, "1")
            return True
        with record.write():
            record.set_meta(INDEX, description)
        marked = record.passages.indexed_scope()
        if marked is not None and (new or not archive.count(marked)):
            with record.write():
                record.passages.unmark_all()
                record.set_meta(REFILLING, "1")
            return True
        return False

    def _clear_away(self, archive: Archive) -> None:
        """Delete indexes that are used no more. One in a place that is out of reach stays."""
        building = indexes.parse(self.record.building.description(), self.spec)
        for description, scopes in self.record.building.retired():
            old = indexes.parse(description, self.spec)
            used = [self.spec, *([building] if building else [])]
            if old is not None and not any(
                old.same_place(one) and old.collection == one.collection for one in used
            ):
                try:
                    if old.same_place(self.spec):
                        archive.retire(old.collection, scopes)
                    elif not _lost(old):
                        self.another(old).retire(old.collection, scopes)
                except MemtuiError as error:
                    logger.warning("%s could not be deleted: %s", old.collection, error)
                    if old.same_place(self.spec):
                        continue  # at the next start
            self.record.building.gone(description)

    async def swap(self, spec: Spec, embedder: Embedder, archive: Archive) -> None:
        """Have the index that has been built serve from now on. Nobody indexes meanwhile."""
        await finish(self.record.building.serve)
        former, before = self.embedder, self._archive
        # Nothing is awaited between the two: no query meets the vectors of another model.
        if spec.same_place(self.spec):
            self._serve(spec, embedder)
            before.become(archive)
        else:
            opening, self._archive, self._second = self._opening, archive, not self._second
            self._serve(spec, embedder)
            self._opening = asyncio.create_task(_given(archive))
            self._failed = None
            await _shut(opening, before)
        if former is not embedder:
            await former.close()
        await finish(self._clear_away, self._archive)

    def set_beside_app(self, beside_app: bool) -> None:
        """Leave a core to the app while one is open."""
        self._beside_app = beside_app
        for embedder in (self.embedder, self.building):
            if embedder is not None:
                embedder.set_threads(indexes.threads(self.settings, beside_app))

    async def close(self) -> None:
        """Close what is open; the record last, by whoever opened it."""
        self.stopping()
        await self.readers.close()
        await self.embedder.close()  # opening may wait for it
        await _shut(self._opening, self._archive)

    def stopping(self) -> None:
        """Nobody waits for the archive any more: one that has not been opened never will be."""
        self._closed = True
        self.gate.set()


def reader_limits(settings: config.Config) -> Limits:
    return Limits(
        seconds=settings.number("load.max_seconds"),
        memory=int(settings.number("load.max_memory_mb")) * 1_000_000,
        characters=int(settings.number("load.max_text_mb")) * 1_000_000,
    )


async def _given(archive: Archive) -> Archive:
    return archive


async def _shut(opening: asyncio.Task[Archive] | None, archive: Archive) -> None:
    if opening is not None:
        await asyncio.wait([opening])
    try:
        await asyncio.to_thread(archive.close)
    except Exception:
        logger.exception("the archive could not be closed in order")


def _lost(spec: Spec) -> bool:
    """Whether the folder of an index is not there any more."""
    return spec.local and not Path(spec.place).exists()


def _embedding(settings: config.Config) -> dict[str, config.Value]:
    """The settings that make the embedder what it is."""
    return {key: settings[key] for key in config.SETTINGS if key.startswith("embedding.")}
