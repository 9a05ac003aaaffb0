"""One answer of a model, put together from the chunks of its stream."""

import secrets
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Literal

from memtui.agent import tokens
from memtui.agent.partial import PartialField
from memtui.agent.ports import Chunk, ToolCallPart
from memtui.agent.text import mend
from memtui.api.agents import Usage
from memtui.api.errors import ModelError

MAX_CHARACTERS = 400_000
"""Of one answer: far beyond what any model writes in earnest, so that no stream is endless."""

SPEAKS = "send_message"
"""The tool whose `message` is what the agent says."""

INNER = "inner_thoughts"
"""The argument in which models think that send no content beside a call."""

Progress = Literal["thought", "message", "restart", "waiting"]
"""What becomes known of an answer while it arrives."""


@dataclass
class PendingCall:
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    thought: PartialField = field(default_factory=lambda: PartialField(INNER))
    spoken: PartialField = field(default_factory=lambda: PartialField("message"))
    read: int = 0  # of `pieces`, by the two fields

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


class Answer:
    """Takes chunks; `tell`s thoughts and words of `send_message` as they arrive, that all of them
    are void because the answer begins anew, and what is being waited for.
    """

    def __init__(self, tell: Callable[[Progress, str], None]) -> None:
        self._tell = tell
        self._size = 0
        self.usage = Usage(steps=1)
        self._begin()

    def _begin(self) -> None:
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._latest: dict[int, PendingCall] = {}
        self.calls: list[PendingCall] = []
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
        if chunk.waiting:
            self._tell("waiting", chunk.waiting)
        if chunk.restart:
            self._begin()
            self._tell("restart", "")
        for text, kept in ((chunk.reasoning, self._reasoning), (chunk.content, self._content)):
            if text:
                self._count(text)
                kept.append(mend(text))
                self._tell("thought", kept[-1])
        for part in chunk.tool_calls:
            self._add_part(part)
        if chunk.usage is not None:
            self.usage.prompt_tokens = chunk.usage.prompt_tokens
            self.usage.completion_tokens = chunk.usage.completion_tokens
            self.usage.cost = chunk.usage.cost
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.declined = self.declined or chunk.declined

    def estimate(self, prompt_tokens: int) -> None:
        """Its usage, when nobody has stated it."""
        calls = [piece for call in self.calls for piece in (call.name, *call.pieces)]
        said = tokens.estimate("".join((*self._reasoning, *self._content, *calls)))
        self.usage.prompt_tokens, self.usage.completion_tokens = prompt_tokens, said

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
        if not call.name:
            return
        new, call.read = call.pieces[call.read :], len(call.pieces)
        for piece in new:
            if thought := call.thought.feed(piece):
                self._tell("thought", thought)
            if call.name == SPEAKS and (words := call.spoken.feed(piece)):
                self._tell("message", words)

    def identify(self, taken: Container[str]) -> None:
        """Gives every call a name, and an id that is neither in `taken` nor used twice."""
        used: set[str] = set()
        for call in self.calls:
            call.name = mend(call.name)[:100] or "unnamed"
            call.id = mend(call.id)
            if not call.id or call.id in taken or call.id in used:
                call.id = f"call_{secrets.token_hex(8)}"
            used.add(call.id)
