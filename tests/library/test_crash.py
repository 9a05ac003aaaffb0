"""A crash at every call between the record and the archive, then the same command again.

The real record, the real Milvus Lite. The n-th call through the ports dies, before or after it
has done its work; from then on no call gets through, as after kill -9. Fresh objects on the same
stores then repeat the command, and every passage must be in both exactly once.
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from memtui.api.library import LoadRequest
from memtui.archive.archive import Archive
from memtui.engine.shelf import RecordShelf
from memtui.library import chunking, readers
from memtui.library.files import FoundFile
from memtui.library.indexing import Indexer
from memtui.library.load import load
from memtui.library.ports import Digest, ReadDocument, Reading, ReadPassage
from memtui.record.rows import NewMessage
from memtui.record.store import Record
from tests.library.helpers import DIMENSION, ArchiveIndex, Embedder, plain_terms

POLLED = {"counts", "pending"}
"""Called as often as time passes, so that no number of theirs means the same in every run."""

LOOKS = {"documents", "many", "totals"}
"""They change nothing: a crash there leaves what a crash at the next call leaves. In the long
form of the test they are enumerated too."""


class Crash(BaseException):
    """Not an error that anybody may handle."""


class Fuse:
    """Burns at the `at`-th call (0: never), before or after the call does its work."""

    def __init__(self, at: int, before: bool, passes: Collection[str] = POLLED) -> None:
        self.at, self.before, self.passes = at, before, passes
        self.calls = 0
        self.burnt = False

    def guard(self, target: Any) -> Any:
        return Guarded(target, self)

    def step(self) -> bool:
        """True when this call is the one. Raises Crash when it is not to happen at all."""
        if self.burnt:
            raise Crash
        self.calls += 1
        self.burnt = self.calls == self.at
        if self.burnt and self.before:
            raise Crash
        return self.burnt


class Guarded:
    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target, self._fuse = target, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if not callable(method):
            return method

        def call(*args: Any) -> Any:
            if name in self._fuse.passes:
                if self._fuse.burnt:
                    raise Crash
                return method(*args)
            last = self._fuse.step()
            result = method(*args)
            if last:
                if asyncio.iscoroutine(result):
                    result.close()
                raise Crash
            return result

        return call


class InProcess:
    """The port Reader without a process."""

    async def digest(self, file: FoundFile) -> Digest:
        return Digest(hashlib.sha256(Path(file.path).read_bytes()).hexdigest(), file.size)

    async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading:
        document = readers.reader_of("text")(file.path, file.name, on_pages)
        passages = [
            ReadPassage(one.ordinal, one.text, one.start, one.end)
            for one in chunking.chunk(document)
        ]
        digest = await self.digest(file)
        return Reading(
            ReadDocument(file.key, file.name, "", "", "text", digest.sha256, digest.size, 0),
            passages,
        )


class Stores:
    """Both stores in one folder, opened anew."""

    def __init__(self, folder: Path) -> None:
        self.record = Record(folder / "record.db", plain_terms)
        self.record.open()
        # Socket paths are short, and their folder is ours alone.
        self.sockets = tempfile.mkdtemp()
        self.archive = Archive(str(folder / "milvus.db"), socket=Path(self.sockets) / "s")
        self.archive.open("memtui_test_8", DIMENSION)

    def close(self) -> None:
        self.archive.close()
        self.record.close()
        shutil.rmtree(self.sockets, ignore_errors=True)


@asynccontextmanager
async def opened(folder: Path, fuse: Fuse) -> AsyncIterator[tuple[Stores, RecordShelf, Indexer]]:
    stores = Stores(folder)
    indexer = Indexer(
        fuse.guard(stores.record.passages),
        fuse.guard(stores.record.removals),
        fuse.guard(Embedder()),
        fuse.guard(ArchiveIndex(stores.archive)),
        batch=3,
    )
    indexer.start()
    try:
        yield stores, fuse.guard(RecordShelf(stores.record)), indexer
    finally:
        await indexer.stop()
        stores.close()


Command = Callable[[Stores, Any, Indexer, Path], Awaitable[object]]


def write(path: Path, words: str) -> None:
    path.write_text("\n\n".join(f"{words} {number}. " * 60 for number in range(3)))


def source(stores: Stores, name: str) -> str:
    found = stores.record.sources.by_name(name) or stores.record.sources.create(name)
    return found.id


async def fresh_load(stores: Stores, shelf: Any, indexer: Indexer, files: Path) -> None:
    request = LoadRequest(name="s", directory=str(files))
    await load(request, source(stores, "s"), shelf, InProcess(), lambda _: None, indexer)


async def replacing_load(stores: Stores, shelf: Any, indexer: Indexer, files: Path) -> None:
    request = LoadRequest(name="s", directory=str(files), replace=True)
    await load(request, source(stores, "s"), shelf, InProcess(), lambda _: None, indexer)


async def second_load(stores: Stores, shelf: Any, indexer: Indexer, files: Path) -> None:
    """One file changed, one new, one now the same as another; and another source, which is
    attached to an agent that has spoken from it, is deleted."""
    write(files / "b.txt", "changed")
    write(files / "c.txt", "new")
    (files / "d.txt").write_bytes((files / "a.txt").read_bytes())
    if other := stores.record.sources.by_name("other"):
        stores.record.sources.delete(other.id)
    await fresh_load(stores, shelf, indexer, files)


async def tidying_load(stores: Stores, shelf: Any, indexer: Indexer, files: Path) -> None:
    """Two files changed places, one was copied, one moved into its name's place, one is gone."""
    if not (files / "e.txt").exists():
        (files / "a.txt").rename(files / "x")
        (files / "b.txt").rename(files / "a.txt")
        (files / "x").rename(files / "b.txt")
        shutil.copy(files / "a.txt", files / "c.txt")
        (files / "d.txt").unlink()
        write(files / "e.txt", "new")
    request = LoadRequest(name="s", directory=str(files), prune=True)
    await load(request, source(stores, "s"), shelf, InProcess(), lambda _: None, indexer)


