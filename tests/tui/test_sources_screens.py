"""Pictures of the sources pane and of the load dialog; and names that are meant to do harm."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from memtui.api.events import JobProgress, SourceChanged
from memtui.api.library import Job, Progress, Section
from memtui.tui import format as fmt
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.load import Load
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.folders import Folders
from memtui.tui.widgets.sources import Sources
from tests import homes
from tests.tui.conftest import MIDDLE, SMALL, TINY, WIDE, Open, ScriptedApp, unfold, until
from tests.tui.scripted import NOW, document, source
from tests.tui.test_hostile import LONG, NASTY, check, shown

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of a new home for each test."""


@pytest.fixture(autouse=True)
def placed(measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fmt, "size", lambda number: "2.1 kB")
    monkeypatch.setattr(fmt, "path", lambda path: f"~/{path.rsplit('/', 1)[-1]}")


async def unfolded(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2")
    await unfold(app, pilot)


async def filtered(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2", "f", *"walk")
    await until(pilot, lambda: app.store.shelf.found)


async def filtered_to_nothing(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2", "f", *"no such name")


async def failed(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f2", "down", "right")
    await until(pilot, lambda: len(app.query_one(Sources).rows) > 4)
    await pilot.press("down")


async def details(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await failed(app, pilot)
    await pilot.press("i")
    await until(pilot, lambda: isinstance(app.screen, Reading))


async def dialog(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+l")
    await until(pilot, lambda: isinstance(app.screen, Load))
    await until(pilot, lambda: app.screen.query_one(Folders).name_of_offer == "")


async def chosen(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await dialog(app, pilot)
    await pilot.press("down", "enter")
    await until(pilot, lambda: app.screen.query_one(Folders).inside)
    await pilot.press("down", "space", "down", "space")
    await until(pilot, lambda: app.screen.query_one("#chosen").display)
    await until(pilot, lambda: app.screen.query_one("#name", Input).value)


async def found(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await dialog(app, pilot)
    await pilot.press(*"walk")
    await until(pilot, lambda: app.screen.query_one(Folders).name_of_offer == "walk")


async def web(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await dialog(app, pilot)
    await pilot.press(*"https://example.org/paper")
    await until(pilot, lambda: app.screen.query_one("#name", Input).value == "paper")


async def wrong(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await dialog(app, pilot)
    await pilot.press(*"/no/such/paper.pdf", "enter")
    await until(pilot, lambda: app.screen.query_one("#path-wrong").display)


STATES: list[tuple[str, tuple[int, int], Steps]] = [
    ("unfolded", WIDE, unfolded),
    ("unfolded-middle", MIDDLE, unfolded),
    ("unfolded-small", SMALL, unfolded),
    ("unfolded-tiny", TINY, unfolded),
    ("filter", MIDDLE, filtered),
    ("filter-small", SMALL, filtered),
    ("filter-nothing", SMALL, filtered_to_nothing),
    ("failed", MIDDLE, failed),
    ("failed-small", SMALL, failed),
    ("details", SMALL, details),
    ("load", WIDE, dialog),
    ("load-small", SMALL, dialog),
    ("load-chosen", MIDDLE, chosen),
    ("load-chosen-small", SMALL, chosen),
    ("load-found", MIDDLE, found),
    ("load-web", MIDDLE, web),
    ("load-wrong", SMALL, wrong),
]


@pytest.mark.parametrize(("size", "steps"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_screen(
    furnished: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Any,
    size: tuple[int, int],
    steps: Steps,
) -> None:
    homes.enter(furnished, monkeypatch)
    shelf = furnished / "shelf"
    for folder in ("notes", "papers"):
        (shelf / folder).mkdir(parents=True, exist_ok=True)
    for name in ("notes/towers.txt", "notes/walks.md", "papers/birds.pdf"):
        (shelf / name).write_text("Text.")
    monkeypatch.chdir(shelf)
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await until(pilot, lambda: app.main.query_one(Sources).current)
        await steps(app, pilot)
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_nothing_loaded(bare: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any) -> None:
    homes.enter(bare, monkeypatch)
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.store.connected and len(app.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await pilot.press("f2")
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=SMALL, run_before=before)


# states that no engine can hold still


def progress(doing: str = "", **figures: Any) -> Progress:
    return Progress(
        files=3, files_total=12, pages=214, bytes=9, bytes_total=18, passages=345, indexed=200,
        doing=doing, **figures,
    )  # fmt: skip


def job(number: int, name: str, at: Progress, kind: Any = "load") -> Job:
    source_id = None if kind == "reindex" else f"s{number}"
    return Job(id=f"j{number}", kind=kind, source_id=source_id, source=name, state="running",
               created_at=NOW, progress=at)  # fmt: skip


async def loading(app: ScriptedApp, pilot: Pilot[Any]) -> None:
    away = "Milvus at http://localhost:19530 does not answer. Is it running?"
    app.client.store_sources += [
        source(3, "a thesis", "loading", indexed=7),
        source(4, "letters", "loading", passages=345, indexed=200),
        source(5, "papers", "ready"),
        source(6, "moved", "embedding", passages=345, indexed=200, waits=away),
    ]
    app.client.emit(
        SourceChanged(source_id="s3"),
        JobProgress(job=job(3, "a thesis", progress(rate=12, seconds_left=11))),
        JobProgress(job=job(4, "letters", progress(away, rate=0))),
        JobProgress(job=job(5, "papers", progress("watching"))),
        JobProgress(job=job(9, "", progress("indexing with builtin", rate=9), "reindex")),
    )
    await until(pilot, lambda: len(app.store.sources) == 6 and len(app.store.loading()) == 4)
    tree = app.query_one(Sources)
    await until(pilot, lambda: sum(row.kind == "source" for row in tree.rows) == 6)
    await pilot.press("f2", "down", "down", "down")


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL], ids=["wide", "middle", "small"])
def test_loading(snap_compare: Any, size: tuple[int, int]) -> None:
    app = ScriptedApp(agent="a1")

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await loading(app, pilot)
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=before)


def _nasty(app: ScriptedApp) -> None:
    name = NASTY.replace("\r\n", "")
    app.client.store_sources = [source(1, name, waits=NASTY), source(2, LONG[:200], "failed")]
    app.client.store_documents = {
        "s1": [
            document(1, "s1", name, "failed", error=NASTY),
            document(2, "s1", name, title=NASTY, also=[NASTY]),
        ]
    }

    async def sections(document_id: str) -> list[Section]:
        return [Section(title=NASTY, first=0, passages=1), Section(page=1, page_label=NASTY,
                first=1, passages=1)]  # fmt: skip

    app.client.sections = sections  # type: ignore[method-assign]


async def test_names_and_texts_are_not_interpreted(opened: Open) -> None:
    async with opened(setup=_nasty) as (app, pilot):
        app.client.emit(JobProgress(job=job(9, NASTY, progress(NASTY))))
        sources = app.query_one(Sources)
        await pilot.press("f2", "home", "right")
        await until(pilot, lambda: any(row.kind == "document" for row in sources.rows))
        await pilot.press("down")
        await pilot.pause(0.1)
        check(shown(app))
        await pilot.press("right")
        await until(pilot, lambda: any(row.kind == "section" for row in sources.rows))
        for _ in range(4):
            await pilot.press("down", "right")
            await pilot.pause(0.1)
            check(shown(app))
        assert len(sources.rows) > 6
        for key in ("i", "escape", "n", "escape", "d", "escape"):
            await pilot.press(key)
            await pilot.pause(0.1)
            check(shown(app))
        await pilot.press("f", *"click")
        await pilot.pause(0.3)
        check(shown(app))
        assert app.is_running


async def test_file_names_are_not_interpreted(opened: Open, tmp_path: Path) -> None:
    for name in ("[@click=app.quit]x.txt", "\x1b[2J.txt", "\u202eevil.txt", "a" + "\u0301" * 60):
        (tmp_path / name).write_text("x")
    (tmp_path / "\x1b]52;c;aGk=\x07").mkdir()
    async with opened() as (app, pilot):
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Load))
        app.screen.query_one("#path", Input).value = f"{tmp_path}/"
        folders = app.screen.query_one(Folders)
        await until(pilot, lambda: len(folders.entries) == 5)
        for entry in list(folders.entries):
            folders.mark(entry.path, entry.folder)
        await pilot.pause(0.3)
        check(text := shown(app))
        assert "[@click=app.quit]x.txt" in text
