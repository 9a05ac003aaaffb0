"""Memory pressure: the warning, the summary, and what happens when the provider says it is full."""

import json
from typing import Any

import pytest

from memtui.agent.calibration import Calibration
from memtui.agent.loop import Turn
from memtui.agent.tokens import PRIOR, add, dot, message_features, tools_features
from memtui.api.agents import MEMORY_WARNING, TurnReply, TurnRequest
from memtui.api.errors import ContextOverflowError, ModelError
from memtui.api.events import ContextChanged, ContextCompacted, Event, Problem

from .fakes import Piece, Scripted, Store, call, check_history, check_request, say


class Life:
    """Turns of one agent with one model."""

    def __init__(self, *scripts: Any, window: int = 8192, offline: bool = False) -> None:
        self.store = Store()
        self.model = Scripted([*scripts], context_window=window, offline=offline)
        self.calibration = Calibration()
        self.events: list[Event] = []

    async def turn(self, text: str) -> TurnReply:
        emit, request = self.events.append, TurnRequest(text=text)
        turn = Turn(self.store, self.model, emit, request, calibration=self.calibration)
        return await turn.run()

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def rows(self, kind: str) -> list[str]:
        return [row.text for row in self.store.rows if row.kind == kind]


async def test_warned_once_then_summarised_with_what_the_agent_said() -> None:
    life = Life(say("my answer " * 30))
    warned_at = summarised_at = 0
    for number in range(40):
        assert (await life.turn(f"message {number} " + "words " * 60)).status == "done"
        if not warned_at and life.rows("alert"):
            warned_at = number
            parts = life.of(ContextChanged)[-1].parts
            assert sum(parts.values()) > 0.75 * 8192
            assert [event.warned for event in life.of(ContextChanged)].count(True) == 1
            shown = [
                m["content"] for m in life.model.requests[-1] if MEMORY_WARNING in m["content"]
            ]
            assert len(shown) == 1
        if not summarised_at and life.rows("summary"):
            summarised_at = number
            assert life.rows("alert") == [MEMORY_WARNING]
        if life.rows("summary"):  # what it used is part of the turn's
            ended = [event.usage for event in life.events if event.type == "turn.ended"]
            assert ended[summarised_at].prompt_tokens == 60
    assert 0 < warned_at < summarised_at
    asked = life.model.summaries[0][-1]["content"]
    assert "The user said" in asked
    assert "message 0 words" in asked
    assert "I said" in asked
    assert "my answer" in asked
    sent = life.model.requests[-1]
    check_request(sent)
    note = json.loads(sent[1]["content"])["message"]
    assert "Your summary of them:\nWe talked." in note
    compacted = life.of(ContextCompacted)
    assert compacted[0].summary == "We talked."
    assert compacted[0].problem == ""
    if len(life.model.summaries) > 1:  # the old summary goes into the new one
        assert "Your summary so far:\nWe talked." in life.model.summaries[1][-1]["content"]
    check_history([row for row in life.store.rows if row.kind not in ("summary", "alert")])
    for event in life.of(ContextChanged):
        assert sum(event.parts.values()) <= 8192 - 1024


async def test_every_eviction_is_warned_of() -> None:
    life = Life(say("fine " * 250), window=8192)
    for number in range(30):
        await life.turn(f"message {number} " + "words " * 420)
    order = [row.kind for row in life.store.rows if row.kind in ("alert", "summary")]
    assert order.count("summary") >= 3
    assert all(order[n - 1] == "alert" for n, kind in enumerate(order) if kind == "summary")


async def test_summaries_are_recursive() -> None:
    life = Life(say("fine"), window=4096)
    for number in range(30):
        life.model.summary = f"Summary number {len(life.model.summaries)}."
        await life.turn(f"message {number} " + "words " * 100)
    assert len(life.model.summaries) >= 3
    for number, asked in enumerate(life.model.summaries[1:]):
        assert f"Your summary so far:\nSummary number {number}." in asked[-1]["content"]
    shown = [row for row in await life.store.in_context() if row.kind == "summary"]
    assert [row.text for row in shown] == life.rows("summary")[-1:]


async def test_the_offline_reader_is_never_warned_nor_asked_to_summarise() -> None:
    life = Life(say("An answer. " * 40), offline=True)
    for number in range(30):
        await life.turn(f"Question {number}? " + "words " * 60)
    assert not life.rows("alert")
    assert not life.model.summaries
    summary = life.rows("summary")[-1]
    assert "The user said" in summary
    assert "I said" in summary
    assert not life.of(Problem)
    assert not life.of(ContextCompacted)[-1].problem


@pytest.mark.parametrize("failure", [ModelError("The quota is used up."), ""])
async def test_a_failing_summary_falls_back_and_says_so(failure: Any) -> None:
    life = Life(say("I promise to water the plants."), window=4096)
    life.model.summary = failure
    for number in range(12):
        reply = await life.turn(f"message {number} " + "words " * 100)
        assert reply.status == "done"
    (problem, *_) = [event.problem for event in life.of(ContextCompacted)]
    assert "summarised without the model" in problem
    assert str(failure) in problem
    assert problem in life.rows("note")
    assert "I promise to water the plants." in life.rows("summary")[0]
    assert problem not in json.dumps(life.model.requests[-1])


