"""One agent's memory as the agent sees it: a thin layer over the record and the search."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from memtui import record
from memtui.agent.ports import NewMessage, View
from memtui.api.agents import Agent, Block, BlockVersion, Message
from memtui.api.errors import NotFoundError
from memtui.api.search import Hit, SearchReply, SearchRequest
from memtui.engine.finder import Finder
from memtui.library.indexing import Indexer
from memtui.record import Record

LAST_DAY = "9000-01-01"
MOST_OF_A_TURN = 1000
"""More messages than a turn says."""


class AgentMemory:
    """Implements `memtui.agent.ports.Memory` for one turn."""

    def __init__(self, agent_id: str, record: Record, finder: Finder, indexer: Indexer) -> None:
        self.agent_id = agent_id
        self._record = record
        self._finder = finder
        self._indexer = indexer
        self._began = datetime.now(UTC).isoformat(timespec="microseconds")
        self._after_reading = False

    async def agent(self) -> Agent:
        return await asyncio.to_thread(self._record.agents.get, self.agent_id)

    async def view(self) -> View:
        return await asyncio.to_thread(self._view)

    def _view(self) -> View:
        record, agent_id = self._record, self.agent_id
        return View(
            prompt=record.agents.system(agent_id),
            agent=record.agents.get(agent_id),
            blocks=record.blocks.list(agent_id),
            history=record.messages.in_context(agent_id),
            total=record.messages.count(agent_id),
        )

    async def system(self) -> str:
        return await asyncio.to_thread(self._record.agents.system, self.agent_id)

    async def blocks(self) -> list[Block]:
        return await asyncio.to_thread(self._record.blocks.list, self.agent_id)

    @property
    def after_reading(self) -> bool:
        return self._after_reading

    def has_read(self) -> None:
        self._after_reading = True

    async def edit_block(
        self, label: str, value: str, author: str, turn_id: str = "", before: str | None = None
    ) -> BlockVersion:
        return await asyncio.to_thread(
            self._record.blocks.edit,
            self.agent_id,
            label,
            value,
            author,
            turn_id,
            self._after_reading,
            before,
        )

    async def in_context(self) -> list[Message]:
        return await asyncio.to_thread(self._record.messages.in_context, self.agent_id)

    async def append(self, turn_id: str, messages: Sequence[NewMessage]) -> list[Message]:
        rows = await asyncio.to_thread(
            self._record.messages.append,
            self.agent_id,
            turn_id,
            [record.NewMessage(**vars(message)) for message in messages],
        )
        if any(message.recall for message in messages):
            self._indexer.wake_later()
        return rows

    async def roll_back(self, turn_id: str, last: Sequence[NewMessage]) -> bool:
        new = [record.NewMessage(**vars(message)) for message in last]
        back = await asyncio.to_thread(self._record.history.roll_back, self.agent_id, turn_id, new)
        self._indexer.wake_later()
        return back

    async def fold(
        self, turn_id: str, messages: Sequence[NewMessage], evicted: Sequence[int]
    ) -> None:
        new = [record.NewMessage(**vars(message)) for message in messages]
        await asyncio.to_thread(
            self._record.history.fold, self.agent_id, turn_id, new, list(evicted)
        )

    async def search_archive(
        self,
        query: str,
        *,
        offset: int,
        k: int,
        source_id: str | None = None,
        document_page: int | None = None,
    ) -> SearchReply:
        await self._indexer.catch_up(f"agent_{self.agent_id}")
        reply = await self._finder.search(
            SearchRequest(
                query=query,
                k=k,
                offset=offset,
                agent_id=self.agent_id,
                source_ids=[source_id] if source_id else None,
                document_page=document_page,
            )
        )
        if any(hit.source_id for hit in reply.hits):
            self.has_read()
        return reply

    async def search_conversation(self, query: str, *, offset: int, k: int) -> SearchReply:
        """As if what is said in the turn that searches were not there: it would find itself."""
        scope = f"recall_{self.agent_id}"
        _, own = await asyncio.to_thread(
            self._record.passages.in_dates, scope, self._began, LAST_DAY, MOST_OF_A_TURN
        )
        exclude = {passage.id for passage in own}
        return await self._finder.find(query, [scope], "hybrid", k, offset, exclude)

    async def search_dates(
        self, start: datetime, end: datetime, *, offset: int, k: int
    ) -> SearchReply:
        total, passages = await asyncio.to_thread(
            self._record.passages.in_dates,
            f"recall_{self.agent_id}",
            start.astimezone(UTC).isoformat(timespec="microseconds"),
            end.astimezone(UTC).isoformat(timespec="microseconds"),
            k,
            offset,
        )
        hits = [
            Hit(
                rank=offset + number,
                score=0,
                text=passage.text,
                passage_id=passage.id,
                section=passage.section,
                scope=passage.scope,
                created_at=passage.created_at.isoformat(),
            )
            for number, passage in enumerate(passages, start=1)
        ]
        return SearchReply(query="", mode="text", hits=hits, total=total, offset=offset)

    async def insert_archival(self, text: str, turn_id: str = "") -> None:
        # The text channel finds it at once; the vector follows, before the next search at last.
        await asyncio.to_thread(
            self._record.passages.add_to_scope,
            f"agent_{self.agent_id}",
            text,
            turn_id=turn_id,
            after_reading=self._after_reading,
        )
        self._indexer.wake_later()

    async def text_of(self, kind: str, name: str) -> tuple[str, bool]:
        if kind == "message":
            row = await asyncio.to_thread(
                self._record.messages.seen, self.agent_id, int(name) if name.isdecimal() else 0
            )
            called = json.dumps(row.tool.arguments, ensure_ascii=False) if row.tool else ""
            return row.text or called or row.thought, row.kind == "tool"
        passage = await asyncio.to_thread(self._record.passages.get, name)
        agent = await self.agent()
        scopes = {f"agent_{agent.id}", f"recall_{agent.id}"}
        if passage.scope not in scopes | {f"source_{source.id}" for source in agent.sources}:
            raise NotFoundError(f"There is no passage {name}.")
        return passage.text, passage.source_id is not None

    async def pause_heartbeats(self, minutes: int) -> None:
        until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")

        def change(settings: dict[str, Any]) -> None:
            if "heartbeat" in settings:
                settings["heartbeat"]["paused_until"] = until if minutes else None

        await asyncio.to_thread(self._record.agents.change_settings, self.agent_id, change)

    async def shown(self) -> list[Hit]:
        shown = await asyncio.to_thread(self._record.messages.shown, self.agent_id)
        return [
            Hit(
                rank=0,
                score=0,
                text="",
                passage_id=one.passage_id,
                citation=one.citation,
                source_id=one.source_id,
                source=one.source,
                document_id=one.document_id,
                document=one.document,
                page=one.page,
                page_end=one.page_end,
                page_label=one.page_label,
            )
            for one in reversed(shown)
        ]
