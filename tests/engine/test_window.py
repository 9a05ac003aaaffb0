"""Nothing exceeds the window: a server that counts for itself, and refuses what is too long."""

import json
import uuid
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from memtui import config
from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.events import ContextCompacted, Problem
from memtui.engine.engine import Engine
from memtui.record import NewMessage
from tests.engine.test_wiring import load
from tests.fakes import Reply, ScriptedServer, call, fail, say

WINDOW = 4096
TEXTS = {
    "english": "The ledger of 1884 lists every ship, its captain and its cargo of salt. ",
    "chinese": "一八八四年的账簿记录了每一艘船、船长以及所载的盐货。",
}


class Strict:
    """A server with a window of `real` tokens by WordPiece. Its first calls search."""

    def __init__(self, real: int = WINDOW, searches: int = 0) -> None:
        self.real, self.searches = real, searches
        self.refused = self.largest = self.summaries = 0
        self.tokenizer = Tokenizer.from_file(
            str(files("memtui.embedding") / "minilm" / "tokenizer.json")
        )
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def count(self, body: dict[str, Any]) -> int:
        texts = [json.dumps(tool) for tool in body.get("tools", ())]
        for message in body["messages"]:
            texts.append(message.get("content") or "")
            for made in message.get("tool_calls", ()):
                texts += (made["function"]["name"], made["function"]["arguments"])
        return sum(4 + len(self.tokenizer.encode(text).ids) - 2 for text in texts)

    def __call__(self, body: dict[str, Any]) -> Reply:
        tokens = self.count(body)
        if tokens > self.real:
            self.refused += 1
            return fail(
                400,
                f"This model's maximum context length is {self.real} tokens. However, your "
                f"messages resulted in {tokens} tokens.",
                code="context_length_exceeded",
            )
        self.largest = max(self.largest, tokens)
        if not body.get("tools"):
            self.summaries += 1
            return Reply(content="We spoke of ships.", usage=(tokens, 10))
        steps = 0
        for message in body["messages"]:
            steps += message["role"] == "tool"
            if '"type": "user_message"' in (message.get("content") or ""):
                steps = 0
        if steps < self.searches:
            reply = call(
                "archival_memory_search", "x", query="ledger ship", page=steps,
                request_heartbeat=True,
            )  # fmt: skip
        else:
            reply = say("Noted. " * 20)
        return Reply(**{**vars(reply), "usage": (tokens, 10)})


async def use(engine: Engine, server: ScriptedServer, window: int = WINDOW) -> Any:
    config.save(
        {"llm.model": "my-model", "llm.api_base": server.api_base, "llm.api_key": "k",
         "llm.context_window": window}
    )  # fmt: skip
    await engine.reload()
    return await engine.agents.create(NewAgent(name="Ada"))


