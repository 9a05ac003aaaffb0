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
from memtui.agent.tokens import estimate
from memtui.api.agents import Message, ToolCall

_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_REST = "the whole message is in recall memory"


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
            found.append(Unit(message))
    return found


def render(unit: Unit, cap: int, zone: tzinfo | None) -> list[dict[str, Any]]:
    """The unit's messages; texts of more than about `cap` tokens are shortened visibly."""
    message = unit.message
    if message.kind != "assistant":
        text = clip(message.text, cap, _REST)
        time = envelope.stamp(message.created_at, zone)
        return [{"role": "user", "content": envelope.event(message.kind, text, time)}]
    if message.tool is None or unit.answer is None:
        return [{"role": "assistant", "content": clip(message.text or message.thought, cap, _REST)}]
    call = message.tool
    function = {
        "name": _NAME.sub("_", call.name)[:64] or "unnamed",  # what every provider accepts
        "arguments": _arguments(call, cap),
    }
    return [
        {
            "role": "assistant",
            "content": clip(message.thought, cap),
            "tool_calls": [{"id": call.id, "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": call.id, "content": _result(unit.answer.text, cap)},
    ]


def clip(text: str, cap: int, rest: str = "") -> str:
    """`text`, shortened visibly to about `cap` tokens."""
    if len(text) <= cap // 3 or estimate(text) <= cap:  # no character takes more than 3 tokens
        return text
    limit, result = len(text), text
    while limit > 0 and (size := estimate(result)) > cap + 40:  # the mark takes up to 40
        limit = min(limit - 1, int(limit * cap / size * 0.95))
        result = shorten(text, limit, rest)
    return result


def _arguments(call: ToolCall, cap: int) -> str:
    """Valid JSON always: some providers refuse a whole history for one bad call in it."""
    arguments = call.arguments if not call.raw else {"invalid": shorten(call.raw, 200)}
    text = json.dumps(arguments, ensure_ascii=False)
    if estimate(text) <= cap:
        return text
    share = cap // max(1, len(arguments))
    clipped = {
        shorten(name, 100): clip(value, share, _REST) if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    text = json.dumps(clipped, ensure_ascii=False)
    if estimate(text) <= cap + 200:
        return text
    return json.dumps({"shortened": clip(text, cap)}, ensure_ascii=False)


def _result(text: str, cap: int) -> str:
    """A search keeps all its hits, each with less text; only then is the whole cut."""
    if estimate(text) <= cap:
        return text
    try:
        envelope = json.loads(text)
        hits = envelope["message"]["hits"]
        texts = [str(hit["text"]) for hit in hits]
        limit = max(map(len, texts))
    except (ValueError, KeyError, TypeError):
        return clip(text, cap)
    while limit > 40:
        limit = min(limit * 3 // 4, limit * cap * 3 // (2 * estimate(text)) + 40)
        for hit, whole in zip(hits, texts, strict=True):
            hit["text"] = shorten(whole, limit)
        text = json.dumps(envelope, ensure_ascii=False)
        if estimate(text) <= cap:
            return text
    return clip(text, cap)
