"""`uv run python -m tests.screenshots` makes screenshots/ anew, from the real app and engine.

Everything happens in a home of its own: the bundled handbook, a PDF made here, the offline
reader, no network. Look at each picture afterwards.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from memtui import paths
from memtui.api import launch
from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.blocks import BlockChange
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.mind.context import ContextTab
from memtui.tui.mind.memory import MemoryList
from memtui.tui.mind.versions import Versions
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.load import Load
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.settings import SettingsScreen
from memtui.tui.screens.welcome import Welcome
from memtui.tui.widgets.folders import Folders
from memtui.tui.widgets.sources import fraction
from memtui.tui.wizard.model import ModelStep
from memtui.tui.wizard.screen import Wizard
from tests.engine.helpers import make_pdf

FOLDER = Path(__file__).parents[1] / "screenshots"
WIDE, SMALL = (140, 40), (80, 24)
AGENT, SOURCE = "PoliteButterfly", "memtui-handbook"
QUESTIONS = ("How do I load a PDF and attach it to an agent?", "What happens after a crash?")
QUERY = "how to load a folder"
SHOWN = 0.25
"""Share of a load that is done in its picture."""


PAPERS = {
    "arctic tern": (
        "The arctic tern flies from pole to pole and back each year.",
        "Terns that nest in Iceland follow the coast of West Africa southwards.",
    ),
    "kestrel": (
        "The kestrel hovers above open fields and feeds on voles.",
        "Kestrels of the north leave when snow hides their prey.",
    ),
    "osprey": (
        "The osprey eats almost nothing but fish, which it takes from the surface.",
        "Ospreys of northern Europe spend the winter south of the Sahara.",
    ),
}
OTHERS = (
    ("Wren", "memgpt_doc", ("migration papers",), "Where do ospreys spend the winter?"),
    ("Librarian", "memgpt_doc", ("migration papers", SOURCE), "What do kestrels feed on?"),
)
HUMAN = (
    "First name: Ada\nReads about birds.",
    "First name: Ada\nReads about migrating birds, and prefers short answers with pages.",
)


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 60.0) -> None:
    """Let the app run until `true()`. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await pilot.pause(0.02)


async def still(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """Let the app run until what is seen stays the same."""
    seen = ""
    async with asyncio.timeout(60):
        while (now := app.export_screenshot()) != seen:
            seen = now
            app.clear_notifications()
            await pilot.pause(0.3)


@asynccontextmanager
async def opened(size: tuple[int, int]) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    """The app on its last agent."""
    app = MemtuiApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.connected)
        await until(pilot, lambda: app.store.agent or isinstance(app.screen, Welcome))
        yield app, pilot


def shoot(app: MemtuiApp, name: str) -> None:
    (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="memtui"), encoding="utf-8")
    print(FOLDER / f"{name}.svg")


async def show(app: MemtuiApp, pilot: Pilot[Any], name: str, true: Callable[[], object]) -> None:
    """Take a picture once `true()`, and nothing moves any more."""
    await until(pilot, true)
    await still(app, pilot)
    shoot(app, name)


async def ask(app: MemtuiApp, pilot: Pilot[Any], question: str) -> None:
    ended = app.store.last_ended
    await pilot.press(*question, "enter")
    await until(pilot, lambda: app.store.last_ended != ended)


async def prepare(folder: Path) -> None:
    """Two sources; three agents, of which the one that has the handbook was used last."""
    papers = [
        make_pdf(folder / f"{name}.pdf", [f"{text} {number}" for number in range(1, 6)
                                         for text in texts])
        for name, texts in PAPERS.items()
    ]  # fmt: skip
    (folder / "field notes").mkdir()
    (folder / "field notes" / "april.md").write_text("Two ospreys at the lake.\n")
    (folder / "reading list.md").write_text("Birds of the north, chapter 3.\n")
    handbook = shutil.copy(paths.handbook_file(), folder.parent)
    requests = [
        LoadRequest(name=SOURCE, paths=[str(handbook)]),
        LoadRequest(name="migration papers", paths=[str(paper) for paper in papers]),
    ]
    async with Client() as client:
        for request in requests:
            job = await client.load(request)
            while (await client.job(job.id)).state in ("waiting", "running"):
                await asyncio.sleep(0.1)
        ids = {one.name: one.id for one in await client.sources()}
        for name, persona, sources, question in OTHERS:
            new = NewAgent(name=name, persona=persona, source_ids=[ids[one] for one in sources])
            agent = await client.add_agent(new)
            await client.turn(agent.id, TurnRequest(text=question))
        new = NewAgent(name=AGENT, persona="memgpt_doc", source_ids=[ids[SOURCE]])
        agent = await client.add_agent(new)
        for text in HUMAN:
            await client.change_block(agent.id, "human", BlockChange(value=text))


def thesis(folder: Path) -> Path:
    """A PDF that takes a while."""
    chance = random.Random(1)
    words = ("wing", "tide", "nest", "coast", "stork", "route", "north", "river", "wind", "field")
    pages = [" ".join(chance.choices(words, k=420)) for _ in range(240)]
    return make_pdf(folder / "thesis.pdf", pages)


