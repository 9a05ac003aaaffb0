"""The store alone: events in, data out."""

from typing import Any

from memtui.api.agents import INTERRUPTED, MEMORY_WARNING, Message, ToolCall
from memtui.api.events import (
    AgentChanged,
    AnswerRestarted,
    ContextChanged,
    HistoryChanged,
    JobProgress,
    MemoryEdited,
    MessageDelta,
    MessageSaid,
    Problem,
    Resync,
    SourceChanged,
    ThoughtDelta,
    ToolReturned,
    TurnEnded,
    TurnStarted,
    TurnWaiting,
)
from memtui.api.library import Job
from memtui.tui import history
from memtui.tui.conversation import PRESSURE, Item
from memtui.tui.store import Store
from tests.tui.scripted import HITS, NOW, QUESTION, REPLY, THOUGHT, agent, turn_events


def store() -> Store:
    made = Store()
    made.agent = agent()
    return made


def test_a_turn_becomes_items_and_blocks() -> None:
    s = store()
    changes = s.apply(turn_events())
    assert [item.kind for item in s.items] == ["you", "agent", "activity"]
    assert s.items[0].text == QUESTION
    assert s.items[1].text == REPLY
    assert not s.items[1].live
    assert [c.verified for c in s.items[1].citations] == [True, True, False]
    assert [block.kind for block in s.blocks] == ["thought", "tool", "thought"]
    assert s.blocks[0].text == THOUGHT
    assert s.blocks[1].hits == HITS
    assert s.blocks[1].total == 37
    assert all(block.done for block in s.blocks)
    assert s.turn is None
    assert changes.ended == "t1"
    assert s.window == 8192


def test_events_one_by_one_are_the_same_as_at_once() -> None:
    one, many = store(), store()
    one.apply(turn_events())
    for event in turn_events():
        many.apply([event])
    assert [(i.key, i.text) for i in one.items] == [(i.key, i.text) for i in many.items]
    assert [(b.key, b.text) for b in one.blocks] == [(b.key, b.text) for b in many.blocks]


def test_events_of_another_agent_change_nothing() -> None:
    s = store()
    s.apply([TurnStarted(agent_id="other", turn_id="x", text="hello")])
    assert not s.items
    assert s.turn is None


def test_an_answer_that_begins_anew_is_not_shown_twice() -> None:
    s = store()
    ids = {"agent_id": "a1", "turn_id": "t1"}
    s.apply([TurnStarted(**ids, text="Q"), TurnWaiting(**ids, step=0, text="Too many: 3 s")])
    assert s.turn is not None
    assert s.turn.doing == "Too many: 3 s"
    s.apply([ThoughtDelta(**ids, step=0, text="Hm"), MessageDelta(**ids, step=0, text="Hel")])
    s.apply([AnswerRestarted(**ids, step=0), MessageDelta(**ids, step=0, text="Hello")])
    assert [item.text for item in s.items] == ["Q", "Hello"]
    s.apply([ThoughtDelta(**ids, step=0, text="Hm!"), MessageSaid(**ids, step=0, text="Hello")])
    assert [item.text for item in s.items] == ["Q", "Hello"]
    assert [block.text for block in s.blocks] == ["Hm!"]


def test_an_own_message_is_not_shown_twice() -> None:
    s = store()
    s.add_item(Item("mine1", "you", QUESTION, turn="mine"))
    s.apply(turn_events())
    assert [item.kind for item in s.items].count("you") == 1


def test_a_message_already_read_from_the_record_is_not_shown_twice() -> None:
    s = store()
    s.add_item(Item("m1", "agent", "hello", turn="t1"))
    s.apply([MessageSaid(agent_id="a1", turn_id="t1", step=3, text="hello")])
    assert len(s.items) == 1


def test_queued_messages_stay_last() -> None:
    s = store()
    s.add_item(Item("q", "you", "later", state="queued"))
    s.apply(turn_events())
    assert s.items[-1].text == "later"


