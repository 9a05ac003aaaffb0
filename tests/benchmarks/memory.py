"""Memory: of the app, and of the engine with its workers, with a library open and searched."""

import asyncio
import time
from collections.abc import Iterator

from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.api.search import SearchRequest
from tests.benchmarks import processes
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.terminal import Program
from tests.benchmarks.warmth import warm
from tests.benchmarks.words import Words

SEARCHES = 30
UI, ENGINE = 90, 900
"""Budgets in MB (of 10⁶ bytes)."""


def measure(bench: Bench) -> Iterator[Row]:
    home = bench.library(1, bench.sizes.big)
    with home.entered():
        pid, name = asyncio.run(_search())
        with Program(["-m", "memtui"], home) as app:
            app.wait_for(name)
            asyncio.run(_search())  # with the app connected
            time.sleep(1)
            of_app = processes.tree(app.pid)
            of_engine = processes.tree(pid)
    yield at_most("memory, app", of_app[app.pid][0] / 1e6, UI, "MB")
    parts = ", ".join(
        f"{_name(command)} {resident / 1e6:.0f}" for resident, command in of_engine.values()
    )
    total = sum(resident for resident, _ in of_engine.values()) / 1e6
    yield at_most(
        f"memory, engine and workers, {bench.sizes.big:,} passages searched",
        total, ENGINE, "MB", parts,
    )  # fmt: skip


def _name(command: str) -> str:
    """`memtui.engine` of `python -m memtui.engine 5 6`."""
    words = command.split()
    return next((word for word in words if word.startswith("memtui.")), words[0])


async def _search() -> tuple[int, str]:
    """(the engine's pid, the name of an agent that has been made when there was none)."""
    words = Words(seed=-3)
    async with Client() as client:
        await warm(client)
        if not await client.agents():
            sources = [source.id for source in await client.sources()]
            await client.add_agent(NewAgent(name="Remembering", source_ids=sources))
        (agent,) = await client.agents()
        for _ in range(SEARCHES):
            reply = await client.search(SearchRequest(query=words.question(), agent_id=agent.id))
            if reply.problem:
                raise RuntimeError(reply.problem)
        pid = (await client.status()).pid
        assert pid is not None
        return pid, agent.name
