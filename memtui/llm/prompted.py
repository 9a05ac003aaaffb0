"""Tools for models that know none: described in the prompt, called by writing a JSON object.

`messages` and `tools` are in OpenAI's format; so is what comes out, but for tools and their calls.
Reading the answers is the business of `text_calls`.
"""

import json
from collections.abc import Sequence
from typing import Any

_HOW = """### Functions
You act by calling functions. To call one, answer with one JSON object and nothing else:
{"thought": "what you think, which nobody else sees", "function": "its name", "arguments": {…}}
Arguments marked with * must be given. After a call you are told its result. The functions are:"""


RESULT = "Result of calling "
"""What a result begins with: a model that writes this itself is making one up."""


def describe(tools: Sequence[dict[str, Any]]) -> str:
    """The tools as a text for the system prompt."""
    lines = [_HOW]
    for tool in tools:
        function = tool["function"]
        parameters = function.get("parameters", {})
        required = parameters.get("required", ())
        lines.append(f"- {function['name']}: {function.get('description', '')}")
        lines += [
            f"  - {name}{'*' if name in required else ''} ({schema.get('type', 'any')}): "
            f"{schema.get('description', '')}"
            for name, schema in parameters.get("properties", {}).items()
        ]
    return "\n".join(lines)


def rewrite(
    messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The conversation as text alone, with the roles in turn: many chat templates demand that."""
    said: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for message in messages:
        role, text = message["role"], str(message.get("content") or "")
        if role == "system" and not said:
            text = "\n\n".join(filter(None, (text, describe(tools))))
        elif role == "tool":
            role, text = "user", f"{RESULT}{names.get(message['tool_call_id'], 'it')}:\n{text}"
        elif calls := message.get("tool_calls"):
            names |= {call["id"]: call["function"]["name"] for call in calls}
            text = "\n".join(_call(call, text if call is calls[0] else "") for call in calls)
        if said and said[-1]["role"] == role:
            said[-1]["content"] += f"\n\n{text}"
        else:
            said.append({"role": role, "content": text})
    return said


def _call(call: dict[str, Any], thought: str) -> str:
    function = call["function"]
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = {}
    written = {"thought": thought, "function": function["name"], "arguments": arguments}
    return json.dumps(written, ensure_ascii=False)
