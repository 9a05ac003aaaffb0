import json
from typing import Any

import pytest

from memtui.agent.context import PARTS
from memtui.agent.limits import Limits
from memtui.agent.loop import Turn, run_turn
from memtui.agent.ports import Memory
from memtui.agent.tools import BASE_TOOLS
from memtui.agent.tools.base import Result, Tool, ToolContext
from memtui.api.agents import TurnRequest
from memtui.api.errors import ModelError, StorageError
from memtui.api.events import Event

from .fakes import (
    Piece,
    Script,
    Scripted,
    Store,
    call,
    calls,
    check_request,
    say,
)
from .played import Played

SEARCH = {"query": "memory", "request_heartbeat": True}


async def test_a_greeting() -> None:
    played = Played()
    reply = await played.turn(say("Hello, I am Tess.", thought="A login."), text="", kind="login")
    assert (reply.reply, reply.status, reply.agent, reply.found) == (
        "Hello, I am Tess.", "done", "Tess", True,
    )  # fmt: skip
    assert played.rows() == ["login", "assistant", "tool"]
    event = json.loads(played.model.requests[0][1]["content"])
    assert event["last_login"] == "Never (first login)"
    said = played.store.rows[1]
    assert (said.thought, said.text) == ("A login.", "Hello, I am Tess.")
    await played.turn(say("Back again?"), text="", kind="login")
    assert "2026-11-22" in played.store.rows[3].text


async def test_words_arrive_while_the_arguments_still_do() -> None:
    played = Played()
    text = 'Zwölf "Äpfel"\n😀 und ein Ende'
    await played.turn(say(text, thought="Well…", size=1))
    deltas = [event.text for event in played.of("message.delta")]
    assert "".join(deltas) == text
    assert len(deltas) > 15
    assert "".join(event.text for event in played.of("thought.delta")) == "Well…"
    kinds = played.kinds()
    assert kinds.index("message.delta") < kinds.index("tool.called")
    assert kinds[-5:-1] == ["message.delta", "tool.called", "tool.returned", "message.said"]


async def test_search_then_answer_with_citations() -> None:
    store = Store()
    store.load("paper", ["cats sleep a lot", "memory is paged like in an operating system"])
    played = Played(store)
    answer = "Memory is paged [paper p. 2], unlike [paper p. 9]."
    reply = await played.turn(
        call("archival_memory_search", SEARCH, thought="I look."),
        say(answer),
        text="What is paged?",
    )
    assert [step.tool for step in reply.steps] == ["archival_memory_search", "send_message"]
    assert [h.page for h in reply.steps[0].hits] == [2]
    assert [(c.page, c.verified) for c in reply.citations] == [(2, True), (9, False)]
    assert reply.citations[0].passage_id == "paper-2"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.steps) == (
        20,
        4,
        2,
    )
    (returned, _) = played.of("tool.returned")
    assert (returned.ok, returned.total, len(returned.hits)) == (True, 1, 1)
    (said,) = played.of("message.said")
    assert (said.step, said.text) == (1, answer)
    assert len(said.citations) == 2
    # one append for the event and one for each step; what was said remembers its source
    assert [[row.kind for row in rows] for rows in store.appends] == [
        ["user"], ["assistant", "tool"], ["assistant", "tool"],
    ]  # fmt: skip
    assert store.links[4] == ("id-paper",)
    assert [one.text for one in store.recalled] == ["What is paged?", answer]


async def test_citations_of_earlier_turns_and_sources_drawn_on() -> None:
    store = Store()
    store.load("paper", ["the main memory of the model is limited by the size of its window"])
    played = Played(store)
    await played.turn(call("archival_memory_search", SEARCH), say("Done."))
    reply = await played.turn(say("It was [paper p. 1]."))
    assert reply.citations[0].verified
    assert store.links[store.rows[-2].id] == ("id-paper",)
    await played.turn(say("Memory of the model is limited by the size of its window, you know."))
    assert store.links[store.rows[-2].id] == ("id-paper",)
    await played.turn(say("Your birthday is in May."))
    assert store.links[store.rows[-2].id] == ()


