"""The events of the engine's one stream. Every client sees the same ones, in the same order."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from memtui.api.agents import Citation, TurnStatus, Usage
from memtui.api.library import Job
from memtui.api.search import Hit
from memtui.api.tools import Decision, PermissionRequest


class _TurnEvent(BaseModel):
    agent_id: str
    turn_id: str


class TurnStarted(_TurnEvent):
    type: Literal["turn.started"] = "turn.started"
    kind: str = "message"
    text: str = ""
    model: str = ""


class TurnQueued(_TurnEvent):
    """A turn waits for `ahead` others of the agent, in the order in which they were sent."""

    type: Literal["turn.queued"] = "turn.queued"
    kind: str = "message"
    text: str = ""
    ahead: int


class StepEvent(_TurnEvent):
    """Of step `step` (from 0) of the turn, while its answer arrives."""

    step: int
    text: str = ""


class ThoughtDelta(StepEvent):
    """More of the inner monologue."""

    type: Literal["thought.delta"] = "thought.delta"


class MessageDelta(StepEvent):
    """More of what the agent says to the user, while the call's arguments still arrive."""

    type: Literal["message.delta"] = "message.delta"


class AnswerRestarted(StepEvent):
    """The answer broke off and begins anew: forget the step's deltas so far."""

    type: Literal["answer.restarted"] = "answer.restarted"


class TurnWaiting(StepEvent):
    """Nothing comes just now; `text` says why, and for how long."""

    type: Literal["turn.waiting"] = "turn.waiting"


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
    """`after_reading`: in a turn that had read documents, so that one may have asked for it."""

    type: Literal["memory.edited"] = "memory.edited"
    agent_id: str
    turn_id: str = ""
    label: str
    before: str
    after: str
    author: str
    version: int
    after_reading: bool = False


class MemoryStored(BaseModel):
    """The agent stored something in archival memory; `after_reading` as in `MemoryEdited`."""

    type: Literal["memory.stored"] = "memory.stored"
    agent_id: str
    turn_id: str = ""
    text: str
    after_reading: bool = False


class PermissionAsked(PermissionRequest):
    """A tool call waits for the user's permission: answer with `POST /permissions/{id}`."""

    type: Literal["permission.asked"] = "permission.asked"


class PermissionSettled(BaseModel):
    """A permission that was asked for is answered, or nobody waits for it any more (`gone`)."""

    type: Literal["permission.settled"] = "permission.settled"
    agent_id: str
    id: str
    answer: Decision | Literal["gone"]


class ContextChanged(BaseModel):
    """Tokens in the context window by part (system, tools, core, summary, messages).

    `warned`: so many that the agent was told just now to save what matters.
    """

    type: Literal["context.changed"] = "context.changed"
    agent_id: str
    parts: dict[str, int]
    window: int
    warned: bool = False


class ContextCompacted(BaseModel):
    """The oldest `messages` of the context window are folded into `summary`, which stands there
    instead of them and of any summary before. `problem` says why the model did not write it.
    `parts` are the tokens of the window before, by part.
    """

    type: Literal["context.compacted"] = "context.compacted"
    agent_id: str
    messages: int
    summary: str
    problem: str = ""
    parts: dict[str, int] = {}


class TurnEnded(_TurnEvent):
    type: Literal["turn.ended"] = "turn.ended"
    status: TurnStatus
    problem: str = ""
    usage: Usage = Usage()
    retryable: bool = False


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
    TurnQueued
    | TurnStarted
    | ThoughtDelta
    | MessageDelta
    | AnswerRestarted
    | TurnWaiting
    | ToolCalled
    | ToolReturned
    | MessageSaid
    | MemoryEdited
    | MemoryStored
    | PermissionAsked
    | PermissionSettled
    | ContextChanged
    | ContextCompacted
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