async def searches(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """The hits inspector, and two modes side by side."""
    await pilot.press("ctrl+f")
    await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.focused)
    screen = app.screen
    assert isinstance(screen, Inspector)
    await pilot.press(*QUERY)
    await until(pilot, lambda: screen.board.last.text == QUERY and not screen.searching)
    await pilot.press("enter")
    await show(app, pilot, "inspector", lambda: screen.shown and screen.found.has_focus)
    await pilot.press("f8")
    await show(app, pilot, "compare", lambda: screen.others)
    await pilot.press("escape", "escape")
    await until(pilot, lambda: app.screen is app.main)


async def tabs(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """The memory, the history of a block of it, the context window."""
    await pilot.press("f8")
    await until(pilot, lambda: app.query(MemoryList))
    blocks = app.query_one(MemoryList)
    await show(app, pilot, "memory", lambda: blocks.has_focus and blocks.current)
    blocks.choose("block:human")
    await pilot.press("h")
    await until(pilot, lambda: app.query(Versions))
    versions = app.query_one(Versions)
    await until(pilot, lambda: versions.has_focus and versions.current)
    await pilot.press("down", "enter")
    await show(app, pilot, "history", lambda: not any(row.folded for row in versions.rows[1:]))
    await pilot.press("escape")
    await until(pilot, lambda: blocks.has_focus)
    await pilot.press("3")
    await show(app, pilot, "context", lambda: [tab for tab in app.query(ContextTab) if tab.window])
    await pilot.press("1")


async def others(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    """The screens that open over the main one."""
    for name, key, kind in (
        ("agents", "f9", Agents), ("settings", "alt+comma", SettingsScreen),
        ("load", "ctrl+l", Load),
    ):  # fmt: skip
        await pilot.press(key)
        await until(pilot, lambda kind=kind: isinstance(app.screen, kind) and app.screen.focused)
        if isinstance(app.screen, Agents):
            await until(pilot, lambda: getattr(app.screen, "looked", None))
        elif isinstance(app.screen, Load):
            folders = app.screen.query_one(Folders)
            await until(pilot, lambda folders=folders: folders.entries)
            app.screen.set_focus(folders)
            for entry in folders.entries:
                if entry.name.endswith(".pdf") and len(folders.marked) < 2:
                    folders.mark(entry.path, False)
            field = app.screen.query_one("#name", Input)
            await until(pilot, lambda field=field: field.value)  # what is proposed
            field.value = "birds"
        await show(app, pilot, name, lambda: True)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def wizard() -> None:
    """The step of the setup that asks for a language model."""
    app = MemtuiApp()
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await pilot.press("alt+w")
        await until(pilot, lambda: isinstance(app.screen, Wizard))
        await still(app, pilot)
        await pilot.press("ctrl+n")
        await show(
            app, pilot, "wizard",
            lambda: any(step.draft.found is not None for step in app.screen.query(ModelStep)),
        )  # fmt: skip


async def pictures(folder: Path) -> None:
    async with opened(WIDE) as (app, pilot):
        await show(app, pilot, "welcome", lambda: isinstance(app.screen, Welcome))
    papers = folder / "papers"
    papers.mkdir()
    os.chdir(papers)
    await prepare(papers)
    async with opened(WIDE) as (app, pilot):
        await until(pilot, lambda: app.store.last_ended)  # the greeting
        for question in QUESTIONS:
            await ask(app, pilot, question)
        await show(app, pilot, "answer", lambda: app.store.turn is None)
        for theme in ("light", "ansi"):
            app.theme = f"memtui-{theme}"
            await show(app, pilot, theme, lambda: True)
        app.theme = "memtui-dark"
        await pilot.press("f6", "enter")
        await show(
            app, pilot, "passage", lambda: isinstance(app.screen, Passage) and app.screen.shown
        )
        await pilot.press("escape")
        await searches(app, pilot)
        await tabs(app, pilot)
        await others(app, pilot)
        await pilot.press("f2")
        job = await app.session.load(LoadRequest(name="thesis", paths=[str(thesis(folder))]))
        await until(pilot, lambda: fraction(app.store.jobs[job.id]) > SHOWN)
        shoot(app, "loading")
        await app.session.cancel(job.id)
    await wizard()
    async with opened(SMALL) as (app, pilot):
        await show(app, pilot, "narrow", lambda: app.store.items)


async def _stop() -> None:
    client = Client()
    try:
        await client.stop_engine()
    finally:
        await client.close()


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="mt"))
    for name in list(os.environ):
        if name.startswith("MEMTUI_") or name.endswith("_API_KEY"):
            del os.environ[name]
    os.environ["HOME"] = str(folder)
    os.environ["MEMTUI_HOME"] = str(folder / "home")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    TextArea.cursor_blink = Input.cursor_blink = False  # type: ignore[assignment]
    FOLDER.mkdir(exist_ok=True)
    try:
        asyncio.run(pictures(folder))
    finally:
        if launch.running_socket() is not None:
            asyncio.run(_stop())
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
