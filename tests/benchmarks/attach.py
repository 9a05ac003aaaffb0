"""Attaching a source, whatever its size, is one row: through the API, as the app does it."""

import asyncio
import time
from collections.abc import Iterator

from memtui.api.agents import NewAgent
from memtui.api.client import Client
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.stats import p50
from tests.benchmarks.warmth import warm

TIMES = 20
BUDGET = 50  # ms


def measure(bench: Bench) -> Iterator[Row]:
    home = bench.library(1, bench.sizes.big)
    with home.entered():
        took = asyncio.run(_attach())
    yield at_most(
        f"attach a source of {bench.sizes.big:,} passages",
        p50(took),
        BUDGET,
        "ms",
        f"slowest of {TIMES}: {max(took):.0f} ms; the original: 24–29 s for 653",
    )


async def _attach() -> list[float]:
    """Milliseconds of each attachment."""
    took = []
    async with Client() as client:
        await warm(client)
        (source,) = await client.sources()
        agent = await client.add_agent(NewAgent(name="attaching"))
        for _ in range(TIMES):
            began = time.perf_counter()
            attached = await client.attach(agent.id, source.id)
            took.append((time.perf_counter() - began) * 1000)
            assert attached.sources[0].passages == source.passages
            await client.detach(agent.id, source.id)
    return took
