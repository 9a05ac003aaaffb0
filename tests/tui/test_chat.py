"""The conversation: what the agent did, unfolded in place; where one reads, what one copies."""

from typing import Any

from textual.pilot import Pilot

from memtui.tui.conversation import Block, Item
from memtui.tui.mind import activity
from memtui.tui.widgets.status import NewerMark
from memtui.tui.widgets.transcript import Transcript
from tests.tui.conftest import Open, ScriptedApp, until


def shown(app: ScriptedApp) -> str:
    transcript = app.query_one(Transcript)
    return "\n".join(transcript.render_line(y).text for y in range(transcript.size.height))


async def asked(app: ScriptedApp, pilot: Pilot[Any]) -> Transcript:
    """A turn with a search has ended, and the transcript has the focus."""
    await pilot.press(*"hi", "enter")
    await until(pilot, lambda: app.store.last_ended and app.store.turn is None)
    await pilot.press("f3")
    transcript = app.query_one(Transcript)
    await until(pilot, lambda: transcript.has_focus)
    return transcript


async def test_a_tool_line_unfolds_in_place(opened: Open) -> None:
    async with opened() as (app, pilot):
        transcript = await asked(app, pilot)
        assert "▸ searched the archive, " in shown(app)
        assert "41 ms" in shown(app)
        await pilot.press("left_square_bracket")
        assert transcript.current is not None
        assert transcript.current.kind == "activity"
        await pilot.press("enter")
        assert "▾ searched the archive" in shown(app)
        unfolded = len(transcript._lines(transcript.rows.index(transcript.current)))
        assert unfolded > 3
        assert not any("▾" in line.plain for row in [transcript.rows[0]]
                       for line in transcript.draw(row, 80))  # fmt: skip
        await pilot.press("space")
        assert "▾" not in shown(app)
        await pilot.press("left_square_bracket")
        assert transcript.cursor == app.store.items[-2].key  # the message that it led to


async def test_a_message_and_its_code_are_copied(opened: Open) -> None:
    async with opened() as (app, pilot):
        transcript = await asked(app, pilot)
        answer = [item for item in app.store.items if item.kind == "agent"][-1]
        await pilot.press("y")
        assert app.clipboard == answer.text
        answer.text = "Do this:\n\n```python\nprint(1)\n```\n\nThat is all."
        await pilot.press("b")
        assert app.clipboard == "print(1)"
        answer.text += "\n\n- or this\n  ~~~\n  print(2)\n  ~~~\n"
        for expected in ("print(2)", "print(1)"):  # the next one, and around
            await pilot.press("b")
            assert app.clipboard == expected
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket", "y")
        assert transcript.current is not None
        assert transcript.current.kind == "you"
        assert app.clipboard == "hi"
        await pilot.press("Y")  # no code in it: nothing is copied
        assert app.clipboard == "hi"


async def test_jumps_and_copies_begin_where_one_reads(opened: Open) -> None:
    async with opened() as (app, pilot):
        for number in range(60):
            app.store.add_item(Item(f"x{number}", "agent", f"number {number}"))
        transcript = app.query_one(Transcript)
        transcript.update()
        await pilot.press("f3", *["up"] * 9)
        first = transcript._index_at(transcript.scroll_offset.y)
        assert first is not None
        await pilot.press("right_square_bracket")
        assert transcript.cursor == transcript.rows[first].key
        transcript.cursor = None
        await pilot.press("y")
        assert app.clipboard in [transcript.rows[at].text for at in transcript._shown_places()]
        await pilot.press("left_square_bracket")
        assert transcript.cursor == transcript.rows[first - 1].key


async def test_what_comes_meanwhile_is_counted_and_moves_nothing(opened: Open) -> None:
    async with opened() as (app, pilot):
        for number in range(40):
            app.store.add_item(Item(f"x{number}", "agent", f"number {number}"))
        transcript, mark = app.query_one(Transcript), app.query_one(NewerMark)
        transcript.update()
        await pilot.press("f3", "pageup")
        before = transcript.scroll_offset.y
        app.store.add_item(Item("n1", "agent", "one"))
        app.store.add_item(Item("n2", "you", "two"))
        transcript.update()
        await until(pilot, lambda: mark.display)
        assert str(mark.content) == "↓ 2 new"
        assert transcript.scroll_offset.y == before
        await pilot.click(mark)
        await until(pilot, lambda: not mark.display)
        assert transcript.scroll_offset.y == transcript.max_scroll_y


def test_an_edit_of_the_memory_in_one_line() -> None:
    block = Block("b", "tool", "core_memory_append", ms=41)
    block.arguments = {"name": "human", "content": "Likes birds."}
    assert activity.lines(block, 60, False)[0].plain == "▸ edited human +12 characters · 41 ms"
    block.ok = False
    assert activity.lines(block, 60, False)[0].plain == "▸ edited human · failed · 41 ms"
    assert len(activity.lines(block, 60, True)) > 1
    assert all(line.cell_length <= 12 for line in activity.lines(block, 12, True))
