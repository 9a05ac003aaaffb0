"""Edits of core memory in the mind after an agent was opened again: as they were seen live."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from memtui.api.agents import Edit, Message, ToolCall
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.tui import history
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import Block
from memtui.tui.mind.drawing import block_lines
from memtui.tui.widgets.mind import Mind
from tests import homes
from tests.tui.conftest import WIDE, until

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def message(number: int, turn: str, kind: str, **fields: object) -> Message:
    at = THEN + timedelta(minutes=number)
    given = {"id": number, "agent_id": "a", "turn_id": turn, "kind": kind, "created_at": at}
    return Message.model_validate(given | fields)


def edit(number: int, turn: str, minutes: float, label: str = "human", **fields: object) -> Edit:
    at = THEN + timedelta(minutes=minutes)
    given = {
        "id": number, "label": label, "before": "Ann.", "after": f"Ann, {number}.",
        "author": "agent" if turn else "user", "created_at": at, "turn_id": turn,
    }  # fmt: skip
    return Edit.model_validate(given | fields)


def call(number: int, turn: str, label: str, ok: bool = True) -> list[Message]:
    arguments = {"name": label, "content": "more"}
    tool = ToolCall(id=f"c{number}", name="core_memory_append", arguments=arguments)
    return [
        message(number, turn, "assistant", thought="I keep it.", tool=tool),
        message(number + 1, turn, "tool", tool_call_id=f"c{number}", text="OK", ok=ok),
    ]


def kinds(blocks: list[Block]) -> list[str]:
    return [f"{block.kind} {block.edit}" if block.edit else block.kind for block in blocks]


def test_each_edit_stands_behind_the_call_that_made_it() -> None:
    messages = [
        message(1, "t1", "user", text="I am Ann."),
        *call(2, "t1", "human", ok=False),
        *call(4, "t1", "persona"),
        *call(6, "t1", "human"),
        *call(8, "t1", "human"),
        message(20, "t2", "heartbeat", text="…"),
    ]
    edits = [
        edit(1, "", 0),
        edit(2, "t1", 3.9, "persona", after_reading=True),
        edit(3, "t1", 5.9),
        edit(4, "t1", 7.9, undone=True),
        edit(5, "", 12),
        edit(6, "", 30),
    ]
    _, blocks = history.unfold(messages, edits)
    tool = ["thought", "tool"]
    assert kinds(blocks) == [
        "memory 1", *tool, *tool, "memory 2", *tool, "memory 3", *tool, "memory 4",
        "memory 5", "event", "memory 6",
    ]  # fmt: skip
    by_edit = {block.edit: block for block in blocks if block.edit}
    assert by_edit[2].flagged
    assert by_edit[4].undone
    assert (by_edit[3].before, by_edit[3].text) == ("Ann.", "Ann, 3.")


def test_an_edit_whose_call_is_not_read_stands_at_the_end_of_its_turn() -> None:
    messages = [message(1, "t1", "heartbeat"), message(2, "t2", "heartbeat")]
    _, blocks = history.unfold(messages, [edit(1, "t1", 0), edit(2, "t0", 0)])
    assert kinds(blocks) == ["memory 2", "event", "memory 1", "event"]


async def test_an_edit_is_a_diff_after_reopening_and_u_takes_it_back(fresh: Path) -> None:
    agent = await homes.add_agent("Keeper", [])
    async with Client() as client:
        (human,) = [b for b in (await client.agent(agent)).blocks if b.label == "human"]
        new = BlockChange(value=f"{human.value} Likes herons.")
        await client.change_block(agent, "human", new)
    app = MemtuiApp(agent)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        await until(pilot, lambda: [b for b in app.store.blocks if b.kind == "memory"])
        (block,) = [block for block in app.store.blocks if block.kind == "memory"]
        block.folded = False
        shown = "\n".join(line.plain for line in block_lines(block, 40))
        assert "herons" in shown
        assert "u takes this edit back" in shown
        await pilot.press("f4")
        mind = app.main.query_one(Mind)
        await until(pilot, lambda: mind.rows)
        mind.choose(next(row.key for row in mind.rows if row.block is block))
        mind.focus()
        await pilot.press("u")
        await until(pilot, lambda: block.undone)
        async with Client() as client:
            blocks = (await client.agent(agent)).blocks
            assert [b.value for b in blocks if b.label == "human"] == [human.value]
            first, second = await client.block_edits(agent)
            assert (first.undone, second.undone) == (True, False)
            assert await client.block_edits(agent, until=first.created_at) == []
            after = first.created_at + timedelta(microseconds=1)
            assert [one.id for one in await client.block_edits(agent, since=after)] == [second.id]
