"""For the tests of the inspector: a home with more to find, and an inspector that is open."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.inspector import Inspector
from tests import homes
from tests.tui.conftest import WIDE, until

GUIDE = {
    "heron": "Herons nest in colonies on tall trees by the water. It is a platform of sticks.",
    "swift": "Swifts breed under roofs and in towers. They sleep on the wing and never walk.",
    "wren": "The wren builds several domed nests of moss. The female chooses one of them.",
    "stork": "Storks return to the same nest each year. It stands on a chimney or a church tower.",
    "owl": "The barn owl lays its eggs in a box in the loft. It hunts mice over the meadows.",
    "martin": "House martins make a cup of mud under the eaves. The colony comes back in May.",
    "cuckoo": "The cuckoo has no nest of its own. It leaves its egg with the reed warbler.",
    "robin": "Robins breed in a hole in a bank, in ivy, or in an old kettle in the shed.",
}
OWN = "Ada counts the nests on the church tower every spring."


@contextmanager
def furnished_home() -> Iterator[Path]:
    """The library's home, a guide of eight birds that the reader sees, and a memory of its own."""
    with homes.made() as home:
        homes.furnish(home)
        folder = home / "guide"
        folder.mkdir()
        for name, text in GUIDE.items():
            (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")
        asyncio.run(_add(folder))
        yield home


async def _add(folder: Path) -> None:
    async with Client() as client:
        job = await client.load(LoadRequest(name="guide", directory=str(folder)))
        while job.state in ("waiting", "running"):
            await asyncio.sleep(0.05)
            job = await client.job(job.id)
        agents = {agent.name: agent.id for agent in await client.agents()}
        assert job.source_id is not None
        await client.attach(agents[homes.READER], job.source_id)
        await client.store(agents[homes.READER], OWN)
        while (await client.reindex_plan()).left:  # it is found by its meaning, too, from then on
            await asyncio.sleep(0.05)


@asynccontextmanager
async def inspecting(
    query: str = "", size: tuple[int, int] = WIDE
) -> AsyncIterator[tuple[MemtuiApp, Inspector, Pilot[Any]]]:
    """The app on the reader, with the inspector open and `query` searched."""
    app = MemtuiApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        yield app, await opened(app, pilot, query), pilot


async def opened(app: MemtuiApp, pilot: Pilot[Any], query: str = "") -> Inspector:
    await pilot.press("ctrl+f")
    await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.focused)
    screen = app.screen
    assert isinstance(screen, Inspector)
    if query:
        await pilot.press(*query)
        await until(pilot, lambda: screen.hits and not screen.searching)
    return screen
