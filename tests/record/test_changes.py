"""Changes of memory and history: each is undone, and nothing is erased."""

from pathlib import Path

import pytest

from memtui.api.agents import Agent, Block, ToolCall, Usage
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.record import NewMessage, Record
from memtui.record.agents import spend
from tests.record.conftest import terms


@pytest.fixture
def record(path: Path) -> Record:
    made = Record(path, terms)
    made.open()
    yield made
    made.close()


@pytest.fixture
def agent(record: Record) -> Agent:
    blocks = [Block(label="persona", value="I am."), Block(label="human", value="Ada.", limit=20)]
    return record.agents.create("Otter", "p", "h", blocks=blocks, system="Be kind.")


def talk(record: Record, agent: Agent, turn: str, question: str, answer: str) -> list[int]:
    call = ToolCall(id=f"c{turn}", name="send_message", arguments={"message": answer})
    rows = record.messages.append(
        agent.id,
        turn,
        [
            NewMessage(kind="user", text=question, recall=question),
            NewMessage(kind="assistant", text=answer, tool=call, recall=answer),
            NewMessage(kind="tool", tool_call_id=call.id, text="{}"),
        ],
    )
    return [row.id for row in rows]


def said(record: Record, agent: Agent) -> list[str]:
    return [message.text for message in record.messages.page(agent.id)]


def found(record: Record, agent: Agent, word: str) -> int:
    return len(record.passages.text_search([f"recall_{agent.id}"], [word], 10))


def test_popped_messages_are_out_of_everything_until_that_is_undone(
    record: Record, agent: Agent
) -> None:
    talk(record, agent, "a", "apples", "pears")
    talk(record, agent, "b", "grapes", "plums")
    before = record.messages.page(agent.id)
    assert record.history.pop(agent.id, 3) == 3
    assert said(record, agent) == ["apples", "pears", "{}"]
    assert [m.text for m in record.messages.in_context(agent.id)] == ["apples", "pears", "{}"]
    assert record.messages.count(agent.id) == 3
    assert not found(record, agent, "grapes")
    (change,) = record.changes.undo(agent.id)
    assert change.undone_at is not None
    assert record.messages.page(agent.id) == before
    assert found(record, agent, "grapes") == found(record, agent, "plums") == 1
    with pytest.raises(NotFoundError, match="nothing to undo"):
        record.changes.undo(agent.id)
    with pytest.raises(UsageError, match="undone already"):
        record.changes.undo(agent.id, change.id)


def test_a_call_goes_with_its_result(record: Record, agent: Agent) -> None:
    talk(record, agent, "a", "apples", "pears")
    assert record.history.pop(agent.id, 1) == 2
    assert said(record, agent) == ["apples"]


def test_nothing_to_pop_is_said(record: Record, agent: Agent) -> None:
    with pytest.raises(UsageError, match="no messages"):
        record.history.pop(agent.id, 3)


def test_a_revised_message_stands_in_its_place(record: Record, agent: Agent) -> None:
    talk(record, agent, "a", "apples", "pears")
    message = record.messages.page(agent.id)[1]
    record.history.revise(
        agent.id, message.model_copy(update={"text": "quinces"}), "The reply was rewritten."
    )
    assert said(record, agent) == ["apples", "quinces", "{}"]
    assert found(record, agent, "quinces")
    assert not found(record, agent, "pears")
    record.changes.undo(agent.id)
    assert said(record, agent) == ["apples", "pears", "{}"]
    assert found(record, agent, "pears")
    assert not found(record, agent, "quinces")


def test_undoing_a_retry_takes_its_new_turn_out(record: Record, agent: Agent) -> None:
    first, *_ = talk(record, agent, "a", "apples", "pears")
    record.history.cut(agent.id, first, "The message was sent again.", "b")
    talk(record, agent, "b", "apples", "medlars")
    assert said(record, agent) == ["apples", "medlars", "{}"]
    record.changes.undo(agent.id)
    assert said(record, agent) == ["apples", "pears", "{}"]


def test_what_drew_on_a_deleted_source_is_not_found_when_it_comes_back(
    record: Record, agent: Agent
) -> None:
    source = record.sources.create("papers")
    record.messages.append(
        agent.id,
        "a",
        [NewMessage(kind="assistant", text="secret", recall="secret", source_ids=[source.id])],
    )
    record.history.pop(agent.id, 1)
    record.sources.delete(source.id)
    record.changes.undo(agent.id)
    assert said(record, agent) == ["secret"]
    assert not found(record, agent, "secret")


def test_a_summary_undone_brings_the_messages_back(record: Record, agent: Agent) -> None:
    ids = talk(record, agent, "a", "apples", "pears")
    (summary,) = record.messages.append(agent.id, "s", [NewMessage(kind="summary", text="fruit")])
    record.history.summarised(agent.id, summary.id, ids)
    assert [m.text for m in record.messages.in_context(agent.id)] == ["fruit"]
    record.changes.undo(agent.id)
    assert [m.text for m in record.messages.in_context(agent.id)] == ["apples", "pears", "{}"]