def test_an_earlier_turn_folds_when_the_next_begins() -> None:
    s = store()
    s.apply(turn_events())
    assert not any(block.folded for block in s.blocks)
    s.apply([TurnStarted(agent_id="a1", turn_id="t2", text="more")])
    assert all(block.folded for block in s.blocks)


def test_a_failed_turn_says_why_in_the_conversation() -> None:
    s = store()
    s.apply([
        TurnStarted(agent_id="a1", turn_id="t", text="hi"),
        TurnEnded(agent_id="a1", turn_id="t", status="failed", problem="The key is wrong."),
    ])  # fmt: skip
    assert (s.items[-1].kind, s.items[-1].text) == ("problem", "The key is wrong.")


def test_what_has_to_be_asked_again() -> None:
    s = store()
    assert s.apply([SourceChanged(source_id="s9")]).ask == {"sources"}
    assert s.apply([AgentChanged(agent_id="a1")]).ask == {"agent"}
    assert s.apply([AgentChanged(agent_id="other")]).ask == set()
    assert s.apply([Resync()]).ask == {"all"}
    assert s.apply([Problem(text="The disk is full.")]).problems == ["The disk is full."]
    done = Job(id="j", state="done", created_at=NOW)
    assert s.apply([JobProgress(job=done)]).ask == {"sources"}


def test_memory_edits_are_blocks() -> None:
    s = store()
    edit = MemoryEdited(
        agent_id="a1", label="human", before="Ada", after="Ada L.", author="agent", version=1
    )
    s.apply([edit, edit])
    assert [(b.kind, b.title, b.before, b.text) for b in s.blocks] == [
        ("memory", "human", "Ada", "Ada L.")
    ] * 2


def test_history_pairs_calls_with_their_results() -> None:
    call = ToolCall(id="c1", name="archival_memory_search", arguments={"query": "x"})
    say = ToolCall(id="c2", name="send_message", arguments={"message": "hi"})
    common: dict[str, Any] = {"agent_id": "a1", "turn_id": "t", "created_at": NOW}
    found: dict[str, Any] = {"hits": HITS, "total": 9, "ms": 3}
    messages = [
        Message(id=1, kind="user", text="q", **common),
        Message(id=2, kind="assistant", thought="hm", tool=call, **common),
        Message(id=3, kind="tool", tool_call_id="c1", text="{}", **found, **common),
        Message(id=4, kind="assistant", thought="ah", tool=say, text="hi", **common),
        Message(id=5, kind="tool", tool_call_id="c2", text="{}", **common),
        Message(id=6, kind="alert", text=MEMORY_WARNING, **common),
        Message(id=7, kind="alert", text="The user attached a source.", **common),
    ]
    items, blocks = history.unfold(messages)
    assert [(i.kind, i.text) for i in items] == [("you", "q"), ("agent", "hi"), ("activity", "")]
    assert [b.kind for b in blocks] == ["thought", "tool", "thought", "event", "event"]
    assert [b.title for b in blocks[-2:]] == [PRESSURE, "note to the agent"]
    assert blocks[1].hits == HITS
    assert items[2].block == blocks[1].key


def test_memory_pressure_is_told_as_it_comes() -> None:
    s = store()
    context: dict[str, Any] = {"agent_id": "a1", "parts": {"messages": 9}, "window": 10}
    s.apply([ContextChanged(**context), ContextChanged(**context, warned=True)])
    assert [block.title for block in s.blocks] == [PRESSURE]


