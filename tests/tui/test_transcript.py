"""Finding in the conversation, and a message edited and sent again."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from memtui import paths
from memtui.api.events import MessageDelta, TurnEnded, TurnStarted
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import Item
from memtui.tui.finding import Finding, pieces
from memtui.tui.widgets.find import FindBar, FindField
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.transcript import Transcript
from memtui.tui.widgets.window import MOST
from tests import homes
from tests.tui.conftest import Open, ScriptedApp, answer, until
from tests.tui.test_hostile import NASTY, check
from tests.tui.test_hostile import shown as whole_screen

IDS: dict[str, Any] = {"agent_id": "a1", "turn_id": "live"}
NEEDLES = (5, 300, 995)


@pytest.fixture(scope="module")
def talkative() -> Iterator[tuple[Path, str]]:
    """A home, and the id of an agent with a thousand messages, a needle in some of them."""
    with homes.made() as home:
        agent = asyncio.run(homes.add_agent("Talkative", []))
        values = [
            (agent, f"old{number // 2}", "user" if number % 2 else "assistant",
             f"A needle, {number}." if number in NEEDLES else f"Message {number}.")
            for number in range(1000)
        ]  # fmt: skip
        with sqlite3.connect(paths.record_file()) as connection:
            connection.executemany(
                """INSERT INTO messages (agent_id, turn_id, kind, in_context, tool_call_id, ok,
                   total, ms, created_at, text, thought)
                   VALUES (?, ?, ?, 1, '', 1, 0, 0, '2026-01-01T00:00:00+00:00', ?, '')""",
                values,
            )
        yield home, agent


def told(app: MemtuiApp) -> str:
    return str(app.query_one("#find-count", Static).content)


def shown(app: MemtuiApp) -> str:
    transcript = app.query_one(Transcript)
    return "\n".join(transcript.render_line(y).text for y in range(transcript.size.height))


def marks(app: MemtuiApp) -> list[str]:
    """What is marked in the lines that are in view, the chosen place in capitals."""
    transcript = app.query_one(Transcript)
    found = []
    for y in range(transcript.size.height):
        for segment in transcript.render_line(y):
            style = segment.style
            if style is not None and style.bgcolor is not None and style.bold and style.color:
                plain = transcript.styles.background.rich_color
                found += [segment.text.upper()] if style.bgcolor != plain else []
            if style is not None and style.underline:
                found.append(segment.text)
    return found


@asynccontextmanager
async def opened_on(agent: str) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    app = MemtuiApp(agent=agent)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: app.store.agent is not None and app.store.items)
        yield app, pilot


async def test_found_in_messages_that_are_not_read_yet(
    talkative: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, agent = talkative
    homes.enter(home, monkeypatch)
    async with opened_on(agent) as (app, pilot):
        transcript = app.query_one(Transcript)
        read = len(app.store.items)
        await pilot.press("ctrl+s", *"needle")
        await until(pilot, lambda: told(app) == "3 of 3")
        assert "A needle, 995." in shown(app)
        assert len(app.store.items) == read  # nothing older was read to count them
        await pilot.press("up")
        await until(pilot, lambda: told(app) == "2 of 3" and "A needle, 300." in shown(app))
        assert read < len(app.store.items) < 1000
        assert len(transcript.rows) <= MOST  # not all that came since is laid out
        await pilot.press("up")
        await until(pilot, lambda: told(app) == "1 of 3" and "A needle, 5." in shown(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: told(app) == "3 of 3" and "A needle, 995." in shown(app))
        await pilot.press("down")  # after the last one comes the first
        await until(pilot, lambda: told(app) == "1 of 3" and "A needle, 5." in shown(app))
        before = transcript.scroll_offset.y
        await pilot.press("escape")
        assert not app.query_one(FindBar).display
        assert transcript.has_focus
        assert transcript.current is not None
        assert transcript.current.text == "A needle, 5."
        assert (transcript.scroll_offset.y, "A needle, 5." in shown(app)) == (before, True)
        for _ in range(12):  # what comes below is laid out as it is reached
            await pilot.press("pagedown")
        assert "Message 60." in "\n".join(row.text for row in transcript.rows)
        await pilot.press("G")
        await until(pilot, lambda: "Message 999." in shown(app))
        await pilot.press("ctrl+s", *"no such words")
        await until(pilot, lambda: told(app) == "not found")


async def test_a_message_is_edited_and_sent_again(
    talkative: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    homes.enter(talkative[0], monkeypatch)
    agent = await homes.add_agent(None, [])

    def said(app: MemtuiApp) -> list[str]:
        return [item.text for item in app.store.items if item.kind == "you"]

    async with opened_on(agent) as (app, pilot), opened_on(agent) as (other, second):
        prompt, line = app.query_one(Prompt), app.query_one("#editing", Static)
        for text in ("/one", "two"):
            ended = app.store.last_ended
            prompt.insert(f"/{text}" if text.startswith("/") else text)
            await pilot.press("enter")
            await until(pilot, lambda ended=ended: app.store.last_ended != ended)  # type: ignore[misc]
        await pilot.press(*"draft", "f3")
        first = next(item.key for item in app.store.items if item.text == "/one")
        app.query_one(Transcript).choose(first)
        await pilot.press("e")
        assert prompt.text == "//one"
        assert "editing “/one”" in str(line.content)
        await pilot.press("escape")  # given up: as it was
        assert (prompt.text, line.display, said(app)) == ("draft", False, ["/one", "two"])
        await pilot.press("f3")
        app.query_one(Transcript).choose(first)
        await pilot.press("e")
        assert prompt.text == "//one"
        ended = app.store.last_ended
        await pilot.press(*" more", "enter")
        await until(pilot, lambda: app.store.last_ended != ended and said(app) == ["/one more"])
        assert (prompt.text, line.display) == ("draft", False)
        assert answer(app).text
        await until(second, lambda: said(other) == ["/one more"])
        prompt.put("/undo")
        await pilot.press("enter")
        await until(pilot, lambda: said(app) == ["/one", "two"])
        await until(second, lambda: said(other) == ["/one", "two"])
        prompt.put("/edit")
        await pilot.press("enter")
        await until(pilot, lambda: prompt.text == "two")
        await app.session.edit(next(i.turn for i in app.store.items if i.text == "/one"), "new")
        await until(pilot, lambda: said(app) == ["new"])
        await pilot.press("enter")  # another was quicker: nothing that was typed is lost
        await until(pilot, lambda: app.told.problems and prompt.text == "two")
        assert line.display


async def test_find_while_a_reply_streams(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.emit(TurnStarted(**IDS, text="A heron?"))
        app.client.emit(MessageDelta(**IDS, step=0, text="The heron and\nthe Heron "))
        await until(pilot, lambda: app.store.items[-1].live)
        await pilot.press("ctrl+s", *"heron")
        await until(pilot, lambda: told(app) == "1 of 3")
        assert marks(app) == ["HERON", "heron", "Heron"]
        for number in range(4, 9):
            app.client.emit(MessageDelta(**IDS, step=0, text="or a heron "))
            await until(pilot, lambda number=number: told(app) == f"1 of {number}")  # type: ignore[misc]
        await pilot.press("down", "up", "up")
        assert told(app) == "8 of 8"
        await pilot.press("ctrl+s", *"Heron")  # with a capital, only what has it
        await until(pilot, lambda: told(app) == "1 of 1")
        assert marks(app) == ["HERON"]
        app.client.emit(TurnEnded(**IDS, status="done"))
        await pilot.press("escape")
        assert "HERON" not in marks(app)
        await pilot.press("ctrl+s")  # the last one is there again, to type over
        assert app.query_one(FindField).value == "Heron"
        await pilot.press("backspace")
        assert told(app) == ""


async def test_what_is_found_may_be_hostile(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.store.add_item(Item("nasty", "agent", NASTY * 3))
        app.store.add_item(Item("long", "you", "W" * 1_000_000))
        app.session.touch()
        await pilot.press("ctrl+s", *"[/")
        await until(pilot, lambda: told(app).endswith(" of 6"))
        check(whole_screen(app))
        for text in ("W", "*", "\\", "a\u0301", "( "):
            app.query_one(FindField).value = text
            await until(pilot, lambda: told(app) not in ("", "looking …"))
            check(whole_screen(app))


def test_where_a_text_stands_in_the_lines_of_a_row() -> None:
    lines = ["The osprey eats", "fish. It **eats", "", "fish**"]
    found = pieces(lines, Finding("eats  fish"))
    assert found == [[(0, 11, 15), (1, 0, 4)], [(1, 11, 15), (2, 0, 0), (3, 0, 4)]]
    assert pieces(lines, Finding("Fish")) == []
    with pytest.raises(ValueError, match="nothing"):
        Finding(" \n")


async def test_looking_through_much_lets_the_keys_through() -> None:
    items = [Item(f"i{number}", "agent", "word " * 200) for number in range(10_000)]
    finding, turns = Finding("word"), 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await finding.look(items[:2000])
    counting.cancel()
    assert turns > 5
    finding.arrange(items[:2000], None)
    assert finding.total == 400_000
    finding.step(-1)
    assert finding.at == finding.total - 1
    finding.step(1)
    assert finding.place is not None
    assert (finding.place.key, finding.place.number) == ("i0", 0)


@pytest.mark.parametrize("state", ["answers", "found", "found-80"])
def test_pictures(state: str, opened: Open, still: None, snap_compare: Any) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, ScriptedApp)
        await until(pilot, lambda: app.main.filled and app.store.agent is not None)
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended == "t1" and app.store.turn is None)
        transcript = app.query_one(Transcript)
        if state == "answers":
            await pilot.press("f3", "left_square_bracket", "enter")
            app.store.add_item(Item("x1", "you", "And as a table, with the code?"))
            app.store.add_item(Item("x2", "agent", TABLE))
            transcript.update()
            transcript.to_end()
            await pilot.press("home")
            app.store.add_item(Item("x3", "agent", "There is more."))
            transcript.update()
        else:
            await pilot.press("ctrl+s", *"context")
            await until(pilot, lambda: " of " in told(app))
            await pilot.press("down")
        await pilot.pause()

    size = (80, 24) if state.endswith("80") else (140, 45)
    assert snap_compare(ScriptedApp(agent="a1"), terminal_size=size, run_before=steps)


TABLE = (
    "| tier | what it holds | how it is reached |\n|---|---|---|\n"
    "| main context | what the model sees with every request, and nothing else | at once |\n"
    "| external | everything that was ever said or loaded | with functions |\n\n"
    "```python\ndef recall(query: str) -> list[str]:\n    return search(query)\n```"
)
