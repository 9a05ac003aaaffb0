"""The hits inspector over the real engine: everything it can do, by key."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from memtui.api.client import Client
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import Block
from memtui.tui.inspector.hits import HitRows
from memtui.tui.inspector.passage import PassagePane
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.scope import ScopeForm
from memtui.tui.screens.write_to import WriteTo
from memtui.tui.widgets.check import Check
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.tui.conftest import SMALL, until
from tests.tui.inspected import OWN, furnished_home, inspecting, opened


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    with furnished_home() as home:
        yield home


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


def text_of(screen: Inspector, name: str) -> str:
    return str(screen.query_one(f"#inspector-{name}", Static).content)


def documents(screen: Inspector) -> list[str | None]:
    return [hit.document for hit in screen.hits]


async def settled(pilot: Pilot[Any], screen: Inspector) -> None:
    await until(pilot, lambda: not screen.searching and screen._typing is None)


async def test_every_way_in() -> None:
    app = MemtuiApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        for keys in (["ctrl+f"], [*"/search", "enter"], ["f2", "slash"], ["f4", "slash"]):
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, Inspector))
            assert not app.screen.hits  # type: ignore[attr-defined]
            await pilot.press("escape", "f3", "f3")
            await until(pilot, lambda: app.screen is app.main)
            app.main.query_one(Prompt).focus()
            await pilot.pause()
        await pilot.press(*"/search tower", "enter")
        await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.hits)
        assert app.screen.question.text == "tower"  # type: ignore[attr-defined]
        await pilot.press("escape")
        # in a text field a slash is a slash; what is being written becomes the query
        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(app.screen, Inspector))
        assert app.screen.query_one(Input).value == "tower"
        await pilot.press("escape", *"owl/s", "ctrl+f")
        await until(pilot, lambda: isinstance(app.screen, Inspector))
        assert app.screen.query_one(Input).value == "owl/s"


async def test_what_the_agent_found_is_opened_from_the_mind() -> None:
    app = MemtuiApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        block = next(block for block in app.store.blocks if block.hits)
        for at in (f"{block.key}/0", block.key):
            await _looked_into(app, pilot, block, at)


async def _looked_into(app: MemtuiApp, pilot: Pilot[Any], block: Block, at: str) -> None:
    mind = app.main.query_one(Mind)
    block.folded = False
    mind.update()
    await pilot.press("f4", "f4")
    mind.focus()
    mind.choose(at)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, Inspector))
    screen = app.screen
    assert isinstance(screen, Inspector)
    await until(pilot, lambda: screen.shown)
    assert screen.hits == block.hits
    assert screen.question.text == block.arguments["query"]
    assert "PoliteButterfly searched" in text_of(screen, "state")
    # to the letter what the model got
    await pilot.press("f9")
    await until(pilot, lambda: "saw it" in str(screen.pane.border_title))
    await until(pilot, lambda: screen.pane.text)
    assert all(part in block.result for part in screen.pane.text.split("\n"))
    assert str(screen.query_one("#inspector-text", Static).content) == block.result
    # another mode is one's own search
    await pilot.press("f6")
    await settled(pilot, screen)
    assert screen.question.mode == "dense"
    assert "searched" not in text_of(screen, "state")
    await pilot.press("f9", "escape")
    await until(pilot, lambda: app.screen is app.main)


async def test_live_modes_and_moving() -> None:
    async with inspecting("church tower") as (_, screen, pilot):
        assert "hits" in text_of(screen, "state")
        first = screen.found.current
        assert first is not None
        await pilot.press("down")  # while the query has the focus
        assert screen.found.current is not first
        await pilot.press("up", "enter")
        assert screen.focused is screen.found
        shown = screen.shown
        assert shown is not None
        assert shown.hit is first.hit
        for mode in ("dense", "text", "hybrid"):
            await pilot.press("m")
            await settled(pilot, screen)
            assert screen.question.mode == mode
            assert all((hit.dense_rank is None) is (mode == "text") for hit in screen.hits) or (
                mode == "hybrid"
            )
        await pilot.press("enter")
        assert screen.focused is screen.pane
        await pilot.press("slash")
        assert isinstance(screen.focused, Input)
        await pilot.press("f3", "f4")
        await until(pilot, lambda: screen.focused is screen.pane)
        await pilot.press("f2", "end", *" zzz")
        await settled(pilot, screen)
        assert screen.question.text == "church tower zzz"
        await pilot.press("plus")  # typed
        await settled(pilot, screen)
        assert screen.query_one(Input).value.endswith("zzz+")
        await pilot.press("enter", "plus")
        await settled(pilot, screen)
        assert screen.question.k == 60


async def test_nothing_is_found() -> None:
    async with inspecting() as (_, screen, pilot):
        assert "Type what to look for" in text_of(screen, "empty")
        await pilot.press("f6", "f6", *"xyzzy")
        await settled(pilot, screen)
        assert "Nothing was found for “xyzzy”" in text_of(screen, "empty")
        await pilot.press("f9", "f8", "f4", "f3", "escape")
        for key in "pyoid":
            await pilot.press("f3", key)
        await pilot.press("f2", *["backspace"] * 5)
        await settled(pilot, screen)
        assert "Type what to look for" in text_of(screen, "empty")


async def test_narrowed() -> None:
    async with inspecting("nest") as (app, screen, pilot):
        assert {"birds.pdf", "stork.md", None} <= set(documents(screen))
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, ScopeForm) and app.screen.documents)
        form = app.screen
        await pilot.press(*"nowhere", "enter")
        assert "no source of that name" in str(form.query_one("#scope-source-wrong").content)  # type: ignore[attr-defined]
        await pilot.press(*["backspace"] * 7, *"bir", "tab", "tab", *"2-x", "enter")
        assert form.query_one("#scope-pages-wrong").display
        await pilot.press("backspace", "backspace", "tab", *"yesterday", "enter")
        assert form.query_one("#scope-since-wrong").display
        await pilot.press(*["backspace"] * 9, *"2020-01-01", "enter")
        await until(pilot, lambda: app.screen is screen)
        await settled(pilot, screen)
        assert [(hit.document, hit.page) for hit in screen.hits] == [("birds.pdf", 2)]
        state = text_of(screen, "state")
        assert "source birds · pages 2 · since 2020-01-01" in state

        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, ScopeForm))
        app.screen.query_one("#clear").press()  # type: ignore[attr-defined]
        await until(pilot, lambda: app.screen is screen)
        await settled(pilot, screen)
        assert len(screen.hits) > 3
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, ScopeForm) and app.screen.documents)
        own = app.screen.query_one("#scope-archive", Check)
        assert "[ ]" in str(own.render())
        own.focus()
        await pilot.press("space")
        assert "[x]" in str(own.render())
        await pilot.press("enter")  # as in a field
        await until(pilot, lambda: app.screen is screen)
        await settled(pilot, screen)
        assert [hit.text for hit in screen.hits] == [OWN]
        assert "own archive" in text_of(screen, "state")


async def test_neighbours() -> None:
    async with inspecting('"eats fish"') as (app, screen, pilot):
        await pilot.press("f6", "f6")
        await settled(pilot, screen)
        assert [hit.page for hit in screen.hits] == [2]
        await pilot.press("enter", "right")
        await until(pilot, lambda: screen.shown and screen.shown.place.page == 3)
        assert screen.shown is not None
        assert screen.shown.hit is None
        assert "not found itself" in text_of(screen, "where")
        await pilot.press("left", "left")
        await until(pilot, lambda: screen.shown and screen.shown.place.page == 1)
        await pilot.press("left")
        await until(pilot, lambda: any("first passage" in note.message for note in notes(app)))
        await pilot.press("y")
        assert app.clipboard.endswith("birds.pdf p. 1")
        await pilot.press("right")
        await until(pilot, lambda: screen.shown and screen.shown.hit)
        await pilot.press("f3", "p")
        assert len(app.store.board.pins) == 1


def notes(app: MemtuiApp) -> list[Any]:
    return list(app._notifications)


async def test_two_modes_side_by_side() -> None:
    async with inspecting("church tower") as (_, screen, pilot):
        await pilot.press("enter", "c")
        await until(pilot, lambda: screen.others)
        left, right = screen.query_one("#inspector-hits"), screen.query_one("#inspector-others")
        assert isinstance(left, HitRows)
        assert isinstance(right, HitRows)
        assert {row.hit.passage_id for row in right.rows} == {h.passage_id for h in screen.others}
        ranks = {hit.passage_id: hit.rank for hit in screen.hits}
        for row in right.rows:
            assert row.move is not None
            sign = row.move.plain.strip()
            before = ranks.get(row.hit.passage_id)
            if before is None:
                assert sign == "new"
            elif before == row.hit.rank:
                assert sign == "="
            else:
                assert sign == f"← {before}"
        await pilot.press("down", "down")
        assert left.current is not None
        assert left.cursor == right.cursor  # the same passage on both sides
        await pilot.press("c")
        await until(pilot, lambda: screen.other == "text" and not screen.searching)
        assert any(row.move and row.move.plain.strip() == "gone" for row in left.rows)
        await pilot.press("enter")
        await until(pilot, lambda: screen.focused is screen.pane and screen.other is None)
        await pilot.press("f8", "f8", "f8")
        await settled(pilot, screen)
        assert screen.other is None
        await pilot.press("f8")
        await settled(pilot, screen)  # Esc would cancel the search first
        await pilot.press("escape")
        assert screen.other is None
        assert screen.is_current


async def test_as_the_agent_would_see_it() -> None:
    async with inspecting("church tower") as (_, screen, pilot):
        await pilot.press("enter", "s")
        await until(pilot, lambda: "would see it" in str(screen.pane.border_title))
        await until(pilot, lambda: screen.pane.text)
        assert json.loads(screen.pane.text.split("\n")[0])["text"] in screen.hits[0].text
        title, before = str(screen.pane.border_title), screen.pane.text
        await pilot.press("down")
        await until(pilot, lambda: screen.pane.text != before)
        await pilot.press("s")
        await until(pilot, lambda: str(screen.pane.border_title) != title)
        assert not screen.seeing


async def test_pinned_and_exported(tmp_path: Path) -> None:
    async with inspecting("church tower") as (app, screen, pilot):
        await pilot.press("enter", "e")  # nothing is pinned yet
        await pilot.press("f5", "p", "down", "p", "a")
        board = app.store.board
        assert len(board.pins) == 2
        assert len(board.answers) == 1
        assert sum(row.pinned for row in screen.found.rows) == 2
        assert "★ 3" in text_of(screen, "state")
        await pilot.press("b")
        assert {hit.passage_id for hit in screen.hits} == {*board.pins, *board.answers}
        screen.action_query()
        await pilot.press("enter")  # searches again
        await until(pilot, lambda: len(screen.hits) > 3 and not screen.searching)
        screen.set_focus(screen.found)
        await pilot.press("f8", "b")
        assert not screen.has_class("-compare")
        file = tmp_path / "pinned.md"
        for sure in (False, True):
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, WriteTo))
            app.screen.query_one(Input).value = str(file)
            await pilot.press("enter")
            if sure:
                wrong = app.screen.query_one("#file-wrong", Static)
                await until(pilot, lambda wrong=wrong: wrong.display)
                assert "exists already" in str(wrong.content)
                file.write_text("old")
                await pilot.press("enter")
            await until(pilot, lambda: app.screen is screen)
            await until(pilot, lambda: file.exists() and file.read_text().startswith("# Pinned"))
        written = file.read_text()
        assert f"## {homes.QUESTION}" in written
        assert "Citations:" in written
        assert "[birds p. 2]" in written
        for pin in board.pins.values():
            assert pin.hit.text.splitlines()[0] in written
            assert pin.hit.passage_id in written
        assert "Found with “church tower”: score" in written
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, WriteTo))
        app.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#file-wrong").display)
        await pilot.press("escape", "p", "a")
        assert len(board) == 1


async def test_copied_quoted_and_opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    script = programs / "xdg-open"
    script.write_text('#!/bin/sh\nprintf %s "$1" > "$HOME/opened"\nexit ${VIEWER:-0}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("sys.platform", "linux")
    async with inspecting('"eats fish"') as (app, screen, pilot):
        await pilot.press("f6", "f6")
        await settled(pilot, screen)
        await pilot.press("enter", "y")
        assert screen.hits[0].page == 2
        assert app.clipboard.startswith("The osprey lives near lakes")
        assert app.clipboard.endswith("[birds p. 2]")
        await pilot.press("o")
        await until(pilot, lambda: (home / "opened").exists() and (home / "opened").read_text())
        opened_at = (home / "opened").read_text()
        assert opened_at == (home / "papers/birds.pdf").as_uri() + "#page=2"
        monkeypatch.setenv("VIEWER", "3")
        await pilot.press("o")
        await until(pilot, lambda: any("could not open" in n.message for n in notes(app)))
        await pilot.press("i")
        await until(pilot, lambda: app.screen is app.main)
        prompt = app.main.query_one(Prompt)
        assert prompt.text.startswith("> The osprey lives near lakes")
        assert "> — [birds p. 2]" in prompt.text
        assert prompt.has_focus


async def test_the_own_archive() -> None:
    async with inspecting("wren moss") as (app, screen, pilot):
        assert app.store.agent is not None
        reader = app.store.agent.id
        await pilot.press("f6", "f6")
        await settled(pilot, screen)
        await pilot.press("enter")
        assert documents(screen)[0] == "wren.md"
        await pilot.press("d")  # not the agent's own
        await until(pilot, lambda: any("archived itself" in n.message for n in notes(app)))
        await pilot.press("A")
        await until(pilot, lambda: any("own archive now" in n.message for n in notes(app)))
        async with Client() as client:
            assert (await client.agent(reader)).archival == 2
        await pilot.press("slash", "end", "space")
        await settled(pilot, screen)
        mine = next(hit for hit in screen.hits if hit.scope == f"agent_{reader}")
        assert "wren.md" in mine.text or "guide" in mine.text  # where it comes from
        await pilot.press("enter")
        await settled(pilot, screen)
        screen.found.choose(next(r.key for r in screen.found.rows if mine in r.parts))
        for answer in ("n", "y"):
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press(answer)
            await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: mine not in screen.hits)
        async with Client() as client:
            for _ in range(200):
                if (await client.agent(reader)).archival == 1:
                    break
                await asyncio.sleep(0.02)
            assert (await client.agent(reader)).archival == 1
            assert (await client.undo(reader))[0].kind == "delete"
            await client.undo(reader)  # the test's own


async def test_everything_is_in_the_palette() -> None:
    async with inspecting("tower") as (app, screen, pilot):
        commands = {c.title: c for c in app.get_system_commands(screen)}
        for start in ("Pin the hit", "Search by meaning", "Show the hit exactly", "Write what"):
            assert any(title.startswith(start) for title in commands), start
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        run: Any = next(c for t, c in commands.items() if t.startswith("Search by meaning"))
        await run.callback()
        await settled(pilot, screen)
        assert screen.question.mode == "dense"


async def test_narrow_there_are_two_views() -> None:
    async with inspecting("church tower", SMALL) as (_, screen, pilot):
        left, pane = screen.query_one("#inspector-left"), screen.query_one(PassagePane)
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert not left.region.area
        assert pane.region.area
        await pilot.press("escape")
        await pilot.pause()
        assert left.region.area
        assert screen.focused is screen.found
        await pilot.resize_terminal(140, 40)
        await pilot.pause()
        assert left.region.area
        assert pane.region.area
        await pilot.press("escape")


async def test_the_last_question_is_kept() -> None:
    async with inspecting("church") as (app, _, pilot):
        await pilot.press("f6", "escape", "escape")
        await until(pilot, lambda: app.screen is app.main)
        screen = await opened(app, pilot)
        assert screen.query_one(Input).value == "church"
        assert screen.question.mode == "dense"
        await until(pilot, lambda: screen.hits)
