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
from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.welcome import Welcome
from memtui.tui.widgets.sources import fraction
from tests.engine.helpers import make_pdf

FOLDER = Path(__file__).parents[1] / "screenshots"
WIDE, SMALL = (140, 40), (80, 24)
AGENT, SOURCE = "PoliteButterfly", "memtui-handbook"
QUESTIONS = ("How do I load a PDF and attach it to an agent?", "What happens after a crash?")
SHOWN = 0.25
"""Share of a load that is done in its picture."""


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 60.0) -> None:
    """Let the app run until `true()`. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)
    await pilot.pause(0.3)


@asynccontextmanager
async def opened(size: tuple[int, int]) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    """The app on its last agent, once nothing moves any more."""
    app = MemtuiApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.connected)
        await until(pilot, lambda: app.store.agent or isinstance(app.screen, Welcome))
        yield app, pilot


def shoot(app: MemtuiApp, name: str) -> None:
    (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="memtui"), encoding="utf-8")
    print(FOLDER / f"{name}.svg")


async def ask(app: MemtuiApp, pilot: Pilot[Any], question: str) -> None:
    ended = app.store.last_ended
    await pilot.press(*question, "enter")
    await until(pilot, lambda: app.store.last_ended != ended)


async def prepare(folder: Path) -> None:
    """Two sources, and an agent that has the handbook."""
    papers = [
        make_pdf(folder / f"{name}.pdf", ["A page about bird migration and its routes."] * pages)
        for name, pages in (("osprey", 12), ("kestrel", 7), ("arctic tern", 21))
    ]
    handbook = Path(shutil.copy(paths.handbook_file(), folder))
    requests = [
        LoadRequest(name=SOURCE, paths=[str(handbook)]),
        LoadRequest(name="migration papers", paths=[str(paper) for paper in papers]),
    ]
    async with Client() as client:
        for request in requests:
            job = await client.load(request)
            while (await client.job(job.id)).state in ("waiting", "running"):
                await asyncio.sleep(0.1)
        source = next(one for one in await client.sources() if one.name == SOURCE)
        await client.add_agent(NewAgent(name=AGENT, persona="memgpt_doc", source_ids=[source.id]))


def thesis(folder: Path) -> Path:
    """A PDF that takes a while."""
    chance = random.Random(1)
    words = ("wing", "tide", "nest", "coast", "stork", "route", "north", "river", "wind", "field")
    pages = [" ".join(chance.choices(words, k=420)) for _ in range(240)]
    return make_pdf(folder / "thesis.pdf", pages)


async def pictures(folder: Path) -> None:
    async with opened(WIDE) as (app, _pilot):
        shoot(app, "welcome")
    papers = folder / "papers"
    papers.mkdir()
    await prepare(papers)
    async with opened(WIDE) as (app, pilot):
        await until(pilot, lambda: app.store.last_ended)  # the greeting
        for question in QUESTIONS:
            await ask(app, pilot, question)
        shoot(app, "answer")
        await pilot.press("ctrl+t")
        await pilot.pause(0.3)
        shoot(app, "light")
        await pilot.press("ctrl+t", "f6", "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        shoot(app, "passage")
        await pilot.press("escape", "f2")
        job = await app.session.load(LoadRequest(name="thesis", paths=[str(thesis(papers))]))
        await until(pilot, lambda: fraction(app.store.jobs[job.id]) > SHOWN)
        shoot(app, "loading")
        await app.session.cancel(job.id)
    async with opened(SMALL) as (app, _pilot):
        shoot(app, "narrow")


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
