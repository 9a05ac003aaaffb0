"""The events of the engine's one stream. Every client sees the same ones, in the same order."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from memtui.api.agents import Citation, TurnStatus, Usage
from memtui.api.library import Job
from memtui.api.search import Hit


class _TurnEvent(BaseModel):
    agent_id: str
    turn_id: str


class TurnStarted(_TurnEvent):
    type: Literal["turn.started"] = "turn.started"
    kind: str = "message"
    text: str = ""
    model: str = ""


class ThoughtDelta(_TurnEvent):
    """More of the inner monologue of step `step` (from 0)."""

    type: Literal["thought.delta"] = "thought.delta"
    step: int
    text: str


class MessageDelta(_TurnEvent):
    """More of what the agent says to the user, while the call's arguments still arrive."""

    type: Literal["message.delta"] = "message.delta"
    step: int
    text: str


class ToolCalled(_TurnEvent):
    type: Literal["tool.called"] = "tool.called"
    step: int
    tool: str
    arguments: dict[str, object] = {}


class ToolReturned(_TurnEvent):
    type: Literal["tool.returned"] = "tool.returned"
    step: int
    tool: str
    ok: bool
    result: str
    hits: list[Hit] = []
    total: int = 0
    ms: float = 0.0


class MessageSaid(_TurnEvent):
    """A whole message to the user, committed, with its citations resolved."""

    type: Literal["message.said"] = "message.said"
    step: int
    text: str
    citations: list[Citation] = []


class MemoryEdited(BaseModel):
    type: Literal["memory.edited"] = "memory.edited"
    agent_id: str
    turn_id: str = ""
    label: str
    before: str
    after: str
    author: str
    version: int


class ContextChanged(BaseModel):
    """Tokens in the context window by part (system, tools, core, summary, messages)."""

    type: Literal["context.changed"] = "context.changed"
    agent_id: str
    parts: dict[str, int]
    window: int


class TurnEnded(_TurnEvent):
    type: Literal["turn.ended"] = "turn.ended"
    status: TurnStatus
    problem: str = ""
    usage: Usage = Usage()


class JobProgress(BaseModel):
    type: Literal["job.progress"] = "job.progress"
    job: Job


class SourceChanged(BaseModel):
    """A source was made, changed or deleted: ask for the list again."""

    type: Literal["source.changed"] = "source.changed"
    source_id: str
    deleted: bool = False


class AgentChanged(BaseModel):
    """An agent was made, changed, deleted, or its attachments changed: ask again."""

    type: Literal["agent.changed"] = "agent.changed"
    agent_id: str
    deleted: bool = False


class HistoryChanged(BaseModel):
    """An agent's history was changed otherwise than by a turn: read its messages again.

    With a `turn_id`, those of that turn are not among what has changed: it begins after this, and
    its own events tell of it.
    """

    type: Literal["history.changed"] = "history.changed"
    agent_id: str
    turn_id: str = ""


class Problem(BaseModel):
    """Something a person should know: what happened, and what to do about it."""

    type: Literal["problem"] = "problem"
    text: str
    agent_id: str = ""


class Subscribed(BaseModel):
    """The first event on a stream: nothing that happens from now on is missed."""

    type: Literal["subscribed"] = "subscribed"


class Resync(BaseModel):
    """Events were missed (the stream was interrupted for too long): read everything again."""

    type: Literal["resync"] = "resync"


Event = Annotated[
    TurnStarted
    | ThoughtDelta
    | MessageDelta
    | ToolCalled
    | ToolReturned
    | MessageSaid
    | MemoryEdited
    | ContextChanged
    | TurnEnded
    | JobProgress
    | SourceChanged
    | AgentChanged
    | HistoryChanged
    | Problem
    | Subscribed
    | Resync,
    Field(discriminator="type"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Parses an event from its JSON."""