async def test_a_long_past_is_summarised_in_pieces_that_fit() -> None:
    life = Life(say("ok " * 150), window=128_000)
    for number in range(150):
        await life.turn(f"m{number} " + "words " * 200)
    assert not life.model.summaries
    life.model.context_window = 4096
    assert (await life.turn("and now?")).status == "done"
    assert 2 <= len(life.model.summaries) <= 8
    for asked in life.model.summaries:
        size = dot(PRIOR, add(*map(message_features, asked)))
        assert size < 4096 - 512
    said = json.dumps(life.model.summaries)
    assert "m0 " in said
    assert "m140 " in said


def returned(life: Life) -> Any:
    """What the first call of the last turn returned, as the model saw it."""
    result = next(m for m in reversed(life.model.requests[1]) if m["role"] == "tool")
    return json.loads(result["content"])["message"]


OVERFLOW = "This model's maximum context length is {} tokens. You requested 7000 tokens."


class Limited(Scripted):
    """Has a smaller window than it is thought to have, and counts as `PRIOR` does."""

    def __init__(self, real: int, stated: bool) -> None:
        super().__init__([say("ok")], context_window=16_000)
        self.real, self.stated = real, stated
        self.refused = self.told = 0

    async def stream(self, messages: Any, tools: Any) -> Any:
        size = dot(PRIOR, add(tools_features(tools), *map(message_features, messages)))
        if size > self.real:
            self.refused += 1
            told = self.told or (self.real if self.stated else 0)
            raise ContextOverflowError(OVERFLOW.format(self.real), told)
        async for piece in super().stream(messages, tools):
            yield piece


@pytest.mark.parametrize("stated", [True, False])
async def test_a_window_smaller_than_thought_is_learned(stated: bool) -> None:
    life = Life()
    life.model = model = Limited(4200, stated)
    for number in range(25):
        reply = await life.turn(f"message {number} " + "words " * 100)
        assert reply.status == "done", reply.problem
    assert life.calibration.limit == (4200 if stated else 4000)
    assert model.refused <= 3  # learned once
    (problem, *_) = life.of(Problem)
    assert "smaller context window" in problem.text
    assert life.rows("summary")


async def test_a_provider_that_counts_more_than_is_thought() -> None:
    life = Life(window=8192)
    life.model = model = Limited(6000, stated=True)
    life.model.context_window = 8192
    model.told = 8192  # it states the window, and counts a third more
    for number in range(30):
        reply = await life.turn(f"message {number} " + "words " * 100)
        assert reply.status == "done", reply.problem
    assert life.calibration.limit == 8192 * 4 // 5
    assert model.refused == 1


async def test_an_overflow_without_end_ends_with_a_sentence() -> None:
    life = Life(ContextOverflowError("It does not fit."), window=64_000)
    reply = await life.turn("hello")
    assert reply.status == "failed"
    assert reply.problem.startswith("It does not fit. The conversation was shortened 3 times")
    assert len(life.model.requests) == 4
    assert life.store.rows[0].text == "hello"


async def test_an_unknown_window_is_said_once() -> None:
    life = Life(say("ok"))
    life.model.window_known = False
    await life.turn("one")
    await life.turn("two")
    (problem,) = life.of(Problem)
    assert "8,192 tokens are assumed" in problem.text


async def test_a_long_message_is_read_page_by_page() -> None:
    """What the window has no room for is shortened, and the mark says how to get the rest."""
    secret = "The word is heliotrope."
    pasted = "Look. " + "blah " * 20_000 + secret + " blah" * 20_000 + " What is the word?"
    read = {"query": "message:1", "page": 1, "request_heartbeat": True}
    life = Life(call("conversation_search", read), say("ok"), window=4096)
    await life.turn(pasted)
    first = json.loads(life.model.requests[0][1]["content"])["message"]
    assert "read all of it with conversation_search, query message:1" in first
    result = returned(life)
    last = int(result["showing"].split("the last is page ")[1].rstrip(")"))
    assert "of 200," in result["showing"]
    store = life.store
    text = ""
    for page in range(last + 1):
        life.model.scripts = [call("conversation_search", {**read, "page": page}), say("ok")]
        life.model.requests.clear()
        await life.turn("go on")
        shown = returned(life)
        assert "shortened" not in shown
        text += shown["text"]
        if page == 2:
            break
    assert pasted.startswith(text)
    assert store.rows[0].text == pasted


async def test_usage_that_makes_no_sense_is_ignored() -> None:
    life = Life([Piece(content="hi", usage=None)])
    await life.turn("one")
    before = life.of(ContextChanged)[-1].parts
    life.model.scripts = [say("ok")]  # the fakes report 10 tokens
    await life.turn("two")
    await life.turn("three")
    assert sum(life.of(ContextChanged)[-1].parts.values()) > sum(before.values())
