"""What memtui adds to a turn: `python -m memtui.engine.bench TURNS MESSAGES…` prints JSON.

A real engine in the home of the environment, an empty one, talks to a model that answers at once,
over real HTTP. Two times are taken: from the user's message to the whole request at the model, and
from the last byte of the model's answer to the event that tells the client. For each number of
MESSAGES in the history, TURNS turns; milliseconds.
"""

import asyncio
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import uvicorn

from memtui import paths
from memtui.api.agents import Block, ToolCall, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import MemtuiError
from memtui.api.events import MessageSaid, Subscribed
from memtui.record import NewMessage, Record
from memtui.search.terms import index_terms

WARM_UP = 30
"""Turns not counted: meanwhile the engine imports, opens Milvus and starts its embedder."""
SAID = 3
"""Messages of a turn: the user's, the call, its result."""
IN_CONTEXT = 24
"""Messages of the seeded history that are in the context window."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class Model:
    """An ASGI application that answers every chat completion with one `send_message`."""

    def __init__(self) -> None:
        self.asked = self.answered = 0.0  # perf_counter() of the last request's and reply's end
        self._number = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        self.asked = time.perf_counter()
        self._number += 1
        stream = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": stream})
        await send({"type": "http.response.body", "body": self._reply()})
        self.answered = time.perf_counter()

    def _reply(self) -> bytes:
        said = json.dumps({"message": "Measured."})
        function = {"name": "send_message", "arguments": said}
        call = {"index": 0, "id": f"call{self._number}", "type": "function", "function": function}
        deltas: tuple[tuple[dict[str, Any], str | None], ...] = (
            ({"role": "assistant", "content": "A thought."}, None),
            ({"tool_calls": [call]}, None),
            ({}, "tool_calls"),
        )
        chunks = [
            {
                "id": "bench",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "bench",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
            for delta, finish in deltas
        ]
        lines = [*map(json.dumps, chunks), "[DONE]"]
        return "".join(f"data: {line}\n\n" for line in lines).encode()


async def measure(turns: int, histories: list[int]) -> list[dict[str, float]]:
    """One row for each length of history: `messages`, p50 of `to_wire` and `to_event`, in ms."""
    model = Model()
    rows = []
    async with _serving(model) as port:
        os.environ["MEMTUI_LLM__MODEL"] = "openai/bench"
        os.environ["MEMTUI_LLM__API_BASE"] = f"http://127.0.0.1:{port}/v1"
        agents = {messages: _seed(messages) for messages in histories}
        async with Client() as client:
            for messages, agent_id in agents.items():
                to_wire, to_event = await _turns(client, model, agent_id, turns)
                rows.append({"messages": messages, "to_wire": to_wire, "to_event": to_event})
            with suppress(MemtuiError):
                await client.stop_engine()
    return rows


async def _turns(client: Client, model: Model, agent_id: str, turns: int) -> tuple[float, float]:
    said = 0.0
    listening = asyncio.Event()

    async def listen() -> None:  # it ends by itself: anyio complains when a read is cancelled
        nonlocal said
        heard = 0
        async with aclosing(client.events()) as events:
            async for event in events:
                if isinstance(event, Subscribed):
                    listening.set()
                elif isinstance(event, MessageSaid):
                    said = time.perf_counter()
                    heard += 1
                if heard == WARM_UP + turns:
                    return

    listener = asyncio.create_task(listen())
    await listening.wait()
    to_wire, to_event = [], []
    for number in range(WARM_UP + turns):
        began = time.perf_counter()
        reply = await client.turn(agent_id, TurnRequest(text=f"Question {number}?"))
        if reply.status != "done":
            raise RuntimeError(f"The turn is {reply.status}: {reply.problem}")
        while said < began:  # noqa: ASYNC110 - an event a turn, and seldom late
            await asyncio.sleep(0.001)
        to_wire.append((model.asked - began) * 1000)
        to_event.append((said - model.answered) * 1000)
        await client.pop(agent_id, SAID)  # so that the history is as long at every turn
    await listener
    return statistics.median(to_wire[WARM_UP:]), statistics.median(to_event[WARM_UP:])


@asynccontextmanager
async def _serving(model: Model) -> AsyncIterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(model, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


def _seed(messages: int) -> str:
    """An agent with that many messages behind it, in turns of five; its id."""
    record = Record(paths.record_file(), index_terms)
    record.open()
    blocks = [Block(label="persona", value="A reader."), Block(label="human", value="A person.")]
    agent = record.agents.create(
        f"After {messages}", "memgpt_doc", "basic", blocks=blocks, system="You answer."
    )
    with record.write():
        for first in range(0, messages, 5):
            shown = first >= messages - IN_CONTEXT
            record.messages.append(agent.id, f"seed{first}", _turn(first, shown))
    record.close()
    return agent.id


def _turn(number: int, shown: bool) -> list[NewMessage]:
    asked = f"What does part {number} of the manual say about memory and its limits?"
    answer = f"Part {number} says that memory is limited, and what to do about it. " * 4
    search = ToolCall(id=f"search{number}", name="archival_memory_search", arguments={"query": "x"})
    say = ToolCall(id=f"say{number}", name="send_message", arguments={"message": answer})
    found, sent = '{"status": "OK", "message": "…"}', '{"status": "OK", "message": "None"}'
    return [
        NewMessage("user", asked, in_context=shown),
        NewMessage("assistant", thought="I look it up.", tool=search, in_context=shown),
        NewMessage("tool", found, tool_call_id=search.id, in_context=shown),
        NewMessage("assistant", answer, tool=say, in_context=shown),
        NewMessage("tool", sent, tool_call_id=say.id, in_context=shown),
    ]


if __name__ == "__main__":
    turns, *histories = map(int, sys.argv[1:])
    json.dump(asyncio.run(measure(turns, histories)), sys.stdout)
