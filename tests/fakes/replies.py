"""What a scripted model answers: replies as data, and short functions that make them."""

import json
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Call:
    """One tool call. `arguments` is sent as it is, so it may be broken JSON."""

    name: str
    arguments: str = "{}"
    id: str = ""


@dataclass(frozen=True)
class Reply:
    """One HTTP answer.

    The stream is: a role chunk, `reasoning`, `content` and `calls` in pieces of `piece`
    characters, a finish chunk, a usage chunk when it was asked for, [DONE]. `stall_after`,
    `cut_after` and `end_after` count chunks sent before the server goes silent, breaks the
    connection, or ends the answer as if it were complete. `pause` is in seconds, before each chunk.
    With `streams` False the answer comes in one piece although a stream was asked for.
    `status` other than 200, or a `body`, is sent instead of a stream.
    """

    content: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    usage: tuple[int, int] | None = (100, 20)  # None: the server states none
    piece: int = 7
    finish_reason: str = ""
    stall_after: int | None = None
    cut_after: int | None = None
    end_after: int | None = None
    pause: float = 0.0
    streams: bool = True
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"


def call(name: str, thought: str = "", /, **arguments: Any) -> Reply:
    """A tool call; its `thought` is the content beside it."""
    return Reply(content=thought, calls=(Call(name, json.dumps(arguments, ensure_ascii=False)),))


def calls(*several: Reply) -> Reply:
    """Parallel tool calls in one answer."""
    return replace(several[0], calls=tuple(one for reply in several for one in reply.calls))


def say(message: str, thought: str = "") -> Reply:
    """`send_message`: what the agent says to the user."""
    return call("send_message", thought, message=message)


def plain(content: str) -> Reply:
    """An answer without any tool call, as models give that ignore tools."""
    return Reply(content=content)


def think(thought: str, reply: Reply, tagged: bool = False) -> Reply:
    """Reasoning before `reply`: as `reasoning_content`, or as `<think>…</think>` in the content."""
    if tagged:
        return replace(reply, content=f"<think>{thought}</think>{reply.content}")
    return replace(reply, reasoning=thought)


def fail(
    status: int, message: str = "", *, code: str = "", retry_after: float | None = None
) -> Reply:
    """An error status with an OpenAI-shaped body."""
    error = {"message": message or f"scripted {status}", "type": "scripted", "code": code or None}
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return Reply(status=status, headers=headers, body=json.dumps({"error": error}).encode())


def stall(reply: Reply | None = None, after: int = 0) -> Reply:
    """Silence after `after` chunks; 0: not even the response's headers come."""
    return replace(reply or plain("never seen"), stall_after=after)


def cut(reply: Reply, after: int) -> Reply:
    """The connection breaks after `after` chunks."""
    return replace(reply, cut_after=after)


def end(reply: Reply, after: int) -> Reply:
    """The answer ends after `after` chunks, without a word that it does, or why."""
    return replace(reply, end_after=after)


def garbage(
    body: bytes = b"<html>It works!</html>", content_type: str = "text/html", status: int = 200
) -> Reply:
    """A body that is no OpenAI answer."""
    return Reply(body=body, content_type=content_type, status=status)
