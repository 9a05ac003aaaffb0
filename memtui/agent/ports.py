"""What the agent needs from the rest of memtui, as Protocols, and the messages it hands over.

The engine adapts the record, the search, the archive and the language models to these. Every
method of `Memory` raises errors of `memtui.api.errors`, whose text is a sentence.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from memtui.api.agents import (
    Agent,
    Block,
    BlockVersion,
    Citation,
    Message,
    MessageKind,
    ToolCall,
    Usage,
)
from memtui.api.events import Event
from memtui.api.search import Hit, SearchReply

Emit = Callable[[Event], None]
"""Takes an event at once; must not block and must not raise."""


@dataclass(frozen=True)
class NewMessage:
    """A message to append to the history; the fields are those of `api.agents.Message`.

    `recall` is the text that conversation search shall find (what the user or the agent said),
    empty for everything else. `source_ids` are the sources that this message draws on: when one
    of them is deleted, `recall` must no longer be found.
    """

    kind: MessageKind
    text: str = ""
    thought: str = ""
    tool: ToolCall | None = None
    tool_call_id: str = ""
    ok: bool = True
    hits: Sequence[Hit] = ()
    total: int = 0
    citations: Sequence[Citation] = ()
    usage: Usage | None = None
    ms: float = 0.0
    recall: str = ""
    source_ids: Sequence[str] = ()


@dataclass(frozen=True)
class View:
    """An agent as it is now: its system prompt, core memory, and the messages in
    its context window, oldest first; `total` counts those of the whole history.
    """

    prompt: str
    agent: Agent
    blocks: Sequence[Block]
    history: Sequence[Message]
    total: int


class Memory(Protocol):
    """One agent's memory: core memory blocks, the conversation, the archive."""

    @property
    def agent_id(self) -> str: ...

    async def agent(self) -> Agent:
        """The agent as it is now: `recall` counts what conversation search can find, `archival`
        its own inserts, `sources` are attached now.
        """

    async def view(self) -> "View":
        """All that the context window is made of."""

    async def system(self) -> str:
        """The agent's system prompt, without its memory."""

    async def blocks(self) -> list[Block]: ...

    @property
    def after_reading(self) -> bool:
        """Whether the agent was shown anything from outside in this turn: documents, files, the
        web. What it changes from then on is flagged, and undone in one step.
        """

    def has_read(self) -> None:
        """Note that it was; searches that show documents do so themselves."""

    async def edit_block(
        self, label: str, value: str, author: str, turn_id: str = "", before: str | None = None
    ) -> BlockVersion:
        """Raises UsageError over the limit, NotFoundError for an unknown label, ConflictError when
        the block does not read `before` any more: the user has edited it meanwhile.
        """

    async def in_context(self) -> list[Message]:
        """The messages in the context window, oldest first."""

    async def append(self, turn_id: str, messages: Sequence[NewMessage]) -> list[Message]:
        """Commit all of them, or none, in one transaction."""

    async def roll_back(self, turn_id: str, last: Sequence[NewMessage]) -> bool:
        """Take back what the turn said and did, `last` included but for its notes, in one
        transaction; whether there was any. The event that began it stays. Its edits of the memory
        are undone, unless somebody has edited there since.
        """

    async def fold(
        self, turn_id: str, messages: Sequence[NewMessage], evicted: Sequence[int]
    ) -> None:
        """Append `messages`, the first of which is a summary that stands for the messages
        `evicted` in the context window from now on; they stay in the history. In one transaction,
        noted so that it can be undone.
        """

    async def search_archive(
        self,
        query: str,
        *,
        offset: int,
        k: int,
        source_id: str | None = None,
        document_page: int | None = None,
    ) -> SearchReply:
        """Own archive and attached sources, or one attached source; every hit has `citation`.

        With `document_page` all that stands on that page of the documents, in reading order.
        """

    async def search_conversation(self, query: str, *, offset: int, k: int) -> SearchReply:
        """What anyone said; `Hit.section` says who (`user` or `assistant`), `created_at` when."""

    async def search_dates(
        self, start: datetime, end: datetime, *, offset: int, k: int
    ) -> SearchReply:
        """What anyone said from `start` up to, not including, `end`, oldest first."""

    async def insert_archival(self, text: str, turn_id: str = "") -> None:
        """Returns once the very next `search_archive` finds it."""

    async def text_of(self, kind: str, name: str) -> tuple[str, bool]:
        """The whole text of a `message` by its number or a `passage` by its id, and whether it is
        from outside the conversation. Raises NotFoundError for what the agent may not see.
        """

    async def pause_heartbeats(self, minutes: int) -> None:
        """No timed heartbeat for so long; 0: they may come again."""

    async def shown(self) -> list[Hit]:
        """Passages that this agent was ever shown, for its citations; `text` may be empty."""


class ToolCallPart(Protocol):
    """A piece of a tool call; pieces with the same `index` belong together."""

    @property
    def index(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> str: ...


class Tokens(Protocol):
    """Tokens of one call, as the provider reported them, and their cost in US dollars."""

    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def cost(self) -> float: ...


class Chunk(Protocol):
    """A piece of a model's answer. `declined`: the model looked and found no answer. `restart`:
    what came before is void, the answer begins anew. `waiting` says what is being waited for.
    """

    @property
    def content(self) -> str: ...
    @property
    def reasoning(self) -> str: ...
    @property
    def tool_calls(self) -> Sequence[ToolCallPart]: ...
    @property
    def usage(self) -> Tokens | None: ...
    @property
    def finish_reason(self) -> str | None: ...
    @property
    def declined(self) -> bool: ...
    @property
    def restart(self) -> bool: ...
    @property
    def waiting(self) -> str: ...


class ChatModel(Protocol):
    """A language model. `context_window` is in tokens, the answer's included."""

    @property
    def name(self) -> str: ...
    @property
    def context_window(self) -> int: ...
    @property
    def offline(self) -> bool: ...
    @property
    def window_known(self) -> bool:
        """Whether anybody states the context window, so that it is not a guess."""

    async def prepare(self) -> None:
        """What is slow before the first call; harmless to repeat. Then `context_window` holds."""

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """Both as they go to this model: the very same objects, unless it takes another form."""

    def stream(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncIterator[Chunk]:
        """Messages and tools in OpenAI's format. Raises ModelError; ends soon when cancelled."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware; its time zone is the one in which the agent is told times and counts days."""


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
