"""An argument to think in, for models that send no content beside their calls."""

import json
from collections.abc import Sequence
from typing import Any

INNER = "inner_thoughts"
_SCHEMA = {"type": "string", "description": "What you think first; nobody else sees it."}


def offer(tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools, each with the argument, first of all and optional."""
    offered = []
    for tool in tools:
        function = tool["function"]
        parameters = function.get("parameters", {})
        properties = {INNER: _SCHEMA, **parameters.get("properties", {})}
        parameters = {**parameters, "properties": properties}
        offered.append({**tool, "function": {**function, "parameters": parameters}})
    return offered


def move(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The history with earlier thoughts in that argument: models do as they see it done."""
    return [_moved(message) for message in messages]


def _moved(message: dict[str, Any]) -> dict[str, Any]:
    calls, thought = message.get("tool_calls"), message.get("content")
    if not calls or not thought:
        return message
    function = calls[0]["function"]
    arguments = {INNER: thought, **json.loads(function["arguments"])}
    written = json.dumps(arguments, ensure_ascii=False)
    first = {**calls[0], "function": {**function, "arguments": written}}
    return {**message, "content": None, "tool_calls": [first, *calls[1:]]}