@pytest.mark.parametrize(
    "script",
    [pytest.param(name, marks=pytest.mark.slow if name == "english" else ()) for name in TEXTS],
)
async def test_a_small_window_is_never_exceeded(
    engine: Engine, script: str, tmp_path: Path
) -> None:
    text = TEXTS[script]
    path = tmp_path / "note.txt"
    path.write_text(text * 600)
    await load(engine, path)
    (source,) = await engine.sources()
    strict = Strict(searches=3)
    with ScriptedServer(strict) as server:
        agent = await use(engine, server)
        for label in ("persona", "human"):
            full = (text * 200)[:2000]
            engine.record.blocks.edit(agent.id, label, full, "user")
        await engine.agents.attach(agent.id, source.id)
        pasted = (text * (200_000 // len(text) + 1))[:200_000]
        for message in (pasted, "Which ship?", text * 20, *["And then?"] * 3):
            reply = await engine.agents.turn(agent.id, TurnRequest(text=message))
            # capped: this model forgets, with its first steps, how often it has searched
            assert reply.status in ("done", "capped"), reply.problem
    assert strict.refused == 0
    assert strict.largest <= WINDOW
    assert strict.summaries
    sent = json.dumps([one.body["messages"] for one in server.requests], ensure_ascii=False)
    assert "read all of it with conversation_search, query message:" in sent
    assert "query block:persona" in sent


@pytest.mark.parametrize("way", ["silent", "prompted"])
async def test_the_form_in_which_a_model_takes_tools_is_counted(engine: Engine, way: str) -> None:
    """Models that never think beside a call get an argument to think in, those that know no tools
    a text about them: what is sent is what was measured, in every call but the first."""
    strict, real = Strict(real=8192), list[int]()

    def script(body: dict[str, Any]) -> Reply:
        if way == "prompted" and body.get("tools"):
            return fail(400, "This model does not support tools.")
        real.append(strict.count(body))
        said = json.dumps({"function": "send_message", "arguments": {"message": "Noted. " * 20}})
        reply = Reply(content=said) if way == "prompted" else say("Noted. " * 20)
        return Reply(**{**vars(reply), "usage": (real[-1], 10)})

    told: list[int] = []
    emit = engine.hub.emit

    def hear(event: Any) -> None:
        if event.type == "context.changed":
            told.append(sum(event.parts.values()))
        emit(event)

    engine.hub.emit = hear  # type: ignore
    with ScriptedServer(script) as server:
        agent = await use(engine, server, 8192)
        for number in range(5):
            text = f"{number}. {TEXTS['english'] * 8}"
            reply = await engine.agents.turn(agent.id, TurnRequest(text=text))
            assert reply.status == "done", reply.problem
    assert len(told) == len(real) == 5
    misses = [abs(said / true - 1) for said, true in zip(told, real, strict=True)]
    assert max(misses[2:]) <= 0.05, misses  # with the first answer or two its form is found out


async def test_a_server_that_states_no_usage(engine: Engine) -> None:
    """Nothing is learned of what nobody said, and the tools are not taken for uncounted."""
    strict = Strict()

    def script(body: dict[str, Any]) -> Reply:
        return Reply(**{**vars(strict(body)), "usage": None})

    with ScriptedServer(script) as server:
        agent = await use(engine, server)
        for number in range(12):
            text = f"{number}. {TEXTS['english'] * 10}"
            reply = await engine.agents.turn(agent.id, TurnRequest(text=text))
            assert reply.status == "done", reply.problem
            assert reply.usage.prompt_tokens > 1000  # estimated
    assert strict.refused == 0
    assert strict.largest <= WINDOW


async def test_ten_thousand_messages_in_the_context(engine: Engine) -> None:
    strict = Strict()
    with ScriptedServer(strict) as server:
        agent = await use(engine, server)
        with engine.record.write():
            for number in range(5000):
                rows = [
                    NewMessage("user", f"question {number} about ships"),
                    NewMessage("assistant", f"answer {number} about salt"),
                ]
                engine.record.messages.append(agent.id, uuid.uuid4().hex[:12], rows)
        reply = await engine.agents.turn(agent.id, TurnRequest(text="And now?"))
        assert reply.status == "done", reply.problem
        assert 1 <= strict.summaries <= 8
        reply = await engine.agents.turn(agent.id, TurnRequest(text="Again?"))
        assert strict.refused == 0
        view = await engine.contexts.view(agent.id)
    summary = next(part.text for part in view.parts if part.name == "summary")
    assert "We spoke of ships." in summary
    assert "of 10,006 messages of this conversation are out of view" in summary


async def test_a_server_with_a_smaller_window_than_configured(engine: Engine) -> None:
    strict = Strict(real=4000)
    told: list[Any] = []
    emit = engine.hub.emit
    engine.hub.emit = lambda event: (told.append(event), emit(event))[1]  # type: ignore
    with ScriptedServer(strict) as server:
        agent = await use(engine, server, window=32_000)
        for number in range(12):
            text = f"{number}: " + TEXTS["english"] * 12
            reply = await engine.agents.turn(agent.id, TurnRequest(text=text))
            assert reply.status == "done", reply.problem
    assert strict.refused == 1
    (problem,) = [event.text for event in told if isinstance(event, Problem)]
    assert "from now on 4,000 are used" in problem
    assert any(isinstance(event, ContextCompacted) for event in told)
