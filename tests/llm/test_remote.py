"""RemoteModel through the real litellm against a real HTTP server."""

import asyncio
import json
import socket
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from memtui.api.agents import Usage
from memtui.api.errors import ModelError
from memtui.llm.chunk import Chunk
from memtui.llm.errors import ContextOverflowError
from memtui.llm.remote import RemoteModel
from tests.fakes import (
    Call,
    Reply,
    ScriptedServer,
    call,
    calls,
    cut,
    end,
    fail,
    garbage,
    plain,
    say,
    stall,
    think,
)

KEY = "sk-secret-0123456789abcdef"
MESSAGES = [{"role": "system", "content": "You are Sam."}, {"role": "user", "content": "Hello"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "send_message",
            "description": "Says something.",
            "parameters": {"type": "object", "properties": {"message": {"type": "string"}}},
        },
    }
]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def model(server: ScriptedServer, name: str = "my-model", **options: Any) -> RemoteModel:
    options.setdefault("api_base", server.api_base)
    options.setdefault("api_key", KEY)
    return RemoteModel(name, **{"idle_timeout": 5.0, "max_wait": 10.0, **options})


async def collect(chat: RemoteModel) -> list[Chunk]:
    async with aclosing(chat.stream(MESSAGES, TOOLS)) as chunks:
        return [chunk async for chunk in chunks]


def content(chunks: list[Chunk]) -> str:
    return "".join(chunk.content for chunk in chunks)


def reasoning(chunks: list[Chunk]) -> str:
    return "".join(chunk.reasoning for chunk in chunks)


def tool_calls(chunks: list[Chunk]) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    for part in (part for chunk in chunks for part in chunk.tool_calls):
        id_, name, arguments = found.get(part.index, ("", "", ""))
        found[part.index] = (id_ + part.id, name + part.name, arguments + part.arguments)
    return found


