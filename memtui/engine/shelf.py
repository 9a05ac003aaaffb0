"""The record and the archive as the library sees them (`memtui.library.ports`)."""

import asyncio
from collections.abc import Sequence
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
        self._record = record

    def documents(self, source_id: str) -> list[Document]:
        return self._record.documents.list(source_id)

    def by_path(self, source_id: str, path: str) -> Document | None:
        return self._record.documents.by_path(source_id, path)

    def by_sha(self, source_id: str, sha256: str) -> Document | None:
        return self._record.documents.by_sha(source_id, sha256)

    def add(
        self,
        source_id: str,
        document: ReadDocument,
        passages: Sequence[ReadPassage],
        replaces: str | None,
    ) -> str:
        return self._record.documents.add(
            source_id,
            NewDocument(
                path=document.path,
                name=document.name,
                kind=document.kind,
                sha256=document.sha256,
                size=document.size,
                pages=document.pages,
                title=document.title,
                author=document.author,
            ),
            [
                NewPassage(
                    ordinal=passage.ordinal,
                    text=passage.text,
                    page=passage.page,
                    page_end=passage.page_end,
                    page_label=passage.page_label,
                    section=passage.section,
                    start=passage.start,
                    end=passage.end,
                    terms=passage.terms,
                )
                for passage in passages
            ],
            replaces,
        )

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
    ) -> None:
        self._record.documents.fail(source_id, path, name, kind, sha256, size, state, error)

    def delete(self, document_id: str) -> None:
        self._record.documents.delete(document_id)


class PartsIndex:
    """`Index` over the archive, which may be still opening or to be opened anew.

    Its methods are called in threads of their own, and wait there for the event loop to open it.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        self._archive().write(
            [
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
        )

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        self._archive().remove(scope, ids)

    def drop(self, scope: str) -> None:
        self._archive().drop(scope)

    def _archive(self) -> Archive:
        return asyncio.run_coroutine_threadsafe(self._parts.archive(), self._loop).result()


class PartsVectors:
    """`Vectors` over the embedder of the moment: changing the setting changes it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def embed(self, texts: Sequence[str]) -> Any:
        return await self._parts.embedder.embed(texts)
