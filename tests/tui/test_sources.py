"""The sources pane over the real engine: its tree, its filter, and what each of its keys does."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from memtui.api import viewer
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.ask import Ask
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.load import Load, PathInput
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.folders import Folders
from memtui.tui.widgets.sources import Sources, SourcesDetail, SourcesFilter
from tests import homes
from tests.engine.helpers import make_pdf
from tests.tui.conftest import WIDE, unfold, until

Opened = Callable[..., AbstractAsyncContextManager[tuple[MemtuiApp, Pilot[Any]]]]


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of a new home for each test."""


@pytest.fixture
def opened(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    homes.enter(furnished, monkeypatch)

    @asynccontextmanager
    async def open_app(
        size: tuple[int, int] = WIDE,
    ) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
        app = MemtuiApp()
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.main.filled and app.store.agent)
            await until(pilot, lambda: app.main.query_one(Sources).current)
            await pilot.press("f2")
            yield app, pilot

    return open_app


def tree(app: MemtuiApp) -> Sources:
    return app.main.query_one(Sources)


def lines(app: MemtuiApp) -> list[str]:
    sources = tree(app)
    return [line.plain.rstrip() for row in sources.rows for line in sources.draw(row, 40)]


async def add(name: str, *paths: Path, directory: Path | None = None) -> None:
    """A source of its own for a test that changes it."""
    async with Client() as client:
        where = str(directory) if directory else None
        request = LoadRequest(name=name, paths=[str(path) for path in paths], directory=where)
        job = await client.load(request)
        while job.state in ("waiting", "running"):
            await asyncio.sleep(0.02)
            job = await client.job(job.id)


async def choose(app: MemtuiApp, pilot: Pilot[Any], name: str) -> str:
    """Put the cursor on a source; its id."""
    await until(pilot, lambda: any(source.name == name for source in app.store.sources))
    found = next(source.id for source in app.store.sources if source.name == name)
    await until(pilot, lambda: any(row.key == found for row in tree(app).rows))
    tree(app).choose(found)
    return found


def told(app: MemtuiApp) -> str:
    return " ".join(str(note.message) for note in app._notifications)


# the tree


