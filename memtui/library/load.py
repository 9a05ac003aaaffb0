"""The load pipeline: find files, read them, record their passages, have them indexed."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from memtui.api.errors import MemtuiError
from memtui.api.library import Document, LoadFailure, LoadReport, LoadRequest, Progress
from memtui.library import files
from memtui.library.document import UnreadableError
from memtui.library.files import Found, FoundFile
from memtui.library.ports import Digest, Reader, Reading, Shelf
from memtui.library.progress import TICK, Meter
from memtui.library.readers import kind_of
from memtui.library.threads import finish

_UNREADABLE = {"failed", "scanned", "empty"}
_AHEAD = 2  # files that are read while an earlier one is recorded; the reader has its own limit


class Indexing(Protocol):
    """Carries recorded passages into the archive: `Indexer`."""

    def wake(self) -> None: ...

    async def wait(self, scope: str) -> None: ...

    def counts(self, scope: str) -> tuple[int, int]:
        """Passages, and how many of them have a vector. Called in a thread."""
        ...


@dataclass(slots=True)
class _Read:
    """What became of reading one file: `reading`, or `problem`, or neither: it is unchanged."""

    file: FoundFile
    digest: Digest | None = None
    reading: Reading | None = None
    problem: UnreadableError | None = None


@dataclass
class Loader:
    """One load. `report` fills while it runs, so that a cancelled load can still be told."""

    request: LoadRequest
    source_id: str
    shelf: Shelf
    reader: Reader
    meter: Meter
    indexing: Indexing | None = None
    report: LoadReport = field(default_factory=LoadReport)
    _fresh: dict[str, str] = field(default_factory=dict)  # sha256 → path of what was read
    _failed: set[str] = field(default_factory=set)

    @property
    def scope(self) -> str:
        return f"source_{self.source_id}"

    async def run(self) -> LoadReport:
        async with self.meter.ticking():
            found = await asyncio.to_thread(files.find, self.request)
            self.report.failures += found.failures
            self._count_files(found)
            follower = asyncio.create_task(self._follow())
            try:
                await self._read_all(found.files)
                if self.request.replace:
                    await finish(self._drop_the_rest)
                    self._wake()
                await finish(self._report_vanished, found)
                await self._index()
            finally:
                follower.cancel()
                await asyncio.gather(follower, return_exceptions=True)
                await finish(self._total)
            self.meter.progress.doing = ""
        return self.report

    def _count_files(self, found: Found) -> None:
        progress = self.meter.progress
        progress.files_total = len(found.files)
        progress.bytes_total = sum(file.size for file in found.files)

    async def _read_all(self, found: Sequence[FoundFile]) -> None:
        """Files are read ahead, but recorded in their order: the outcome is always the same."""
        waiting = deque(found)
        reading: deque[asyncio.Task[_Read]] = deque()
        try:
            while waiting or reading:
                while waiting and len(reading) <= _AHEAD:
                    reading.append(asyncio.create_task(self._read(waiting.popleft())))
                read = await reading[0]
                reading.popleft()
                await self._record(read)
                self.meter.progress.files += 1
                self.meter.progress.bytes += read.file.size
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, file: FoundFile) -> _Read:
        read = _Read(file)
        pages = 0

        def on_pages(number: int) -> None:
            nonlocal pages
            self.meter.progress.pages += number - pages
            pages = number

        try:
            read.digest = await self.reader.digest(file)
            if await self._loaded(file, read.digest.sha256) is None:
                self.meter.progress.doing = f"reading {file.name}"
                read.reading = await self.reader.read(file, on_pages)
        except UnreadableError as problem:
            read.problem = problem
        return read

    async def _loaded(self, file: FoundFile, sha256: str) -> Document | None:
        """The document of this source that has this content already; when replacing, only what
        this load itself has read counts."""
        if self.request.replace:
            path = self._fresh.get(sha256)
            return await finish(self.shelf.by_path, self.source_id, path) if path else None
        same = await finish(self.shelf.by_path, self.source_id, file.key)
        if same is not None and same.sha256 == sha256 and same.state not in _UNREADABLE:
            return same
        same = await finish(self.shelf.by_sha, self.source_id, sha256)
        return same if same is not None and same.state not in _UNREADABLE else None

    async def _record(self, read: _Read) -> None:
        file = read.file
        before = await finish(self.shelf.by_path, self.source_id, file.key)
        loaded_before = before is not None and before.state not in _UNREADABLE
        if read.problem is not None:
            await self._fail(read, read.problem, loaded_before)
            return
        digest = read.reading.document.sha256 if read.reading else (read.digest or _NONE).sha256
        twin = await self._loaded(file, digest)
        if twin is not None:
            self.report.unchanged += 1
            if twin.path != file.key:
                await self._note_twin(file, twin)
                if before is not None:
                    await finish(self.shelf.delete, before.id)
                    self._wake()
        elif read.reading is not None:
            document, passages = read.reading.document, read.reading.passages
            await finish(
                self.shelf.add, self.source_id, document, passages, before.id if before else None
            )
            if self.indexing is None:
                self.meter.progress.passages += len(passages)
            self._fresh[digest] = file.key
            self.report.replaced += loaded_before
            self.report.added += not loaded_before
            self.report.notes += read.reading.notes
            self._wake()
        else:
            # It was unchanged when it was looked at, and has been deleted since: read it now.
            again = await self._read(file)
            await self._record(again)

    async def _note_twin(self, file: FoundFile, twin: Document) -> None:
        there = await asyncio.to_thread(Path(twin.path).exists)
        self.report.notes.append(
            f"{file.name} has the same content as {files.show(twin.path)}, which is loaded already."
            if there
            else f"{file.name} is loaded already, as {files.show(twin.path)}, which has gone."
        )

    async def _fail(self, read: _Read, problem: UnreadableError, loaded_before: bool) -> None:
        file, reason = read.file, str(problem)
        if loaded_before:
            reason += " What was loaded from it before is kept."
        self._failed.add(file.key)
        digest = read.digest or Digest("", file.size)
        await finish(
            self.shelf.fail,
            self.source_id,
            file.key,
            file.name,
            kind_of(file.path),
            digest.sha256,
            digest.size,
            problem.state,
            reason,
        )
        self.report.failures.append(LoadFailure(path=files.show(file.path), reason=reason))

    def _drop_the_rest(self) -> None:
        """What was there before a load that replaces: gone, once there is something instead.

        A file that could not be read this time keeps what was read of it before.
        """
        if not self._fresh:
            self.report.notes.append(
                f"Nothing new could be read, so {self.request.name} keeps what it had."
            )
            return
        kept = {*self._fresh.values(), *self._failed}
        for document in self.shelf.documents(self.source_id):
            if document.path not in kept:
                self.shelf.delete(document.id)

    def _report_vanished(self, found: Found) -> None:
        if self.request.directory is None:
            return
        folder = files.key(self.request.directory).rstrip("/") + "/"
        present = {file.key for file in found.files}
        for document in self.shelf.documents(self.source_id):
            if (
                document.state not in _UNREADABLE
                and document.path.startswith(folder)
                and document.path not in present
                and not Path(document.path).exists()
            ):
                shown = files.show(document.path)
                self.report.notes.append(f"{shown} has gone; its passages are kept.")

    async def _index(self) -> None:
        """Wait for the vectors. Without them the text is still found by its words."""
        if self.indexing is None:
            return
        self.meter.progress.doing = "embedding"
        try:
            await self.indexing.wait(self.scope)
        except MemtuiError as error:
            self.report.notes.append(
                "What was loaded is found by its words, not yet by its meaning; that follows "
                f"when it can. {error}"
            )

    async def _follow(self) -> None:
        while self.indexing is not None:
            self.meter.counted(*await asyncio.to_thread(self.indexing.counts, self.scope))
            await asyncio.sleep(2 * TICK)

    def _total(self) -> None:
        documents = self.shelf.documents(self.source_id)
        good = [document for document in documents if document.state not in _UNREADABLE]
        self.report.passages = sum(document.passages for document in good)
        self.report.documents_as_pages = sum(
            document.pages if document.kind == "pdf" else 1 for document in good
        )
        if self.indexing is not None:
            self.meter.counted(*self.indexing.counts(self.scope))

    def _wake(self) -> None:
        if self.indexing is not None:
            self.indexing.wake()


_NONE = Digest("", 0)


async def load(
    request: LoadRequest,
    source_id: str,
    shelf: Shelf,
    reader: Reader,
    progress: Callable[[Progress], None],
    indexing: Indexing | None = None,
    report: LoadReport | None = None,
) -> LoadReport:
    """Load what `request` names into the source. One bad file never ends it.

    With `indexing`, passages are indexed while files are read, and the load ends when all of the
    source are, or with a note when they cannot be just now; without, when their text is recorded.
    `report` (a new one by default) is filled as it goes, for whoever cancels. Raises StorageError
    when the disk is full, and UnavailableError; what was done until then stays.
    """
    loader = Loader(
        request, source_id, shelf, reader, Meter(progress), indexing, report or LoadReport()
    )
    return await loader.run()
