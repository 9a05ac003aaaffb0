"""Stand-ins behind the agent's Protocols: a memory in lists, a model that reads from a script."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from memtui.agent.ports import NewMessage, View
from memtui.api.agents import Agent, AttachedSource, Block, BlockVersion, Message, Usage
from memtui.api.errors import NotFoundError, UsageError
from memtui.api.search import Hit, SearchReply

START = datetime(2026, 11, 22, 16, 35, 6, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime = START) -> None:
        self.moment = now

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def hit(text: str, source: str | None = "paper", page: int | None = 1, **more: Any) -> Hit:
    number = more.pop("id", f"{source}-{page}-{len(text)}")
    values: dict[str, Any] = {
        "rank": 1,
        "score": 0.8,
        "text": text,
        "source": source,
        "source_id": f"id-{source}" if source else None,
        "document": f"{source}.pdf" if source else None,
        "page": page,
        "passage_id": number,
        "citation": f"[{source} p. {page}]" if source else "",
        "created_at": START.isoformat(),
    }
    return Hit(**{**values, **more})


class Store:
    """An honest Memory: totals are true, limits hold, an insert is found at once."""

    def __init__(self, **blocks: str) -> None:
        self.agent_id = "a1"
        self.prompt = "You are an agent. Braces {like these} are harmless."
        self.core = [
            Block(label=k, value=v) for k, v in (blocks or {"persona": "P", "human": "H"}).items()
        ]
        self.sources: list[AttachedSource] = []
        self.rows: list[Message] = []
        self.out: set[int] = set()
        self.appends: list[list[Message]] = []
        self.recalled: list[Hit] = []
        self.links: dict[int, tuple[str, ...]] = {}
        self.passages: list[Hit] = []
        self.inserted: list[Hit] = []
        self.versions: list[BlockVersion] = []
        self.gate: Callable[[str], Awaitable[None]] | None = None
        self.clock = FixedClock()
        self.paused = 0
        self.after_reading = False

    async def _pass(self, name: str) -> None:
        if self.gate is not None:
            await self.gate(name)

    def load(self, name: str, texts: Sequence[str]) -> None:
        self.sources.append(
            AttachedSource(id=f"id-{name}", name=name, passages=len(texts), documents=1)
        )
        self.passages += [
            hit(text, name, page, id=f"{name}-{page}") for page, text in enumerate(texts, 1)
        ]

    async def agent(self) -> Agent:
        await self._pass("agent")
        return Agent(
            id=self.agent_id, name="Tess", persona="sam_pov", human="basic", sources=self.sources,
            archival=len(self.inserted), recall=len(self.recalled), created_at=START, used_at=START,
        )  # fmt: skip

    async def view(self) -> View:
        return View(
            prompt=await self.system(),
            agent=await self.agent(),
            blocks=await self.blocks(),
            history=await self.in_context(),
            total=sum(row.kind != "summary" for row in self.rows),
        )

    async def system(self) -> str:
        await self._pass("system")
        return self.prompt

    async def blocks(self) -> list[Block]:
        await self._pass("blocks")
        return [block.model_copy() for block in self.core]

    def has_read(self) -> None:
        self.after_reading = True

    async def edit_block(
        self, label: str, value: str, author: str, turn_id: str = "", before: str | None = None
    ) -> BlockVersion:
        await self._pass("edit_block")
        for block in self.core:
            if block.label == label:
                if len(value) > block.limit:
                    raise UsageError("over the limit")
                version = BlockVersion(
                    id=len(self.versions) + 1, label=label, before=block.value, after=value,
                    author=author, created_at=self.clock.now(),
                )  # fmt: skip
                block.value = value
                self.versions.append(version)
                return version
        raise NotFoundError("no such block")

    async def in_context(self) -> list[Message]:
        await self._pass("in_context")
        shown = [row for row in self.rows if row.id not in self.out]
        return sorted(shown, key=lambda row: row.kind != "summary")

    async def append(self, turn_id: str, messages: Sequence[NewMessage]) -> list[Message]:
        await self._pass("append")
        new: list[Message] = []
        for message in messages:
            values = {k: v for k, v in vars(message).items() if k not in ("recall", "source_ids")}
            values.update(hits=list(message.hits), citations=list(message.citations))
            row = Message(
                id=len(self.rows) + len(new) + 1, agent_id=self.agent_id, turn_id=turn_id,
                created_at=self.clock.now(), **values,
            )  # fmt: skip
            new.append(row)
            self.links[row.id] = tuple(message.source_ids)
            if message.recall:
                said = hit(message.recall, None, None, id=f"m{row.id}", section=message.kind)
                self.recalled.append(
                    said.model_copy(update={"created_at": row.created_at.isoformat()})
                )
        self.rows += new
        self.appends.append(new)
        return new

    async def roll_back(self, turn_id: str, last: Sequence[NewMessage]) -> bool:
        await self.append(turn_id, last)
        done = {
            row.id
            for row in self.rows
            if row.turn_id == turn_id and row.kind in ("assistant", "tool", "alert")
        }
        self.rows = [row for row in self.rows if row.id not in done]
        return bool(done)

    async def fold(
        self, turn_id: str, messages: Sequence[NewMessage], evicted: Sequence[int]
    ) -> None:
        await self._pass("fold")
        await self.append(turn_id, messages)
        self.out |= set(evicted)

    async def search_archive(
        self,
        query: str,
        *,
        offset: int,
        k: int,
        source_id: str | None = None,
        document_page: int | None = None,
    ) -> SearchReply:
        await self._pass("search_archive")
        pool = [p for p in (*self.passages, *self.inserted) if source_id in (None, p.source_id)]
        if document_page is not None:
            found = [hit for hit in pool if hit.page == document_page]
            return SearchReply(
                query=query, mode="text", hits=found[offset : offset + k], total=len(found)
            )
        return _search(pool, query, offset, k)

    async def search_conversation(self, query: str, *, offset: int, k: int) -> SearchReply:
        await self._pass("search_conversation")
        return _search(self.recalled, query, offset, k)

    async def search_dates(
        self, start: datetime, end: datetime, *, offset: int, k: int
    ) -> SearchReply:
        await self._pass("search_dates")
        found = [h for h in self.recalled if start <= datetime.fromisoformat(h.created_at) < end]
        return SearchReply(query="", mode="text", hits=found[offset : offset + k], total=len(found))

    async def insert_archival(self, text: str, turn_id: str = "") -> None:
        await self._pass("insert_archival")
        self.inserted.append(hit(text, None, None, id=f"i{len(self.inserted)}"))

    async def text_of(self, kind: str, name: str) -> tuple[str, bool]:
        if kind == "message":
            for row in self.rows:
                if str(row.id) == name:
                    return row.text, row.kind == "tool"
        for found in (*self.passages, *self.inserted, *self.recalled):
            if kind == "passage" and found.passage_id == name:
                return found.text, found.source_id is not None
        raise NotFoundError("nothing")

    async def pause_heartbeats(self, minutes: int) -> None:
        await self._pass("pause_heartbeats")
        self.paused = minutes

    async def shown(self) -> list[Hit]:
        await self._pass("shown")
        return [h for row in reversed(self.rows) for h in row.hits]


def _search(pool: Sequence[Hit], query: str, offset: int, k: int) -> SearchReply:
    words = set(re.findall(r"\w+", query.casefold()))
    scored = [(len(words & set(re.findall(r"\w+", h.text.casefold()))), h) for h in pool]
    best = [h for score, h in sorted(scored, key=lambda pair: -pair[0]) if score]
    return SearchReply(query=query, mode="hybrid", hits=best[offset : offset + k], total=len(best))


@dataclass(frozen=True)
class Part:
    index: int = 0
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class Piece:
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[Part, ...] = ()
    usage: Usage | None = None
    finish_reason: str | None = None
    declined: bool = False
    restart: bool = False
    waiting: str = ""


Script = list[Piece] | Exception


def call(
    name: str, arguments: dict[str, Any] | str, thought: str = "", size: int = 7
) -> list[Piece]:
    """One call, its arguments in pieces of `size` characters."""
    return calls((name, arguments), thought=thought, size=size)


def calls(
    *wanted: tuple[str, dict[str, Any] | str], thought: str = "", size: int = 7
) -> list[Piece]:
    pieces = [Piece(content=thought)] if thought else []
    for index, (name, arguments) in enumerate(wanted):
        raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
        pieces.append(Piece(tool_calls=(Part(index, f"c{index}", name),)))
        pieces += [
            Piece(tool_calls=(Part(index, arguments=raw[i : i + size]),))
            for i in range(0, len(raw), size)
        ]
    return [
        *pieces,
        Piece(usage=Usage(prompt_tokens=10, completion_tokens=2), finish_reason="tool_calls"),
    ]


def say(text: str, **more: Any) -> list[Piece]:
    return call("send_message", {"message": text}, **more)


@dataclass
class Scripted:
    """Answers with the scripts in turn, the last one for ever, and with `summary` without tools."""

    scripts: list[Script]
    context_window: int = 32_000
    name: str = "scripted"
    offline: bool = False
    window_known: bool = True
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    summary: str | Exception = "We talked."
    summaries: list[list[dict[str, Any]]] = field(default_factory=list)
    gate: Callable[[str], Awaitable[None]] | None = None

    async def prepare(self) -> None:
        """Nothing to prepare."""

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        return messages, tools

    async def stream(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncIterator[Piece]:
        if not tools:  # a summary is wanted
            self.summaries.append(messages)
            if isinstance(self.summary, Exception):
                raise self.summary
            yield Piece(content=self.summary, usage=Usage(prompt_tokens=50, completion_tokens=5))
            return
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(messages)
        if isinstance(script, Exception):
            raise script
        for piece in script:
            if self.gate is not None:
                await self.gate("chunk")
            else:
                await asyncio.sleep(0)
            yield piece


def check_history(rows: Sequence[Message]) -> None:
    """No call without its result right behind it, no result without its call."""
    waiting = None
    for row in rows:
        if waiting is not None:
            assert row.kind == "tool"
            assert (row.tool_call_id, row.turn_id) == waiting
            waiting = None
        else:
            assert row.kind != "tool"
            if row.tool is not None:
                waiting = (row.tool.id, row.turn_id)
    assert waiting is None


def check_request(messages: Sequence[dict[str, Any]]) -> None:
    """What every provider demands of a list of messages."""
    assert messages[0]["role"] == "system"
    open_ids: list[str] = []
    for message in messages[1:]:
        if message["role"] == "tool":
            assert message["tool_call_id"] == open_ids.pop(0)
            continue
        assert not open_ids
        for made in message.get("tool_calls", ()):
            json.loads(made["function"]["arguments"])
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", made["function"]["name"])
            open_ids.append(made["id"])
    assert not open_ids
