"""Messages as they are: readable, with inner thoughts and calls, or as the model gets them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from memtui.tui import safe
from memtui.tui.widgets.mind import readable

if TYPE_CHECKING:
    from memtui.api.agents import Message

LONGEST = 4000
"""Characters of one text that are shown."""

_NAMES = {"user": "you", "assistant": "agent", "tool": "result"}


def dump_text(messages: "Sequence[Message]", _width: int) -> Content:
    """Oldest first; the number says how many there are from it to the end."""
    if not messages:
        return Content("There are no messages.")
    lines: list[Content] = []
    for number, message in zip(range(len(messages), 0, -1), messages, strict=True):
        name = _NAMES.get(message.kind, message.kind)
        time = message.created_at.astimezone()
        lines.append(
            Content.styled(f"[{number}] ", "$muted")
            + Content.styled(name, "bold $primary" if message.ok else "bold $error")
            + Content.styled(f"  {time:%Y-%m-%d %H:%M:%S}", "$muted")
        )
        lines += [*_body(message), Content("")]
    return Content("\n").join(lines)


def _body(message: "Message") -> list[Content]:
    lines: list[Content] = []
    if message.thought:
        lines.append(safe.text(message.thought, "italic $muted", LONGEST))
    tool = message.tool
    if tool is not None and not (tool.name == "send_message" and message.text):
        arguments = tool.raw or json.dumps(tool.arguments, ensure_ascii=False)
        call = safe.line(tool.name, "$accent") + Content(" ")
        lines.append(call + safe.text(arguments, "", LONGEST))
    text = readable(message.text) if message.kind == "tool" else message.text
    if text:
        lines.append(safe.text(text, "", LONGEST))
    if message.hits:
        places = ", ".join(hit.citation or hit.scope for hit in message.hits)
        lines.append(safe.line(f"{len(message.hits)} of {message.total} hits: {places}", "$muted"))
    return lines


def raw_text(messages: Sequence[dict[str, Any]], _width: int) -> Content:
    """OpenAI's messages, exactly as they are sent, as JSON."""
    if not messages:
        return Content("There are no messages.")
    parts = [
        safe.text(json.dumps(message, ensure_ascii=False, indent=2), limit=safe.LONGEST)
        for message in messages
    ]
    return Content(",\n").join(parts)
