"""What every chat model streams, and the interface they share."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from memtui.api.agents import Usage


@dataclass(frozen=True)
class ToolCallPart:
    """A piece of the tool call number `index`. Pieces of one index are concatenated.

    `id` and `name` come once, with the first piece; `arguments` is a fragment of JSON text.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class Chunk:
    """A piece of an answer. `content` and `reasoning` are text to append.

    `declined` (offline reader, last chunk only): it looked, and the sources do not answer.
    `restart`: what came before is void, the answer begins anew. `waiting`: a sentence about what
    is being waited for, before anything has come.
    """

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallPart, ...] = ()
    usage: Usage | None = None
    finish_reason: str | None = None
    declined: bool = False
    restart: bool = False
    waiting: str = ""


class ChatModel(Protocol):
    """`context_window` is in tokens. `offline`: nothing leaves the machine."""

    @property
    def name(self) -> str: ...
    @property
    def context_window(self) -> int: ...
    @property
    def offline(self) -> bool: ...
    @property
    def window_known(self) -> bool:
        """Whether `context_window` is stated by anybody, and no guess."""

    async def prepare(self) -> None:
        """Do what is slow before the first call; harmless to repeat, or to leave out."""

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """Both as they go to this model: the very same objects, unless it takes another form."""
        ...

    def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[Chunk, None]:
        """Answer OpenAI-format `messages`, perhaps with calls of `tools` (OpenAI-format schemas).

        Close the generator (`contextlib.aclosing`) or cancel the task to stop at once. Raises
        ModelError with a sentence for the user; ContextOverflowError when the messages do not fit.
        """
        ...
