"""A turn is cancelled at every await there is, one after the other."""

import asyncio
import time
from typing import Any

import pytest

from memtui.agent.loop import Turn
from memtui.api.agents import TurnReply, TurnRequest
from memtui.api.events import Event

from .fakes import FixedClock, Scripted, Store, calls, check_history, check_request, say

BOUND = 1.0  # seconds; it is under 0.2 on a machine that is not busy with other tests

SCRIPTS = [
    calls(
        ("archival_memory_insert", {"content": "x"}),
        ("send_message", {"message": "See [paper p. 1]."}),
        ("archival_memory_search", {"query": "memory", "request_heartbeat": True}),
    ),
    say("Done."),
]


class Rehearsal:
    """Runs the turn; at await number `at` the turn is cancelled, or everything stalls for ever."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.count, self.name = at, 0, ""
        self.store = Store()
        self.store.load("paper", ["memory"])
        self.model = Scripted(list(SCRIPTS))
        self.store.gate = self.model.gate = self.gate
        self.events: list[Event] = []
        self.task: asyncio.Task[TurnReply] | None = None
        self.turn = Turn(
            self.store, self.model, self.events.append, TurnRequest(text="Hi"), clock=FixedClock()
        )

    async def gate(self, name: str) -> None:
        self.count += 1
        if self.count - 1 == self.at:
            self.name = name
            assert self.task is not None
            self.task.cancel()
        await asyncio.sleep(0)

    async def run(self) -> TurnReply:
        self.task = asyncio.create_task(self.turn.run())
        return await self.task


async def awaits() -> int:
    rehearsal = Rehearsal()
    reply = await rehearsal.run()
    assert reply.reply == "See [paper p. 1].\n\nDone."
    return rehearsal.count


async def test_at_every_await() -> None:
    total = await awaits()
    assert total >= 35
    places = set()
    for at in range(total):
        rehearsal = Rehearsal(at)
        begun = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await rehearsal.run()
        assert time.perf_counter() - begun < BOUND
        places.add(rehearsal.name)
        await rehearsal.turn.settled()  # a busy machine writes the note later than it says so
        reply = rehearsal.turn.reply()
        rows = rehearsal.store.rows
        check_history(rows)
        assert reply.status == "cancelled"
        assert rows[0].text == "Hi"
        assert (rows[-1].kind, rows[-1].text) == ("note", "The turn was interrupted.")
        assert [row.kind for row in rows].count("note") == 1
        said = [row.text for row in rows if row.kind == "assistant" and row.text]
        assert reply.reply == "\n\n".join(said)
        announced = [event.text for event in rehearsal.events if event.type == "message.said"]
        assert announced == said
        ended = rehearsal.events[-1]
        assert ended.type == "turn.ended"
        assert ended.status == "cancelled"
        await next_turn_works(rehearsal.store)
    assert {"append", "chunk", "agent", "insert_archival", "search_archive", "shown"} <= places


async def next_turn_works(store: Store) -> None:
    store.gate = None
    model = Scripted([say("Still here.")])
    reply = await Turn(store, model, lambda event: None, TurnRequest(text="And now?")).run()
    assert reply.reply == "Still here."
    check_request(model.requests[0])


@pytest.mark.parametrize("stalls", ["append", "chunk", "search_archive", "agent", "fold"])
async def test_whatever_hangs_is_left_within_200_ms(stalls: str) -> None:
    rehearsal = Rehearsal()
    stalled, go = asyncio.Event(), asyncio.Event()
    skip = 1 if stalls == "append" else 0  # the first append is the user's message

    async def gate(name: str) -> None:
        nonlocal skip
        if name == stalls and not go.is_set():
            if skip:
                skip -= 1
                return
            stalled.set()
            await go.wait()

    rehearsal.store.gate = rehearsal.model.gate = gate
    if stalls == "fold":
        await long_history(rehearsal.store)
    task = asyncio.create_task(rehearsal.run())
    await asyncio.wait_for(stalled.wait(), 10)
    begun = time.perf_counter()
    assert rehearsal.task is not None
    rehearsal.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - begun < BOUND
    go.set()  # the disk wakes up: what was under way is kept, in order, then the note
    for _ in range(200):
        if rehearsal.store.rows[-1].kind == "note":
            break
        await asyncio.sleep(0.01)
    kinds = [row.kind for row in rehearsal.store.rows if row.turn_id == rehearsal.turn.id]
    check_history(rehearsal.store.rows)
    assert kinds[0] == "user"
    assert kinds[-1] == "note"
    if stalls == "append":
        assert kinds == ["user", *["assistant", "tool"] * 3, "note"]
    if stalls == "search_archive":  # the calls of the step that were complete
        assert kinds == ["user", *["assistant", "tool"] * 2, "note"]


async def long_history(store: Store) -> None:
    from memtui.agent.ports import NewMessage

    gate, store.gate = store.gate, None
    for number in range(40):
        await store.append(f"old{number}", [NewMessage(kind="user", text="word " * 1000)])
    store.gate = gate


async def test_cancelled_twice() -> None:
    rehearsal = Rehearsal(20)

    async def again() -> None:
        while rehearsal.task is None or not rehearsal.task.cancelling():
            await asyncio.sleep(0)
        rehearsal.task.cancel()

    other: asyncio.Task[Any] = asyncio.create_task(again())
    with pytest.raises(asyncio.CancelledError):
        await rehearsal.run()
    await other
    await asyncio.sleep(0.05)
    check_history(rehearsal.store.rows)
    assert rehearsal.store.rows[-1].kind == "note"
