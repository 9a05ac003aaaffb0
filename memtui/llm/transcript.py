"""What the offline reader can know: the turn at hand, read from the messages it is given."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_SHOWING = re.compile(r"(\d+)\D{1,3}(\d+) of ([\d,]+)")
_LISTED = re.compile(r"attached[^\n\".:]*:[ \t]*(none\b|.*\")", re.IGNORECASE)
_NOTICE = re.compile(r'The user (attached|detached) the source ("(?:[^"\\]|\\.)*")')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class SeenHit:
    """A hit as the model was shown it. `rank` counts from 0 over everything read in this turn;
    `among` is how many hits its search had in all.
    """

    text: str
    cite: str = ""
    score: float = 0.0
    source: str = ""
    page: int | None = None
    rank: int = 0
    search: int = 0
    among: int = 0


@dataclass(frozen=True)
class Step:
    """A tool call of this turn and what came back."""

    tool: str
    arguments: dict[str, Any]
    ok: bool = True
    message: Any = ""

    @property
    def total(self) -> int:
        """All hits of the search, of which a page was shown."""
        found = _SHOWING.search(self._showing)
        return int(found[3].replace(",", "")) if found else len(self._hits)

    @property
    def more(self) -> bool:
        found = _SHOWING.search(self._showing)
        return found is not None and int(found[2]) < int(found[3].replace(",", ""))

    @property
    def _showing(self) -> str:
        return str(self.message.get("showing", "")) if isinstance(self.message, dict) else ""

    @property
    def _hits(self) -> list[dict[str, Any]]:
        hits = self.message.get("hits") if isinstance(self.message, dict) else None
        return [hit for hit in hits if isinstance(hit, dict)] if isinstance(hits, list) else []


@dataclass
class Turn:
    """`kind` is that of the event that began it: user_message, login, heartbeat, system_alert.

    `earlier` are the user's former messages, `sources` the names of what is attached (None: the
    messages don't say).
    """

    kind: str = ""
    text: str = ""
    steps: list[Step] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    searches: list[dict[str, Any]] = field(default_factory=list)
    sources: list[str] | None = None
    human: str = ""

    def hits(self, tool: str) -> list[SeenHit]:
        """Every different hit that `tool` returned in this turn, in the order it was shown."""
        found: dict[str, SeenHit] = {}
        searches = [step for step in self.steps if step.tool == tool and step.ok]
        for number, step in enumerate(searches):
            for hit in step._hits:
                text = hit.get("text")
                if isinstance(text, str) and text not in found and text != self.text:
                    found[text] = SeenHit(
                        text=text,
                        cite=str(hit.get("cite") or _said_by(hit)),
                        score=_number(hit.get("score")),
                        source=str(hit.get("source") or ""),
                        page=hit["page"] if isinstance(hit.get("page"), int) else None,
                        rank=len(found),
                        search=number,
                        among=step.total,
                    )
        return list(found.values())


def read(messages: Sequence[dict[str, Any]]) -> Turn:
    """The turn at hand: it began with the last user_message or login, or the last event at all."""
    turn = Turn(sources=attached(messages), human=_human(messages))
    start = -1
    for position, message in enumerate(messages):
        if message.get("role") != "user":
            continue
        kind, text = _event(message)
        answered = any(step.tool == "send_message" for step in turn.steps)
        if kind in {"user_message", "login"} or start < 0 or answered:
            if turn.kind == "user_message":
                turn.earlier.append(turn.text)
            turn.kind, turn.text, start = kind, text, position
        turn.steps = _steps(messages[start:])
    turn.said = [
        str(step.arguments.get("message", ""))
        for step in _steps(messages)
        if step.tool == "send_message"
    ]
    turn.searches = [
        step.arguments for step in _steps(messages) if step.tool == "archival_memory_search"
    ]
    turn.steps = _steps(messages[max(start, 0) :])
    return turn


def attached(messages: Sequence[dict[str, Any]]) -> list[str] | None:
    """Names of the attached sources: from the memory statistics, changed by the alerts since."""
    names: list[str] | None = None
    for message in messages:
        text = message.get("content")
        if not isinstance(text, str):
            continue
        if message.get("role") == "system":
            for found in _LISTED.finditer(text):
                names = [_unquote(name) for name in _QUOTED.findall(found[1])]
        elif message.get("role") == "user":
            kind, alert = _event(message)
            for verb, name in _NOTICE.findall(alert) if kind == "system_alert" else ():
                others = [one for one in names or [] if one != _unquote(name)]
                names = [*others, _unquote(name)] if verb == "attached" else others
    return names


def _said_by(hit: dict[str, Any]) -> str:
    """For what was said, and so has no citation: by whom and when, as the agent sees it."""
    if "from" not in hit:
        return ""
    who = "I said" if hit["from"] == "you" else "you said"
    return f"({who}, {hit['time']})" if hit.get("time") else f"({who})"


def _unquote(name: str) -> str:
    try:
        return str(json.loads(name))
    except ValueError:
        return name.strip('"')


def _human(messages: Sequence[dict[str, Any]]) -> str:
    for message in messages:
        if message.get("role") == "system" and isinstance(message.get("content"), str):
            found = re.search(r"<human\b[^>]*>(.*?)</human>", message["content"], re.DOTALL)
            return found[1].strip() if found else ""
    return ""


def _event(message: dict[str, Any]) -> tuple[str, str]:
    """The kind and text of an envelope; bare text counts as the user's message."""
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    envelope = _parse(text)
    if not isinstance(envelope, dict) or "type" not in envelope:
        return "user_message", text
    body = envelope.get("message", envelope.get("reason", envelope.get("last_login", "")))
    return str(envelope["type"]), str(body)


def _steps(messages: Sequence[dict[str, Any]]) -> list[Step]:
    results: dict[str, Any] = {}
    for message in messages:
        if message.get("role") == "tool":
            results[str(message.get("tool_call_id"))] = _parse(str(message.get("content") or ""))
    steps = []
    for message in messages:
        for call in message.get("tool_calls") or []:
            function = call.get("function") or {}
            arguments = _parse(str(function.get("arguments") or ""))
            result = results.get(str(call.get("id")), {})
            result = result if isinstance(result, dict) else {"message": result}
            steps.append(
                Step(
                    tool=str(function.get("name")),
                    arguments=arguments if isinstance(arguments, dict) else {},
                    ok=result.get("status") != "Failed",
                    message=result.get("message", ""),
                )
            )
    return steps


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
