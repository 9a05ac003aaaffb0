"""One answer of a model, put together from the chunks of its stream."""

import secrets
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from memtui.agent.partial import PartialField
from memtui.agent.ports import Chunk, ToolCallPart
from memtui.agent.text import mend
from memtui.api.agents import Usage
from memtui.api.errors import ModelError

MAX_CHARACTERS = 400_000
"""Of one answer: far beyond what any model writes in earnest, so that no stream is endless."""

SPEAKS = "send_message"
"""The tool whose `message` is what the agent says."""


@dataclass
class PendingCall:
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    spoken: PartialField | None = None

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


class Answer:
    """Takes chunks; reports thoughts and words of `send_message` as they arrive."""

    def __init__(self, thought: Callable[[str], None], message: Callable[[str], None]) -> None:
        self._on_thought = thought
        self._on_message = message
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._latest: dict[int, PendingCall] = {}
        self._size = 0
        self.calls: list[PendingCall] = []
        self.usage: Usage | None = None
        self.finish_reason = ""
        self.declined = False

    @property
    def content(self) -> str:
        return "".join(self._content).strip()

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning).strip()

    def add(self, chunk: Chunk) -> None:
        """Raises ModelError when the answer does not end."""
        for text, kept in ((chunk.reasoning, self._reasoning), (chunk.content, self._content)):
            if text:
                self._count(text)
                kept.append(mend(text))
                self._on_thought(kept[-1])
        for part in chunk.tool_calls:
            self._add_part(part)
        if chunk.usage is not None:
            self.usage = Usage(
                prompt_tokens=chunk.usage.prompt_tokens,
                completion_tokens=chunk.usage.completion_tokens,
                steps=1,
            )
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.declined = self.declined or chunk.declined

    def _count(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_CHARACTERS:
            raise ModelError(
                f"The model did not stop after {MAX_CHARACTERS:,} characters. "
                "Send the message again, or choose another model."
            )

    def _add_part(self, part: ToolCallPart) -> None:
        self._count(part.name + part.arguments)
        call = self._latest.get(part.index)
        # some servers give every call of an answer the index 0, but an id and a name of its own
        if call is None or (part.id and part.name and call.id and part.id != call.id):
            call = self._latest[part.index] = PendingCall()
            self.calls.append(call)
        call.id = call.id or part.id
        if part.name and part.name != call.name and not call.pieces:
            call.name += part.name
        if part.arguments:
            call.pieces.append(part.arguments)
        if call.name != SPEAKS:
            return
        new = part.arguments
        if call.spoken is None:
            call.spoken = PartialField("message")
            new = call.arguments
        if words := call.spoken.feed(new):
            self._on_message(words)

    def identify(self, taken: Container[str]) -> None:
        """Gives every call a name, and an id that is neither in `taken` nor used twice."""
        used: set[str] = set()
        for call in self.calls:
            call.name = mend(call.name)[:100] or "unnamed"
            call.id = mend(call.id)
            if not call.id or call.id in taken or call.id in used:
                call.id = f"call_{secrets.token_hex(8)}"
            used.add(call.id)