async def failure(server: ScriptedServer, name: str = "my-model", **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await collect(model(server, name, **options))
    sentence = str(caught.value)
    assert KEY not in sentence
    assert "litellm" not in sentence
    assert "Exception" not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return caught.value


async def test_tool_call_arrives_in_pieces_beside_the_thought() -> None:
    with ScriptedServer([say("Hello, Chad! ¿Qué tal? 你好", "I greet the user.")]) as server:
        chunks = await collect(model(server))
    assert content(chunks) == "I greet the user."
    (identity, name, arguments) = tool_calls(chunks)[0]
    assert (identity, name) == ("call_0", "send_message")
    assert json.loads(arguments) == {"message": "Hello, Chad! ¿Qué tal? 你好"}
    assert sum(bool(chunk.tool_calls) for chunk in chunks) > 5
    assert [chunk.usage for chunk in chunks if chunk.usage] == [
        Usage(prompt_tokens=100, completion_tokens=20)
    ]
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["tool_calls"]
    sent = server.requests[0]
    assert sent.body["model"] == "my-model"
    assert sent.body["messages"] == MESSAGES
    assert sent.body["tools"] == TOOLS
    assert sent.body["tool_choice"] == "auto"
    assert sent.headers["authorization"] == f"Bearer {KEY}"


async def test_parallel_calls_keep_their_indices() -> None:
    reply = calls(call("send_message", message="a"), call("send_message", message="a"))
    with ScriptedServer([reply]) as server:
        found = tool_calls(await collect(model(server)))
    assert [found[index][0] for index in found] == ["call_0", "call_1"]
    assert {arguments for _, _, arguments in found.values()} == {'{"message": "a"}'}


@pytest.mark.parametrize("tagged", [False, True])
async def test_reasoning_is_told_from_content(tagged: bool) -> None:
    thought = "The user says hello, so I say it too. 2 < 3."
    with ScriptedServer([think(thought, plain("Hello <b>you</b>"), tagged)]) as server:
        chunks = await collect(model(server))
    assert (reasoning(chunks), content(chunks)) == (thought, "Hello <b>you</b>")


async def test_content_without_any_tool_call_passes_through() -> None:
    with ScriptedServer([plain("Plain words.")]) as server:
        chunks = await collect(model(server))
    assert content(chunks) == "Plain words."
    assert tool_calls(chunks) == {}


async def test_an_environment_key_is_not_sent_to_another_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ScriptedServer([plain("ok")]) as server:
        await collect(model(server, api_key=""))
    assert KEY not in str(server.requests[0].headers)


@pytest.mark.parametrize("parameter", ["stream_options", "tool_choice"])
async def test_optional_parameters_that_a_server_refuses_are_left_out(parameter: str) -> None:
    def script(body: dict[str, Any]) -> Reply:
        return fail(400, f"Unknown field {parameter}") if parameter in body else plain("ok")

    with ScriptedServer(script) as server:
        chat = model(server)
        assert content(await collect(chat)) == "ok"
        assert content(await collect(chat)) == "ok"
    assert len(server.requests) == 3  # it is asked once, then remembered


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (fail(401, f"Incorrect API key provided: {KEY}."), "llm.api_key"),
        (fail(403, "Forbidden"), "llm.api_key"),
        (fail(404, "The model does not exist", code="model_not_found"), "'my-model' is unknown"),
        (fail(400, "Invalid 'temperature'"), "Invalid 'temperature'"),
        (fail(429, "You exceeded your current quota", code="insufficient_quota"), "used up"),
        (garbage(b"data: {broken\n\n", "text/event-stream"), "makes no sense"),
        (garbage(b"<h1>nginx</h1>", status=404), "llm.api_base"),
        (fail(400, "The response was filtered", code="content_filter"), "content filter"),
        (Reply(content="I will not", finish_reason="content_filter"), "content filter"),
    ],
)
async def test_failures_are_sentences_and_not_retried(reply: Reply, words: str) -> None:
    with ScriptedServer([reply]) as server:
        assert words in str(await failure(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        fail(400, "This model's maximum context length is 8192.", code="context_length_exceeded"),
        fail(400, "the request exceeds the available context size (4096)"),
        fail(413, "too large"),
    ],
)  # fmt: skip
async def test_overflow_has_a_class_of_its_own(reply: Reply) -> None:
    with ScriptedServer([reply]) as server:
        assert isinstance(await failure(server), ContextOverflowError)


async def test_a_rate_limit_may_speak_of_tokens() -> None:
    busy = fail(429, "Too many tokens, please wait before trying again.", retry_after=0.1)
    with ScriptedServer([busy, plain("ok")]) as server:
        assert content(await collect(model(server))) == "ok"


async def test_rate_limit_is_waited_out() -> None:
    with ScriptedServer([fail(429, "slow down", retry_after=0.3), plain("ok")]) as server:
        started = time.monotonic()
        assert content(await collect(model(server))) == "ok"
    assert time.monotonic() - started >= 0.3


async def test_what_is_waited_for_is_told_and_the_wait_can_be_left() -> None:
    with ScriptedServer([fail(429, "slow down", retry_after=7)]) as server:
        chat = model(server)
        await chat.prepare()
        told = asyncio.Event()

        async def consume() -> None:
            async with aclosing(chat.stream(MESSAGES, TOOLS)) as chunks:
                async for chunk in chunks:
                    assert "Too many requests" in chunk.waiting
                    assert "again in 7 s." in chunk.waiting
                    told.set()

        task = asyncio.create_task(consume())
        await told.wait()
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 1.0


async def test_retry_after_as_a_date() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
    busy = replace(fail(503, "busy"), headers={"retry-after": when})
    with ScriptedServer([busy] * 9) as server:
        assert "503" in str(await failure(server))
    assert len(server.requests) == 1


async def test_rate_limit_that_lasts_too_long_is_told_at_once() -> None:
    with ScriptedServer([fail(429, "slow down", retry_after=3600)] * 9) as server:
        assert "429" in str(await failure(server))
    assert len(server.requests) == 1


