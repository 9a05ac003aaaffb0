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

MOST = 80_000
"""Characters that are shown in all: laying out more stops the app for a while."""

_NAMES = {"user": "you", "assistant": "agent", "tool": "result"}


def dump_text(messages: "Sequence[Message]", _width: int) -> Content:
    """Oldest first; the number says how many there are from it to the end."""
    parts: list[Content] = []
    for number, message in enumerate(reversed(messages), start=1):
        name = _NAMES.get(message.kind, message.kind)
        time = message.created_at.astimezone()
        head = (
            Content.styled(f"[{number}] ", "$muted")
            + Content.styled(name, "bold $primary" if message.ok else "bold $error")
            + Content.styled(f"  {time:%Y-%m-%d %H:%M:%S}", "$muted")
        )
        parts.append(Content("\n").join([head, *_body(message), Content("")]))
    return Content("\n").join(_last(parts))


def _last(parts: Sequence[Content]) -> list[Content]:
    """Of the newest first, those that are shown, oldest first, and how many are not."""
    shown, room = list[Content](), MOST
    for part in parts:
        room -= len(part)
        if shown and room < 0:
            break
        shown.append(part)
    if not parts:
        shown.append(Content("There are no messages."))
    if more := len(parts) - len(shown):
        text = f"({more:,} earlier ones are left out here; /export writes the whole conversation)\n"
        shown.append(Content.styled(text, "$muted"))
    return shown[::-1]


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
    """OpenAI's messages, exactly as they are sent, as JSON; the first one always."""
    parts = [
        safe.text(json.dumps(message, ensure_ascii=False, indent=2), limit=safe.LONGEST)
        for message in messages
    ]
    head, rest = parts[:1], _last(parts[:0:-1]) if len(parts) > 1 else []
    return Content(",\n").join([*head, *rest] or [Content("There are no messages.")])
