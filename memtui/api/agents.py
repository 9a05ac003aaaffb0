"""Agents, their memory, messages and turns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from memtui.api.search import Hit

MessageKind = Literal["user", "assistant", "tool", "login", "heartbeat", "alert", "note", "summary"]
TurnStatus = Literal["done", "cancelled", "failed", "capped"]

INTERRUPTED = "The turn was interrupted."
"""The note that a cancelled turn leaves in the history. That of a failed one is not `ok`."""

MEMORY_WARNING = (
    "Warning: the conversation will soon reach its maximum length, and its oldest part will be out "
    "of view. Save what matters from it to your core or archival memory."
)
"""The alert at memory pressure, and for /memorywarning: the agent saves what it wants to keep."""


MOST_NAMES = 5
"""Agents that are named before the rest are counted."""


class Block(BaseModel):
    """A labelled part of core memory. `limit` is in characters."""

    label: str
    value: str
    limit: int = 2000


class BlockVersion(BaseModel):
    """One edit of a block. `author` is `agent`, `user` or `memtui`."""

    id: int
    label: str
    before: str
    after: str
    author: str
    created_at: datetime


class Edit(BlockVersion):
    """A version with what is known of how it came about: in which turn (empty: the user did it),
    after documents had been read, and whether it was undone since."""

    turn_id: str = ""
    after_reading: bool = False
    undone: bool = False


ChangeKind = Literal["memory", "block", "insert", "delete", "history", "summary", "system"]


class Change(BaseModel):
    """What was done to an agent's memory or history, and can be undone.

    `text` says it in a sentence. `after_reading`: in a turn in which the agent had read documents,
    so that a document may have asked for it. `turn_id` is empty when the user did it.
    """

    id: int
    kind: ChangeKind
    text: str
    turn_id: str = ""
    after_reading: bool = False
    created_at: datetime
    undone_at: datetime | None = None


class AttachedSource(BaseModel):
    id: str
    name: str
    passages: int = 0
    documents: int = 0


class Usage(BaseModel):
    """Tokens, summed over the steps: as the provider reported them, estimated when it does not,
    0 for the offline reader.

    `cost` is in US dollars by litellm's price list, 0 for a model that is not in it; `seconds` are
    those that the model took.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    steps: int = 0
    seconds: float = 0.0
    cost: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            steps=self.steps + other.steps,
            seconds=self.seconds + other.seconds,
            cost=self.cost + other.cost,
        )


class Agent(BaseModel):
    """`model` is None for the configured one, `offline`, a litellm name or a `[models.NAME]`.

    `usage` sums up every step it ever made.
    """

    id: str
    name: str
    persona: str
    human: str
    model: str | None = None
    sources: list[AttachedSource] = []
    archival: int = 0
    recall: int = 0
    usage: Usage = Usage()
    created_at: datetime
    used_at: datetime


class AgentOverview(Agent):
    """What a list of agents shows of each.

    `said` is the beginning of the last thing that was said, by `said_by`; `memory` the characters
    in core memory of `memory_limit` that there is room for; `busy`: a turn runs.
    """

    said: str = ""
    said_by: Literal["user", "assistant", ""] = ""
    said_at: datetime | None = None
    memory: int = 0
    memory_limit: int = 0
    busy: bool = False


def losing(source_id: str, agents: Sequence[Agent]) -> str:
    """The sentence about those that lose the source with its deletion; none: an empty one."""
    names = [a.name for a in agents if any(one.id == source_id for one in a.sources)]
    if len(names) > MOST_NAMES + 1:
        names[MOST_NAMES:] = [f"{len(names) - MOST_NAMES} more agents"]
    if not names:
        return ""
    joined = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{joined} {'loses' if len(names) == 1 else 'lose'} it."


class NewName(BaseModel):
    name: str


class QueuedTurn(BaseModel):
    """A turn that waits for the agent to finish another."""

    turn_id: str
    kind: str = "message"
    text: str = ""


class AgentDetail(Agent):
    """`busy`: a turn runs; `queued` wait for it, in this order."""

    blocks: list[Block] = []
    busy: bool = False
    queued: list[QueuedTurn] = []


class NewAgent(BaseModel):
    """Without `name` a made-up two-word one. `temporary` agents vanish after their turn."""

    name: str | None = None
    persona: str | None = None
    human: str | None = None
    model: str | None = None
    source_ids: list[str] = []
    temporary: bool = False


class Template(BaseModel):
    """A persona or a human: the text that a new agent's block begins with."""

    name: str
    text: str
    builtin: bool = True


class ToolCall(BaseModel):
    """`arguments` as parsed; `raw` when they were not valid JSON."""

    id: str
    name: str
    arguments: dict[str, Any] = {}
    raw: str = ""


class Citation(BaseModel):
    """A reference in a reply. Unverified: it names no passage that the agent was shown.

    `start`…`end` is the reference's span in the reply.
    """

    source: str | None = None
    document: str | None = None
    page: int | None = None
    passage_id: str | None = None
    verified: bool = True
    text: str = ""
    start: int = 0
    end: int = 0


class Message(BaseModel):
    """A row of the history. `text` is what was said, or a tool's result.

    An `assistant` message has a `thought` and a `tool` call; when that is `send_message`, `text`
    is the message. A `tool` message answers the call `tool_call_id`, and has `hits` when the tool
    searched.
    """

    id: int
    agent_id: str
    turn_id: str
    kind: MessageKind
    text: str = ""
    thought: str = ""
    tool: ToolCall | None = None
    tool_call_id: str = ""
    ok: bool = True
    hits: list[Hit] = []
    total: int = 0
    citations: list[Citation] = []
    usage: Usage | None = None
    created_at: datetime
    ms: float = 0.0


class TurnRequest(BaseModel):
    """What starts a turn: the user's message, or the login event that brings the greeting."""

    kind: Literal["message", "login", "heartbeat", "alert"] = "message"
    text: str = ""


class Step(BaseModel):
    thought: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = {}
    result: str = ""
    ok: bool = True
    hits: list[Hit] = []


class TurnReply(BaseModel):
    """A turn as it ended. `found` is False when the agent looked and its sources do not answer.

    `retryable`: it broke off, and the user's message is kept and can be sent again.
    """

    agent: str
    reply: str
    steps: list[Step] = []
    citations: list[Citation] = []
    usage: Usage = Usage()
    agent_id: str
    turn_id: str
    status: TurnStatus = "done"
    problem: str = ""
    found: bool = True
    model: str = ""
    retryable: bool = False
