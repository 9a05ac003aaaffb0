"""Turns in the engine: queued in order, bounded by the settings, counted; with a real server."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memtui import config
from memtui.api.agents import AgentDetail, NewAgent, TurnReply, TurnRequest
from memtui.api.errors import ConflictError, NotFoundError
from memtui.api.events import Event
from memtui.engine.engine import Engine
from tests.fakes import Reply, ScriptedServer, call, cut, fail, plain, say, stall
from tests.fakes.server import Script


@pytest.fixture
async def agent(engine: Engine) -> AgentDetail:
    return await engine.agents.create(NewAgent(name="Tess"))


@contextmanager
def serving(engine: Engine, script: Script, **settings: config.Value) -> Iterator[ScriptedServer]:
    with ScriptedServer(script) as server:
        base = {"llm.model": "gpt-4o", "llm.api_base": server.api_base}
        config.save({**base, **{key.replace("__", "."): v for key, v in settings.items()}})
        engine.settings = engine.parts.settings = engine.models.settings = config.load()
        yield server


class Heard:
    """Listens to the hub until the block ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.events: list[Event] = []

    async def __aenter__(self) -> list[Event]:
        ready = asyncio.Event()

        async def listen() -> None:
            async with aclosing(self._engine.hub.listen()) as events:
                async for event in events:
                    ready.set()
                    if event is not None:
                        self.events.append(event)

        self._task = asyncio.create_task(listen())
        await ready.wait()
        return self.events

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)
        self._task.cancel()
        await asyncio.wait([self._task])


def ask(engine: Engine, agent: AgentDetail, text: str) -> asyncio.Task[TurnReply]:
    return asyncio.create_task(engine.agents.turn(agent.id, TurnRequest(text=text)))


async def until(engine: Engine, agent: AgentDetail, queued: list[str]) -> None:
    while [one.text for one in (await engine.agents.detail(agent.id)).queued] != queued:
        await asyncio.sleep(0.01)


async def test_messages_wait_in_order_and_survive_a_cancel(
    engine: Engine, agent: AgentDetail
) -> None:
    script = [stall(say("never")), say("two"), say("four")]
    with serving(engine, script) as server:
        async with Heard(engine) as events:
            one = ask(engine, agent, "1")
            while not server.requests:
                await asyncio.sleep(0.01)
            others = []
            for text in ("2", "3", "4"):
                others.append(ask(engine, agent, text))
                await until(engine, agent, [str(n) for n in range(2, int(text) + 1)])
            queued = (await engine.agents.detail(agent.id)).queued
            engine.agents.turns.take_back(agent.id, queued[1].turn_id)
            await until(engine, agent, ["2", "4"])
            with pytest.raises(ConflictError, match="taken back"):
                await others[1]
            await engine.agents.turns.cancel(agent.id)
            replies = [await one, await others[0], await others[2]]
        assert [reply.status for reply in replies] == ["cancelled", "done", "done"]
        assert [reply.reply for reply in replies] == ["", "two", "four"]
        assert replies[0].retryable
        assert not replies[1].retryable
    waited = [(e.text, e.ahead) for e in events if e.type == "turn.queued"]
    assert waited == [("2", 1), ("3", 2), ("4", 3)]
    began = [e.text for e in events if e.type == "turn.started"]
    assert began == ["1", "2", "4"]
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert [row.text for row in rows if row.kind == "user"] == ["1", "2", "4"]
    with pytest.raises(NotFoundError, match="has begun"):
        engine.agents.turns.take_back(agent.id, queued[1].turn_id)
    assert engine.agents.turns.idle(agent.id)