async def test_rate_limit_gives_up_after_a_few_attempts() -> None:
    with ScriptedServer([fail(429, "slow down", retry_after=0)] * 9) as server:
        assert "429" in str(await failure(server))
    assert len(server.requests) == 5


async def test_server_errors_are_retried_before_the_first_token_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("memtui.llm.remote.BACKOFF", 0.01)
    with ScriptedServer([fail(500), fail(503), plain("ok")]) as server:
        assert content(await collect(model(server))) == "ok"
    with ScriptedServer([fail(503, "boom")] * 9) as server:
        assert "boom" in str(await failure(server))
    assert len(server.requests) == 5


HALF = cut(say("Hello there, how are you?"), 4)
HALF_ENDED = end(say("Hello there, how are you?"), 4)


@pytest.mark.parametrize("half", [HALF, HALF_ENDED, end(plain("Hello there, you"), 3)])
async def test_a_stream_that_dies_is_asked_for_again_once(half: Reply) -> None:
    with ScriptedServer([half, say("Hello!")]) as server:
        chunks = await collect(model(server))
    assert len(server.requests) == 2
    anew = [chunk.restart for chunk in chunks].index(True)
    assert tool_calls(chunks[:anew]) or content(chunks[:anew])
    assert tool_calls(chunks[anew:])[0][1:] == ("send_message", '{"message": "Hello!"}')
    with ScriptedServer([half, half, say("never")]) as server:
        if half.calls:
            assert "in the middle of the answer" in str(await failure(server))
        else:  # a server that never says why it ends
            assert content(await collect(model(server))) == "Hello there, y" * 2
    assert len(server.requests) == 2


async def test_complete_arguments_need_no_finish() -> None:
    with ScriptedServer([end(replace(say("Hi"), piece=100), 3)]) as server:
        assert tool_calls(await collect(model(server)))[0][2] == '{"message": "Hi"}'
    broken = Call("send_message", '{"message": "Hi"')
    with ScriptedServer([Reply(calls=(broken,))]) as server:  # said to be whole: to be mended
        assert tool_calls(await collect(model(server)))[0][2] == '{"message": "Hi"'
    with ScriptedServer([Reply(calls=(broken,), finish_reason="stop"), say("Hi")]) as server:
        assert sum(chunk.restart for chunk in await collect(model(server))) == 1


async def test_a_connection_that_ends_before_the_answer_is_made_again() -> None:
    with ScriptedServer([cut(say("Hello"), 0), plain("ok")]) as server:
        chunks = await collect(model(server))
    assert content(chunks) == "ok"
    assert not any(chunk.restart for chunk in chunks)


async def test_a_server_that_does_not_stream() -> None:
    whole = replace(think("Hm.", calls(say("a", "I speak."), say("b"))), streams=False)
    with ScriptedServer([whole, whole, whole]) as server:
        chat = model(server)
        chunks = await collect(chat)
        assert (content(chunks), reasoning(chunks)) == ("I speak.", "Hm.")
        assert [call[1:] for call in tool_calls(chunks).values()] == [
            ("send_message", '{"message": "a"}'), ("send_message", '{"message": "b"}'),
        ]  # fmt: skip
        assert next(chunk.usage for chunk in chunks if chunk.usage).prompt_tokens == 100
        await collect(chat)
    assert [bool(sent.body.get("stream")) for sent in server.requests] == [True, False, False]


async def test_streaming_refused() -> None:
    def script(body: dict[str, Any]) -> Reply:
        return fail(400, "stream must be false") if body.get("stream") else plain("ok")

    with ScriptedServer(script) as server:
        assert content(await collect(model(server))) == "ok"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "reply", [garbage(), garbage(b'{"hello": 1}', "application/json"), garbage(b"", "text/plain")]
)
async def test_what_is_no_answer_is_asked_for_in_one_piece(reply: Reply) -> None:
    with ScriptedServer([reply] * 4) as server:
        assert "makes no sense" in str(await failure(server))
    assert len(server.requests) == 2


