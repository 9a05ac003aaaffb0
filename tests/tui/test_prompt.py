"""The prompt: the history search, sources and paths after an @, one's own editor, what waits."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import OptionList

from memtui.api.agents import Message
from memtui.tui import offers
from memtui.tui.app import MemtuiApp
from memtui.tui.mentions import Word, mentioned, word_at, written
from memtui.tui.offers import Folder
from memtui.tui.screens.earlier import Earlier
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.tui.conftest import WIDE, Open, ScriptedApp, until
from tests.tui.scripted import NOW

Real = Callable[[], AbstractAsyncContextManager[tuple[MemtuiApp, Pilot[Any]]]]
HOSTILE = "a\x1b]52;c;aGk=\x07\u202eb[@click=app.quit].md"
SAID = [
    "What does the osprey eat?",
    "Does it eat [bold]pigeons[/], too?\nI saw one do so.",
    "Thanks.",
]


@pytest.fixture(scope="module")
def desk(furnished: Path) -> Path:
    """A folder of files that are in no source, but one."""
    folder = furnished / "desk"
    (folder / "Old drafts").mkdir(parents=True)
    for name in ("report.md", "Reading list.txt", ".hidden.md", HOSTILE, "Old drafts/first.md"):
        (folder / name).write_text("The heron stands at the mill.")
    (folder / "birds.pdf").symlink_to(furnished / "papers/birds.pdf")
    return folder


@pytest.fixture
def real(furnished: Path, desk: Path, monkeypatch: pytest.MonkeyPatch) -> Real:
    """The app on an agent that has greeted and has `birds` attached, with the desk at hand."""
    homes.enter(furnished, monkeypatch)
    monkeypatch.chdir(desk)

    @asynccontextmanager
    async def open_app() -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
        app = MemtuiApp(agent=await homes.add_agent(None, ["birds"]))
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: app.main.filled and app.store.items and app.store.sources)
            yield app, pilot

    return open_app


def text(app: MemtuiApp) -> str:
    return app.main.query_one(Prompt).text


def titles(app: MemtuiApp) -> list[str]:
    completion = app.main.query_one(Completion)
    return [entry.title for entry in completion.entries] if completion.display else []


def told(app: MemtuiApp) -> str:
    return " ".join(note.message for note in app._notifications)


async def typed(app: MemtuiApp, pilot: Pilot[Any], new: str) -> Prompt:
    """The prompt, with nothing but `new` in it."""
    prompt = app.main.query_one(Prompt)
    prompt.clear()
    prompt.insert(new)
    await pilot.pause()
    return prompt


# names in a message


def test_the_word_at_the_cursor() -> None:
    for line, found in (
        ("@", Word(0, 1, "")),
        ("see @bi", Word(4, 7, "bi")),
        ('two\nlines @"my no', Word(10, 17, "my no")),
        ("(@~/pa", Word(1, 6, "~/pa")),
        ('@"foo" then @ba', Word(12, 15, "ba")),
        ("ada@example.org", None),
        ('@"my notes" say', None),
        ("no word", None),
    ):
        assert word_at(line, len(line)) == found, line
    assert word_at("see @birds now", 7) == Word(4, 10, "bi")
    assert word_at("see @birds now", 12) is None


def test_names_are_written_as_they_are_read() -> None:
    for name in ("birds", "my notes", 'the "good" notes', "~/a b/c.pdf", "-x", "été"):
        assert mentioned(f"What is in {written(name)}?")[0][-1] == name
    assert mentioned("@birds, (@notes) and ada@x.org @ @dataclass") == [
        ("birds,", "birds"), ("notes)", "notes"), ("dataclass",),
    ]  # fmt: skip
    assert written("Old drafts/", open=True) == '@"Old drafts/'


def test_what_a_folder_offers(tmp_path: Path) -> None:
    folder = Folder(
        "~/", [("b.md", False), ("A", True), (".x", False), ("lab", True), ("a", False)]
    )

    def offered(part: str) -> list[str]:
        return [entry.value for entry in offers.paths(Word(0, 0, f"~/{part}"), folder)]

    assert offered("") == ["@~/A/", "@~/lab/", "@~/a ", "@~/b.md "]
    assert offered("B") == ["@~/b.md ", "@~/lab/"]
    assert offered(".") == ["@~/.x ", "@~/b.md "]
    assert offered("b.md") == []
    assert not offers.read(str(tmp_path / "no such/")).names
    assert not offers.read("\0/").names


# the history search


async def test_an_earlier_message_is_found_by_a_part_of_it(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "not said anything" in told(app))
        prompt = app.query_one(Prompt)
        prompt.remember(SAID)
        prompt.insert("a draft")
        await pilot.press("ctrl+r", *"eat")
        await until(pilot, lambda: isinstance(app.screen, Earlier) and app.screen.older is None)
        search = app.screen
        assert isinstance(search, Earlier)
        assert [choice.key for choice in search.shown] == [SAID[1], SAID[0]]
        row = search.query_one(OptionList).get_option_at_index(0).prompt
        assert isinstance(row, Content)
        assert row.plain == "Does it eat [bold]pigeons[/], too? I saw one do so."
        assert [row.plain[span.start : span.end] for span in row.spans] == ["eat"]
        await pilot.press("escape")
        assert text(app) == "a draft"
        await pilot.press("ctrl+r", *"EAT", "ctrl+r", "enter")
        await until(pilot, lambda: text(app) == SAID[0])
        await pilot.press("down", "down", "down")
        assert text(app) == "a draft"
        await pilot.press("ctrl+r", *"no such", "enter", "escape")
        assert text(app) == "a draft"


async def test_older_messages_are_found_page_by_page(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memtui.tui.agent_dealings.EARLIER", 10)

    def said(app: ScriptedApp) -> None:
        app.client.store_messages = [
            Message(id=at, agent_id="a1", turn_id=f"t{at}", created_at=NOW,
                    kind="user" if at % 2 else "assistant", text=f"/{at} things")
            for at in range(1, 301)
        ]  # fmt: skip

    async with opened(setup=said) as (app, pilot):
        await until(pilot, lambda: len(app.query_one(Prompt).sent) == 50)
        await pilot.press("ctrl+r", *"5 th")
        await until(pilot, lambda: isinstance(app.screen, Earlier) and app.screen.older is None)
        search = app.screen
        assert isinstance(search, Earlier)
        assert (search.shown[0].key, search.shown[-1].key) == ("//295 things", "//5 things")
        await pilot.press(*["backspace"] * 4, *"/97 th", "enter")
        await until(pilot, lambda: text(app) == "//97 things")


# sources and paths


async def test_sources_and_paths_are_completed_in_their_place(real: Real, desk: Path) -> None:
    async with real() as (app, pilot):
        prompt = await typed(app, pilot, "Compare  with this.")
        prompt.move_cursor((0, 8))
        await pilot.press("@")
        await until(pilot, lambda: titles(app))
        assert titles(app) == ["● birds", "○ notes", "./", "../", "~/"]
        await pilot.press("n", "enter")
        await until(pilot, lambda: text(app) == "Compare @notes with this.")
        await pilot.press("x")  # behind the blank that was there
        assert text(app) == "Compare @notes xwith this."
        assert not titles(app)

        prompt = await typed(app, pilot, "Read @./")
        await until(pilot, lambda: titles(app))
        assert titles(app) == ["Old drafts/", "birds.pdf", "Reading list.txt", "report.md"]
        await pilot.press(*"old", "enter")
        await until(pilot, lambda: titles(app) == ["first.md"])
        assert text(app) == 'Read @"./Old drafts/'
        await pilot.press("tab", "tab")
        await until(pilot, lambda: text(app) == 'Read @"./Old drafts/first.md" ')
        await typed(app, pilot, "@./.")
        await until(pilot, lambda: ".hidden.md" in titles(app))

        await typed(app, pilot, f"@{desk}/re")
        await until(pilot, lambda: titles(app) == ["Reading list.txt", "report.md"])
        await pilot.press("left", "left", "left", "backspace")
        await until(pilot, lambda: titles(app) == ["desk/"])
        await pilot.press("escape")
        assert not titles(app)
        await pilot.press("left")
        assert not titles(app)
        await typed(app, pilot, "ada@bi")
        assert not titles(app)


async def test_what_cannot_be_searched_is_said(real: Real, desk: Path) -> None:
    async with real() as (app, pilot):

        async def say(message: str) -> list[str]:
            """What is noted after it was sent."""
            ended, before = app.store.last_ended, len(app.store.items)
            await typed(app, pilot, f"{message} @birds")
            await pilot.press("escape", "enter")
            await until(pilot, lambda: app.store.last_ended != ended)
            await until(pilot, lambda: not any(w.group == "names" for w in app.workers))
            notes = [item.text for item in app.store.items[before:] if item.kind == "note"]
            assert app.store.items[before].text == f"{message} @birds"
            return notes

        assert await say("What about @Notes?") == [
            "notes is not attached: press a on it in the sources (F2), or /attach notes"
        ]
        assert await say("@./report.md, and @~/papers or @dataclass or @types/node") == [
            "~/desk/report.md is in no source yet: /load ~/desk/report.md makes it one."
        ]
        assert await say("@/no/such\x1b[2J/file") == [
            "There is no file or folder /no/such[2J/file."
        ]
        assert await say("@~/notes/walks.md") == [
            "~/notes/walks.md is in a source. notes is not attached: press a on it in the sources "
            "(F2), or /attach notes"
        ]


# one's own editor


async def test_an_editor_that_cannot_be_opened(opened: Open, monkeypatch: Any) -> None:
    async with opened() as (app, pilot):
        await typed(app, pilot, "a draft")
        monkeypatch.delenv("VISUAL", raising=False)
        for value, sentence in (
            ("", "No editor is named. Set EDITOR"),
            ("vim 'x", "EDITOR is vim 'x, where a quotation mark is missing"),
            ("vim", "cannot give this terminal to an editor"),
        ):
            monkeypatch.setenv("EDITOR", value)
            await pilot.press("ctrl+g")
            await until(pilot, lambda sentence=sentence: sentence in told(app))
        assert text(app) == "a draft"


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b\r", "alt+enter"),
        ("\x1b[13;3u", "alt+enter"),
        ("\x1b[27;3;13~", "alt+enter"),
        ("\x1b[13;2u", "shift+enter"),
        ("\x1b[27;2;13~", "shift+enter"),
        ("\n", "ctrl+j"),
    ],
)
async def test_what_breaks_the_line_as_terminals_send_it(
    opened: Open, sequence: str, key: str
) -> None:
    async with opened() as (app, pilot):
        await pilot.press("a")
        for event in XTermParser().feed(sequence):
            assert isinstance(event, events.Key)
            assert event.key == key
            app.post_message(event)
        await pilot.press("b")
        assert app.query_one(Prompt).text == "a\nb"
