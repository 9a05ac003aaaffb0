"""What tools are given and what they answer, without JSON."""

from typing import Any

from textual.content import Content

from memtui.tui import safe


def readable(result: str) -> str:
    """What a tool answered, without its JSON envelope."""
    import json

    try:
        parsed: Any = json.loads(result)
    except ValueError:
        return result
    message = parsed.get("message") if isinstance(parsed, dict) else parsed
    if isinstance(message, dict):
        for part in ("showing", "result"):  # the rest is for the model
            if isinstance(message.get(part), str):
                return str(message[part])
    return "\n".join(plain_value(message))


def plain_value(value: Any, depth: int = 0) -> list[str]:
    """Names with their values, lists with dashes, each on a line, indented."""
    indent = "  " * depth
    if value is None:
        return []
    if depth > 8:
        return [f"{indent}…"]
    if isinstance(value, bool):
        return [f"{indent}{'yes' if value else 'no'}"]
    if isinstance(value, dict):
        lines: list[str] = []
        for name, inner in value.items():
            below = plain_value(inner, depth + 1)
            if len(below) == 1 and not isinstance(inner, dict | list):
                lines.append(f"{indent}{name}: {below[0].strip()}")
            else:
                lines += [f"{indent}{name}:", *below]
        return lines
    if isinstance(value, list):
        lines = []
        for inner in value:
            first, *rest = plain_value(inner, depth + 1) or [""]
            lines += [f"{indent}- {first.strip()}", *rest]
        return lines
    return [f"{indent}{line}" for line in str(value).split("\n")]


_UNSAID = ("request_heartbeat", "query")


def arguments(given: dict[str, Any], width: int) -> list[Content]:
    """Each argument behind its name; `query` stands in the heading."""
    lines: list[Content] = []
    for name, value in given.items():
        if name in _UNSAID or (name == "page" and not value):
            continue
        below = "\n".join(plain_value(value))
        nested = isinstance(value, dict | list) and "\n" in below
        shown = safe.text(f"\n{below}" if nested else below, limit=2000)
        label = safe.line(f"{name}:", "$muted", 60) + Content(" ") if name else Content("")
        lines += (label + shown).wrap(width)
    return lines