def verify(stores: Stores, files: Path) -> None:
    record, archive = stores.record, stores.archive
    expected = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files.iterdir()}
    documents = record.documents.list()
    assert {document.sha256 for document in documents} == expected
    assert len(documents) == len(expected)
    names = [name for document in documents for name in (document.path, *document.also)]
    assert sorted(names) == sorted(str(path) for path in files.iterdir())
    for scope in set(record.passages.scopes()) | archive.scopes():
        ids = record.passages.ids(scope)
        assert len(ids) == len(set(ids)) > 0
        assert archive.ids(scope) == set(ids)
        assert archive.count(scope) == len(ids)
        assert record.passages.counts(scope) == (len(ids), len(ids))
    # Of the source that was deleted nothing is left, not even what was said from it.
    scopes = {f"source_{source(stores, 's')}"}
    for agent in record.agents.list():
        scopes.add(f"recall_{agent.id}")
        (said,) = record.passages.many(record.passages.ids(f"recall_{agent.id}")).values()
        assert (said.text, agent.sources) == ("a question", [])
    assert set(record.passages.scopes()) == scopes
    ids = record.passages.ids(f"source_{source(stores, 's')}")
    assert len(ids) == sum(document.passages for document in documents)
    for document in documents:
        text = Path(document.path).read_text()
        mine = [p for p in record.passages.many(ids).values() if p.document_id == document.id]
        assert [passage.ordinal for passage in mine] == list(range(document.passages))
        assert all(text[passage.start : passage.end] == passage.text for passage in mine)


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[[bool], Path]:
    """A folder with stores and files; with True, a source `s` and one `other` are loaded."""
    number = 0

    def prepare(loaded: bool) -> Path:
        nonlocal number
        number += 1
        folder = tmp_path / str(number)
        if loaded:
            shutil.copytree(tmp_path / "loaded", folder)
        else:
            folder.mkdir()
        return folder

    return prepare


async def load_once(folder: Path, files: Path) -> None:
    async with opened(folder, Fuse(0, True)) as (stores, shelf, indexer):
        await fresh_load(stores, shelf, indexer, files)
        request = LoadRequest(name="other", directory=str(files))
        other = source(stores, "other")
        await load(request, other, shelf, InProcess(), lambda _: None, indexer)
        record = stores.record
        agent = record.agents.create("Ada", "p", "h", source_ids=[other])
        said = NewMessage(kind="assistant", text="x", recall="from other", source_ids=(other,))
        asked = NewMessage(kind="user", text="x", recall="a question")
        record.messages.append(agent.id, "turn", [asked, said])
        indexer.wake()
        await indexer.wait()


@pytest.mark.parametrize(
    "passes",
    [POLLED | LOOKS, pytest.param(POLLED, marks=pytest.mark.slow)],
    ids=["changes", "all"],
)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    ("command", "loaded"),
    [(fresh_load, False), (second_load, True), (replacing_load, True), (tidying_load, True)],
    ids=["load", "change", "replace", "tidy"],
)
async def test_a_crash_at_every_call(
    tmp_path: Path,
    prepared: Callable[[bool], Path],
    command: Command,
    loaded: bool,
    before: bool,
    passes: Collection[str],
) -> None:
    original = tmp_path / "files"
    original.mkdir()
    for name in "abd":
        write(original / f"{name}.txt", f"words {name}")
    files = tmp_path / "now"  # documents keep their path, so every run has its files here
    if loaded:
        shutil.copytree(original, files)
        (tmp_path / "loaded").mkdir()
        await load_once(tmp_path / "loaded", files)
    at = 0
    while True:
        at += 1
        assert at < 200
        folder = prepared(loaded)
        shutil.rmtree(files, ignore_errors=True)
        shutil.copytree(original, files)
        fuse = Fuse(at, before, passes)
        async with opened(folder, fuse) as (stores, shelf, indexer):
            with suppress(Crash):
                await command(stores, shelf, indexer, files)
        async with opened(folder, Fuse(0, True)) as (stores, shelf, indexer):
            await command(stores, shelf, indexer, files)
            if other := stores.record.sources.by_name("other"):  # of no concern to replacing
                stores.record.sources.delete(other.id)
            indexer.wake()
            await indexer.wait()
            verify(stores, files)
        shutil.rmtree(folder)
        if not fuse.burnt:
            break
    assert at > 5
