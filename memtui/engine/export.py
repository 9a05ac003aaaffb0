"""An agent and its whole history as one text: Markdown to read, JSON Lines to work with."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from memtui.api.agents import AgentDetail, Citation, Message
from memtui.api.history import ExportFormat
from memtui.api.plain import plain, plain_line

Pages = AsyncIterator[list[Message]]
Writer = Callable[[AgentDetail, str, Pages], AsyncIterator[str]]

QUOTED = 2000
"""Characters of a tool's argument or result that the Markdown quotes; JSON Lines have all."""

_EVENTS = {
    "login": "The user came in",
    "heartbeat": "Heartbeat",
    "alert": "Alert",
    "summary": "Summary of earlier messages",
    "note": "Note",
}


async def jsonl(agent: AgentDetail, system: str, pages: Pages) -> AsyncIterator[str]:
    """A line about the agent, then a line a message, oldest first."""
    yield _line({"type": "agent", "system": system, **agent.model_dump(mode="json")})
    async for page in pages:
        yield "".join(
            _line({"type": "message", **message.model_dump(mode="json")}) for message in page
        )


def _line(value: dict[str, object]) -> str:
    """Readable in any script; what cannot be printed is escaped, so that a terminal is safe."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[^\x20-\x7e]", _escaped, text) + "\n"


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    return char if char.isprintable() else json.dumps(char)[1:-1]


async def markdown(agent: AgentDetail, system: str, pages: Pages) -> AsyncIterator[str]:
    """The conversation as text; what the agent thought and did between it as quotes."""
    yield _head(agent)
    quoting, talk = False, _Talk(agent.name)
    async for page in pages:
        for message in page:
            for quote, text in talk.pieces(message):
                # One quote for all that happens between two words of the conversation.
                yield ("> \n" if quoting else "\n") if quote else "\n"
                yield _quoted(text) if quote else f"{text}\n"
                quoting = quote


def _head(agent: AgentDetail) -> str:
    facts = [
        f"made {agent.created_at:%Y-%m-%d %H:%M} UTC",
        f"persona {agent.persona}",
        f"human {agent.human}",
        f"model {agent.model or 'as configured'}",
        f"sources {', '.join(source.name for source in agent.sources) or 'none'}",
    ]
    lines = [f"# {plain_line(agent.name)}", "", plain_line(" · ".join(facts)), ""]
    lines += ["## Core memory", ""]
    for block in agent.blocks:
        size = f"{len(block.value):,} of {block.limit:,} characters"
        lines += [f"### {plain_line(block.label)} ({size})", "", plain(block.value), ""]
    return "\n".join([*lines, "## Conversation", ""])


class _Talk:
    """Turns messages into pieces: whether it is quoted, and its text."""

    def __init__(self, name: str) -> None:
        self._name = plain_line(name)
        self._said: set[str] = set()  # ids of calls that only say something

    def pieces(self, message: Message) -> Iterator[tuple[bool, str]]:
        time = f"{message.created_at:%Y-%m-%d %H:%M:%S} UTC"
        if message.kind == "user":
            yield False, f"**You** · {time}\n\n{plain(message.text)}"
        elif message.kind == "assistant":
            yield from self._assistant(message, time)
        elif message.kind == "tool":
            if message.tool_call_id not in self._said or not message.ok:
                yield True, _result(message)
        else:
            what = _EVENTS.get(message.kind, message.kind)
            text = "" if message.kind == "login" else plain(message.text)
            yield True, f"**{what}** · {time}" + (f"\n\n{text}" if text else "")

    def _assistant(self, message: Message, time: str) -> Iterator[tuple[bool, str]]:
        if message.thought:
            yield True, f"*Thought* · {time}\n\n{plain(message.thought)}"
        tool = message.tool
        if tool is not None and message.text:
            self._said.add(tool.id)
        elif tool is not None:
            arguments = tool.arguments or ({"": tool.raw} if tool.raw else {})
            yield True, "\n".join([f"**{plain_line(tool.name)}**", *_arguments(arguments)])
        if message.text:
            cited = _citations(message.citations)
            yield False, f"**{self._name}** · {time}\n\n{plain(message.text)}{cited}"


def _arguments(arguments: dict[str, object]) -> Iterator[str]:
    for name, value in arguments.items():
        if name == "request_heartbeat" or (name == "page" and not value):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"- {plain_line(name)}: {plain(text, QUOTED)}" if name else plain(text, QUOTED)


def _result(message: Message) -> str:
    """The hits of a search by place, score and beginning; any other result as it was."""
    if not message.hits:
        return f"{'Result' if message.ok else 'Failed'}: {plain(_unwrapped(message.text), QUOTED)}"
    lines = [f"{len(message.hits)} of {message.total:,} hits"]
    for hit in message.hits:
        place = hit.citation or hit.document or hit.source or hit.scope.split("_")[0]
        lines.append(
            f"{hit.rank}. {plain_line(place)} (score {hit.score:.2f}): {plain_line(hit.text, 200)}"
        )
    return "\n".join(lines)


def _unwrapped(text: str) -> str:
    """A result without the envelope in which the model got it."""
    try:
        message = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return text
    return message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)


def _citations(citations: Iterable[Citation]) -> str:
    """The passages that a reply refers to, one a line, each once."""
    lines: dict[str, None] = {}
    for one in citations:
        page = f" p. {one.page}" if one.page else ""
        where = f"{one.document or one.source or ''}{page}"
        state = "" if one.verified else " (unverified: the agent was shown no such passage)"
        lines[f"- {plain_line(one.text)} — {plain_line(where)}{state}"] = None
    return "\n\nCitations:\n\n" + "\n".join(lines) if lines else ""


def _quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.split("\n"))


WRITERS: dict[ExportFormat, Writer] = {"markdown": markdown, "jsonl": jsonl}
