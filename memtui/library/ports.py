"""What the library needs of the others, as Protocols. The engine adapts the real parts to them.

Synchronous methods may block and are called in threads.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from memtui.api.library import Document, Passage
from memtui.library.document import UnreadableState
from memtui.library.files import FoundFile


@dataclass(frozen=True, slots=True)
class Digest:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document to be recorded. `pages` is 0 for a file without pages."""

    path: str
    name: str
    title: str
    author: str
    kind: str
    sha256: str
    size: int
    pages: int
    only_pages: str = ""


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage to be recorded. `terms` are its index terms, None where no one made them."""

    ordinal: int
    text: str
    start: int
    end: int
    page: int | None = None
    page_end: int | None = None
    page_label: str | None = None
    section: str = ""
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    document: ReadDocument
    passages: Sequence[ReadPassage]
    notes: Sequence[str] = ()


class Reader(Protocol):
    """Reads files; all raise UnreadableError with a sentence. `ReaderPool` is the real one."""

    async def fetch(self, url: str, template: FoundFile) -> FoundFile:
        """A web page as a file like `template`, in the folder that is its path."""
        ...

    async def digest(self, file: FoundFile) -> Digest: ...

    async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading: ...


class Shelf(Protocol):
    """The documents of a source in the record. Any method may raise StorageError."""

    def documents(self, source_id: str) -> list[Document]: ...

    def together(self) -> AbstractContextManager[object]:
        """What one thread does inside is done in ONE transaction, or not at all."""
        ...

    def totals(self, source_id: str) -> tuple[int, int]:
        """Passages; and documents, a PDF counting its pages."""
        ...

    def add(
        self,
        source_id: str,
        document: ReadDocument,
        passages: Sequence[ReadPassage],
    ) -> str:
        """In ONE transaction. It takes its path from the document that had it; one that has no
        other name goes, with its passages, in the same transaction. Returns the new id."""
        ...

    def rename(self, source_id: str, names: Mapping[str, Sequence[str]]) -> None:
        """Give documents, by id, their names, all in ONE transaction; the first is the path.

        They take them from those that had them, as `add` does.
        """
        ...

    def fail(
        self,
        source_id: str,
        path: str,
        name: str,
        kind: str,
        sha256: str,
        size: int,
        state: UnreadableState,
        error: str,
    ) -> str:
        """A version that was read before stays as it is. Returns the document's id."""
        ...

    def delete(self, document_id: str) -> None: ...


class PassageQueue(Protocol):
    """Passages that wait for their vectors: `record.passages`."""

    def pending(
        self, limit: int, scope_prefix: str | None = None
    ) -> Sequence[tuple[str, str, str]]: ...

    def many(self, ids: Sequence[str]) -> Mapping[str, Passage]: ...

    def mark_indexed(self, ids: Sequence[str]) -> object: ...

    def counts(self, scope: str) -> tuple[int, int]: ...


class RemovalQueue(Protocol):
    """What is to be removed from the archive: `record.removals`."""

    def pending(self, limit: int) -> Sequence[tuple[Any, str, str | None]]: ...

    def done(self, removal_ids: Sequence[Any]) -> object: ...


class Vectors(Protocol):
    """Text to vectors: an embedder. Raises ModelError or UnavailableError."""

    @property
    def at_once(self) -> int:
        """Texts that one call should have, if there are as many, so that nothing idles."""
        ...

    async def embed(self, texts: Sequence[str]) -> Any:
        """An array of float32, one normalised row a text."""
        ...


class Index(Protocol):
    """The archive. Everything here may be repeated without harm. Raises UnavailableError."""

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        """Acknowledged when it returns: the rows are durable."""
        ...

    def remove(self, scope: str, ids: Sequence[str]) -> None: ...

    def drop(self, scope: str) -> None: ...