def test_memory_edits_after_reading_are_undone_together(record: Record, agent: Agent) -> None:
    record.blocks.edit(agent.id, "human", "Bob.", "agent", "t", after_reading=True)
    record.blocks.edit(agent.id, "human", "Eve.", "agent", "t", after_reading=True)
    record.passages.add_to_scope(f"agent_{agent.id}", "evil", turn_id="t", after_reading=True)
    assert len(record.changes.undo(agent.id)) == 3
    assert record.blocks.list(agent.id)[1].value == "Ada."
    assert record.agents.get(agent.id).archival == 0
    assert record.blocks.versions(agent.id)[0].after == "Ada."


def test_an_older_edit_is_not_undone_over_a_newer_one(record: Record, agent: Agent) -> None:
    record.blocks.edit(agent.id, "human", "Bob.", "agent")
    record.blocks.edit(agent.id, "human", "Eve.", "agent")
    _, older = record.changes.list(agent.id)
    with pytest.raises(ConflictError, match="has changed since"):
        record.changes.undo(agent.id, older.id)
    version = record.blocks.versions(agent.id)[-1]
    record.blocks.restore(agent.id, version.id)
    assert record.blocks.list(agent.id)[1].value == "Bob."


def test_blocks_are_added_renamed_resized_deleted_and_all_of_it_undone(
    record: Record, agent: Agent
) -> None:
    before = record.blocks.list(agent.id)
    record.blocks.add(agent.id, Block(label="project", value="A book.", limit=100))
    record.blocks.change(agent.id, "human", name="user", limit=50)
    record.blocks.edit(agent.id, "user", "Ada Lovelace, a countess.", "agent")
    record.blocks.delete(agent.id, "persona")
    assert [(b.label, b.limit) for b in record.blocks.list(agent.id)] == [
        ("user", 50),
        ("project", 100),
    ]
    with pytest.raises(ConflictError):
        record.blocks.add(agent.id, Block(label="user", value=""))
    with pytest.raises(UsageError, match="at most 3"):
        record.blocks.change(agent.id, "user", limit=3)
    for _ in range(4):
        record.changes.undo(agent.id)
    assert record.blocks.list(agent.id) == before


def test_the_system_prompt_comes_back(record: Record, agent: Agent) -> None:
    record.history.set_system(agent.id, "Be brief.")
    assert record.agents.system(agent.id) == "Be brief."
    record.changes.undo(agent.id)
    assert record.agents.system(agent.id) == "Be kind."


def test_a_fork_remembers_the_same_and_goes_its_own_way(record: Record, agent: Agent) -> None:
    talk(record, agent, "a", "apples", "pears")
    talk(record, agent, "b", "grapes", "plums")
    record.history.pop(agent.id, 3)
    record.passages.add_to_scope(f"agent_{agent.id}", "a stored memory")
    source = record.sources.create("papers")
    record.agents.attach(agent.id, source.id)
    with record.write() as connection:
        spend(connection, agent.id, Usage(prompt_tokens=7, cost=0.5))
    copy = record.history.fork(agent.id, "Heron")
    assert copy.usage == Usage()
    assert said(record, copy) == said(record, agent) == ["apples", "pears", "{}"]
    assert found(record, copy, "pears")
    assert copy.archival == 1
    assert [one.name for one in copy.sources] == ["papers"]
    record.blocks.edit(copy.id, "human", "Bob.", "user")
    record.history.pop(copy.id, 3)
    assert said(record, agent) == ["apples", "pears", "{}"]
    assert record.blocks.list(agent.id)[1].value == "Ada."
    with pytest.raises(ConflictError):
        record.history.fork(agent.id, "Heron")


def test_what_was_changed_again_is_undone_in_order(record: Record, agent: Agent) -> None:
    talk(record, agent, "a", "apples", "pears")
    before = said(record, agent)
    message = record.messages.page(agent.id)[0]
    record.history.cut(agent.id, message.id, "Sent again.", "b")
    talk(record, agent, "b", "apples", "quinces")
    reply = record.messages.page(agent.id)[1]
    for text in ("plums", "grapes"):
        reply = record.messages.page(agent.id)[1]
        record.history.revise(agent.id, reply.model_copy(update={"text": text}), "Rewritten.")
    record.history.pop(agent.id, 9)
    again, first, second, popped = reversed(record.changes.list(agent.id))
    for change in (again, first, second):
        with pytest.raises(ConflictError, match=r"changed since: .*\. Undo that first"):
            record.changes.undo(agent.id, change.id)
    for change, text in ((popped, "grapes"), (second, "plums"), (first, "quinces")):
        record.changes.undo(agent.id, change.id)
        assert said(record, agent) == ["apples", text, "{}"]
    record.changes.undo(agent.id, again.id)
    assert said(record, agent) == before
    record.history.set_system(agent.id, "Be quick.")
    record.history.set_system(agent.id, "Be slow.")
    quick = record.changes.list(agent.id)[1]
    with pytest.raises(ConflictError, match="system prompt has changed since"):
        record.changes.undo(agent.id, quick.id)
