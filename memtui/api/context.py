"""An agent's context window, as it would be sent now."""

from typing import Any

from pydantic import BaseModel


class ContextPart(BaseModel):
    """`name` is system, statistics, core, tools, summary, messages or results (those of tools)."""

    name: str
    tokens: int
    text: str


class ContextWindow(BaseModel):
    """The next request to the model, but for what the user is going to say.

    `total` tokens are expected, the sum of the parts; `window` is the model's size, of which
    `reserve` is kept free for the answer. `known` is False when nobody states that size. Above
    `pressure` tokens the agent is warned (0: never, it is the offline reader). `waiting` messages
    do not fit any more: the next turn folds them into the summary. `messages` and `tools` are the
    exact text sent.
    """

    model: str
    window: int
    known: bool
    reserve: int
    pressure: int
    total: int
    waiting: int
    parts: list[ContextPart]
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
