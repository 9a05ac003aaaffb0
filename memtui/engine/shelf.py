"""The record and the archive as the library sees them (`memtui.library.ports`)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from memtui.api.library import Document, Passage
from memtui.archive import Archive, Row
from memtui.engine.parts import Parts
from memtui.library.document import UnreadableState
from memtui.library.ports import ReadDocument, ReadPassage
from memtui.record import NewDocument, NewPassage, Record


class RecordShelf:
    """`Shelf` over the record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def documents(self, source_id: str) -> list[Document]:
        return self.record.documents.list(source_id)

    def together(self) -> AbstractContextManager[object]:
        return self.record.write()

    def totals(self, source_id: str) -> tuple[int, int]:
        return self.record.documents.totals(source_id)

    def add(
        self,
        source_id: str,
        document: ReadDocument,
        passages: Sequence[ReadPassage],
    ) -> str:
        return self.record.documents.add(
            source_id,
            NewDocument(**asdict(document)),
            [NewPassage(**asdict(passage)) for passage in passages],
        )

    def rename(self, source_id: str, names: Mapping[str, Sequence[str]]) -> None:
        self.record.documents.rename(source_id, names)

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
        return self.record.documents.fail(source_id, path, name, kind, sha256, size, state, error)

    def delete(self, document_id: str) -> None:
        self.record.documents.delete(document_id)


def rows(passages: Sequence[Passage], vectors: Sequence[Any]) -> list[Row]:
    """Passages and their vectors as the archive stores them."""
    return [
        Row(
            id=passage.id,
            scope=passage.scope,
            vector=vector,
            text=passage.text,
            document=passage.document or "",
            page=passage.page,
            ordinal=passage.ordinal,
            created_at=passage.created_at.isoformat(),
        )
        for passage, vector in zip(passages, vectors, strict=True)
    ]


class ArchiveIndex:
    """`Index` over the archive that `archive` gives."""

    def __init__(self, archive: Callable[[], Archive]) -> None:
        self._archive = archive

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        self._archive().write(rows(passages, vectors))

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        self._archive().remove(scope, ids)

    def drop(self, scope: str) -> None:
        self._archive().drop(scope)


class PartsIndex(ArchiveIndex):
    """`Index` over the serving archive, which may be still opening or to be opened anew.

    Its methods are called in threads of their own, and wait there for the event loop to open it.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__(self._open)
        self._parts = parts
        self._loop = asyncio.get_running_loop()

    def _open(self) -> Archive:
        return asyncio.run_coroutine_threadsafe(self._parts.archive(), self._loop).result()


class PartsVectors:
    """`Vectors` over the embedder of the moment: changing the setting changes it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def at_once(self) -> int:
        return self._parts.embedder.at_once

    async def embed(self, texts: Sequence[str]) -> Any:
        return await self._parts.embedder.embed(texts)
