"""A hybrid search through the API: by what is attached, by the size of the library, under load.

Vectors of passages are random, those of queries are the real model's; texts are real to FTS5.
Every time is a whole request of a client, in milliseconds. The two libraries take turns.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.api.search import SearchRequest
from tests.benchmarks.bench import Bench
from tests.benchmarks.home import Home
from tests.benchmarks.loading import loading
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.stats import p50, p99
from tests.benchmarks.warmth import warm
from tests.benchmarks.words import Words

WARM = 10
"""Queries before the first one that counts."""

ATTACHED, ALL, RATIO, LOADED = 30, 200, 1.3, 2
"""Budgets: ms, ms, ×, ×."""


def measure(bench: Bench) -> Iterator[Row]:
    sizes = bench.sizes
    small = bench.library(1, sizes.source)
    large = bench.library(sizes.sources, sizes.source)
    pdf = bench.pdf(sizes.pages)
    took = asyncio.run(_measure(small, large, pdf, sizes.queries))
    attached, total = f"{sizes.source:,}", f"{sizes.sources * sizes.source:,}"
    for where, size in (("small", attached), ("large", total)):
        times = took[where]
        yield at_most(
            f"search, {attached} passages attached of {size}, p50",
            p50(times), ATTACHED, "ms", f"p99 {p99(times):.0f} ms",
        )  # fmt: skip
    ratio = p50(took["large"]) / p50(took["small"])
    yield at_most(f"search, library of {total} : of {attached}", ratio, RATIO, "×")
    yield at_most(
        f"search, over all {total}, p50",
        p50(took["all"]), ALL, "ms", f"p99 {p99(took['all']):.0f} ms",
    )  # fmt: skip
    for idle, busy, what in (
        ("large", "large, load", f"{attached} attached of {total}"),
        ("all", "all, load", f"over all {total}"),
    ):
        yield at_most(
            f"search, {what}, while a load runs : idle",
            p50(took[busy]) / p50(took[idle]), LOADED, "×",
            f"{p50(took[busy]):.1f} ms, p99 {p99(took[busy]):.0f} ms",
        )  # fmt: skip


async def _measure(small: Home, large: Home, pdf: Path, queries: int) -> dict[str, list[float]]:
    async with _connected(small) as one, _connected(large) as many:
        await warm(one)
        await warm(many)
        some, every = await _agent(one), await _agent(many)
        ways: dict[str, tuple[Client, str | None]] = {
            "small": (one, some), "large": (many, every), "all": (many, None),
        }  # fmt: skip
        took = await _turns(ways, queries)
        async with loading(many, pdf):
            busy = {f"{name}, load": ways[name] for name in ("large", "all")}
            took |= await _turns(busy, queries)
    return took


@asynccontextmanager
async def _connected(home: Home) -> AsyncIterator[Client]:
    """A client of the home's engine. It stays connected when another home is entered."""
    client = Client()
    try:
        with home.entered():
            await client.status()
        yield client
    finally:
        await client.close()


async def _agent(client: Client) -> str:
    """An agent with one source attached."""
    source = (await client.sources())[0]
    return (await client.add_agent(NewAgent(source_ids=[source.id]))).id


async def _turns(
    ways: dict[str, tuple[Client, str | None]], queries: int
) -> dict[str, list[float]]:
    words = Words(seed=-1)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM + queries):
        query = words.question()
        for name, (client, agent_id) in ways.items():
            request = SearchRequest(query=query, agent_id=agent_id)
            began = time.perf_counter()
            reply = await client.search(request)
            if number >= WARM:
                took[name].append((time.perf_counter() - began) * 1000)
            if reply.problem or not reply.hits:
                raise RuntimeError(reply.problem or f"nothing found for {query}")
    return took
