"""A model is asked the way it understands: tools in its API or in the prompt, room to think."""

import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from memtui.agent.answer import Answer
from memtui.api.errors import ModelError
from memtui.llm.remote import RemoteModel
from tests.fakes import Reply, ScriptedServer, call, fail, plain, say

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "send_message",
            "description": "Says something.",
            "parameters": {
                "type": "object",
                "properties": {"message": {"type": "string", "description": "What to say."}},
                "required": ["message"],
            },
        },
    }
]
FUNCTION = {"name": "send_message", "arguments": '{"message": "Hi", "x": 1}'}
MESSAGES = [
    {"role": "system", "content": "You are Sam."},
    {"role": "user", "content": "Hello"},
    {
        "role": "assistant",
        "content": "I greet.",
        "tool_calls": [{"id": "c1", "type": "function", "function": FUNCTION}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"status": "OK"}'},
    {"role": "user", "content": "And?"},
]
WRITTEN = '{"thought": "I think.", "function": "send_message", "arguments": {"message": "Yes."}}'


async def ask(model: RemoteModel) -> tuple[str, list[tuple[str, str]], str]:
    """The content, the calls, and what was streamed of the message."""
    told: list[str] = []
    answer = Answer(lambda kind, text: told.append(text) if kind == "message" else None)
    async with aclosing(model.stream(MESSAGES, TOOLS)) as chunks:
        async for chunk in chunks:
            answer.add(chunk)
    return answer.content, [(c.name, c.arguments) for c in answer.calls], "".join(told)


def is_prompted(body: dict[str, Any]) -> bool:
    return "tools" not in body


REFUSALS = [
    fail(400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    fail(404, "No endpoints found that support tool use."),
    fail(400, '"auto" tool choice requires --enable-auto-tool-choice to be set'),
    fail(500, "tools param requires --jinja flag"),
    fail(400, "Unrecognized request argument supplied: tools"),
    fail(501, "Function calling is not enabled for this model"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_provider_that_refuses_tools(refusal: Reply) -> None:
    def script(body: dict[str, Any]) -> Reply:
        return plain(WRITTEN) if is_prompted(body) else refusal

    with ScriptedServer(script) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        for _ in range(2):
            content, ((name, arguments),), streamed = await ask(model)
            assert (content, name, json.loads(arguments)) == (
                "I think.", "send_message", {"message": "Yes."},
            )  # fmt: skip
            assert streamed == "Yes."
    assert [is_prompted(sent.body) for sent in server.requests] == [False, True, True]
    assert server.requests[1].body["stop"] == ["\nResult of calling "]
    system, hello, greeted, result = server.requests[1].body["messages"]
    assert system["content"].startswith("You are Sam.\n\n### Functions")
    assert "- send_message: Says something.\n  - message* (string): What" in system["content"]
    assert hello == {"role": "user", "content": "Hello"}
    assert json.loads(greeted["content"]) == {
        "thought": "I greet.", "function": "send_message", "arguments": {"message": "Hi", "x": 1},
    }  # fmt: skip
    assert result["role"] == "user"
    assert result["content"] == 'Result of calling send_message:\n{"status": "OK"}\n\nAnd?'


async def test_a_refusal_that_litellm_keeps_to_itself() -> None:
    def script(body: dict[str, Any]) -> Reply:
        return plain(WRITTEN) if is_prompted(body) else fail(422, "Extra inputs")

    with ScriptedServer(script) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        assert [name for name, _ in (await ask(model))[1]] == ["send_message"]
    refused = r"refused by the server at .* \(422\)"
    with (
        ScriptedServer(lambda _: fail(422, "Extra inputs")) as server,
        pytest.raises(ModelError, match=refused),
    ):
        await ask(RemoteModel("my-model", api_base=server.api_base))


async def test_a_model_that_never_calls() -> None:
    def script(body: dict[str, Any]) -> Reply:
        return plain(WRITTEN if is_prompted(body) else "I know no tools.")

    with ScriptedServer(script) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        answers = [await ask(model) for _ in range(3)]
    assert [len(calls) for _, calls, _ in answers] == [0, 0, 1]


async def test_a_model_that_called_once_keeps_its_tools() -> None:
    with ScriptedServer([say("a"), plain("b"), plain("c"), plain("d")]) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        for _ in range(4):
            await ask(model)
    assert not any(is_prompted(sent.body) for sent in server.requests)


async def test_it_can_be_settled_by_hand() -> None:
    with ScriptedServer([plain(WRITTEN)] * 4) as server:
        base = server.api_base
        assert (await ask(RemoteModel("my-model", api_base=base, tools="prompt")))[1]
        assert is_prompted(server.requests[0].body)
        model = RemoteModel("my-model", api_base=base, tools="native")
        for _ in range(3):
            content, calls, _ = await ask(model)
            assert (content, calls) == (WRITTEN, [])
    assert not any(is_prompted(sent.body) for sent in server.requests[1:])


async def test_an_argument_to_think_in() -> None:
    quiet = say("Hi.")
    inner = call("send_message", inner_thoughts="I think.", message="Hi.")
    with ScriptedServer([quiet, quiet, inner, inner]) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        for _ in range(4):
            await ask(model)
    offered = [
        "inner_thoughts" in sent.body["tools"][0]["function"]["parameters"]["properties"]
        for sent in server.requests
    ]
    assert offered == [False, False, True, True]
    before, after = server.requests[0].body["messages"][2], server.requests[2].body["messages"][2]
    assert before["content"] == "I greet."
    assert not after.get("content")
    arguments = json.loads(after["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"inner_thoughts": "I greet.", "message": "Hi", "x": 1}


async def test_models_that_think_aloud_get_none() -> None:
    aloud = [say("Hi.", "I think."), replace(say("Hi."), reasoning="I think.")] * 2
    with ScriptedServer(aloud) as server:
        model = RemoteModel("my-model", api_base=server.api_base)
        for _ in aloud:
            await ask(model)
    assert "inner_thoughts" not in str([sent.body for sent in server.requests])


async def test_a_call_that_a_model_with_tools_writes_as_text() -> None:
    text = f"<tool_call>\n{WRITTEN}\n</tool_call>"
    with ScriptedServer([plain(text)]) as server:
        content, ((name, _),), streamed = await ask(
            RemoteModel("my-model", api_base=server.api_base)
        )
    assert (content, name, streamed) == ("I think.", "send_message", "Yes.")


async def test_a_written_call_that_breaks_off_is_asked_for_again() -> None:
    half = Reply(content=WRITTEN[:-6])
    with ScriptedServer([half, plain(WRITTEN)]) as server:
        _, ((_, arguments),), streamed = await ask(
            RemoteModel("my-model", api_base=server.api_base, tools="prompt")
        )
    assert json.loads(arguments) == {"message": "Yes."}
    assert streamed.endswith("Yes.")


async def test_what_it_costs() -> None:
    price = 100 * 2.5e-6 + 20 * 1e-5
    for name, reply, cost in (
        ("gpt-4o", plain("ok"), price),
        ("gpt-4o", replace(plain("ok"), streams=False), price),
        ("my-model", plain("ok"), 0.0),
    ):
        answer = Answer(lambda kind, text: None)
        with ScriptedServer([reply, reply]) as server:
            async for chunk in RemoteModel(name, api_base=server.api_base).stream(MESSAGES, []):
                answer.add(chunk)
        assert answer.usage.prompt_tokens == 100
        assert answer.usage.cost == pytest.approx(cost)