async def test_several_messages_make_one_reply() -> None:
    store = Store()
    store.load("paper", ["memory"])
    reply = await Played(store).turn(
        calls(("send_message", {"message": "One moment."}), ("archival_memory_search", SEARCH)),
        say("Here [paper p. 1]."),
    )
    assert reply.reply == "One moment.\n\nHere [paper p. 1]."
    (one,) = reply.citations
    assert reply.reply[one.start : one.end] == "[paper p. 1]"


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ({"content": "x", "request_heartbeat": True}, 2),
        ({"content": "x", "request_heartbeat": False}, 1),
        ({"content": "x", "request_heartbeat": "true"}, 2),  # no boolean: as if left out
        ({"content": "x"}, 2),  # left out before anybody was answered
        ({"content": ""}, 2),  # failed
    ],
)
async def test_heartbeats(arguments: dict[str, Any], steps: int) -> None:
    reply = await Played().turn(call("archival_memory_insert", arguments), say("Noted."))
    assert len(reply.steps) == steps


async def test_a_left_out_heartbeat_after_the_answer_ends_the_turn() -> None:
    played = Played()
    reply = await played.turn(
        calls(("send_message", {"message": "a"}), ("archival_memory_insert", {"content": "x"}))
    )
    assert (reply.status, reply.usage.steps) == ("done", 1)


async def test_calls_run_in_order_and_each_is_answered() -> None:
    played = Played()
    many = [("core_memory_append", {"name": "human", "content": f"{n}"}) for n in range(12)]
    reply = await played.turn(calls(*many), say("ok"))
    assert played.store.core[1].value == "H\n" + "\n".join(str(n) for n in range(8))
    assert len(played.of("tool.called")) == 9
    assert any("4 more calls" in row.text for row in played.store.rows if row.kind == "alert")
    assert reply.reply == "ok"
    assert played.kinds().count("memory.edited") == 8


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nosuch", {}),
        ("archival_memory_search", "{'query'"),
        ("archival_memory_search", {"page": 0}),
        ("archival_memory_search", {"query": "x", "limit": 3}),
        ("archival_memory_search", {"query": "x", "page": "two"}),
        ("core_memory_append", {"name": "human", "content": "x" * 5000}),
        ("", "}{"),
    ],
)
async def test_failures_force_a_heartbeat(name: str, arguments: Any) -> None:
    played = Played()
    reply = await played.turn(call(name, arguments), say("Sorry."))
    assert [step.ok for step in reply.steps] == [False, True]
    result = json.loads(played.model.requests[1][-1]["content"])
    assert result["status"] == "Failed"
    assert reply.reply == "Sorry."
    assert reply.status == "done"


BAD: dict[str, Script] = {
    "a bad call": call("nosuch", {"request_heartbeat": True}),
    "broken JSON": call("send_message", '{"message" oops'),
    "a good call": call("archival_memory_insert", {"content": "x", "request_heartbeat": True}),
    "nothing": [Piece(finish_reason="stop")],
    "only reasoning": [Piece(reasoning="hm")],
    "talk": call("send_message", {"message": "hi", "request_heartbeat": True}),
}


@pytest.mark.parametrize("name", list(BAD))
async def test_no_endless_loop(name: str) -> None:
    played = Played()
    reply = await played.turn(BAD[name])
    assert len(played.model.requests) == 4
    assert reply.status == "capped"
    assert "was ended after 3" in reply.problem
    if name in ("nothing", "only reasoning"):
        assert "(the last: the model answered nothing)" in reply.problem
    warnings = [row for row in played.store.rows if "about to end" in row.text]
    assert [row.kind for row in warnings] == ["alert"]
    last = played.store.rows[-1]
    assert (last.kind, last.text) == ("note", reply.problem)
    assert "about to end" in played.model.requests[-1][-1]["content"]


async def test_the_cap_on_steps() -> None:
    scripts = [
        call("archival_memory_search", {"query": f"q{n}", "request_heartbeat": True})
        for n in range(40)
    ]
    played = Played(limits=Limits(steps=5))
    reply = await played.turn(*scripts)
    assert len(played.model.requests) == 5
    assert reply.status == "capped"
    assert "after 5 steps" in reply.problem
    played = Played(limits=Limits(steps=1))
    assert (await played.turn(*scripts)).status == "capped"
    assert len(played.model.requests) == 1
    played = Played(limits=Limits(steps=3))
    reply = await played.turn(*scripts[:2], say("All I have."))
    assert (reply.reply, reply.status) == ("All I have.", "capped")


