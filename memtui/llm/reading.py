"""litellm's pieces of an answer, and its whole answers, as chunks of ours."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from memtui.api.errors import ModelError
from memtui.llm.chunk import Chunk, ToolCallPart
from memtui.llm.text_calls import TextCalls
from memtui.llm.thinking import ThinkingSplitter


class BrokenOffError(Exception):
    """The stream ended before the answer did."""


class AnswerReader:
    """Takes the chunks of one answer, and tells thoughts and calls written as text from content.

    `functions` are those that may be called; none: every text stays one. `bears`: something of an
    answer has come; `called` and `thought`: calls, and anything besides them.
    """

    def __init__(self, functions: Collection[str]) -> None:
        self._splitter = ThinkingSplitter()
        self._text_calls = TextCalls(functions) if functions else None
        self._latest: tuple[int, str] | None = None  # index and id of the call that arrives
        self._arguments: list[str] = []
        self.bears = self.called = self.thought = False

    def take(self, chunk: Chunk) -> Chunk:
        content, reasoning = self._splitter.feed(chunk.content)
        return self._split(replace(chunk, content=content, reasoning=chunk.reasoning + reasoning))

    def end(self) -> Chunk:
        """What was held back."""
        content, reasoning = self._splitter.end()
        last = self._split(Chunk(content=content, reasoning=reasoning))
        if self._text_calls is None:
            return last
        held = self._note(self._text_calls.end())
        return replace(
            last, content=last.content + held.content, tool_calls=last.tool_calls + held.tool_calls
        )

    def _split(self, chunk: Chunk) -> Chunk:
        if self._text_calls is not None and chunk.content:
            found = self._text_calls.feed(chunk.content)
            calls = chunk.tool_calls + found.tool_calls
            chunk = replace(chunk, content=found.content, tool_calls=calls)
        return self._note(chunk)

    def _note(self, chunk: Chunk) -> Chunk:
        for part in chunk.tool_calls:
            this = part.index, part.id or (self._latest or (0, ""))[1]
            if this != self._latest:
                self._latest = this
                self._arguments.clear()
            self._arguments.append(part.arguments)
        self.called = self.called or bool(chunk.tool_calls)
        self.thought = self.thought or bool(chunk.content or chunk.reasoning)
        self.bears = self.bears or self.called or self.thought or chunk.usage is not None
        return chunk

    def check(self, finish: str | None) -> None:
        """Raises BrokenOffError when the last call's arguments stop half-way although the server
        did not say that they end, or when it said so of nothing else either (None).
        """
        if self.called:
            arguments = "".join(self._arguments)
            cut = finish in (None, "stop") and unclosed(arguments)
            cut = cut or (finish is None and not arguments.strip())
        else:
            cut = finish is None
        if cut:
            raise BrokenOffError


def piece(raw: Any) -> Chunk:
    """A piece of a stream. Raises ModelError when it is not shaped like one."""
    try:
        choice = raw.choices[0] if raw.choices else None
        return _chunk(
            choice.delta if choice else None,
            choice.finish_reason if choice else None,
            streamed=True,
        )
    except (AttributeError, TypeError, IndexError):
        raise ModelError("The model sent a piece of an answer that makes no sense.") from None


def whole(raw: Any) -> Chunk:
    """An answer that came at once. Raises ModelError when it is not shaped like one."""
    try:
        choice = raw.choices[0]
        return _chunk(choice.message, choice.finish_reason, streamed=False)
    except (AttributeError, TypeError, IndexError):
        raise ModelError("The model sent an answer that makes no sense.") from None


def _chunk(message: Any, finish_reason: str | None, streamed: bool) -> Chunk:
    parts = [
        ToolCallPart(
            index=(getattr(part, "index", None) or 0) if streamed else number,
            id=part.id or "",
            name=part.function.name or "",
            arguments=part.function.arguments or "",
        )
        for number, part in enumerate(getattr(message, "tool_calls", None) or [])
    ]
    return Chunk(
        content=getattr(message, "content", None) or "",
        reasoning=getattr(message, "reasoning_content", None) or "",
        tool_calls=tuple(parts),
        finish_reason=finish_reason,
    )


def usage_of(stream: Any) -> Any:
    """The tokens that the provider stated in the course of a stream, as litellm's object, or None.

    Some state those of the request first and those of the answer last.
    """
    stated = [
        usage
        for raw in getattr(stream, "chunks", ())
        if (usage := getattr(raw, "usage", None)) is not None
    ]
    if not stated:
        return None
    stated[-1].prompt_tokens = max(usage.prompt_tokens or 0 for usage in stated)
    stated[-1].completion_tokens = max(usage.completion_tokens or 0 for usage in stated)
    return stated[-1]


def unclosed(text: str) -> bool:
    """Whether JSON text breaks off inside a string, an object or an array."""
    depth, in_string, escaped = 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif in_string:
            escaped = char == "\\"
            in_string = char != '"'
        elif char == '"':
            in_string = True
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
    return in_string or depth > 0
