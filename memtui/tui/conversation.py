"""What is shown of a conversation, as plain data: items of the chat and blocks of the mind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from memtui.api.agents import Citation
    from memtui.api.search import Hit

ItemKind = Literal["you", "agent", "activity", "note", "problem"]
BlockKind = Literal["thought", "tool", "memory", "event", "problem"]

STOPPED = "Stopped."
PRESSURE = "memory pressure"
"""The title of the block about it."""


@dataclass
class Item:
    """A line of the conversation. `block` is the mind's block an activity belongs to."""

    key: str
    kind: ItemKind
    text: str = ""
    live: bool = False
    state: Literal["", "queued", "failed"] = ""
    citations: list["Citation"] = field(default_factory=list)
    block: str = ""
    turn: str = ""
    led: bool = False  # of an activity: the message that it led to has come
    version: int = 0


@dataclass
class Block:
    """Something the agent thought or did. `title` is a tool's name or a block's label."""

    key: str
    kind: BlockKind
    title: str = ""
    text: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    result: str = ""
    ok: bool = True
    done: bool = True
    hits: list["Hit"] = field(default_factory=list)
    total: int = 0
    ms: float = 0.0
    before: str = ""
    flagged: bool = False  # a change of memory after documents were read
    edit: int = 0  # the version of core memory that an edit made
    undone: bool = False
    turn: str = ""
    folded: bool = True
    version: int = 0

    @property
    def summary(self) -> bool:
        """Whether it stands for messages that left the context window."""
        return self.kind == "event" and self.title.startswith("summary")


def said_by_user(items: Iterable[Item]) -> list[str]:
    return [item.text for item in items if item.kind == "you" and not item.state]