@pytest.mark.parametrize("at", [0, 1])
async def test_a_model_error_takes_the_turn_back_to_what_the_user_said(at: int) -> None:
    played = Played()
    insert = call("archival_memory_insert", {"content": "x", "request_heartbeat": True})
    reply = await played.turn(
        *[insert] * at, ModelError("The key was refused. Set another."), text="Q"
    )
    assert (reply.status, reply.problem) == ("failed", "The key was refused. Set another.")
    assert played.store.rows[0].text == "Q"
    assert played.rows()[1:] == ["note"]
    assert not played.store.rows[-1].ok
    assert played.of("turn.ended")[0].problem == reply.problem
    reply = await played.turn(say("Again."))
    assert reply.reply == "Again."
    assert "refused" not in json.dumps(played.model.requests[0])  # the agent need not know


async def test_unexpected_errors_are_sentences() -> None:
    played = Played()
    reply = await played.turn(RuntimeError("secret"))
    assert reply.status == "failed"
    assert "RuntimeError" in reply.problem
    assert "secret" not in reply.problem


async def test_a_full_disk() -> None:
    played = Played()
    seen = 0

    async def full(name: str) -> None:
        nonlocal seen
        seen += name == "append"
        if name == "append" and seen >= 2:
            raise StorageError("The disk is full. Free some space.")

    played.store.gate = full
    reply = await played.turn(say("Hello"))
    assert (reply.status, reply.reply) == ("failed", "")
    assert reply.problem == "The disk is full. Free some space."
    assert played.rows() == ["user"]


async def test_the_statistics_are_true_at_every_step() -> None:
    played = Played()
    await played.turn(
        call("archival_memory_insert", {"content": "x", "request_heartbeat": True}),
        call("core_memory_append", {"name": "human", "content": "tea", "request_heartbeat": True}),
        say("ok"),
    )
    systems = [sent[0]["content"] for sent in played.model.requests]
    assert ["0 memories" in s for s in systems] == [True, False, False]
    assert ["1 memories" in s for s in systems] == [False, True, True]
    assert ["tea" in s for s in systems] == [False, False, True]
    assert "Braces {like these}" in systems[0]
    changed = played.of("context.changed")
    assert len(changed) == 3
    assert tuple(changed[0].parts) == PARTS


async def test_a_long_life_in_a_small_window() -> None:
    store = Store()
    store.load("paper", [f"memory {n} " + "word " * 200 for n in range(20)])
    played = Played(store)
    for number in range(25):
        reply = await played.turn(
            call("archival_memory_search", SEARCH),
            say(f"answer {number} " * 20),
            text="long " * 100,
        )
        assert reply.status == "done"
    assert store.out
    played.model.context_window = 4096
    sent = Scripted([say("x" * 3000)], context_window=4096)
    events: list[Event] = []
    await run_turn(store, sent, events.append, TurnRequest(text="y" * 200_000))
    check_request(sent.requests[0])
    (changed,) = [event for event in events if event.type == "context.changed"]
    assert sum(changed.parts.values()) <= 4096 - 512
    assert changed.parts["summary"] > 0
    said = [row for row in store.rows if row.kind in ("user", "assistant", "tool")]
    assert len(said) == 25 * 5 + 3


@pytest.mark.parametrize(
    ("declined", "sources", "found"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
async def test_found(declined: bool, sources: bool, found: bool) -> None:
    store = Store()
    if sources:
        store.load("paper", ["memory"])
    answer = [*say("…"), Piece(declined=declined)]
    reply = await Played(store).turn(call("archival_memory_search", SEARCH), answer)
    assert reply.found is found


async def test_another_tool() -> None:
    async def shout(context: ToolContext, text: str, times: int = 1) -> Result:
        """Shouts.

        Args:
            text: What to shout.
            times: How often.
        """
        return Result(text.upper() * times)

    played = Played(tools=(*BASE_TOOLS, Tool.of(shout)))
    arguments = {"text": "a", "times": 3, "request_heartbeat": True}
    reply = await played.turn(call("shout", arguments), say("ok"))
    assert json.loads(reply.steps[0].result)["message"] == "AAA"


def test_the_store_is_a_memory() -> None:
    memory: Memory = Store()
    assert Turn(memory, Scripted([]), print, TurnRequest()).reply().status == "done"
