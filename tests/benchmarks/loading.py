"""A load that runs while something else is measured."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from memtui.api.client import Client
from memtui.api.library import LoadRequest, Source

PREFIX = "load "
"""Of the names of the sources that are loaded into."""


@asynccontextmanager
async def loading(client: Client, pdf: Path) -> AsyncIterator[None]:
    """Inside, `pdf` is loaded: as one load ends, the next begins. Afterwards all is as before."""
    jobs: list[str] = []

    async def again() -> None:
        while True:
            request = LoadRequest(name=f"{PREFIX}{len(jobs)}", paths=[str(pdf)])
            jobs.append((await client.load(request)).id)
            while (await client.job(jobs[-1])).state in ("waiting", "running"):
                await asyncio.sleep(0.5)

    running = asyncio.create_task(again())
    try:
        while not any(source.passages for source in await _loaded(client)):
            if running.done():
                running.result()
            await asyncio.sleep(0.05)
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        for job_id in jobs:
            await client.cancel_job(job_id)
        for source in await _loaded(client):
            await client.delete_source(source.id)


async def _loaded(client: Client) -> list[Source]:
    return [source for source in await client.sources() if source.name.startswith(PREFIX)]
