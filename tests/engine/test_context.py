"""The context window through the engine, with a provider that is a real HTTP server."""

import json
from importlib.resources import files
from typing import Any

import pytest
from tokenizers import Tokenizer

from memtui import config
from memtui.api.agents import AgentDetail, NewAgent, TurnRequest
from memtui.api.context import ContextWindow
from memtui.api.errors import ConflictError, UsageError
from memtui.engine.engine import Engine
from tests.fakes import Reply, ScriptedServer, say


def answer(body: dict[str, Any]) -> Reply:
    """Decides from the request alone: a summary when no tools are offered."""
    if not body.get("tools"):
        return Reply(content="We spoke of tea.")
    return say("Tea is a fine drink.")


async def use(engine: Engine, server: ScriptedServer, **settings: Any) -> AgentDetail:
    config.save(
        {"llm.model": "my-model", "llm.api_base": server.api_base, "llm.api_key": "k"}
        | {f"llm.{name}": value for name, value in settings.items()}
    )
    await engine.reload()
    return await engine.agents.create(NewAgent(name="Ada"))


def part(view: ContextWindow, name: str) -> Any:
    return next(one for one in view.parts if one.name == name)


async def test_what_is_shown_is_what_is_sent(engine: Engine) -> None:
    with ScriptedServer(answer) as server:
        agent = await use(engine, server, context_window=16_000)
        await engine.agents.turn(agent.id, TurnRequest(text="Do you like tea?"))
        view = await engine.contexts.view(agent.id)
        assert view.total == sum(one.tokens for one in view.parts)
        assert [one.name for one in view.parts] == [
            *("system", "statistics", "core", "tools", "summary", "messages", "results")
        ]
        assert "2 previous messages" in part(view, "statistics").text
        assert "<human" in part(view, "core").text
        assert "archival_memory_search" in part(view, "tools").text
        assert "Do you like tea?" in part(view, "messages").text
        assert (view.window, view.known, view.pressure) == (16_000, True, 12_000)
        assert server.requests[0].body["messages"][1:] == view.messages[1:2]
        assert server.requests[0].body["tools"] == view.tools
        assert len(view.messages) == 4


async def test_summarize_and_undo(engine: Engine) -> None:
    with ScriptedServer(answer) as server:
        agent = await use(engine, server, context_window=16_000)
        await engine.agents.turn(agent.id, TurnRequest(text="Do you like tea?"))
        with pytest.raises(UsageError, match="nothing to summarise"):
            await engine.contexts.summarise(agent.id)
        await engine.agents.turn(agent.id, TurnRequest(text="And coffee?"))
        before = await engine.contexts.view(agent.id)
        change = await engine.contexts.summarise(agent.id)
        assert (change.kind, change.text) == ("summary", "3 messages were summarised.")
        view = await engine.contexts.view(agent.id)
        assert "We spoke of tea." in part(view, "summary").text
        assert "3 of 6 messages" in part(view, "summary").text
        assert "Do you like tea?" not in json.dumps(view.messages)
        asked = server.requests[-1].body["messages"][-1]["content"]
        assert "Do you like tea?" in asked
        assert "Tea is a fine drink." in asked
        # what was said stays findable, and retrying the last message leaves the summary alone
        found = await engine.agents.memory(agent.id).search_conversation("tea", offset=0, k=5)
        assert any("Do you like tea?" in hit.text for hit in found.hits)
        await engine.history.retry(agent.id)
        view = await engine.contexts.view(agent.id)
        assert "We spoke of tea." in part(view, "summary").text
        await engine.history.undo(agent.id, None)
        await engine.history.undo(agent.id, None)
        after = await engine.contexts.view(agent.id)
        assert after.messages == before.messages


async def test_an_older_summary_is_not_undone_under_a_newer_one(engine: Engine) -> None:
    with ScriptedServer(answer) as server:
        agent = await use(engine, server, context_window=16_000)
        changes = []
        for text in ("one", "two", "three"):
            await engine.agents.turn(agent.id, TurnRequest(text=text))
            if text != "one":
                changes.append(await engine.contexts.summarise(agent.id))
                assert changes[-1].text == "3 messages were summarised."
        with pytest.raises(ConflictError, match="summarised again"):
            await engine.history.undo(agent.id, changes[0].id)
        await engine.history.undo(agent.id, changes[1].id)
        await engine.history.undo(agent.id, changes[0].id)
        view = await engine.contexts.view(agent.id)
        assert "one" in part(view, "messages").text
        assert not part(view, "summary").text


@pytest.mark.parametrize(
    ("text", "counts_tools"),
    [
        ("The archive holds letters of 1884 about the harbour, its ships and its tides. ", True),
        ("The archive holds letters of 1884 about the harbour, its ships and its tides. ", False),
        ("档案馆保存着1884年关于港口、船只和潮汐的信件。用户想知道这些信是谁写的。", True),
        ("档案馆保存着1884年关于港口、船只和潮汐的信件。用户想知道这些信是谁写的。", False),
    ],
)
async def test_the_prediction_holds_against_another_tokenizer(
    engine: Engine, text: str, counts_tools: bool
) -> None:
    tokenizer = Tokenizer.from_file(str(files("memtui.embedding") / "minilm" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def tokens(body: dict[str, Any]) -> int:
        shown = [body["messages"], body.get("tools") if counts_tools else None]
        return len(tokenizer.encode(json.dumps(shown, ensure_ascii=False)).ids)

    def script(body: dict[str, Any]) -> Reply:
        reply = answer(body) if not body.get("tools") else say(text * 2, text)
        return Reply(**{**vars(reply), "usage": (tokens(body), 10)})

    predicted: list[int] = []
    with ScriptedServer(script) as server:
        agent = await use(engine, server, context_window=8192)
        emit = engine.hub.emit

        def listen(event: Any) -> None:
            if event.type == "context.changed":
                predicted.append(sum(event.parts.values()))
            emit(event)

        engine.hub.emit = listen  # type: ignore[method-assign]
        for number in range(14):
            await engine.agents.turn(agent.id, TurnRequest(text=f"{number}: {text * 6}"))
        actual = [tokens(one.body) for one in server.requests if one.body.get("tools")]
    assert len(predicted) == len(actual)
    errors = [guess / real - 1 for guess, real in zip(predicted, actual, strict=True)]
    assert max(map(abs, errors[1:])) <= 0.05, errors
    assert max(actual) <= 8192
