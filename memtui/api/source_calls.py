"""The client's part about what is in a source, and its loads once more."""

from urllib.parse import quote

from memtui.api.agents import NewName
from memtui.api.calls import Calls
from memtui.api.library import DocumentPage, Job, Passage, RetryRequest, Section, Source


class SourceCalls(Calls):
    async def document_page(
        self,
        source_id: str | None = None,
        offset: int = 0,
        limit: int = 100,
        text: str = "",
        wrong: bool = False,
    ) -> DocumentPage:
        """Some of the documents by source and path: of all, or of those that `text` names; with
        `wrong` those that could not be read, or not anew."""
        params = {
            "source_id": source_id,
            "offset": offset,
            "limit": limit,
            "text": text or None,
            "wrong": wrong or None,
        }
        return await self._get(DocumentPage, "/v1/documents/page", **params)

    async def sources_with(self, path: str) -> list[str]:
        """The ids of the sources that have a file of this path, or below it."""
        return await self._get(list[str], "/v1/documents/sources", path=path)

    async def sections(self, document_id: str) -> list[Section]:
        """The pages of a document, or its headings, with the number of their passages."""
        return await self._get(list[Section], f"{_document(document_id)}/sections")

    async def passages(self, document_id: str, first: int = 0, count: int = 100) -> list[Passage]:
        """At most `count` passages of a document, from the one that counts `first`, from 0."""
        path = f"{_document(document_id)}/passages"
        return await self._get(list[Passage], path, first=first, count=count)

    async def rename_source(self, source_id: str, name: str) -> Source:
        path = f"/v1/sources/{source_id}/name"
        return await self._post(Source, path, NewName(name=name), method="PUT")

    async def reload_source(self, source_id: str) -> list[Job]:
        """Begin the loads of this source again: what is new or has changed is read."""
        return await self._post(list[Job], f"/v1/sources/{source_id}/reload")

    async def watch_source(self, source_id: str) -> Job:
        """Follow the folder that was loaded last."""
        return await self._post(Job, f"/v1/sources/{source_id}/watch")

    async def retry_source(self, source_id: str, password: str = "") -> Job:
        """Begin to load again what could not be read."""
        body = RetryRequest(password=password)
        return await self._post(Job, f"/v1/sources/{source_id}/retry", body)


def _document(document_id: str) -> str:
    return f"/v1/documents/{quote(document_id, safe='')}"
