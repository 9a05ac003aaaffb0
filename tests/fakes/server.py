"""A real HTTP server that speaks OpenAI's API and answers from a script.

with ScriptedServer([call("archival_memory_search", query="x"), say("Done.")]) as server:
    RemoteModel("my-model", api_base=server.api_base, api_key="k")
"""

import asyncio
import hashlib
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tests.fakes.replies import Reply, fail

Script = Sequence[Reply] | Callable[[dict[str, Any]], Reply]
DIMENSION = 32
"""Of the vectors that /v1/embeddings returns."""


@dataclass(frozen=True)
class Received:
    """One request as it came: its path, headers (lower-case names) and JSON body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class ScriptedServer:
    """Serves on an ephemeral loopback port between `with` and its end.

    `script`: replies given one after the other (after the last, status 418), or a function of the
    request's body. `api_base` is its address, `requests` are the chat completions received,
    `others` everything else.
    """

    def __init__(self, script: Script = (), models: Sequence[str] = ("my-model",)) -> None:
        self.script = script
        self.models = list(models)
        self.requests: list[Received] = []
        self.others: list[Received] = []
        self.open_streams = 0
        self.api_base = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                host="127.0.0.1",
                port=0,
                log_config=None,
                log_level="critical",
                lifespan="off",
                timeout_graceful_shutdown=0,
            )
        )

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("The scripted server did not start.")
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.api_base = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._server.serve())

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def chat(request: Request) -> Response:
            body = await request.json()
            self.requests.append(Received(request.url.path, dict(request.headers), body))
            return await self._answer(self._next(body), body)

        @app.get("/v1/models")
        async def models(request: Request) -> Response:
            self.others.append(Received(request.url.path, dict(request.headers), {}))
            rows = [{"id": name, "object": "model", "owned_by": "tests"} for name in self.models]
            return JSONResponse({"object": "list", "data": rows})

        @app.post("/v1/embeddings")
        async def embeddings(request: Request) -> Response:
            body = await request.json()
            self.others.append(Received(request.url.path, dict(request.headers), body))
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            rows = [
                {"object": "embedding", "index": index, "embedding": vector(text)}
                for index, text in enumerate(texts)
            ]
            usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
            return JSONResponse(
                {"object": "list", "data": rows, "model": body["model"], "usage": usage}
            )

        return app

    def _next(self, body: dict[str, Any]) -> Reply:
        if callable(self.script):
            return self.script(body)
        if len(self.requests) > len(self.script):
            return fail(418, "The script is over.")
        return self.script[len(self.requests) - 1]

    async def _answer(self, reply: Reply, body: dict[str, Any]) -> Response:
        if reply.body is not None:
            return Response(reply.body, reply.status, reply.headers, reply.content_type)
        if reply.stall_after == 0:
            await asyncio.sleep(3600)
        if not body.get("stream") or not reply.streams:
            return JSONResponse(_whole(reply, body))
        return StreamingResponse(
            self._stream(reply, body), headers=reply.headers, media_type="text/event-stream"
        )

    async def _stream(self, reply: Reply, body: dict[str, Any]) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            for number, chunk in enumerate(_chunks(reply, body)):
                if number == reply.stall_after:
                    await asyncio.sleep(3600)
                if number == reply.cut_after:
                    raise ConnectionResetError("scripted")
                if number == reply.end_after:
                    return
                yield b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
                await asyncio.sleep(reply.pause)
            yield b"data: [DONE]\n\n"
        finally:
            self.open_streams -= 1


def _frame(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": body["model"]}


def _usage(reply: Reply) -> dict[str, int] | None:
    if reply.usage is None:
        return None
    prompt, completion = reply.usage
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _finish(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.calls else "stop")


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _chunks(reply: Reply, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**_frame(body, "chat.completion.chunk"), "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(reply.reasoning, reply.piece):
        yield chunk({"reasoning_content": piece})
    for piece in _pieces(reply.content, reply.piece):
        yield chunk({"content": piece})
    for index, call in enumerate(reply.calls):
        head = {"index": index, "id": call.id or f"call_{index}", "type": "function"}
        yield chunk({"tool_calls": [{**head, "function": {"name": call.name, "arguments": ""}}]})
        for piece in _pieces(call.arguments, reply.piece):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _finish(reply))
    if (body.get("stream_options") or {}).get("include_usage") and reply.usage:
        frame = _frame(body, "chat.completion.chunk")
        yield {**frame, "choices": [], "usage": _usage(reply)}


def _whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.content or None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": call.id or f"call_{index}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for index, call in enumerate(reply.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
    return {**_frame(body, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def vector(text: str) -> list[float]:
    """A unit vector of DIMENSION numbers made from the words of `text`: shared words, near."""
    sums = [0.0] * DIMENSION
    for word in text.lower().split() or [""]:
        for index, byte in enumerate(hashlib.sha256(word.encode()).digest()[:DIMENSION]):
            sums[index] += byte - 127.5
    length = math.sqrt(sum(value * value for value in sums)) or 1.0
    return [value / length for value in sums]
