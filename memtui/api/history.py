"""What the user may ask for about an agent's history, its system prompt and its model."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from memtui.api.agents import Block, MessageKind

ExportFormat = Literal["markdown", "jsonl"]


class PopRequest(BaseModel):
    """How many of the last messages to take out of the history."""

    count: int = Field(3, ge=1, le=10_000)


class EditRequest(BaseModel):
    """What is said instead of the user's message in the turn `turn_id`."""

    turn_id: str
    text: str


class NewText(BaseModel):
    """A text that replaces another: a thought, a reply, a system prompt."""

    text: str


class ModelChoice(BaseModel):
    """None is the configured model."""

    model: str | None = None


class UndoRequest(BaseModel):
    """None is the latest change that has not been undone.

    `version_id`: instead of a change's id, that of the version of a block that it made.
    """

    change_id: int | None = None
    version_id: int | None = None


class ForkRequest(BaseModel):
    """Without `name` a made-up two-word one."""

    name: str | None = None


class ModelName(BaseModel):
    """A model that an agent may use. `detail` says in a few words where it comes from."""

    name: str
    detail: str = ""


class Remembered(BaseModel):
    """All that an agent remembers: core memory whole, the rest counted, with its beginning.

    `archival` counts what the agent stored itself, `first` are the oldest of these texts;
    `attached` counts the passages of its sources. `messages` counts the history by kind, `context`
    those of them that are in the context window, `recall` what conversation search can find.
    """

    blocks: list[Block]
    archival: int
    first: list[str]
    sources: int
    attached: int
    messages: dict[MessageKind, int]
    context: int
    recall: int


class Occurrences(BaseModel):
    """Messages in which a text was found, the oldest first, and how often it stands in each."""

    messages: list[int]
    counts: list[int]


class Saved(BaseModel):
    """When the last message or change was committed; None: there has been none yet."""

    at: datetime | None
    messages: int