def test_tools_stand_under_the_message_they_led_to_live_and_read_again() -> None:
    """Wherever a page of the history ends, and also when an answer begins anew."""
    ids: dict[str, Any] = {"agent_id": "a1", "turn_id": "t"}
    common: dict[str, Any] = {**ids, "created_at": NOW}
    s, rows = store(), [Message(id=1, kind="user", text="q", **common)]
    s.apply([TurnStarted(**ids, text="q")])
    for step, said in enumerate(["", "", "A", "", "B", ""]):
        tool = "send_message" if said else f"tool{step}"
        call = ToolCall(id=tool, name=tool)
        rows.append(Message(id=2 * step + 2, kind="assistant", tool=call, text=said, **common))
        rows.append(Message(id=2 * step + 3, kind="tool", tool_call_id=tool, **common))
        if said:
            s.apply([MessageDelta(**ids, step=step, text="?"), AnswerRestarted(**ids, step=step)])
            s.apply([MessageDelta(**ids, step=step, text=said)])
            s.apply([MessageSaid(**ids, step=step, text=said)])
        s.apply([ToolReturned(**ids, step=step, tool=tool, ok=True, result="")])
    s.apply([TurnEnded(**ids, status="done")])

    def told(s: Store) -> list[str]:
        blocks = [s.block(item.block) for item in s.items]
        return [
            item.text or (block.title if block else "")
            for item, block in zip(s.items, blocks, strict=True)
        ]

    assert told(s) == ["q", "A", "tool0", "tool1", "B", "tool3", "tool5"]
    for cut in range(1, len(rows) + 1, 2):  # a call and its result come together
        again = store()
        again.replace(*history.unfold(rows[cut:]))
        again.prepend(*history.unfold(rows[:cut]))
        assert told(again) == told(s), cut


def test_how_a_turn_ended_is_restored_from_the_history() -> None:
    common: dict[str, Any] = {"agent_id": "a1", "turn_id": "t", "created_at": NOW, "kind": "note"}
    messages = [
        Message(id=1, text="The user attached a source.", **common),
        Message(id=2, text=INTERRUPTED, **common),
        Message(id=3, text="The key is wrong.", ok=False, **common),
    ]
    items, blocks = history.unfold(messages)
    assert [(i.kind, i.text) for i in items] == [
        ("note", "Stopped."), ("problem", "The key is wrong.")
    ]  # fmt: skip
    assert len(blocks) == 3


def test_a_history_read_again_while_the_turn_that_follows_speaks() -> None:
    """However the reading and the events of that turn mix, each thing is there once."""
    events = turn_events(turn="t2")
    rows = [
        Message(id=1, agent_id="a1", turn_id="t0", kind="assistant", text="Hello!",
                created_at=NOW),
        Message(id=7, agent_id="a1", turn_id="t2", kind="user", text=QUESTION, created_at=NOW),
        Message(id=8, agent_id="a1", turn_id="t2", kind="assistant", thought=THOUGHT,
                tool=ToolCall(id="c", name="archival_memory_search"), created_at=NOW),
    ]  # fmt: skip
    for read_after in range(len(events) + 1):
        for seen in (1, 2, 3):  # rows that are committed when the messages are read
            s = store()
            s.apply(turn_events(turn="t1"))
            changes = s.apply([HistoryChanged(agent_id="a1", turn_id="t2")])
            assert changes.ask == {"history"}
            s.apply(events[:read_after])
            s.replace(*history.unfold(rows[:seen]), s.live())
            s.apply(events[read_after:])
            assert [item.text for item in s.items] == ["Hello!", QUESTION, REPLY, ""]
            assert [block.kind for block in s.blocks] == ["thought", "tool", "thought"]
            assert s.blocks[0].text == THOUGHT
    s = store()  # another terminal's turn begins while this one reads
    s.apply([HistoryChanged(agent_id="a1")])
    s.replace(*history.unfold(rows), s.live())
    s.apply(events)
    assert [item.text for item in s.items] == ["Hello!", QUESTION, REPLY, ""]
    assert [block.kind for block in s.blocks] == ["thought", "tool", "thought"]
    s.apply([HistoryChanged(agent_id="a1")])
    assert s.live() == frozenset()
    assert s.apply([HistoryChanged(agent_id="another")]).ask == set()


def test_why_a_turn_failed_stays_when_its_history_is_read_again() -> None:
    s = store()
    s.apply([HistoryChanged(agent_id="a1", turn_id="t2")])
    ids: dict[str, Any] = {"agent_id": "a1", "turn_id": "t2"}
    s.apply([TurnStarted(**ids, text=QUESTION), TurnEnded(**ids, status="failed", problem="No.")])
    s.replace([], [], s.live())
    assert [(i.kind, i.text) for i in s.items] == [("you", QUESTION), ("problem", "No.")]