async def test_a_message_is_kept_however_early_its_turn_is_cancelled(
    engine: Engine, agent: AgentDetail, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, of_turn = engine.agents.turns, engine.toolbox.of_turn
    cancels: list[asyncio.Task[None]] = []

    async def and_cancel(*of: Any) -> Any:
        tools = await of_turn(*of)
        cancels.append(asyncio.create_task(turns.cancel(agent.id)))  # runs before the turn does
        return tools

    with serving(engine, [say("never")]):
        monkeypatch.setattr(engine.toolbox, "of_turn", and_cancel)
        reply = await ask(engine, agent, "1")
        await cancels[0]
    assert reply.status == "cancelled"
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert [row.text for row in rows if row.kind == "user"] == ["1"]


async def test_the_settings_bound_a_turn(engine: Engine, agent: AgentDetail) -> None:
    def again(_: object) -> Reply:
        return call("archival_memory_search", "Hm.", query="x", request_heartbeat=True)

    with serving(engine, again, agent__max_steps=9, agent__max_identical=5) as server:
        reply = await engine.agents.turn(agent.id, TurnRequest(text="Go"))
        assert reply.status == "capped"
        assert "5 identical calls" in reply.problem
        assert len(server.requests) == 6
    for key, value in (("agent.max_steps", 0), ("llm.tools", "maybe"), ("models.a.tools", "x")):
        with pytest.raises(config.ConfigError, match=key):
            config.save({key: value})
    with serving(engine, lambda _: call("nosuch", "Hm."), agent__max_failures=1) as server:
        reply = await engine.agents.turn(agent.id, TurnRequest(text="Go"))
        assert "1 failures in a row" in reply.problem
        assert len(server.requests) == 2


async def test_tokens_time_and_cost_are_kept_and_summed(engine: Engine, agent: AgentDetail) -> None:
    search = call("archival_memory_search", "Hm.", query="x", request_heartbeat=True)
    with serving(engine, [search, say("a"), say("b")]):
        first = await engine.agents.turn(agent.id, TurnRequest(text="A?"))
        second = await engine.agents.turn(agent.id, TurnRequest(text="B?"))
    assert (first.usage.prompt_tokens, first.usage.completion_tokens) == (200, 40)
    assert first.usage.cost == pytest.approx(200 * 2.5e-6 + 40 * 1e-5)  # gpt-4o's price
    assert first.usage.seconds > 0
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    steps = [row.usage for row in rows if row.usage]
    assert [step.steps for step in steps] == [1, 1, 1]
    total = (await engine.agents.detail(agent.id)).usage
    for name in ("prompt_tokens", "completion_tokens", "steps", "seconds", "cost"):
        in_turns = getattr(first.usage, name) + getattr(second.usage, name)
        assert getattr(total, name) == pytest.approx(in_turns)
        assert sum(getattr(step, name) for step in steps) == pytest.approx(in_turns)


async def test_a_failed_turn_can_be_sent_again(engine: Engine, agent: AgentDetail) -> None:
    with serving(engine, [fail(401)]):
        async with Heard(engine) as events:
            reply = await engine.agents.turn(agent.id, TurnRequest(text="Are you there?"))
    assert (reply.status, reply.retryable) == ("failed", True)
    assert next(e for e in events if e.type == "turn.ended").retryable
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert [(row.kind, row.ok) for row in rows] == [("user", True), ("note", False)]


async def test_a_turn_that_fails_half_way_is_taken_back(engine: Engine, agent: AgentDetail) -> None:
    human = {block.label: block.value for block in agent.blocks}["human"]
    more = {"request_heartbeat": True}
    steps = [
        call("core_memory_append", name="human", content="Likes tea.", **more),
        call("archival_memory_insert", content="The kettle is blue.", **more),
        call("send_message", message="I am not done yet.", **more),
    ]
    with serving(engine, [*steps, fail(401)]):
        async with Heard(engine) as events:
            reply = await engine.agents.turn(agent.id, TurnRequest(text="I like tea."))
    assert (reply.status, reply.reply, reply.retryable) == ("failed", "", True)
    assert "history.changed" in [event.type for event in events]
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert rows[0].text == "I like tea."
    assert [row.kind for row in rows] == ["user", "note"]
    after = await engine.agents.detail(agent.id)
    assert {block.label: block.value for block in after.blocks}["human"] == human
    assert after.archival == 0
    assert after.usage.steps == 3  # what it cost, it cost
    with serving(engine, [steps[0], say("Noted.")]):
        assert (await engine.history.retry(agent.id)).reply == "Noted."
    after = await engine.agents.detail(agent.id)
    assert {block.label: block.value for block in after.blocks}["human"].count("tea") == 1


async def test_a_cancel_right_after_the_message(engine: Engine, agent: AgentDetail) -> None:
    with serving(engine, [stall()]):
        turn = asyncio.create_task(engine.agents.turn(agent.id, TurnRequest(text="Go.")))
        while engine.agents.turns.idle(agent.id):
            await asyncio.sleep(0)
        assert not engine.agents.turns.running(agent.id)  # it is about to begin
        began = time.monotonic()
        await engine.agents.turns.cancel(agent.id)
        assert time.monotonic() - began < 5
        reply = await turn
    assert reply.status == "cancelled"
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert [(row.kind, row.text) for row in rows][:1] == [("user", "Go.")]


async def test_a_slow_disk_and_a_cancel_and_the_next_message(
    engine: Engine, agent: AgentDetail, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = engine.record.messages.append
    begun = threading.Event()

    def slow(*args: Any) -> Any:
        begun.set()
        time.sleep(0.3)  # more than a cancelled turn waits for
        return append(*args)

    with serving(engine, [call("archival_memory_insert", "Keep it.", content="x"), say("Yes.")]):
        turn = asyncio.create_task(engine.agents.turn(agent.id, TurnRequest(text="First.")))
        while not engine.agents.turns.running(agent.id):
            await asyncio.sleep(0)
        monkeypatch.setattr(engine.record.messages, "append", slow)
        await asyncio.to_thread(begun.wait, 10)
        await engine.agents.turns.cancel(agent.id)
        first = await turn
        second = await engine.agents.turn(agent.id, TurnRequest(text="Second."))
    assert first.status == "cancelled"
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    turns = [row.turn_id for row in rows]
    assert turns == sorted(turns, key=[first.turn_id, second.turn_id].index)
    assert [row.text for row in rows if row.kind == "user"] == ["First.", "Second."]


async def test_timed_heartbeats(
    engine: Engine, agent: AgentDetail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memtui.engine.heartbeats.MINUTE", timedelta(seconds=0.05))
    beats = engine.heartbeats
    assert (await beats.get(agent.id)).minutes == 0
    rest = call("pause_heartbeats", "I rest.", minutes=5)
    with serving(engine, [plain("Tick."), plain("Tock."), rest]) as server:
        used = (await engine.agents.detail(agent.id)).used_at
        assert (await beats.set(agent.id, 2)).next_at is not None
        while not (await beats.get(agent.id)).paused_until:
            assert not engine.agents.turns.busy()  # they do not keep the engine alive
            await asyncio.sleep(0.01)
        while not engine.agents.turns.idle(agent.id):
            await asyncio.sleep(0.01)
        pause = await beats.get(agent.id)
        assert pause.next_at is not None
        assert pause.next_at == pause.paused_until > datetime.now(UTC) + timedelta(minutes=4)
        assert len(server.requests) == 3
        assert '"heartbeat"' in server.requests[0].body["messages"][-1]["content"]
        assert (await engine.agents.detail(agent.id)).used_at == used
        server.script = lambda _: fail(401)
        await beats.set(agent.id, 1)  # set anew, it is not paused
        while (await beats.get(agent.id)).next_at:  # a failure ends them …
            await asyncio.sleep(0.01)
        count = len(server.requests)
        server.script = lambda _: say("Hello!")
        await engine.agents.turn(agent.id, TurnRequest(text="Hello?"))  # … until somebody speaks
        while len(server.requests) < count + 3:
            await asyncio.sleep(0.01)
        assert (await beats.set(agent.id, 0)).next_at is None
    rows = await engine.call(engine.record.messages.page, agent.id, None, 100)
    assert [row.kind for row in rows].count("heartbeat") >= 5
    assert (await engine.call(engine.record.agents.settings, agent.id)) == {}


async def test_heartbeats_of_an_agent_that_is_gone(engine: Engine, agent: AgentDetail) -> None:
    await engine.heartbeats.set(agent.id, 1)
    await engine.agents.delete(agent.id)
    with pytest.raises(NotFoundError):
        await engine.heartbeats.set(agent.id, 1)


async def test_a_model_without_tools_searches_and_answers(
    engine: Engine, agent: AgentDetail
) -> None:
    def write(function: str, **arguments: object) -> Reply:
        return plain(json.dumps({"thought": "Hm.", "function": function, "arguments": arguments}))

    def script(body: dict[str, Any]) -> Reply:
        last = body["messages"][-1]
        if "tools" in body:
            return fail(400, "gpt-4o does not support tools")
        if last["content"].startswith("Result of calling archival_memory_insert:"):
            return write("send_message", message="I keep that.")
        return write("archival_memory_insert", content="Ada likes tea.", request_heartbeat=True)

    with serving(engine, script) as server:
        async with Heard(engine) as events:
            reply = await engine.agents.turn(agent.id, TurnRequest(text="I like tea."))
            again = await engine.agents.turn(agent.id, TurnRequest(text="Very much."))
    assert (reply.status, reply.reply, again.reply) == ("done", *["I keep that."] * 2)
    assert [step.thought for step in reply.steps] == ["Hm."] * 2
    assert (await engine.agents.detail(agent.id)).archival == 2
    assert "".join(e.text for e in events if e.type == "message.delta") == "I keep that." * 2
    assert ["tools" in sent.body for sent in server.requests] == [True, *[False] * 4]


async def test_a_stream_that_dies_is_not_shown_twice(engine: Engine, agent: AgentDetail) -> None:
    whole = say("This is the whole answer.", "Hm.")
    with serving(engine, [cut(whole, 7), whole]):
        async with Heard(engine) as events:
            reply = await engine.agents.turn(agent.id, TurnRequest(text="Well?"))
    assert (reply.status, reply.reply) == ("done", "This is the whole answer.")
    kinds = [event.type for event in events]
    anew = kinds.index("answer.restarted")
    assert "message.delta" in kinds[:anew]
    said = [event.text for event in events[anew:] if event.type == "message.delta"]
    assert "".join(said) == reply.reply
    assert kinds.count("message.said") == 1


async def test_a_wait_for_the_provider_is_told_and_can_be_left(
    engine: Engine, agent: AgentDetail
) -> None:
    with serving(engine, lambda _: fail(429, "slow down", retry_after=60)):
        async with Heard(engine) as events:
            turn = ask(engine, agent, "Well?")
            while not any(event.type == "turn.waiting" for event in events):
                await asyncio.sleep(0.01)
            began = time.monotonic()
            await engine.agents.turns.cancel(agent.id)
            assert time.monotonic() - began < 1  # 0.2 when nothing else runs
            reply = await turn
    assert (reply.status, reply.retryable) == ("cancelled", True)


async def test_each_model_has_its_own_way_of_tools(engine: Engine, agent: AgentDetail) -> None:
    written = plain('{"function": "send_message", "arguments": {"message": "Small."}}')
    more = {"models__small__model": "tiny", "models__small__tools": "prompt"}
    with serving(
        engine, lambda b: say("Big.", "Hm.") if "tools" in b else written, **more
    ) as server:
        config.save({"models.small.api_base": server.api_base})
        engine.settings = engine.parts.settings = engine.models.settings = config.load()
        other = await engine.agents.create(NewAgent(name="Tim", model="small"))
        for one, text in ((agent, "Big."), (other, "Small.")):
            assert (await engine.agents.turn(one.id, TurnRequest(text="Well?"))).reply == text
    assert [sent.body["model"] for sent in server.requests] == ["gpt-4o", "tiny"]
