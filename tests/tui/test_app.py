"""The app's flows with Pilot, over the real engine, each with an agent of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Static

from memtui.tui.app import MemtuiApp
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.load import Load
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.picker import Picker
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.transcript import Transcript
from tests import homes
from tests.library.helpers import make_pdf
from tests.tui.conftest import SMALL, WIDE, answer, until

Opened = Callable[..., AbstractAsyncContextManager[tuple[MemtuiApp, Pilot[Any]]]]


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


@pytest.fixture
def opened() -> Opened:
    """The app on a new agent that has greeted, and has `birds` attached."""

    @asynccontextmanager
    async def open_app(
        source: str = "birds", size: tuple[int, int] = WIDE
    ) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
        agent = await homes.add_agent(None, [source] if source else [])
        app = MemtuiApp(agent=agent)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
            yield app, pilot

    return open_app


async def ask(app: MemtuiApp, pilot: Pilot[Any], question: str = homes.QUESTION) -> None:
    ended = app.store.last_ended
    app.query_one(Prompt).insert(question)
    await pilot.press("enter")
    await until(pilot, lambda: app.store.last_ended != ended)


def attached(app: MemtuiApp) -> list[str]:
    return [source.name for source in app.store.sources if app.store.attached(source.id)]


async def test_a_question_and_its_answer(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await ask(app, pilot)
        kinds = [item.kind for item in app.store.items]
        assert kinds == ["agent", "you", "agent", "activity"]
        assert "eats fish" in answer(app).text
        assert [block.kind for block in app.store.blocks[-3:]] == ["thought", "tool", "thought"]
        assert app.query_one(Prompt).text == ""
        await pilot.press("up")
        assert app.query_one(Prompt).text == homes.QUESTION
        await pilot.press("down")
        assert app.query_one(Prompt).text == ""


async def test_newlines_in_the_prompt(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("a", "ctrl+j", "b", "shift+enter", "c", "alt+enter", "d")
        assert app.query_one(Prompt).text == "a\nb\nc\nd"
        await pilot.press("enter")
        await until(pilot, lambda: app.store.last_ended)
        assert app.store.items[1].text == "a\nb\nc\nd"


async def test_attach_by_key_by_picker_and_by_name(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f2", "down", "a")
        await until(pilot, lambda: attached(app) == ["birds", "notes"])
        assert app.store.items[-1].text.startswith("Attached notes: 2 passages")
        await pilot.press("f3", *"/detach", "enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"note", "enter")
        await until(pilot, lambda: attached(app) == ["birds"])
        await pilot.press(*"/attach notes", "enter")
        await until(pilot, lambda: attached(app) == ["birds", "notes"])


async def test_completion_of_commands_and_names(opened: Opened) -> None:
    async with opened() as (app, pilot):
        completion = app.query_one(Completion)
        await pilot.press(*"/at")
        await until(pilot, lambda: completion.display)
        await pilot.press("tab")
        assert app.query_one(Prompt).text == "/attach "
        await until(pilot, lambda: [e.title for e in completion.entries] == ["notes"])
        await pilot.press("tab", "enter")
        await until(pilot, lambda: attached(app) == ["birds", "notes"])
        assert not completion.display


async def test_unknown_commands_keep_the_text(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"/atach x", "enter")
        await until(pilot, lambda: app._notifications)
        assert "/attach" in next(iter(app._notifications)).message
        assert app.query_one(Prompt).text == "/atach x"


async def test_citations_open_in_their_context(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await ask(app, pilot)
        await pilot.press("f6", "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        where = app.screen.query_one("#passage-where", Static)
        assert "p. 2" in str(where.render())
        assert "~/papers/birds.pdf" in str(where.render())
        assert "score 1.00" in str(where.render())
        await pilot.press("left")
        await until(pilot, lambda: "p. 1" in str(where.render()))


@pytest.mark.parametrize("keys", [("f6",), ("f3", "left"), ("f3", "right", "right", "left")])
async def test_citations_open_their_passage(opened: Opened, keys: tuple[str, ...]) -> None:
    async with opened() as (app, pilot):
        await ask(app, pilot)
        cited = answer(app).citations
        assert {one.page for one in cited} == {2}
        await pilot.press(*keys, "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        assert app.screen.passage_id == cited[0].passage_id  # type: ignore[attr-defined]
        await pilot.press("escape", "escape")
        assert app.focused is app.query_one(Prompt)


async def test_a_click_on_a_citation_opens_its_passage(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await ask(app, pilot)
        transcript = app.query_one(Transcript)
        lines = [transcript.render_line(y).text for y in range(transcript.size.height)]
        at = next(y for y, line in enumerate(lines) if "[birds p. 2]" in line)
        await pilot.click(Transcript, offset=(lines[at].index("[birds") + 2, at))
        await until(pilot, lambda: isinstance(app.screen, Passage))


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
async def test_own_search_opens_the_inspector(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as (app, pilot):
        app.query_one(Prompt).insert("/search nests of falcons")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.hits)
        assert app.screen.question.text == "nests of falcons"  # type: ignore[attr-defined]


async def test_letters_typed_into_the_conversation_are_a_message(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f3")
        assert app.focused is app.query_one(Transcript)
        await pilot.press(*"hokj", "enter")
        await until(pilot, lambda: app.store.last_ended)
        assert app.store.items[1].text == "hokj"


async def test_the_search_key_keeps_what_was_typed(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"falcons", "ctrl+f")
        await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.hits)
        assert app.screen.question.text == "falcons"  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert app.query_one(Prompt).text == "falcons"


async def test_folding(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await ask(app, pilot)
        await pilot.press("f4", "f")
        assert all(block.folded for block in app.store.blocks)
        await pilot.press("home", "space")
        assert not app.store.blocks[0].folded


async def test_load_checks_beside_the_field_and_begins(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "walks"
    folder.mkdir()
    (folder / "one.txt").write_text("We walked along the river.")
    async with opened() as (app, pilot):
        await pilot.press("ctrl+l", *"/no/such.pdf", "enter")  # at once: no key is lost
        await until(pilot, lambda: isinstance(app.screen, Load))
        wrong = app.screen.query_one("#path-wrong", Static)
        await until(pilot, lambda: "no file or folder /no/such.pdf" in str(wrong.render()))
        app.screen.query_one("#path", Input).value = str(folder)
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "walks")
        assert app.screen.query_one("#recursive", Checkbox).display
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Load))
        await until(pilot, lambda: any(s.state == "ready" and s.name == "walks"
                                       for s in app.store.sources))  # fmt: skip
        words = "Loaded walks: 1 file added; 1 passage in all. /attach"
        await until(pilot, lambda: any(words in note.message for note in app._notifications))


async def test_the_address_of_a_web_page_is_loaded_as_one(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Load))
        app.screen.query_one("#path", Input).value = "http://127.0.0.1:9/guides/Walks.html"
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "Walks")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Load))
        await until(pilot, lambda: any("tools.allow_private_addresses" in note.message
                                       for note in app._notifications))  # fmt: skip


async def test_a_pasted_path_begins_a_load_and_asks_for_a_password(
    opened: Opened, tmp_path: Path
) -> None:
    file = make_pdf(tmp_path / "a.pdf", ["A secret."], password="word")
    async with opened() as (app, pilot):
        app.query_one(Prompt).insert(str(file))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Load))
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "a")
        password = app.screen.query_one("#password", Input)
        assert password.display
        app.screen.query_one("#path", Input).value = str(tmp_path)
        await until(pilot, lambda: not password.display)
        app.screen.query_one("#path", Input).value = str(file)
        await until(pilot, lambda: password.display)
        password.focus()
        await pilot.press(*"word", "enter")
        await until(pilot, lambda: any(s.state == "ready" and s.name == "a"
                                       for s in app.store.sources))  # fmt: skip


async def test_documents_open_beneath_their_source(opened: Opened) -> None:
    async with opened() as (app, pilot):
        rows = app.query_one(Sources)
        await until(pilot, lambda: len(rows.rows) >= 2)
        before = len(rows.rows)
        await pilot.press("f2", "enter")
        await until(pilot, lambda: len(rows.rows) == before + 1)
        assert "birds.pdf" in "\n".join(line.plain for line in rows.draw(rows.rows[1], 40))
        await pilot.press("enter")
        await until(pilot, lambda: len(rows.rows) == before)


async def test_delete_asks(opened: Opened, tmp_path: Path) -> None:
    name = await homes.load_text(tmp_path, "! to be deleted")  # the first of all
    async with opened("") as (app, pilot):
        await until(pilot, lambda: app.store.sources)
        await pilot.press("f2", "d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")  # No has the focus
        assert any(source.name == name for source in app.store.sources)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: all(source.name != name for source in app.store.sources))


async def test_panes_become_tabs_and_any_can_be_maximised(opened: Opened) -> None:
    async with opened(size=SMALL) as (app, pilot):

        def seen() -> list[str]:
            return [
                name for name in ("sources", "chat", "mind") if app.query_one(f"#{name}").display
            ]

        assert seen() == ["chat"]
        await pilot.press("f2")
        assert seen() == ["sources"]
        await pilot.resize_terminal(140, 40)
        assert seen() == ["sources", "chat", "mind"]
        await pilot.press("f4", "f5")
        assert seen() == ["mind"]
        await pilot.press("f5")
        assert len(seen()) == 3


async def test_any_size_at_any_moment(opened: Opened) -> None:
    sizes = ((1, 1), (140, 45), (99, 13), (40, 10))
    async with opened() as (app, pilot):
        app.query_one(Prompt).insert(homes.QUESTION)
        await pilot.press("enter")
        for keys in ((), ("f4",), ("f2", "enter"), ("f1",), ("escape", "ctrl+l")):
            await pilot.press(*keys)
            for size in sizes:
                await pilot.resize_terminal(*size)
        await pilot.press("escape", "f3")
        await until(pilot, lambda: app.store.last_ended)
        assert app.is_running
        assert not app.query_one("#too-small").display
        assert not app._notifications


async def test_the_theme_switches(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+t", *"memtui-light", "enter")
        assert app.theme == "memtui-light"
