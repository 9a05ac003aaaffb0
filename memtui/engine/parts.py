"""Builds the parts from the settings. Opening Milvus takes a second or more, so it happens in
the background and whoever needs it waits; everything else answers at once."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable

from memtui import config, paths
from memtui.api.errors import UnavailableError
from memtui.archive import Archive
from memtui.embedding import BuiltinEmbedder, Embedder, LitellmEmbedder
from memtui.library.reader_pool import ReaderPool
from memtui.record import Record
from memtui.search import terms

logger = logging.getLogger(__name__)

INDEX = "index"
"""The record's note of the index that its marks are about."""

RETRY = 5.0
"""Seconds after which an archive that could not be opened is tried again."""

PATIENCE = 1.0
"""Seconds that whoever asks then waits for it; an unreachable server takes ten to be given up."""


class Parts:
    """The record, the archive, the embedder and the readers of one data directory."""

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self.record = Record(paths.record_file(), terms.index_terms)
        self.readers = ReaderPool([sys.executable, "-P", "-m", "memtui.engine.reader"])
        self._embed_with(settings)
        self._archive = _archive(settings)
        self.gate = asyncio.Event()  # set once heavy imports may begin
        self._opening: asyncio.Task[Archive] | None = None
        self._failed: tuple[float, BaseException] | None = None  # when, and why
        self._closed = False
        self.refilled: Callable[[], object] = lambda: None  # hears that all is to be indexed anew

    def _embed_with(self, settings: config.Config) -> None:
        self.embedder = _embedder(settings)
        self.record.embedding_model = self.embedder.model
        self._embedding = _embedding(settings)

    async def archive(self) -> Archive:
        """The archive, open. Raises StorageError or UnavailableError when it cannot be opened;
        some seconds later that is tried again, without keeping anybody waiting for long."""
        task, failed = self._opening, self._failed
        if task is None or (
            task.done() and failed is not None and time.monotonic() - failed[0] > RETRY
        ):
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
        embedder, archive = self.embedder, self._archive
        dimension = await embedder.probe()
        collection = f"memtui_{embedder.slug}_{dimension}"
        began = time.monotonic()
        new = await asyncio.to_thread(archive.open, collection, dimension)
        # The marks in the record hold for one index: a new or another one is filled anew.
        index = f"{self.settings.archive_uri()} {collection}"
        known = await asyncio.to_thread(self.record.meta, INDEX)
        if new or known != index:
            await asyncio.to_thread(self._refill, archive, index)
            self.refilled()
        # Nobody searches the vectors of another model, and going back to it makes them anew.
        await asyncio.to_thread(archive.drop_others)
        logger.info("the archive %s is open after %.2f s", collection, time.monotonic() - began)
        return archive

    def _refill(self, archive: Archive, index: str) -> None:
        # It may know scopes from before, with passages that were deleted since.
        for scope in self.record.passages.scopes():
            archive.drop(scope)
        with self.record.write():
            self.record.passages.unmark_all()
            self.record.set_meta(INDEX, index)

    def reopen(self) -> None:
        """Use the archive and the embedder that the settings name now. Whoever asks for the
        archive from now on gets the new one, once the old one has been closed. An embedder that
        is still the right one goes on: it takes a second to start."""
        replaced = None
        if _embedding(self.settings) != self._embedding:
            replaced = self.embedder
            self._embed_with(self.settings)
        old = asyncio.create_task(_shut(self._opening, self._archive, replaced))
        self._archive = _archive(self.settings)
        self._failed = None
        self._open_soon(old)

    async def close(self) -> None:
        """Close what is open; the record last, by whoever opened it."""
        self.stopping()
        await self.readers.close()
        await _shut(self._opening, self._archive, self.embedder)

    def stopping(self) -> None:
        """Nobody waits for the archive any more: one that has not been opened never will be."""
        self._closed = True
        self.gate.set()


async def _shut(
    opening: asyncio.Task[Archive] | None, archive: Archive, embedder: Embedder | None
) -> None:
    if embedder is not None:
        await embedder.close()  # opening may wait for it
    if opening is not None:
        await asyncio.wait([opening])
    try:
        await asyncio.to_thread(archive.close)
    except Exception:
        logger.exception("the archive could not be closed in order")


def _embedding(settings: config.Config) -> dict[str, config.Value]:
    """The settings that make the embedder what it is."""
    return {key: settings[key] for key in config.SETTINGS if key.startswith("embedding.")}


def _embedder(settings: config.Config) -> Embedder:
    name = settings.text("embedding.model")
    if name == "builtin":
        return BuiltinEmbedder(threads=os.cpu_count() or 1, log=paths.state_dir() / "embedder.log")
    return LitellmEmbedder(
        name,
        api_base=settings.text("embedding.api_base"),
        api_key=settings.text("embedding.api_key"),
    )


def _archive(settings: config.Config) -> Archive:
    return Archive(
        settings.archive_uri(),
        token=settings.text("archive.token"),
        database=settings.text("archive.database"),
        socket=paths.milvus_socket_file(),
    )
