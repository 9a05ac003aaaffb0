"""Hits from the agent's side: what stood in the results it got; and its own archive, by hand."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from memtui.agent import envelope
from memtui.agent.ports import SystemClock
from memtui.agent.text import mend
from memtui.agent.tools.base import ToolContext
from memtui.agent.tools.paging import HIT_LIMIT, PAGE_SIZE, page_of
from memtui.api.agents import Message
from memtui.api.errors import MemtuiError, UsageError
from memtui.api.events import AgentChanged
from memtui.api.joined import blocks
from memtui.api.library import Passage
from memtui.api.search import Hit, Seen, SeenRequest
from memtui.engine.agents import Agents
from memtui.engine.context import Contexts
from memtui.engine.finder import Finder
from memtui.engine.hub import Hub
from memtui.library.indexing import Indexer
from memtui.record import Record


class Sight:
    def __init__(
        self,
        record: Record,
        finder: Finder,
        agents: Agents,
        contexts: Contexts,
        indexer: Indexer,
        hub: Hub,
    ) -> None:
        self._record = record
        self._finder = finder
        self._agents = agents
        self._contexts = contexts
        self._indexer = indexer
        self._hub = hub

    async def seen(self, agent_id: str, request: SeenRequest) -> Seen:
        """Raises NotFoundError for an agent that is not there."""
        await asyncio.to_thread(self._record.agents.get, agent_id)
        if request.turn_id:
            turn = await asyncio.to_thread(self._record.messages.turn, agent_id, request.turn_id)
            message = _answer(turn, request)
            if message is not None:
                context = await self._in_context(agent_id, message.tool_call_id)
                seen = _seen(message.text, message.hits, request.passage_ids)
                return seen.model_copy(update={"shown": True, "context": context})
        return await self._would_see(agent_id, request)

    async def _in_context(self, agent_id: str, call_id: str) -> str:
        try:
            window = await self._contexts.view(agent_id)
        except MemtuiError:  # no model, no window
            return ""
        found = [m for m in window.messages if m.get("tool_call_id") == call_id]
        return str(found[-1].get("content") or "") if found else ""

    async def _would_see(self, agent_id: str, request: SeenRequest) -> Seen:
        """The page of hits that the agent's tool would give for the same search."""
        search, clock = request.search, SystemClock()
        memory = self._agents.memory(agent_id)
        context = ToolContext(memory, clock, self._hub.emit)
        page, offset = 0, 0
        while True:
            part = search.model_copy(update={"k": PAGE_SIZE, "offset": offset})
            found = await self._finder.search(part)
            shown = any(hit.passage_id in request.passage_ids for hit in found.hits)
            if shown or not found.hits or offset >= search.k:
                break
            page, offset = page + 1, offset + PAGE_SIZE
        result = page_of(context, found, page)
        text = envelope.result(True, result.message, envelope.stamp(clock.now()))
        return _seen(text, found.hits, request.passage_ids)

    async def store(self, agent_id: str, text: str) -> Passage:
        """Raises NotFoundError, UsageError for an empty or too long text."""
        text = mend(text).strip()
        if not text:
            raise UsageError("There is nothing to archive: the text is empty.")
        if len(text) > HIT_LIMIT:
            raise UsageError(
                f"The text has {len(text):,} characters, and one memory holds at most "
                f"{HIT_LIMIT:,}. Archive less of it."
            )
        passage = await asyncio.to_thread(
            self._record.passages.add_to_scope, f"agent_{agent_id}", text
        )
        self._told(agent_id)
        return passage

    async def forget(self, agent_id: str, passage_id: str) -> None:
        """Raises NotFoundError, UsageError for a passage that is not the agent's own."""
        await asyncio.to_thread(self._record.passages.forget, agent_id, passage_id)
        self._told(agent_id)

    def _told(self, agent_id: str) -> None:
        self._indexer.wake_later()
        self._hub.emit(AgentChanged(agent_id=agent_id))


def _answer(turn: Sequence[Message], request: SeenRequest) -> Message | None:
    """The result that showed the hit: that of the query asked for, if several did."""
    queries = {m.tool.id: m.tool.arguments.get("query") for m in turn if m.tool is not None}
    found = [
        message
        for message in turn
        if any(hit.passage_id in request.passage_ids for hit in message.hits)
    ]
    same = [m for m in found if queries.get(m.tool_call_id) == request.search.query]
    return (same or found)[-1] if found else None


def _seen(text: str, hits: Sequence[Hit], passage_ids: Sequence[str]) -> Seen:
    """With the places of the passages. The result lists its hits block by block, as rendered."""
    order = [hit.passage_id for block in blocks(hits) for hit in block]
    spans: list[tuple[int, int]] = []
    try:
        parts: Any = json.loads(text)["message"]["hits"]
        for passage_id in passage_ids:
            if passage_id in order:
                shown = json.dumps(parts[order.index(passage_id)], ensure_ascii=False)
                if (start := text.find(shown)) >= 0:
                    spans.append((start, start + len(shown)))
    except (ValueError, KeyError, TypeError, IndexError):
        return Seen(text=text)
    return Seen(text=text, spans=sorted(spans))
