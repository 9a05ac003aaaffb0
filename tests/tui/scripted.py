"""An engine in memory: canned sources and agents, and turns played from a script of events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from memtui.api.agents import (
    AgentDetail,
    AttachedSource,
    Block,
    Citation,
    Edit,
    Message,
    NewAgent,
    TurnReply,
    TurnRequest,
)
from memtui.api.context import ContextPart, ContextWindow
from memtui.api.errors import NotFoundError, UnavailableError
from memtui.api.events import (
    ContextChanged,
    Event,
    HistoryChanged,
    MessageDelta,
    MessageSaid,
    Subscribed,
    ThoughtDelta,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    TurnStarted,
)
from memtui.api.history import ModelName, Occurrences, Remembered
from memtui.api.library import (
    Document,
    DocumentPage,
    Job,
    LoadCost,
    LoadRequest,
    Passage,
    PassageInContext,
    Section,
    Source,
)
from memtui.api.search import Hit, SearchReply, SearchRequest
from memtui.api.system import Check, EngineStatus, ReindexPlan
from memtui.api.tools import PermissionRequest

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
QUESTION = "The paper I loaded is called MemGPT. Can you tell me more about it?"
THOUGHT = "The user asks about a paper in my archive. I should look there before I answer."
REPLY = (
    "**MemGPT** manages a limited context window the way an operating system manages memory "
    "[paper p. 2]. It has two tiers:\n\n"
    "- *main context*, what the model sees [paper p. 3]\n"
    "- *external context*, which it reads through functions\n\n"
    "It was evaluated on document analysis and long chats [paper p. 99]."
)
TEXTS = (
    "We propose virtual context management, a technique drawing inspiration from hierarchical "
    "memory systems in traditional operating systems. MemGPT intelligently manages different "
    "storage tiers in order to effectively provide extended context.",
    "The main context is the prompt of the language model; everything else is external context "
    "that MemGPT has to move into the main context to use it.",
    "Document analysis: MemGPT answers questions about documents that far exceed the window.",
)


GREETING = Message(
    id=1, agent_id="a1", turn_id="login", kind="assistant", text="Hello, Ada!", created_at=NOW
)


def hit(rank: int, page: int, text: str, score: float) -> Hit:
    at = text.find("MemGPT")
    return Hit(
        rank=rank, score=score, dense_score=score - 0.1, dense_rank=rank, text_score=4.2 - rank,
        text_rank=rank if at >= 0 else None, terms=[(at, at + 6)] if at >= 0 else [], text=text,
        source="paper", document="paper.pdf", document_path="/home/ada/papers/paper.pdf",
        page=page, passage_id=f"p{rank}", citation=f"[paper p. {page}]", scope="source_s1",
    )  # fmt: skip


HITS = [hit(1, 2, TEXTS[0], 0.91), hit(2, 3, TEXTS[1], 0.64), hit(3, 7, TEXTS[2], 0.38)]


def citations(text: str) -> list[Citation]:
    found = []
    for page, passage_id in ((2, "p1"), (3, "p2"), (99, None)):
        label = f"[paper p. {page}]"
        start = text.find(label)
        if start >= 0:
            found.append(
                Citation(
                    source="paper", document="paper.pdf", page=page, passage_id=passage_id,
                    verified=passage_id is not None, text=label, start=start,
                    end=start + len(label),
                )
            )  # fmt: skip
    return found


def source(number: int, name: str, state: str = "ready", **more: Any) -> Source:
    values: dict[str, Any] = {
        "documents": 1, "pages": 13, "passages": 74, "indexed": 74, "embedding_model": "builtin",
    }  # fmt: skip
    return Source(name=name, id=f"s{number}", state=state, created_at=NOW, **values | more)


def document(
    number: int, source_id: str, name: str, state: str = "indexed", **more: Any
) -> Document:
    values: dict[str, Any] = {"pages": 13, "passages": 74, "size": 1, "sha256": "", "kind": "pdf"}
    return Document(
        id=f"d{number}", source_id=source_id, source="", name=name, path=f"/home/ada/{name}",
        state=state, loaded_at=NOW, **values | more,
    )  # fmt: skip


def agent(name: str = "PoliteButterfly", **more: Any) -> AgentDetail:
    return AgentDetail(
        id="a1", name=name, persona=more.pop("persona", "memgpt_doc"), human="basic",
        created_at=NOW, used_at=NOW,
        blocks=[
            Block(label="persona", value="I am a careful reader. I cite what I read."),
            Block(label="human", value="First name: Ada"),
        ],
        **more,
    )  # fmt: skip


def turn_events(question: str = QUESTION, reply: str = REPLY, turn: str = "t1") -> list[Event]:
    """A whole turn: thought, search, thought, reply in pieces."""
    ids: dict[str, Any] = {"agent_id": "a1", "turn_id": turn}
    pieces = [reply[i : i + 40] for i in range(0, len(reply), 40)]
    return [
        TurnStarted(**ids, text=question, model="offline"),
        ThoughtDelta(**ids, step=0, text=THOUGHT[:30]),
        ThoughtDelta(**ids, step=0, text=THOUGHT[30:]),
        ToolCalled(**ids, step=0, tool="archival_memory_search", arguments={"query": "MemGPT"}),
        ToolReturned(
            **ids, step=0, tool="archival_memory_search", ok=True, result="{}", hits=HITS,
            total=37, ms=41,
        ),
        ContextChanged(
            agent_id="a1", window=8192,
            parts={"system": 1200, "tools": 900, "core": 400, "messages": 2600},
        ),
        ThoughtDelta(**ids, step=1, text="Two of these pages answer it."),
        *(MessageDelta(**ids, step=1, text=piece) for piece in pieces),
        MessageSaid(**ids, step=1, text=reply, citations=citations(reply)),
        TurnEnded(**ids, status="done"),
    ]  # fmt: skip


class ScriptedClient:
    """The part of the client that the app uses."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.store_sources = [
            source(1, "paper"),
            source(2, "manual", passages=1044, pages=212, documents=3),
        ]
        self.store_documents = {
            "s1": [document(1, "s1", "paper.pdf")],
            "s2": [
                document(2, "s2", "manual.pdf", pages=200),
                document(3, "s2", "scan of an appendix.pdf", "scanned",
                         error="It has no text layer: run OCR over it and load it again."),
                document(4, "s2", "notes.md", pages=0, kind="md"),
            ],
        }  # fmt: skip
        self.store_agents = [
            agent(sources=[AttachedSource(id="s1", name="paper", passages=74, documents=1)])
        ]
        self.store_messages = [GREETING]
        self.store_jobs: list[Job] = []
        self.store_permissions: list[PermissionRequest] = []
        self.script = turn_events
        self.pause = asyncio.Event()
        self.pause.set()
        self.calls: list[str] = []
        self.requests: list[Any] = []
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.fault: Exception | None = None

    async def __aenter__(self) -> "ScriptedClient":
        return self

    async def close(self) -> None:
        pass

    def emit(self, *events: Event) -> None:
        for event in events:
            self._queue.put_nowait(event)

    def die(self) -> None:
        self._queue.put_nowait(None)

    async def events(self, answers: bool = False) -> AsyncIterator[Event]:
        yield Subscribed()
        while (event := await self._queue.get()) is not None:
            yield event
        raise UnavailableError(
            "The engine stopped. What was saved is safe; your next action starts a new one."
        )

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault

    async def status(self) -> EngineStatus:
        return EngineStatus(running=True, model="offline")

    async def sources(self) -> list[Source]:
        return list(self.store_sources)

    async def documents(self, source_id: str | None = None) -> list[Document]:
        return self.store_documents.get(source_id or "", [])

    async def document_page(
        self, source_id: str | None = None, offset: int = 0, limit: int = 100, text: str = ""
    ) -> DocumentPage:
        self.calls.append(f"document_page:{source_id}:{offset}")
        found = [
            document
            for of, documents in self.store_documents.items()
            for document in documents
            if source_id in (None, of) and text.casefold() in document.name.casefold()
        ]
        return DocumentPage(total=len(found), documents=found[offset : offset + limit])

    async def sources_with(self, path: str) -> list[str]:
        return [
            source_id
            for source_id, documents in self.store_documents.items()
            if any(document.path == path for document in documents)
        ]

    async def sections(self, document_id: str) -> list[Section]:
        return [Section(page=page, first=page - 1, passages=1) for page in (1, 2, 3)]

    async def passages(self, document_id: str, first: int = 0, count: int = 100) -> list[Passage]:
        return [(await self.passage(f"p{first + 1}")).passage]

    async def jobs(self) -> list[Job]:
        return self.store_jobs

    async def agents(self) -> list[AgentDetail]:
        return list(self.store_agents)

    async def agent(self, agent_id: str) -> AgentDetail:
        for one in self.store_agents:
            if one.id == agent_id:
                return one
        raise NotFoundError("There is no such agent.")

    async def add_agent(self, new: NewAgent) -> AgentDetail:
        self._call("add_agent")
        self.requests.append(new)
        made = agent(new.name or "PoliteButterfly", persona=new.persona or "sam_pov")
        self.store_agents.insert(0, made)
        return made

    async def messages(
        self,
        agent_id: str,
        before: int | None = None,
        limit: int = 100,
        context: bool = False,
        kind: str | None = None,
    ) -> list[Message]:
        found = [m for m in self.store_messages if before is None or m.id < before]
        found = [m for m in found if kind in (None, m.kind)]
        return found[-limit:]

    async def block_edits(
        self, agent_id: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Edit]:
        return []

    async def remembered(self, agent_id: str) -> Remembered:
        self._call("remembered")
        one = await self.agent(agent_id)
        return Remembered(
            blocks=one.blocks, archival=2, first=["Ada likes herons.", "The mill is by the river."],
            sources=1, attached=74, messages={"user": 12, "assistant": 14, "tool": 14}, context=30,
            recall=24,
        )  # fmt: skip

    async def models(self) -> list[ModelName]:
        self._call("models")
        return [ModelName(name="offline"), ModelName(name="gpt-4o"), ModelName(name="gpt-4o-mini")]

    async def _attached(self, source_id: str, on: bool) -> AgentDetail:
        one = self.store_agents[0]
        rest = [s for s in one.sources if s.id != source_id]
        found = next(s for s in self.store_sources if s.id == source_id)
        if on:
            rest.append(AttachedSource(id=found.id, name=found.name, passages=found.passages))
        self.store_agents[0] = one.model_copy(update={"sources": rest})
        return self.store_agents[0]

    async def attach(self, agent_id: str, source_id: str) -> AgentDetail:
        self._call("attach")
        return await self._attached(source_id, True)

    async def detach(self, agent_id: str, source_id: str) -> AgentDetail:
        self._call("detach")
        return await self._attached(source_id, False)

    async def turn(self, agent_id: str, request: TurnRequest) -> TurnReply:
        self._call(f"turn:{request.kind}")
        self.requests.append(request)
        turn = f"t{len(self.requests)}"
        events = self.script(request.text, turn=turn)
        for event in events[:-3]:
            self.emit(event)
        await self.pause.wait()
        for event in events[-3:]:
            self.emit(event)
        return TurnReply(agent="", reply="", agent_id=agent_id, turn_id=turn, model="offline")

    async def edit(self, agent_id: str, turn_id: str, text: str) -> TurnReply:
        self.calls.append(f"edit:{turn_id}")
        self.emit(HistoryChanged(agent_id=agent_id, turn_id=f"t{len(self.requests) + 1}"))
        return await self.turn(agent_id, TurnRequest(text=text))

    async def context(self, agent_id: str) -> ContextWindow:
        said = 2600 if self.requests else 0
        parts = [
            ContextPart(name=name, tokens=tokens, text="")
            for name, tokens in (
                ("system", 1200),
                ("tools", 900),
                ("core", 400),
                ("messages", said),
            )
        ]
        return ContextWindow(
            model="offline", window=8192, known=True, reserve=500, pressure=0, total=2500 + said,
            waiting=0, parts=parts, messages=[], tools=[],
        )  # fmt: skip

    async def find(self, agent_id: str, text: str, before: int | None = None) -> Occurrences:
        self._call("find")
        return Occurrences(messages=[], counts=[])

    async def cancel_turn(self, agent_id: str) -> None:
        self._call("cancel_turn")
        self.pause.set()

    async def permissions(self) -> list[PermissionRequest]:
        return list(self.store_permissions)

    async def answer_permission(self, request_id: str, answer: str) -> None:
        self._call(f"permission:{request_id}:{answer}")

    async def doctor(self, *only: str) -> list[Check]:
        return [Check(name=name, ok=True, detail="fine") for name in only]

    async def reindex_plan(self) -> ReindexPlan:
        return ReindexPlan(needed=False, running=False, serving="", wanted="", passages=0, left=0)

    async def load_cost(self, request: LoadRequest) -> LoadCost:
        return LoadCost(model="builtin")

    async def load(self, request: LoadRequest) -> Job:
        self._call("load")
        self.requests.append(request)
        return Job(id="j1", source=request.name, state="waiting", created_at=NOW)

    async def cancel_job(self, job_id: str) -> Job:
        self._call("cancel_job")
        return Job(id=job_id, state="cancelled", created_at=NOW)

    async def delete_source(self, source_id: str) -> None:
        self._call("delete_source")
        self.store_sources = [s for s in self.store_sources if s.id != source_id]

    async def passage(self, passage_id: str, context: int = 0) -> PassageInContext:
        self._call("passage")
        number = int(passage_id.removeprefix("p"))

        def one(at: int) -> Passage:
            return Passage(
                id=f"p{at}", scope="source_s1", text=TEXTS[at - 1], ordinal=at - 1, page=at + 1,
                source="paper", document="paper.pdf", section="2 MemGPT",
                document_path="/home/ada/papers/paper.pdf", created_at=NOW,
            )  # fmt: skip

        before = [one(at) for at in range(1, number)]
        after = [one(at) for at in range(number + 1, len(TEXTS) + 1)]
        return PassageInContext(passage=one(number), before=before, after=after)

    async def search(self, request: SearchRequest) -> SearchReply:
        self._call("search")
        return SearchReply(query=request.query, mode="hybrid", hits=HITS, total=12, ms=9)

    async def reload(self) -> None:
        self._call("reload")
