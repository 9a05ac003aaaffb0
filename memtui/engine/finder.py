"""Search over the record and the archive: scopes chosen, channels joined, hits given citations."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from memtui.api.agents import Agent
from memtui.api.errors import MemtuiError, ModelError, NotFoundError
from memtui.api.library import Passage
from memtui.api.search import Filters, Hit, Mode, SearchReply, SearchRequest
from memtui.archive.layout import MAX_LIMIT
from memtui.engine.parts import Parts
from memtui.engine.patience import Patience
from memtui.engine.waiting import ARCHIVE, MEANING, VECTORS, WORDS, Waiting, step
from memtui.search import citation, hybrid
from memtui.search.ports import Words


class Finder:
    """The one search: of the agent's tools, of the search screen and of the command line."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._record = parts.record
        self._patience = Patience(parts)
        self.waiting = Waiting()

    async def search(self, request: SearchRequest) -> SearchReply:
        with self.waiting.search(request.id):
            return await self._search(request)

    async def _search(self, request: SearchRequest) -> SearchReply:
        scopes = await self.scopes(request)
        if request.document_page is not None:
            return await asyncio.to_thread(self._page, request, scopes, request.document_page)
        filters = Filters.model_validate(request.model_dump(include=set(Filters.model_fields)))
        narrowed = filters if filters != Filters() else None
        return await self.find(
            request.query, scopes, request.mode, request.k, request.offset, filters=narrowed
        )

    async def find(
        self,
        query: str,
        scopes: Sequence[str],
        mode: Mode,
        k: int,
        offset: int,
        exclude: Collection[str] = (),
        filters: Filters | None = None,
    ) -> SearchReply:
        """Hits `offset`…`offset + k` of `query` in `scopes`, but for the passages `exclude`, and
        for what `filters` leave out."""
        began = time.perf_counter()
        text, dense = partial(self._text, filters), partial(self._dense, filters)
        ports = hybrid.Ports(text, dense, self._encode, self)
        found = await hybrid.search(
            query, scopes, ports, mode=mode, k=k, offset=offset, exclude=exclude
        )
        hits = await asyncio.to_thread(self._cited, found)
        return SearchReply(
            query=query,
            mode=mode,
            hits=hits,
            total=found.total,
            offset=offset,
            ms=(time.perf_counter() - began) * 1000,
            problem=found.problem,
        )

    async def scopes(self, request: SearchRequest) -> list[str]:
        """Raises NotFoundError when the agent or a source does not exist."""
        record = self._record
        if request.within and not request.source_ids:
            return await self._within(request)
        if request.agent_id and request.conversation:
            await asyncio.to_thread(record.agents.get, request.agent_id)
            return [f"recall_{request.agent_id}"]
        if request.source_ids is not None:
            sources = [await asyncio.to_thread(record.sources.get, i) for i in request.source_ids]
            return [f"source_{source.id}" for source in sources]
        if request.agent_id:
            agent = await asyncio.to_thread(record.agents.get, request.agent_id)
            own = [f"agent_{agent.id}"] if agent.archival else []
            return own + [f"source_{source.id}" for source in agent.sources]
        sources = await asyncio.to_thread(record.sources.list)
        agents = await asyncio.to_thread(record.agents.list)
        return [f"source_{source.id}" for source in sources] + [
            f"agent_{agent.id}" for agent in agents if agent.archival
        ]

    async def _within(self, request: SearchRequest) -> list[str]:
        record, parts = self._record, request.within
        if request.agent_id:
            agents: Sequence[Agent] = [await asyncio.to_thread(record.agents.get, request.agent_id)]
            sources = [source.id for source in agents[0].sources]
        else:
            agents = await asyncio.to_thread(record.agents.list)
            sources = [source.id for source in await asyncio.to_thread(record.sources.list)]
        scopes = [f"source_{source}" for source in sources] if "sources" in parts else []
        if "archive" in parts:
            scopes += [f"agent_{agent.id}" for agent in agents if agent.archival]
        if "conversation" in parts:
            scopes += [f"recall_{agent.id}" for agent in agents]
        return scopes

    def _page(self, request: SearchRequest, scopes: Sequence[str], page: int) -> SearchReply:
        """What stands on a page of the documents, in reading order."""
        offset = request.offset
        total, passages = self._record.passages.on_page(scopes, page, request.k, offset)
        found = hybrid.listed(passages, total, offset)
        hits = self._cited(found)
        return SearchReply(query=request.query, mode="text", hits=hits, total=total, offset=offset)

    def _cited(self, found: hybrid.Ranked) -> list[Hit]:
        counts = {}
        for source_id in {hit.source_id for hit in found.hits if hit.source_id}:
            with contextlib.suppress(NotFoundError):  # deleted just now
                counts[source_id] = self._record.sources.get(source_id).documents
        return [
            hit.model_copy(
                update={"citation": citation.label(hit, counts.get(hit.source_id or "", 0))}
            )
            for hit in found.hits
        ]

    # the ports of memtui.search

    async def _text(
        self, filters: Filters | None, scopes: Sequence[str] | None, words: Words, limit: int
    ) -> list[tuple[str, float]]:
        with step(WORDS):
            return await asyncio.to_thread(
                self._record.passages.text_search,
                scopes,
                words.terms,
                limit,
                words.phrases,
                words.excluded,
                words.strict,
                filters,
            )

    async def _dense(
        self, filters: Filters | None, scopes: Sequence[str] | None, vector: Any, limit: int
    ) -> list[tuple[str, float]]:
        """The index knows nothing of `filters`: it is asked for more until enough are left."""
        if filters is None:
            return await self._patience.wait(self._nearest(scopes, vector, limit))
        asked = 10 * limit
        while True:
            found = await self._patience.wait(self._nearest(scopes, vector, asked))
            ids = [id_ for id_, _ in found]
            kept = await asyncio.to_thread(self._record.passages.among, ids, filters)
            if len(kept) >= limit or len(found) < asked or asked >= MAX_LIMIT:
                return [one for one in found if one[0] in kept][:limit]
            asked = min(4 * asked, MAX_LIMIT)

    async def _nearest(
        self, scopes: Sequence[str] | None, vector: Any, limit: int
    ) -> list[tuple[str, float]]:
        with step(ARCHIVE):
            archive = await self._parts.archive()
        embedder, query, made = vector
        if embedder is not self._parts.embedder:  # another index serves since it was encoded
            made = await self._parts.embedder.embed_query(query)
        with step(VECTORS):
            return await asyncio.to_thread(archive.search, scopes or (), made, limit)

    async def _encode(self, query: str) -> Any:
        """The vector of `query`, with the model that made it."""
        embedder = self._parts.embedder
        try:
            with step(MEANING):
                return embedder, query, await embedder.embed_query(query)
        except MemtuiError as error:
            if self._parts.spec.same_model(self._parts.wanted):
                raise
            raise ModelError(
                f"{error} {embedder.model} is the model of the index; `memtui reindex` makes one "
                f"with {self._parts.wanted.model}."
            ) from None

    async def many(self, ids: Sequence[str]) -> dict[str, Passage]:
        return await asyncio.to_thread(self._record.passages.many, list(ids))
