"""The tabs of the mind pane over the real engine: memory, context, hits; each key of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from memtui.api.agents import NewAgent
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.tui.app import MemtuiApp
from memtui.tui.mind.context import ContextList, ContextTab
from memtui.tui.mind.difference import words
from memtui.tui.mind.editor import BlockEditor
from memtui.tui.mind.found import HitsList
from memtui.tui.mind.memory import MemoryList, MemoryTab
from memtui.tui.mind.pane import MindPane, TabBar
from memtui.tui.mind.readable import readable
from memtui.tui.mind.versions import Versions
from memtui.tui.screens.ask import Ask
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.rows import Rows
from tests import homes
from tests.tui.conftest import WIDE, until

HOSTILE = "\x1b[2J[/][@click=app.quit]x\u202egnp.exe\x9b31m \U000e0041\x00end"


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(furnished, monkeypatch)


@asynccontextmanager
async def remembering(
    tab: str = "2", size: tuple[int, int] = WIDE, **blocks: str
) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any], str]]:
    """The app on a new agent whose memory holds `blocks`, with a tab of its mind shown."""
    async with Client() as client:
        agent_id = await homes.add_agent(None, ["birds"])
        for label, text in blocks.items():
            await client.change_block(agent_id, label, BlockChange(value=text))
    app = MemtuiApp(agent=agent_id)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent and app.store.connected)
        await pilot.press("f4", tab)
        if tab == "2":
            await until(pilot, lambda: blocks_of(app) and app.focused is app.query_one(MemoryList))
        yield app, pilot, agent_id


def blocks_of(app: MemtuiApp) -> list[str]:
    lists = app.query(MemoryList)
    return [row.block.label for row in lists.first().rows if row.block] if lists else []


async def value(agent_id: str, label: str) -> str:
    async with Client() as client:
        return next(b.value for b in (await client.agent(agent_id)).blocks if b.label == label)


async def labels(agent_id: str) -> list[str]:
    async with Client() as client:
        return [block.label for block in (await client.agent(agent_id)).blocks]


def text_of(rows: Rows[Any]) -> str:
    return "\n".join(line.plain for at in range(len(rows.rows)) for line in rows._lines(at))


def told(app: MemtuiApp) -> str:
    return "\n".join(str(note.message) for note in app._notifications)


async def choose(app: MemtuiApp, pilot: Pilot[Any], label: str) -> None:
    app.query_one(MemoryList).choose(f"block:{label}")
    await pilot.pause()


async def test_tabs_are_made_when_they_are_shown() -> None:
    async with remembering("1") as (app, pilot, _):
        assert not app.query(MemoryTab)
        assert not app.query(ContextTab)
        for key, kind in (("2", MemoryList), ("3", ContextList), ("4", HitsList), ("1", Mind)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.focused, kind))
        await pilot.press("f3")
        await until(pilot, lambda: app.focused is not app.query_one(Mind))
        await pilot.press("f8")
        await until(pilot, lambda: app.focused is app.query_one(MemoryList))
        await pilot.click(TabBar, offset=(2, 0))
        await until(pilot, lambda: app.focused is app.query_one(Mind))
        assert app.query_one(MindPane).shown == "activity"


async def test_a_block_is_edited_in_place() -> None:
    async with remembering(human="Name: Ada") as (app, pilot, agent_id):
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea) and app.query(BlockEditor))
        await pilot.press("enter", *"Likes 1 owl.", "ctrl+s")
        await until(pilot, lambda: not app.query(BlockEditor))
        assert await value(agent_id, "human") == "Name: Ada\nLikes 1 owl."
        await until(pilot, lambda: "Likes 1 owl." in text_of(app.query_one(MemoryList)))
        await until(pilot, lambda: app.focused is app.query_one(MemoryList))


async def test_over_the_limit_nothing_is_lost() -> None:
    async with remembering(human="Name: Ada") as (app, pilot, agent_id):
        async with Client() as client:
            await client.change_block(agent_id, "human", BlockChange(limit=20))
        await until(pilot, lambda: "9 of 20" in text_of(app.query_one(MemoryList)))
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        await pilot.press(*" reads about ospreys", "ctrl+s")
        note = str(app.query_one("#block-note").render())
        assert "29 characters are 9 more than the 20" in note
        assert await value(agent_id, "human") == "Name: Ada"
        await pilot.press("escape")
        await until(pilot, lambda: not app.query(BlockEditor))
        assert "not saved yet" in text_of(app.query_one(MemoryList))
        await until(pilot, lambda: app.focused is app.query_one(MemoryList))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = "100"
        await pilot.press("enter")
        await until(pilot, lambda: "9 of 100" in text_of(app.main.query_one(MemoryList)))
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not app.query(BlockEditor))
        assert await value(agent_id, "human") == "Name: Ada reads about ospreys"


async def test_what_another_wrote_meanwhile_is_not_overwritten_unasked() -> None:
    async with remembering(human="Name: Ada") as (app, pilot, agent_id):
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        async with Client() as client:
            await client.change_block(agent_id, "human", BlockChange(value="Name: Grace"))
        await pilot.press("!", "ctrl+s")
        note = app.query_one("#block-note")
        await until(pilot, lambda: "changed meanwhile" in str(note.render()))
        assert await value(agent_id, "human") == "Name: Grace"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not app.query(BlockEditor))
        assert await value(agent_id, "human") == "Name: Ada!"


async def test_an_edit_stays_with_its_agent() -> None:
    async with remembering(human="Name: Ada") as (app, pilot, agent_id):
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        await pilot.press("!")
        app.main.action_mind_tab("activity")
        async with Client() as client:
            other = (await client.add_agent(NewAgent(name="Bob", model="offline"))).id
        await app.open_something(other)
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.focused, MemoryList) and blocks_of(app))
        assert not app.query(BlockEditor)
        await app.open_something(agent_id)
        await until(pilot, lambda: "not saved yet" in text_of(app.query_one(MemoryList)))
        await choose(app, pilot, "human")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        assert app.query_one(BlockEditor).text == "Name: Ada!"


async def test_blocks_are_added_renamed_and_deleted() -> None:
    async with remembering() as (app, pilot, _):
        for key, name, expected in (
            ("n", "goals", ["persona", "human", "goals"]),
            ("r", "plans", ["persona", "human", "plans"]),
        ):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Ask))
            app.screen.query_one(Input).value = name
            await pilot.press("enter")
            await until(pilot, lambda expected=expected: blocks_of(app.main) == expected)  # type: ignore[arg-type]
            await choose(app.main, pilot, name)  # type: ignore[arg-type]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: blocks_of(app) == ["persona", "human"])


async def test_a_dialog_is_about_the_agent_whose_block_it_names() -> None:
    async with remembering() as (app, pilot, agent_id):
        other = await homes.add_agent("Other", [])
        await choose(app, pilot, "human")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await app.session.open_agent(other)
        app.screen.query_one(Input).value = "reader"
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Ask))
        assert await labels(agent_id) == ["persona", "reader"]
        assert await labels(other) == ["persona", "human"]


async def test_versions_are_compared_and_restored() -> None:
    async with remembering(human="Name: Ada") as (app, pilot, agent_id):
        async with Client() as client:
            await client.change_block(agent_id, "human", BlockChange(value="Name: Grace"))
        await choose(app, pilot, "human")
        await pilot.press("h")
        await until(pilot, lambda: app.query(Versions) and len(app.query_one(Versions).rows) == 3)
        await until(pilot, lambda: app.focused is app.query_one(Versions))
        assert "Ada Grace" in text_of(app.query_one(Versions))
        await pilot.press("down", "r")
        await until(pilot, lambda: len(app.query_one(Versions).rows) == 4)
        assert await value(agent_id, "human") == "Name: Ada"
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is app.query_one(MemoryList))
        await pilot.press("u")
        await until(pilot, lambda: "Undone" in told(app))
        assert await value(agent_id, "human") == "Name: Grace"


async def test_undo_takes_back_this_edit_and_only_this() -> None:
    async with remembering("1", human="Name: Ada") as (app, pilot, agent_id):
        async with Client() as client:
            await client.change_block(agent_id, "human", BlockChange(value="Name: Grace"))
            await client.change_block(agent_id, "persona", BlockChange(value="I read."))
        edits = lambda: [b for b in app.store.blocks if b.text in ("Name: Grace", "I read.")]  # noqa: E731
        await until(pilot, lambda: len(edits()) == 2)
        app.query_one(Mind).choose(edits()[0].key)
        await pilot.press("u")
        await until(pilot, lambda: "Undone: The memory block human was edited." in told(app))
        assert await value(agent_id, "human") == "Name: Ada"
        assert await value(agent_id, "persona") == "I read."
        await pilot.press("u")
        await until(pilot, lambda: "undone already" in told(app))


async def test_the_context_window_part_by_part() -> None:
    async with remembering("3") as (app, pilot, _):
        listed = app.query_one(ContextList)
        await until(pilot, lambda: len(listed.rows) > 3)
        assert "16,384 tokens" in text_of(listed)
        listed.choose("core")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        await until(pilot, lambda: "<persona" in str(app.screen.query_one(".text").render()))
        await pilot.press("escape")


async def test_a_summary_before_and_after_and_what_went_into_it() -> None:
    async with remembering("3") as (app, pilot, agent_id):
        await until(pilot, lambda: len(app.query_one(ContextList).rows) > 3)
        async with Client() as client:
            from memtui.api.agents import TurnRequest

            await client.turn(agent_id, TurnRequest(text=homes.QUESTION))
            await client.turn(agent_id, TurnRequest(text="Where does the kestrel nest?"))
            await client.summarize(agent_id)
        listed = app.query_one(ContextList)
        await until(pilot, lambda: "before the last summary" in text_of(listed))
        await until(pilot, lambda: "before: " in text_of(listed))
        await pilot.press("1")
        mind = app.query_one(Mind)
        summaries = lambda: [r for r in mind.rows if r.block.summary]  # noqa: E731
        await until(pilot, summaries)
        mind.choose(summaries()[-1].key)
        await pilot.press("enter")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        await until(pilot, lambda: homes.QUESTION in str(app.screen.query_one(".text").render()))


async def test_hits_open_in_the_inspector() -> None:
    app = MemtuiApp(agent=await asyncio.to_thread(homes.agent_id, homes.READER))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.blocks)
        await pilot.press("f4", "4")
        await until(pilot, lambda: isinstance(app.focused, HitsList))
        hits = app.query_one(HitsList)
        assert "osprey" in text_of(hits)
        hits.choose(next(row.key for row in hits.rows if row.hit is not None))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Inspector))


async def test_hostile_text_in_a_block() -> None:
    async with remembering(human=HOSTILE) as (app, pilot, agent_id):
        for key in ("enter", "escape", "h"):
            await choose(app, pilot, "human")
            await pilot.press(key)
            await pilot.pause()
            shown = "\n".join(
                "".join(segment.text for segment in strip)
                for strip in app.screen._compositor.render_strips()
            )
            assert not any(char in shown for char in "\x1b\x9b\x00\u202e\U000e0041")
            if key == "enter":
                await until(pilot, lambda: isinstance(app.focused, TextArea))
                assert "cannot be shown" in str(app.query_one("#block-note").render())
            elif key == "escape":
                await until(pilot, lambda: app.focused is app.query_one(MemoryList))
        assert await value(agent_id, "human") == HOSTILE


def test_words_are_compared() -> None:
    lines = words("The cat sat.\nOn a mat.", "The dog sat.\nOn a mat.", 40)
    assert "\n".join(line.plain for line in lines) == "The cat dog sat.\nOn a mat."
    for before, after, told in (
        ("The user is called Ada", "Loves tea. Ada", "The user is called Loves tea. Ada"),
        ("彼は寿司が好き", "彼は茶が好き", "彼は寿司 茶が好き"),
    ):  # a run of words that changed, not one by one; and where no blanks are
        assert words(before, after, 40)[0].plain == told
    styles = {str(span.style) for line in lines for span in line.spans}
    assert {"strike $error", "underline $success"} <= styles
    assert all(line.cell_length <= 20 for line in words("a " * 400, "b " * 400, 20))
    long = words("x y " * 10_000, "z y " * 10_000, 40)
    assert "Too much" in long[0].plain or long
    assert words("same", "same", 40)[0].plain == "Nothing has changed."


def test_results_are_no_json() -> None:
    answer = '{"status": "OK", "message": {"files": ["a.md", "b.md"], "left": 2, "all": false}}'
    assert readable(answer) == "files:\n  - a.md\n  - b.md\nleft: 2\nall: no"
    assert readable('{"message": null}') == ""
