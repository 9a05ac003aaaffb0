"""What the inspector asks for, and what it shows where it is narrow."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from memtui.api.library import Document
from memtui.tui.app import MemtuiApp
from memtui.tui.conversation import Block
from memtui.tui.inspector.passage import PassagePane
from memtui.tui.inspector.question import Scope
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.scope import ScopeForm, named_apart
from memtui.tui.widgets.check import Check
from tests import homes
from tests.tui import inspected
from tests.tui.conftest import SMALL, Open, until
from tests.tui.inspected import furnished_home, inspecting
from tests.tui.scripted import document, source
from tests.tui.test_hostile import shown


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    with furnished_home() as home:
        yield home


@pytest.fixture
def engine(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes.enter(furnished, monkeypatch)


async def settled(pilot: Pilot[Any], screen: Inspector) -> None:
    await until(pilot, lambda: not screen.searching and screen._typing is None)


async def again(app: MemtuiApp, pilot: Pilot[Any]) -> Inspector:
    """Leave the inspector, and come back with Ctrl+F."""
    while app.screen is not app.main:
        await pilot.press("escape")
    return await inspected.opened(app, pilot)


def state(screen: Inspector) -> str:
    return str(screen.query_one("#inspector-state", Static).content)


@pytest.mark.usefixtures("engine")
async def test_two_modes_are_compared_where_it_is_narrow() -> None:
    async with inspecting("church tower", SMALL) as (_, screen, pilot):
        await pilot.press("enter", "enter")
        for key in ("f8", "f4"):  # while a passage is read; to the passage
            await pilot.press(key)
            await settled(pilot, screen)
            for name in ("#inspector-left", "#inspector-right"):
                assert screen.query_one(name).region.area
            assert not screen.query_one(PassagePane).region.area
            assert screen.focused is screen.found
        await pilot.press("f8", "f8")  # no more
        await settled(pilot, screen)
        assert screen.query_one("#inspector-left").region.area


@pytest.mark.usefixtures("engine")
async def test_as_the_agent_saw_it_out_of_a_comparison() -> None:
    async with inspecting("church tower") as (_, screen, pilot):
        await pilot.press("enter", "f8")
        await settled(pilot, screen)
        await pilot.press("down")
        row = screen.focused_row()
        assert row is not None
        await pilot.press("f9")
        await until(pilot, lambda: screen.seeing and bool(screen.pane.text))
        assert not screen.has_class("-compare")
        assert json.loads(screen.pane.text.split("\n")[0])["text"] in row.hit.text


@pytest.mark.usefixtures("engine")
async def test_typing_begins_anew() -> None:
    async with inspecting("church") as (app, _, pilot):
        screen = await again(app, pilot)
        await pilot.press(*"nest")
        assert screen.query_one(Input).value == "nest"
        await settled(pilot, screen)
        await pilot.press("enter", "slash", *"owl")
        assert screen.query_one(Input).value == "owl"
        await pilot.press("ctrl+f", *"wren")  # from the query itself, too
        assert screen.query_one(Input).value == "wren"


@pytest.mark.usefixtures("engine")
async def test_a_new_search_is_not_narrowed_as_an_earlier_one_was() -> None:
    async with inspecting("church") as (app, first, pilot):
        narrowed = Scope(within=("archive", "conversation"))
        first.ask(replace(first.question, scope=narrowed))
        await settled(pilot, first)
        assert "only own archive + conversation" in state(first)
        screen = await again(app, pilot)
        await settled(pilot, screen)
        assert screen.question.text == "church"
        assert screen.question.scope == Scope()
        assert "only" not in state(screen)
        assert screen.hits


@pytest.mark.usefixtures("engine")
async def test_where_the_agent_searched_does_not_narrow_what_the_user_looks_for() -> None:
    async with inspecting("church") as (app, first, pilot):
        talk = first.hits[0].model_copy(update={"scope": "recall_a1", "source_id": None})
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main)
        app.main.open_inspector(
            block=Block("b1", "tool", arguments={"query": "church"}, hits=[talk])
        )
        await until(pilot, lambda: isinstance(app.screen, Inspector))
        await pilot.press("f6")
        seen: Any = app.screen
        assert seen.question.scope.within == ("conversation",)
        await settled(pilot, seen)
        assert "only conversation" in state(seen)
        assert not (await again(app, pilot)).question.scope.within


def of(name: str, path: str) -> Document:
    one = document(1, name, path.rsplit("/", 1)[-1])
    return one.model_copy(update={"id": name + path, "source": name, "path": path})


SEVERAL = [of("a", "/a.md"), of("b", "/a.md"), of("b", "/c.md"), of("d", "/1/e.md"),
           of("d", "/2/e.md")]  # fmt: skip


def test_documents_of_one_name_are_told_apart() -> None:
    found = named_apart(SEVERAL)
    assert [one.label for one in found] == [
        "a > a.md", "b > a.md", "c.md", "d > /1/e.md", "d > /2/e.md",
    ]  # fmt: skip
    assert [one.id for one in found] == [one.id for one in SEVERAL]


@pytest.mark.parametrize(
    ("typed", "source_name", "found"),
    [
        ("c.md", "", "b/c.md"),
        ("C.M", "", "b/c.md"),
        ("b > a.md", "", "b/a.md"),
        ("a.md", "a", "a/a.md"),
        ("a.m", "b", "b/a.md"),
        ("a.md", "", "2 documents have that name. Write “a > a.md” or “b > a.md”."),
        ("e.md", "d", "2 documents have that name. Write “d > /1/e.md” or “d > /2/e.md”."),
        ("a.", "", "2 documents begin so; type more of the name."),
        ("c.md", "a", "There is no document of that name in that source."),
        ("z", "", "There is no document of that name."),
    ],
)
async def test_a_document_is_named(opened: Open, typed: str, source_name: str, found: str) -> None:
    async def documents() -> list[Document]:
        return SEVERAL

    results: list[Scope | None] = []
    sources = [source(1, name).model_copy(update={"id": name}) for name in "abd"]
    async with opened() as (app, pilot):
        form = ScopeForm(Scope(), "Ada", sources, documents)
        app.push_screen(form, results.append)
        await until(pilot, lambda: form.documents)
        form.query_one("#scope-source", Input).value = source_name
        field = form.query_one("#scope-document", Input)
        field.focus()
        field.value = typed
        await pilot.press("enter")
        if results:
            assert results[0] is not None
            assert results[0].document is not None
            assert results[0].document[0] == found
        else:
            assert str(form.query_one("#scope-document-wrong", Static).content) == found
            assert form.focused is field


async def test_the_boxes_say_whether_they_are_ticked(opened: Open) -> None:
    async def documents() -> list[Document]:
        return []

    results: list[Scope | None] = []
    async with opened() as (app, pilot):
        app.push_screen(ScopeForm(Scope(), "Ada", [], documents), results.append)
        await until(pilot, lambda: isinstance(app.screen, ScopeForm))
        form = app.screen
        assert "[x] Only what Ada sees" in shown(app)
        for name in ("sources", "own archive", "conversation"):
            assert f"[ ] {name}" in shown(app)
        form.query_one("#scope-conversation", Check).focus()
        await pilot.press("space")
        assert "[x] conversation" in shown(app)
        await pilot.press("enter")  # as in a field
        assert results == [Scope(within=("conversation",))]