async def test_silence_before_the_answer() -> None:
    with ScriptedServer([stall()]) as server:
        error = await failure(server, max_wait=0.4)
    assert "did not begin" in str(error)
    assert "llm.max_wait" in str(error)


async def test_silence_after_the_role_chunk_is_silence_before_the_answer() -> None:
    with ScriptedServer([stall(plain("Hello there"), after=1)]) as server:
        assert "did not begin" in str(await failure(server, max_wait=0.4))


async def test_an_answer_that_does_not_end() -> None:
    with ScriptedServer([Reply(content="Hello there " * 99, pause=0.05)]) as server:
        error = await failure(server, max_wait=0.6)
    assert "did not finish its answer within 0.6 seconds" in str(error)


async def test_silence_in_the_middle() -> None:
    with ScriptedServer([stall(plain("Hello there"), after=2)]) as server:
        error = await failure(server, idle_timeout=0.3)
    assert "llm.idle_timeout" in str(error)


@pytest.mark.parametrize("after", [0, 2])
async def test_cancel_hangs_up_at_once(after: int) -> None:
    with ScriptedServer([stall(plain("Hello there, Chad"), after=after)]) as server:
        chat = model(server)
        await chat.prepare()
        seen: list[Chunk] = []

        async def consume() -> None:
            async with aclosing(chat.stream(MESSAGES, TOOLS)) as chunks:
                async for chunk in chunks:
                    seen.append(chunk)

        task = asyncio.create_task(consume())
        while not server.requests or (after and not seen):
            await asyncio.sleep(0.01)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 2.0  # far below the time-outs
        while server.open_streams:  # the time limit of the test bounds this
            await asyncio.sleep(0.01)


async def test_leaving_the_loop_early_hangs_up() -> None:
    with ScriptedServer([stall(plain("Hello there, Chad"), after=3)]) as server:
        async with aclosing(model(server).stream(MESSAGES, TOOLS)) as chunks:
            async for _ in chunks:
                break
        while server.open_streams:
            await asyncio.sleep(0.01)


async def test_nothing_listens() -> None:
    with ScriptedServer() as server:
        base = server.api_base
    error = await failure(server, api_base=base)
    assert base in str(error)
    assert "connection refused" in str(error)


async def test_a_connection_that_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memtui.llm.provider.CONNECT_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        base = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        others = [socket.socket() for _ in range(4)]
        for other in others:  # they fill the queue
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        with ScriptedServer() as server:
            error = await failure(server, api_base=base, max_wait=20)
        for other in others:
            other.close()
    assert "No connection" in str(error)
    assert "does not answer" in str(error)


async def test_an_address_that_is_none() -> None:
    with ScriptedServer() as server:
        assert "http://" in str(await failure(server, api_base="localhost:1234/v1"))


async def test_names_without_a_provider_and_providers_without_a_key() -> None:
    with ScriptedServer() as server:
        assert "provider/model" in str(await failure(server, "no-such-model", api_base=""))
        assert "needs a key" in str(await failure(server, "gpt-4o", api_base="", api_key=""))


async def test_importing_litellm_prints_nothing_and_connects_nowhere() -> None:
    code = """
import socket, sys
def hook(event, args):
    if event in {"socket.connect", "socket.getaddrinfo"} and args[0] is not None:
        sys.__stderr__.write(f"{event} {args}")
sys.addaudithook(hook)
from memtui.llm.loading import load_litellm
assert "litellm" not in sys.modules
litellm = load_litellm()
import logging
logging.getLogger("LiteLLM").warning("loud")
try:
    litellm.completion(model="nothing", messages=[])
except litellm.BadRequestError:
    pass
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert (process.returncode, output) == (0, b"")


async def test_context_window() -> None:
    known = RemoteModel("gpt-4o")
    await known.prepare()
    assert known.context_window == 128_000
    for chat in (RemoteModel("my-model", api_base="http://127.0.0.1:9/v1"), RemoteModel("nothing")):
        await chat.prepare()
        assert chat.context_window == 8192
    assert RemoteModel("gpt-4o", context_window=5000).context_window == 5000
