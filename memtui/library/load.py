"""The load pipeline: find files, read them, record their passages, have them indexed."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from memtui.api.errors import MemtuiError, StorageError
from memtui.api.library import (
    Document,
    DocumentState,
    LoadFailure,
    LoadReport,
    LoadRequest,
    Progress,
)
from memtui.library import files, leaving, under_way, web
from memtui.library.catalogue import Catalogue, Entry, content, moves
from memtui.library.document import UnreadableError
from memtui.library.files import Found, FoundFile
from memtui.library.ports import Digest, Reader, Reading, Shelf
from memtui.library.progress import TICK, Meter
from memtui.library.readers import kind_of
from memtui.library.threads import finish

_AHEAD = max(2, os.cpu_count() or 2)  # files read while an earlier one is; the reader limits too
_TOGETHER, _SMALL, _PASSAGES = 16, 4_000_000, 200
"""Most files, bytes read ahead, and passages, of files that are recorded in one transaction."""


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


def _may_begin(reading: Collection[tuple[FoundFile, object]]) -> bool:
    """A few files are read ahead whatever their size; small ones, more."""
    size = sum(file.size for file, _ in reading)
    return len(reading) <= _AHEAD or (len(reading) < _TOGETHER and size < _SMALL)


def _fits(ready: Collection[_Read]) -> bool:
    passages = sum(len(read.reading.passages) for read in ready if read.reading)
    return len(ready) < _TOGETHER and passages < _PASSAGES


@dataclass
class Loader:
    """One load. `report` fills while it runs, so that a cancelled load can still be told.

    `changed` are the only paths (files, or folders with all in them) that may have other content
    than the record says; None: any may. `states` are the files under way, by name.
    """

    request: LoadRequest
    source_id: str
    shelf: Shelf
    reader: Reader
    meter: Meter
    indexing: Indexing | None = None
    report: LoadReport = field(default_factory=LoadReport)
    changed: Collection[str] | None = None
    states: dict[str, DocumentState] = field(default_factory=dict)
    found: Found = field(default_factory=Found)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _digests: dict[str, Digest] = field(default_factory=dict)  # by name
    _renamed: set[str] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)
    _before: Catalogue = field(default_factory=Catalogue)
    _catalogue: Catalogue = field(default_factory=Catalogue)

    def live(self) -> list[Document]:
        """The files under way as documents."""
        return under_way.documents(
            self.source_id,
            self.request.name,
            self.found.files,
            self.states,
            self._before,
            self.began,
        )

    @property
    def scope(self) -> str:
        return f"source_{self.source_id}"

    async def run(self) -> LoadReport:
        async with self.meter.ticking(), self._looked():
            self.report.failures += self.found.failures
            self.report.notes += self.found.notes
            self._count_files()
            self._before = Catalogue(await finish(self.shelf.documents, self.source_id))
            async with self._followed():
                if not self.request.replace:
                    self._catalogue = self._before
                    await self._settle()
                await self._read_all()
                await finish(self._let_go)
                self._wake()
                await self._index()
            self.meter.progress.doing = ""
        return self.report

    @asynccontextmanager
    async def _looked(self) -> AsyncIterator[None]:
        """Inside, `found` is what there is to load; web pages lie in a folder of their own."""
        request = self.request
        self.found = await asyncio.to_thread(files.find, request)
        if not request.urls:
            yield
            return
        try:
            kept = TemporaryDirectory(prefix="memtui-")
        except OSError as error:
            raise StorageError(f"Web pages cannot be kept for reading: {error.strerror}.") from None
        with kept as folder:
            like = FoundFile(folder, 0, pages=request.pages, password=request.password)
            await web.fetch_all(self.reader, request.urls, like, self.found, self.meter)
            yield

    def _count_files(self) -> None:
        found, progress = self.found.files, self.meter.progress
        progress.files_total = len(found)
        progress.bytes_total = sum(file.size for file in found)
        self.states.update((file.key, "waiting") for file in found)

    async def _settle(self) -> None:
        """Recognise what is there already, under another name perhaps, before anything is read."""
        if not self._catalogue.entries():
            return
        self.meter.progress.doing = "comparing"
        await self._digest_all()
        contents = {
            file.key: self._content(file, self._digests[file.key].sha256)
            for file in self.found.files
            if file.key in self._digests
        }
        present = {file.key for file in self.found.files}
        found = await asyncio.to_thread(moves, self._catalogue, contents, present)
        if found.names:
            names = {entry.id: new for entry, new in found.names.items()}
            await finish(self.shelf.rename, self.source_id, names)
            self._catalogue.rename(found.names)
            self._wake()
        self._renamed = found.renamed
        self.report.renamed += len(found.renamed)
        for name, earlier in found.twins:
            self._note_twin(name, earlier)

    async def _digest_all(self) -> None:
        waiting = iter(self.found.files)

        async def some() -> None:
            for file in waiting:
                entry = self._catalogue.named(file.key)
                if entry is not None and entry.readable and not self._may_differ(file):
                    self._digests[file.key] = Digest(entry.content.partition(" ")[0], file.size)
                    continue
                with suppress(UnreadableError):  # reading it will say so
                    self._digests[file.key] = await self.reader.digest(file)

        tasks = [asyncio.create_task(some()) for _ in range(_AHEAD + 1)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _may_differ(self, file: FoundFile) -> bool:
        return self.changed is None or any(
            str(path) in self.changed for path in (file.path, *Path(file.path).parents)
        )

    def _content(self, file: FoundFile, sha256: str) -> str:
        return content(sha256, self._only_pages(file))

    def _only_pages(self, file: FoundFile) -> str:
        return self.request.pages if kind_of(file.path) == "pdf" else ""

    async def _read_all(self) -> None:
        """Files are read ahead, but recorded in their order: the outcome is always the same."""
        waiting = deque(self.found.files)
        reading: deque[tuple[FoundFile, asyncio.Task[_Read]]] = deque()
        try:
            while waiting or reading:
                while waiting and _may_begin(reading):
                    file = waiting.popleft()
                    reading.append((file, asyncio.create_task(self._read(file))))
                ready = [await reading[0][1]]
                reading.popleft()
                while reading and reading[0][1].done() and _fits(ready):
                    ready.append(reading.popleft()[1].result())
                await self._record_all(ready)
        finally:
            for _, task in reading:
                task.cancel()
            await asyncio.gather(*(task for _, task in reading), return_exceptions=True)

    async def _record_all(self, ready: list[_Read]) -> None:
        while ready:
            stale = await finish(self._record_together, ready)
            self._wake()
            self.meter.progress.files += len(ready) - len(stale)
            self.meter.progress.bytes += sum(r.file.size for r in ready if r not in stale)
            for read in stale:  # unchanged when looked at, and replaced since: read it now
                self._digests.pop(read.file.key, None)
            ready = [await self._read(read.file) for read in stale]

    def _record_together(self, reads: list[_Read]) -> list[_Read]:
        """In one transaction: the disk's word for each small file would take longer than reading
        it. Returns those that have to be read again."""
        report = self.report
        counts = report.added, report.replaced, report.unchanged
        said = len(report.notes), len(report.failures)
        try:
            with self.shelf.together():
                return [read for read in reads if not self._record(read)]
        except BaseException:  # nothing of it has happened
            report.added, report.replaced, report.unchanged = counts
            del report.notes[said[0] :], report.failures[said[1] :]
            raise

    async def _read(self, file: FoundFile) -> _Read:
        read = _Read(file, self._digests.get(file.key))
        pages = 0

        def on_pages(number: int) -> None:
            nonlocal pages
            self.meter.progress.pages += number - pages
            pages = number

        try:
            if read.digest is None:
                read.digest = await self.reader.digest(file)
            if self._known(file, read.digest.sha256) is None:
                self.meter.progress.doing = f"reading {file.name}"
                self.states[file.key] = "reading"
                read.reading = await self.reader.read(file, on_pages)
        except UnreadableError as problem:
            read.problem = problem
        return read

    def _known(self, file: FoundFile, sha256: str) -> Entry | None:
        """The document of this source that has this content already; when replacing, only what
        this load itself has read counts."""
        return self._catalogue.holding(self._content(file, sha256))

    def _record(self, read: _Read) -> bool:
        """Whether it could be recorded as it is."""
        file = read.file
        before = self._before.named(file.key)
        loaded_before = before is not None and before.readable
        if read.problem is not None:
            self._fail(read, read.problem, loaded_before)
            return True
        digest = read.reading.document.sha256 if read.reading else (read.digest or _NONE).sha256
        twin = self._known(file, digest)
        if twin is not None:
            if file.key not in twin.names:
                self._note_twin(file.key, twin.names[0])
                names = [*twin.names, file.key]
                self.shelf.rename(self.source_id, {twin.id: names})
                self._catalogue.rename({twin: names})
            self.report.unchanged += file.key not in self._renamed
            self.states[file.key] = "unchanged"
        elif read.reading is not None:
            self._add(file, read.reading)
            self.report.replaced += loaded_before
            self.report.added += not loaded_before
        else:
            return False
        return True

    def _add(self, file: FoundFile, reading: Reading) -> None:
        document = replace(reading.document, only_pages=self._only_pages(file))
        new = self.shelf.add(self.source_id, document, reading.passages)
        entry = Entry(new, self._content(file, document.sha256), [file.key])
        self._catalogue.put(entry)
        self.states.pop(file.key, None)
        if self.indexing is None:
            self.meter.progress.passages += len(reading.passages)
        self.report.notes += reading.notes

    def _note_twin(self, name: str, earlier: str) -> None:
        self.report.notes.append(
            f"{files.show(Path(name).name)} has the same content as {files.show(earlier)}: it is "
            "stored once, under both names."
        )

    def _fail(self, read: _Read, problem: UnreadableError, loaded_before: bool) -> None:
        file, reason = read.file, str(problem)
        if loaded_before:
            reason += " What was loaded from it before is kept."
        self._failed.add(file.key)
        digest = read.digest or Digest("", file.size)
        self.shelf.fail(
            self.source_id,
            file.key,
            file.name,
            kind_of(file.path),
            digest.sha256,
            digest.size,
            problem.state,
            reason,
        )
        self.states.pop(file.key, None)
        self.report.failures.append(LoadFailure(path=files.show(file.key), reason=reason))

    def _let_go(self) -> None:
        request, report = self.request, self.report
        if request.replace:
            fresh = self._catalogue.entries()
            leaving.drop_the_rest(self.shelf, self.source_id, fresh, self._failed)
            if not fresh:
                report.notes.append(
                    f"Nothing new could be read, so {request.name} keeps what it had."
                )
        elif request.directory is not None:
            present = {file.key for file in self.found.files}
            prune = request.prune and (bool(present) or self.changed is not None)
            folder = files.key(request.directory)
            known = self._catalogue.entries()
            leaving.vanished(self.shelf, self.source_id, known, folder, present, prune, report)
            if request.prune and not prune and report.vanished:
                report.notes.append(
                    f"The folder {files.show(folder)} has nothing to load any more, so nothing "
                    "was pruned: its disk may be missing. If it is meant to be empty, delete the "
                    "source."
                )

    async def _index(self) -> None:
        """Wait for the vectors. Without them the text is still found by its words."""
        if self.indexing is None:
            return
        self.meter.progress.doing = "embedding"
        try:
            await self.indexing.wait(self.scope)
        except StorageError:  # a full disk: all would fail, not only the vectors
            raise
        except MemtuiError as error:
            self.report.notes.append(
                "What was loaded is found by its words, not yet by its meaning; that follows "
                f"when it can. {error}"
            )

    @asynccontextmanager
    async def _followed(self) -> AsyncIterator[None]:
        """Inside, the progress tells what becomes of the passages; at the end, the report."""
        follower = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            await finish(self._total)

    async def _follow(self) -> None:
        while self.indexing is not None:
            self.meter.counted(*await asyncio.to_thread(self.indexing.counts, self.scope))
            await asyncio.sleep(2 * TICK)

    def _total(self) -> None:
        self.report.passages, self.report.documents_as_pages = self.shelf.totals(self.source_id)
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