async def test_the_tree_unfolds_to_passages(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await unfold(app, pilot)
        shown = lines(app)
        assert shown[1].startswith("  ▾ birds.pdf")
        assert shown[1].endswith("3 p")
        assert "▸ p. 1" in shown[2]
        assert "The osprey lives" in shown[4]
        detail = app.main.query_one(SourcesDetail)
        await until(pilot, lambda: "passage 2" in str(detail.render()))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        await pilot.press("escape", "left", "left")
        await until(pilot, lambda: not app.store.shelf.open & set(app.store.shelf.passages))
        await pilot.press("left", "left", "left", "left")
        await until(pilot, lambda: not app.store.shelf.open)


async def test_a_document_without_pages_shows_its_passages_at_once(
    opened: Opened, tmp_path: Path
) -> None:
    text = tmp_path / "plain.txt"
    text.write_text("Nothing but a sentence.")
    async with opened() as (app, pilot):
        await add("plain", text)
        await choose(app, pilot, "plain")
        await pilot.press("right")
        await until(pilot, lambda: any("plain.txt" in line for line in lines(app)))
        await pilot.press("down", "space")
        await until(pilot, lambda: any("Nothing but a sentence" in line for line in lines(app)))


async def test_filter_as_you_type(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f", *"WALKS")
        await until(pilot, lambda: app.store.shelf.found)
        await until(pilot, lambda: any("walks.md" in line for line in lines(app)))
        assert not any("birds" in line or "towers" in line for line in lines(app))
        await pilot.press("enter")
        assert tree(app).has_focus
        assert app.store.shelf.filter == "WALKS"
        await pilot.press("down", "escape")
        await until(pilot, lambda: any("birds" in line for line in lines(app)))
        # on what was found, in its source, which is unfolded
        await until(pilot, lambda: tree(app).current and tree(app).current.document)
        assert "walks.md" in lines(app)[tree(app).rows.index(tree(app).current)]
        await pilot.press("left", "left")
        assert not app.main.query_one(SourcesFilter).display
        await pilot.press("f", *"nobody has this")
        await until(pilot, lambda: lines(app) == ["  nothing of that name"])
        await pilot.press("escape")
        await until(pilot, lambda: len(tree(app).rows) > 1)
        assert tree(app).has_focus


async def test_a_source_of_two_thousand_documents_draws_what_is_seen(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: rows that are drawn, and pages that are read."""
    many = [f"{number:04}.txt" for number in range(2000)]
    async with opened() as (app, pilot):
        client = await app.session.client()
        real = await client.document_page(limit=1)
        asked: list[int] = []

        async def page(source_id: str = "", offset: int = 0, limit: int = 100, **_: Any) -> Any:
            asked.append(offset)
            documents = [
                real.documents[0].model_copy(update={"id": name, "name": name})
                for name in many[offset : offset + limit]
            ]
            return real.model_copy(update={"total": len(many), "documents": documents})

        monkeypatch.setattr(client, "document_page", page)
        drawn: list[str] = []
        draw = Sources.draw

        def counted(self: Sources, row: Any, width: int) -> Any:
            drawn.append(row.key)
            return draw(self, row, width)

        monkeypatch.setattr(Sources, "draw", counted)
        sources = tree(app)
        await pilot.press("right")
        await until(pilot, lambda: len(sources.rows) > 2000)
        await until(pilot, lambda: "0003.txt" in drawn)
        assert len(drawn) < 200
        assert asked == [0]
        await pilot.press("end")
        await until(pilot, lambda: "1999.txt" in drawn)
        await pilot.press("pageup", "pageup", "up", "down")
        assert len(drawn) < 600
        assert len(asked) < 8
        assert len(app.screen.query("*")) < 300


# what the keys do


async def test_attach_and_detach(opened: Opened) -> None:
    async with opened() as (app, pilot):
        notes = await choose(app, pilot, "notes")
        await pilot.press("a")
        await until(pilot, lambda: app.store.attached(notes))
        await choose(app, pilot, "notes")
        await pilot.press("a")
        await until(pilot, lambda: not app.store.attached(notes))


async def test_load_again_reads_what_is_new(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("First.")
    async with opened() as (app, pilot):
        await add("again", directory=tmp_path)
        await choose(app, pilot, "again")
        (tmp_path / "b.txt").write_text("Second.")
        await pilot.press("r")
        await until(
            pilot,
            lambda: any(s.name == "again" and s.documents == 2 for s in app.store.sources),
        )


async def test_watch_and_cancel(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("First.")
    async with opened() as (app, pilot):
        await add("watched", directory=tmp_path)
        await choose(app, pilot, "watched")
        await pilot.press("w")
        await until(pilot, lambda: any("watching the folder" in line for line in lines(app)))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("x", "enter")
        await until(pilot, lambda: app.screen.query_one("#answer-wrong").display)
        await pilot.press("escape", "x")
        await until(pilot, lambda: not app.store.loading())


async def test_retry_what_failed(opened: Opened, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_text("No PDF.")
    (tmp_path / "a.txt").write_text("First.")
    async with opened() as (app, pilot):
        await add("broken", directory=tmp_path)
        await choose(app, pilot, "broken")
        assert any("1 file not read" in line for line in lines(app))
        make_pdf(broken, ["Whole again."])
        await pilot.press("t")
        await until(
            pilot,
            lambda: any(s.name == "broken" and not s.failed for s in app.store.sources),
        )


async def test_after_a_deletion_the_cursor_is_where_it_was(opened: Opened, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        for name in ("zz 1", "zz 2"):
            await choose(app, pilot, await homes.load_text(tmp_path, name))
        await choose(app, pilot, "zz 2")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: all(s.name != "zz 2" for s in app.store.sources))
        await until(pilot, lambda: not any("zz 2" in line for line in lines(app)))
        current = tree(app).current
        assert current is not None
        assert current.source is not None
        assert current.source.name == "zz 1"


async def test_what_is_unfolded_at_the_edge_comes_into_view(opened: Opened, tmp_path: Path) -> None:
    async with opened((80, 14)) as (app, pilot):
        for name in ("a", "b", "c", "d", "e", "f"):
            await add(f"zzz {name}", make_pdf(tmp_path / f"{name}.pdf", homes.BIRDS))
        await until(pilot, lambda: any("zzz f" in line for line in lines(app)))
        await until(pilot, lambda: not app.store.loading())  # a load has rows of its own
        sources = tree(app)

        def at_the_edge() -> bool:
            row = sources.current
            last = row is not None and row.source is not None and row.source.name == "zzz f"
            return last and "zzz f" in lines(app)[-1]

        await pilot.press("end")
        await until(pilot, at_the_edge)
        await pilot.press("right")
        await until(pilot, lambda: any("f.pdf" in line for line in lines(app)))
        at = next(at for at, line in enumerate(lines(app)) if "f.pdf" in line)
        await until(pilot, lambda: at < sources.scroll_offset.y + sources.size.height)


async def test_a_path_that_is_pasted_opens_the_load_form(opened: Opened, papers: Path) -> None:
    async with opened() as (app, pilot):
        tree(app).post_message(events.Paste("no path at all"))
        tree(app).post_message(events.Paste(f"'{papers}/kestrel.md' '{papers}/deep'"))
        await until(pilot, lambda: isinstance(app.screen, Load))
        folders = app.screen.query_one(Folders)
        await until(pilot, lambda: len(folders.marked) == 2)


async def test_rename(opened: Opened, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        await choose(app, pilot, await homes.load_text(tmp_path, "old name"))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        app.screen.query_one(Input).value = "birds"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#answer-wrong").display)
        app.screen.query_one(Input).value = "[bold]new"
        await pilot.press("enter")
        await until(pilot, lambda: any("[bold]new" in line for line in lines(app)))


async def test_delete_says_what_will_go(opened: Opened, tmp_path: Path) -> None:
    async with opened() as (app, pilot):
        await choose(app, pilot, await homes.load_text(tmp_path, "to go"))
        await until(pilot, lambda: any(s.name == "to go" and s.passages for s in app.store.sources))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        question = app.screen
        assert isinstance(question, Confirm)
        assert "1 document and 1 passage" in question.text
        await until(pilot, lambda: "No agent has it attached." in question.text)
        await pilot.press("n")
        agent = app.store.agent
        await pilot.press("a")
        await until(pilot, lambda: any(s.name == "to go" for s in app.store.agent.sources))  # type: ignore[union-attr]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        again = app.screen
        assert isinstance(again, Confirm)
        await until(pilot, lambda: agent and f"{agent.name} loses it." in again.text)
        await pilot.press("y")
        await until(pilot, lambda: all(s.name != "to go" for s in app.store.sources))


async def test_open_copy_and_details(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str | None, int | None]] = []

    async def show(path: str | None, page: int | None = None) -> None:
        shown.append((path, page))

    monkeypatch.setattr(viewer, "show", show)
    async with opened() as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: "Choose a document" in told(app))
        await unfold(app, pilot)
        await pilot.press("o")
        await until(pilot, lambda: shown)
        assert str(shown[0][0]).endswith("birds.pdf")
        assert shown[0][1] == 2
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard.startswith("The osprey lives"))
        await pilot.press("up", "y")
        await until(pilot, lambda: app.clipboard.endswith("birds.pdf"))
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        await pilot.press("escape")


async def test_reindex_asks_and_shows_a_bar(opened: Opened) -> None:
    async with opened() as (app, pilot):
        app.main.said("/reindex")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: any(job.kind == "reindex" for job in app.store.jobs.values()))
        await until(pilot, lambda: not app.store.loading())


# the load dialog


async def dialog(app: MemtuiApp, pilot: Pilot[Any], folder: Path) -> Folders:
    os.chdir(folder)
    await pilot.press("l")
    await until(pilot, lambda: isinstance(app.screen, Load))
    folders = app.screen.query_one(Folders)
    await until(pilot, lambda: folders.name_of_offer == "")
    return folders


@pytest.fixture
def papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # and back again at the end
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "osprey.md").write_text("Ospreys eat fish.")
    (tmp_path / "kestrel.md").write_text("Kestrels eat voles.")
    (tmp_path / "[bold]heron.txt").write_text("Herons wait.")
    return tmp_path


async def test_several_files_are_chosen_from_the_tree(opened: Opened, papers: Path) -> None:
    async with opened() as (app, pilot):
        folders = await dialog(app, pilot, papers)
        await pilot.press("down", "enter")
        await until(pilot, lambda: str(papers / "deep") in folders.inside)
        await pilot.press("down", "down", "space", "down", "enter")
        assert list(folders.marked) == [str(papers / "[bold]heron.txt"), str(papers / "kestrel.md")]
        app.screen.query_one("#name", Input).value = "chosen"
        app.screen.query_one("#name").focus()
        await pilot.press("enter")
        await until(
            pilot,
            lambda: any(s.name == "chosen" and s.documents == 2 for s in app.store.sources),
        )


async def test_a_file_is_found_by_letters_of_its_name(opened: Opened, papers: Path) -> None:
    async with opened() as (app, pilot):
        folders = await dialog(app, pilot, papers)
        await pilot.press(*"ospr")
        await until(pilot, lambda: [one.name for one in folders.entries] == ["deep/er/osprey.md"])
        await pilot.press("enter")
        field = app.screen.query_one("#path", Input)
        await until(pilot, lambda: field.value == str(papers / "deep" / "er" / "osprey.md"))
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "osprey")


async def test_dropped_files_are_chosen(opened: Opened, papers: Path) -> None:
    async with opened() as (app, pilot):
        folders = await dialog(app, pilot, papers)
        text = f"'{papers}/kestrel.md' '{papers}/[bold]heron.txt' /no/such"
        app.screen.query_one(PathInput).post_message(events.Paste(text))
        await until(pilot, lambda: len(folders.marked) == 2)
        assert app.screen.query_one("#path", Input).value == ""
        await until(pilot, lambda: app.screen.query_one("#path-wrong").display)
        assert "[bold]heron.txt" in str(app.screen.query_one("#chosen", Static).render())


async def test_pages_are_checked(opened: Opened, papers: Path) -> None:
    make_pdf(papers / "book.pdf", ["One.", "Two.", "Three."])
    async with opened() as (app, pilot):
        await dialog(app, pilot, papers)
        app.screen.query_one("#path", Input).value = str(papers / "book.pdf")
        pages = app.screen.query_one("#pages", Input)
        await until(pilot, lambda: pages.display)
        pages.focus()
        await pilot.press(*"2x", "enter")
        await until(pilot, lambda: app.screen.query_one("#pages-wrong").display)
        pages.value = "2-"
        await pilot.press("enter")
        await until(
            pilot,
            lambda: any(s.name == "book" and s.passages == 2 for s in app.store.sources),
        )


async def test_a_password_is_asked_for_when_one_was_missing(opened: Opened, tmp_path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="word")
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.cell(text="A secret of some length, for all to read.")
    pdf.output(str(tmp_path / "locked.pdf"))
    (tmp_path / "a.txt").write_text("First.")
    async with opened() as (app, pilot):
        await add("locked", directory=tmp_path)
        await choose(app, pilot, "locked")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(Input).password
        await pilot.press(*"word", "enter")
        await until(
            pilot,
            lambda: any(s.name == "locked" and not s.failed for s in app.store.sources),
        )
