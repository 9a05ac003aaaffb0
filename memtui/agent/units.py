"""The history in OpenAI's message format: events, words, and calls together with their results.

A unit is what must stay together in the context: an event, or a call and its result.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from memtui.agent import envelope
from memtui.agent.text import shorten
from memtui.agent.tokens import Scale
from memtui.api.agents import MEMORY_WARNING, Message, ToolCall

_NAME = re.compile(r"[^a-zA-Z0-9_-]")

MARK = 60
"""Tokens that the mark of a shortened text may take, besides the text."""


@dataclass(frozen=True)
class Unit:
    """`answer` is the result of `message`'s call; None for everything else."""

    message: Message
    answer: Message | None = None


def units(history: Sequence[Message]) -> list[Unit]:
    """A call without result loses the call, a result without call is left out, and so is what
    only the user should see (a note with `ok` False).
    """
    answers: dict[tuple[str, str], list[Message]] = {}
    for message in reversed(history):
        if message.kind == "tool":
            answers.setdefault((message.turn_id, message.tool_call_id), []).append(message)
    found: list[Unit] = []
    for message in history:
        if message.kind == "assistant":
            own = answers.get((message.turn_id, message.tool.id)) if message.tool else None
            if own:
                found.append(Unit(message, own.pop()))
            elif message.text or message.thought:
                found.append(Unit(message))
        elif message.kind != "tool" and not (message.kind == "note" and not message.ok):
            # The warning came in between: what the agent was about to answer stays the last.
            aside = (
                message.text == MEMORY_WARNING
                and found
                and found[-1].message.turn_id == message.turn_id
            )
            found.insert(len(found) - bool(aside), Unit(message))
    return found


def rest(reference: str) -> str:
    """How to get what was left out; see `tools.reading`."""
    return f"read all of it with conversation_search, query {reference}"


def render(unit: Unit, cap: int, zone: tzinfo | None, scale: Scale) -> list[dict[str, Any]]:
    """The unit's messages; texts of more than about `cap` tokens are shortened visibly."""
    message = unit.message
    whole = rest(f"message:{message.id}")
    if message.kind != "assistant":
        text = clip(message.text, cap, scale, whole)
        time = envelope.stamp(message.created_at, zone)
        return [{"role": "user", "content": envelope.event(message.kind, text, time)}]
    if message.tool is None or unit.answer is None:
        text = clip(message.text or message.thought, cap, scale, whole)
        return [{"role": "assistant", "content": text}]
    call = message.tool
    function = {
        "name": _NAME.sub("_", call.name)[:64] or "unnamed",  # what every provider accepts
        "arguments": _arguments(call, cap, scale, whole),
    }
    return [
        {
            "role": "assistant",
            "content": clip(message.thought, cap, scale),
            "tool_calls": [{"id": call.id, "type": "function", "function": function}],
        },
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": _result(unit.answer.text, cap, scale, rest(f"message:{unit.answer.id}")),
        },
    ]


def clip(text: str, cap: int, scale: Scale, rest: str = "") -> str:
    """`text`, shortened visibly to about `cap` tokens, and MARK for the mark."""
    if len(text) <= cap // 4 or scale.text(text) <= cap:
        return text
    limit, result = len(text), text
    while limit > 0 and (size := scale.text(result)) > cap + MARK:
        limit = min(limit - 1, int(limit * cap / size * 0.95))
        result = shorten(text, limit, rest)
    return result


def _arguments(call: ToolCall, cap: int, scale: Scale, rest: str) -> str:
    """Valid JSON always: some providers refuse a whole history for one bad call in it."""
    arguments = call.arguments if not call.raw else {"invalid": shorten(call.raw, 200)}
    text = json.dumps(arguments, ensure_ascii=False)
    if scale.text(text) <= cap:
        return text
    share = cap // max(1, len(arguments))
    clipped = {
        shorten(name, 100): clip(value, share, scale, rest) if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    text = json.dumps(clipped, ensure_ascii=False)
    if scale.text(text) <= cap + 200:
        return text
    return json.dumps({"shortened": clip(text, cap, scale, rest)}, ensure_ascii=False)


def _result(text: str, cap: int, scale: Scale, rest: str) -> str:
    """A search keeps all its hits, each with less text; only then is the whole cut."""
    if scale.text(text) <= cap:
        return text
    try:
        result = json.loads(text)
        hits = result["message"]["hits"]
        texts = [str(hit["text"]) for hit in hits]
        limit = max(map(len, texts))
    except (ValueError, KeyError, TypeError):
        return clip(text, cap, scale, rest)
    result["message"]["shortened"] = f"to fit the context window; {rest}"
    while limit > 40:
        limit = min(limit * 3 // 4, limit * cap * 3 // (2 * scale.text(text)) + 40)
        for hit, whole in zip(hits, texts, strict=True):
            hit["text"] = shorten(whole, limit)
        text = json.dumps(result, ensure_ascii=False)
        if scale.text(text) <= cap:
            return text
    return clip(text, cap, scale, rest)
