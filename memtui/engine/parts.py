"""Builds the parts from the settings. Opening Milvus takes a second or more, so it happens in
the background and whoever needs it waits; everything else answers at once."""

import asyncio
import logging
import os
import sys
import time

from memtui import config, paths
from memtui.archive import Archive
from memtui.embedding import BuiltinEmbedder, Embedder, LitellmEmbedder
from memtui.library.reader_pool import ReaderPool
from memtui.record import Record
from memtui.search import terms

logger = logging.getLogger(__name__)

INDEX = "index"
"""The record's note of the index that its marks are about."""

RETRY = 5.0
"""Seconds before an archive that could not be opened is tried again."""


class Parts:
    """The record, the archive, the embedder and the readers of one data directory."""

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self.record = Record(paths.record_file(), terms.index_terms)
        self.readers = ReaderPool([sys.executable, "-P", "-m", "memtui.engine.reader"])
        self.embedder = _embedder(settings)
        self.record.embedding_model = self.embedder.model
        self._archive = _archive(settings)
        self.gate = asyncio.Event()  # set once heavy imports may begin
        self._opening: asyncio.Task[Archive] | None = None
        self._opened_at = 0.0

    async def archive(self) -> Archive:
        """The archive, open. Raises StorageError or UnavailableError when it cannot be opened;
        some seconds later that is tried again."""
        task = self._opening
        failed = task is not None and task.done() and task.exception() is not None
        if task is None or (failed and time.monotonic() - self._opened_at > RETRY):
            task = self._opening = asyncio.create_task(self._open())
            self._opened_at = time.monotonic()
        return await asyncio.shield(task)

    async def _open(self) -> Archive:
        await self.gate.wait()
        embedder, archive = self.embedder, self._archive
        dimension = await embedder.probe()
        collection = f"memtui_{embedder.slug}_{dimension}"
        began = time.monotonic()
        new = await asyncio.to_thread(archive.open, collection, dimension)
        # The marks in the record hold for one index: a new or another one is filled anew.
        index = f"{self.settings.archive_uri()} {collection}"
        known = await asyncio.to_thread(self.record.meta, INDEX)
        if new or known != index:
            await asyncio.to_thread(self._refill, index)
        logger.info("the archive %s is open after %.2f s", collection, time.monotonic() - began)
        return archive

    def _refill(self, index: str) -> None:
        with self.record.write():
            self.record.passages.unmark_all()
            self.record.set_meta(INDEX, index)

    async def reopen(self) -> None:
        """Close the archive and the embedder, and use those that the settings name now."""
        await self._close_archive()
        await self.embedder.close()
        self._opening = None
        self.embedder = _embedder(self.settings)
        self.record.embedding_model = self.embedder.model
        self._archive = _archive(self.settings)

    async def _close_archive(self) -> None:
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        await asyncio.to_thread(self._archive.close)

    async def close(self) -> None:
        """Close what is open; the record last, by whoever opened it."""
        await self.readers.close()
        await self.embedder.close()
        await self._close_archive()


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
